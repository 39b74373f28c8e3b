/* The defaults of trials, and which of them make sense. */
#include "model/trials/options.h"

#include <string.h>

#include "base/options.h"

#define MOST_TRIALS 100000     /* of an image: rows of some gigabytes */
#define MOST_AVERAGED 10000000 /* far below the 2^30 that its place in the generator's counter holds */

static const char *const modes[] = {[MODEL_COMPLETE] = "complete",
                                    [MODEL_PREDICTION] = "prediction",
                                    [MODEL_SIGNAL] = "signal",
                                    [MODEL_MATCHED] = "matched"};

void(berg_trials_options_init)(berg_trials_options *options, size_t size) {
  const berg_trials_options defaults = {.trials = 1, .average = 1};
  base_options_init(options, size, &defaults, sizeof defaults);
}

const char *model_trials_mode_name(model_trials_mode mode) { return modes[mode]; }

static berg_status find_mode(const char *name, model_trials_mode *mode, berg_error *error) {
  *mode = MODEL_COMPLETE;
  if (!name) return BERG_OK;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(name, modes[i])) continue;
    *mode = (model_trials_mode)i;
    return BERG_OK;
  }
  return base_fail_found(error, BERG_EPARAMETER, NULL, "mode of the trials", "complete, prediction, signal or matched",
                         "%s", name);
}

berg_status model_trials_check(const berg_trials_options *options, model_trials_mode *mode, berg_error *error) {
  if (!options->trials || options->trials > MOST_TRIALS)
    return base_fail_found(error, BERG_EPARAMETER, NULL, "trials of each image", "1 to 100,000", "%zu",
                           options->trials);
  if (!options->average || options->average > MOST_AVERAGED)
    return base_fail_found(error, BERG_EPARAMETER, NULL, "average of the trials", "1 to 10,000,000", "%zu",
                           options->average);
  if (!(options->common >= 0 && options->common <= 1))
    return base_fail_found(error, BERG_EPARAMETER, NULL, "noise in common", "a share, 0 to 1", "%g", options->common);
  return find_mode(options->mode, mode, error);
}
