/* Options of a command, declared in one table: the parser fills the variables that the table points at, and
 * the same table is the help. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli.h"

/* Texts of a list option, "V1,V2"; given twice, the lists are joined. Released with cli_texts_free. */
typedef struct cli_texts {
  char **items;
  size_t count;
} cli_texts;

typedef enum cli_kind {
  CLI_FLAG,   /* bool, no argument */
  CLI_TEXT,   /* const char *, as given */
  CLI_LIST,   /* cli_texts, split at commas; no empty parts */
  CLI_COUNT,  /* size_t, 0 or more */
  CLI_NUMBER, /* double, finite */
  CLI_BYTES   /* size_t; 1.5G is 1.5 * 1024^3, K and M and T likewise */
} cli_kind;

typedef struct cli_option {
  const char *name; /* without its dashes */
  char letter;      /* 0: no short form */
  cli_kind kind;
  void *value;
  const char *argument; /* what the help calls the argument */
  const char *help;
} cli_option;

typedef struct cli_syntax {
  const char *command;
  const char *operands; /* "MODEL INPUT..." */
  const char *summary;  /* what the command does, one paragraph */
  const char *examples; /* whole lines, shown first */
  const cli_option *options;
  size_t option_count;
  size_t least, most; /* operands */
} cli_syntax;

#define CLI_ANY SIZE_MAX
#define CLI_GO_ON (-1)

/* Parses argv[1..argc). Long options take "--name value" and "--name=value", short ones "-o value" and "-ovalue"; "--"
 * ends them; "-" is an operand. Operands are moved to argv[0..*count). Returns CLI_GO_ON, or the exit status: 0 after
 * -h, 2 after a usage error. */
int cli_parse(const cli_syntax *syntax, int argc, char **argv, size_t *count);
void cli_texts_free(cli_texts *texts);

/* The help of a command on standard output: examples first. */
void cli_print_help(const cli_syntax *syntax);
/* Words of `text`, lines broken before column 80, following lines indented. `column` is where the first one
 * starts. */
void cli_print_wrapped(FILE *stream, const char *text, int column, int indent);

#endif
