/* Which images are meant, and how arrays of them lie: --layout, --shard and --skip-bad, which several commands have. */
#ifndef CLI_STIMULI_H
#define CLI_STIMULI_H

#include "options.h"

typedef struct cli_stimuli {
  const char *shard, *layout;
  bool skip_bad;
  berg_stimuli_options options;
} cli_stimuli;

#define CLI_STIMULI_OPTIONS(asked)                                                                                     \
  {"layout",         0,                                                                                                \
   CLI_TEXT,         &(asked).layout,                                                                                  \
   "nchw|nhwc|auto", "How arrays of images lie. Default: by which dimension is 3."},                                   \
      {"skip-bad", 0, CLI_FLAG, &(asked).skip_bad, NULL, "Leave out image files that cannot be read, and say which."}, \
  {                                                                                                                    \
    "shard", 0, CLI_TEXT, &(asked).shard, "I/N", "Only part I of N equal parts of the images, I from 1."               \
  }

/* Checks them. CLI_GO_ON, or the status of the usage error printed. */
int cli_stimuli_take(const char *command, cli_stimuli *asked);

#endif
