/* Sides of a comparison as they are typed: V1, 2:V1, MODEL:2:V1, a .npy. */
#ifndef CLI_RSA_SIDES_H
#define CLI_RSA_SIDES_H

#include "options.h"

typedef struct cli_sides {
  berg_rsa_side *list;
  char **texts; /* that they point into: [count] */
  size_t count;
} cli_sides;

/* `text` with what `subject` and `model` say where it says nothing itself; they may be NULL, and stay the caller's.
 * CLI_GO_ON, or the exit status of what was said. */
int cli_sides_add(cli_sides *sides, const berg_store *store, const char *text, const char *subject, const char *model);
void cli_sides_free(cli_sides *sides);

#endif
