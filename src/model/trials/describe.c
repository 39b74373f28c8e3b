/* What simulated trials were made by, and of how many columns they are not as measured. */
#include "model/trials/describe.h"

#include "base/text.h"
#include "io/value/json_build.h"

void model_trials_describe(cJSON *tree, const model_trials *trials, size_t subject, size_t output) {
  const model_trials_counts *counts = &trials->counts[subject * MODEL_OUTPUTS_MAX + output];
  cJSON *to = io_json_add_object(tree, "Trials");
  char seed[32];
  base_print(seed, sizeof seed, "%llu", (unsigned long long)trials->seed); /* a number of JSON may lose digits */
  io_json_add_text(to, "Mode", model_trials_mode_name(trials->mode));
  io_json_add_number(to, "Count", (double)trials->count);
  io_json_add_text(to, "Seed", seed);
  io_json_add_number(to, "CommonNoise", trials->common);
  io_json_add_number(to, "AverageOf", (double)trials->average);
  io_json_add_text(to, "Reliability", trials->model->layout->outputs[output].reliability);
  io_json_add_number(to, "Columns", (double)counts->columns);
  io_json_add_number(to, "WithoutNoiseCeiling", (double)counts->unknown);
  io_json_add_number(to, "NoiseCeilingZero", (double)(counts->unreliable - counts->unknown));
  if (trials->uses_variances) io_json_add_number(to, "PredictionsBeyondCeiling", (double)counts->beyond);
  if (trials->mode == MODEL_SIGNAL) io_json_add_number(to, "GainLimited", (double)counts->capped);
}
