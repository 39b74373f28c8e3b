/* What is asked of simulated trials, checked. */
#ifndef MODEL_TRIALS_OPTIONS_H
#define MODEL_TRIALS_OPTIONS_H

#include "base/error.h"

typedef enum model_trials_mode { MODEL_COMPLETE, MODEL_PREDICTION, MODEL_SIGNAL, MODEL_MATCHED } model_trials_mode;

/* EPARAMETER: an option that makes no sense. `mode` is that of the options, by number. */
berg_status model_trials_check(const berg_trials_options *options, model_trials_mode *mode, berg_error *error);
const char *model_trials_mode_name(model_trials_mode mode);

#endif
