/* The caller's options of an output, with those of its volume and its trials, and its run. */
#ifndef MODEL_OUTPUT_OPTIONS_H
#define MODEL_OUTPUT_OPTIONS_H

#include "base/error.h"

typedef struct model_output_options {
  berg_output_options output; /* its `volume`, `trials` and `run` point to those below, or to nothing */
  berg_volume_options volume;
  berg_trials_options trials;
  berg_run run;
} model_output_options;

/* The library's own copy of them. EARGUMENT, as base_options_take has it. */
berg_status model_output_options_take(model_output_options *own, const berg_output_options *given, berg_error *error);

#endif
