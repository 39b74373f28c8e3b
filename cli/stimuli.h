/* Which images are meant, and how arrays of them lie: --layout, --shard, --skip-bad and --all-pictures, which several
 * commands have. */
#ifndef CLI_STIMULI_H
#define CLI_STIMULI_H

#include "options.h"

typedef struct cli_stimuli {
  const char *shard, *layout;
  bool skip_bad, all_pictures;
  berg_stimuli_options options;
} cli_stimuli;

#define CLI_STIMULI_OPTIONS(asked)                                                                                     \
  {"layout",         0,                                                                                                \
   CLI_TEXT,         &(asked).layout,                                                                                  \
   "nchw|nhwc|auto", "How arrays of images lie. Default: by which dimension is 3."},                                   \
      {"skip-bad", 0, CLI_FLAG, &(asked).skip_bad, NULL, "Leave out image files that cannot be read, and say which."}, \
      {"all-pictures",        0,    CLI_FLAG,                                                                          \
       &(asked).all_pictures, NULL, "Refuse folders with pictures of other formats than JPEG and PNG."},               \
  {                                                                                                                    \
    "shard", 0, CLI_TEXT, &(asked).shard, "I/N", "Only part I of N equal parts of the images, I from 1."               \
  }

/* Checks them. CLI_GO_ON, or the status of the usage error printed. */
int cli_stimuli_take(const char *command, cli_stimuli *asked);

/* "I/N", I from 1: shard from 0. CLI_GO_ON, or the status of the usage error printed. */
int cli_parse_shard(const char *command, const char *text, size_t *shard, size_t *shards);

/* Says which arrays were turned, and which pictures of folders are of no format that is read, and refuses these where
 * that was asked. CLI_GO_ON, or the exit status of what was said. */
int cli_stimuli_others(const cli_stimuli *asked, const berg_stimuli *stimuli, bool quiet);

#endif
