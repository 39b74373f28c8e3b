/* Which subjects of a store a question is asked of: --model, --subject, --train-splits. */
#ifndef CLI_PARTS_H
#define CLI_PARTS_H

#include "options.h"

typedef struct cli_parts {
  const char *model, *splits;
  cli_texts subjects; /* as given */
  size_t *list;       /* [count] parts of the store */
  size_t count;
} cli_parts;

#define CLI_PARTS_OPTIONS(parts)                                                                                      \
  {"model", 0, CLI_TEXT, &(parts).model, "MODEL", "Which of the store's models, where it has several."},              \
      {"subject", 0, CLI_LIST, &(parts).subjects, "N[,N...]", "Subjects, as 1, 01, sub-01, N or 1-4. Default: all."}, \
  {                                                                                                                   \
    "train-splits", 0, CLI_TEXT, &(parts).splits, "all|single|split1..4", "Which of MEG's and Utah arrays' models."   \
  }

/* Finds them. CLI_GO_ON, or the exit status of what was said. */
int cli_parts_find(const char *command, const char *path, const berg_store *store, cli_parts *parts);
void cli_parts_free(cli_parts *parts);

#endif
