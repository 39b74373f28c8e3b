/* Simulated trials in the JSON of an output. */
#ifndef MODEL_TRIALS_DESCRIBE_H
#define MODEL_TRIALS_DESCRIBE_H

#include <cjson/cJSON.h>

#include "model/trials/trials.h"

/* Adds "Trials" for output `output` of a subject; docs/trials.md lists the keys. */
void model_trials_describe(cJSON *tree, const model_trials *trials, size_t subject, size_t output);

#endif
