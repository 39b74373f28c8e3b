/* The defaults of output options. */
#include "model/output/options.h"

#include "base/options.h"

void(berg_output_options_init)(berg_output_options *options, size_t size) {
  const berg_output_options defaults = {0};
  base_options_init(options, size, &defaults, sizeof defaults);
}

berg_status model_output_options_take(model_output_options *own, const berg_output_options *given, berg_error *error) {
  berg_status status = BASE_TAKE(berg_output_options, &own->output, given, error);
  if (!status && own->output.volume) {
    status = BASE_TAKE(berg_volume_options, &own->volume, own->output.volume, error);
    own->output.volume = &own->volume;
  }
  if (!status && own->output.trials) {
    status = BASE_TAKE(berg_trials_options, &own->trials, own->output.trials, error);
    own->output.trials = &own->trials;
  }
  if (!status && own->output.run) {
    status = BASE_TAKE(berg_run, &own->run, own->output.run, error);
    own->output.run = &own->run;
  }
  return status;
}
