/* Whether the files that results are made of are still what they were when they were opened. */
#ifndef MODEL_SOURCES_H
#define MODEL_SOURCES_H

#include "model/encode/model.h"

/* Backbone, weights and metadata of the models, and arrays of stimuli that are mapped: before results get a name that
 * says they are of these. EMODEL, EINPUT. */
berg_status model_sources_unchanged(berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                                    berg_error *error);

#endif
