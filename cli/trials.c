/* Options of trials as the library takes them. */
#include "trials.h"

#define NOT_GIVEN SIZE_MAX /* more trials than there can be */

void cli_trials_init(cli_trials *trials) {
  *trials = (cli_trials){.given = NULL};
  berg_trials_options_init(&trials->options);
  trials->options.trials = NOT_GIVEN;
}

int cli_trials_take(cli_trials *trials) {
  berg_trials_options *options = &trials->options;
  if (options->trials == NOT_GIVEN) {
    if (!trials->seed && !options->mode && options->average == 1 && options->common == 0) return CLI_GO_ON;
    return cli_usage_error("encode",
                           "--seed, --mode, --average and --common are of simulated trials: give --trials too");
  }
  options->seed = trials->seed;
  trials->given = options;
  return CLI_GO_ON;
}
