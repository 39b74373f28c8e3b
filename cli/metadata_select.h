/* `berg metadata --select`: what an expression selects of a subject. */
#ifndef CLI_METADATA_SELECT_H
#define CLI_METADATA_SELECT_H

#include "cli.h"

typedef struct cli_selected {
  const char *expression;
  bool json;
  const char *output; /* a .npy of the columns; NULL: printed */
  bool force;
} cli_selected;

/* Prints or writes it. Returns the exit status. */
int cli_metadata_select(const berg_metadata *metadata, const cli_selected *selected);

#endif
