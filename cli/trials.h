/* The options of simulated trials. */
#ifndef CLI_TRIALS_H
#define CLI_TRIALS_H

#include "options.h"

typedef struct cli_trials {
  berg_trials_options options;
  size_t seed;
  const berg_trials_options *given; /* after cli_trials_take; NULL: predictions are asked for */
} cli_trials;

#define CLI_TRIALS_OPTIONS(asked)                                                                                      \
  {"trials",                                                                                                           \
   0,                                                                                                                  \
   CLI_COUNT,                                                                                                          \
   &(asked).options.trials,                                                                                            \
   "K",                                                                                                                \
   "Not what is predicted but K simulated single trials of each image, as an axis \"trial\" before that of units: "    \
   ".npy, .h5 or .csv."},                                                                                              \
      {"seed", 0, CLI_COUNT, &(asked).seed, "S", "Of trials: another seed, other noise. Default: 0."},                 \
      {"mode",                                                                                                         \
       0,                                                                                                              \
       CLI_TEXT,                                                                                                       \
       &(asked).options.mode,                                                                                          \
       "complete|prediction|signal|matched",                                                                           \
       "Of trials: the unit's noise and the signal that the model does not explain (complete, the default), noise "    \
       "alone, noise about a prediction scaled to the whole signal, or the noise that gives the unit's reliability."}, \
      {"average", 0, CLI_COUNT, &(asked).options.average, "N", "Of trials: each is the mean of N. Default: 1."}, {     \
    "common", 0, CLI_NUMBER, &(asked).options.common, "C",                                                             \
        "Of trials: the share of the noise variance, 0 to 1, that all units of a trial have in common. Default: 0."    \
  }

/* Before the options are parsed. */
void cli_trials_init(cli_trials *trials);
/* After that: CLI_GO_ON, or the status of what was said about options that make no sense without --trials. */
int cli_trials_take(cli_trials *trials);

#endif
