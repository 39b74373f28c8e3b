/* What every file of the program shares: the table of commands, and messages on standard error. The program sees
 * include/berg.h, libc and cJSON, nothing else. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "berg.h"

#if defined(__GNUC__)
#define CLI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CLI_PRINTF(text, first)
#endif

#define CLI_EXIT_USAGE 2
/* By SIGTERM or SIGUSR1, all kept: the same command goes on (what sysexits.h calls EX_TEMPFAIL). */
#define CLI_EXIT_STOPPED 75

typedef struct cli_command {
  const char *name;
  const char *summary;               /* one line of `berg --help` */
  int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
} cli_command;

int cli_bench(int argc, char **argv);
int cli_compare(int argc, char **argv);
int cli_contrast(int argc, char **argv);
int cli_control(int argc, char **argv);
int cli_convert(int argc, char **argv);
int cli_describe(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_encode(int argc, char **argv);
int cli_evaluate(int argc, char **argv);
int cli_fetch(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_merge(int argc, char **argv);
int cli_metadata(int argc, char **argv);
int cli_plan_run(int argc, char **argv);
int cli_rank(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_rsa(int argc, char **argv);
int cli_rsm(int argc, char **argv);
int cli_score(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_simulate(int argc, char **argv);
int cli_prepare(int argc, char **argv);
int cli_train(int argc, char **argv);
int cli_volume_run(int argc, char **argv);

/* "berg: ..." on standard error, always one line. */
void cli_say(const char *format, ...) CLI_PRINTF(1, 2);
/* From now on `hear` gets messages that would be printed: of a process that does not speak. */
void cli_say_to(void (*hear)(const char *message));
/* Prints the error's message and returns its exit status. */
int cli_fail(const berg_error *error);
/* Prints a failure of the program itself, and returns the exit status of `status`. */
int cli_fail_with(berg_status status, const char *format, ...) CLI_PRINTF(2, 3);
/* "PATH: WHAT: " and the system's reason, errno; out of memory is ELIMIT, whatever `status`. */
int cli_fail_errno(berg_status status, const char *path, const char *what);
/* Prints what is wrong with the call and where the help is; returns 2. `command` may be NULL: the program itself. Where
 * memory ran out before, that is told, and its status returned. */
int cli_usage_error(const char *command, const char *format, ...) CLI_PRINTF(2, 3);

/* The candidate closest to `word` by edit distance, or NULL when none is close enough to be what was meant.
 */
const char *cli_nearest(const char *word, const char *const *candidates, size_t count);

/* For text from files that goes to a terminal: control characters become "?". */
void cli_print_safe(FILE *stream, const char *text);
/* "211,339" into `text`, which is returned. */
char *cli_grouped(size_t number, char text[32]);

/* Whether a name ends so. */
bool cli_ends_in(const char *name, const char *ending);

#endif
