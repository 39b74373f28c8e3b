/* The command line as text, for the provenance of outputs. */
#ifndef CLI_COMMAND_TEXT_H
#define CLI_COMMAND_TEXT_H

/* "berg encode MODEL --subject 1 photos/": as typed, quoted for a shell, without the options that never change the
 * result (-o, --force, --resume, --quiet, --threads, --batch, --memory, --no-sidecar, --json), so that the same result
 * says the same. To be called before cli_parse, which moves the arguments. The caller's (free); NULL when memory is
 * short. */
char *cli_command_text(int argc, char **argv);
/* A word as a shell takes it. The caller's (free); NULL when memory is short. */
char *cli_quoted(const char *text);

#endif
