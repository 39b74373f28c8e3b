/* The loop over batches that all ways of encoding share. */
#ifndef MODEL_ENCODE_H
#define MODEL_ENCODE_H

#include "model/encode/batch.h"

/* Takes one batch that has been run. */
typedef berg_status (*model_take_batch)(void *user, model_batch *batch, berg_error *error);

/* Encodes stimuli [first, count) batch by batch, calling `ready` (may be NULL) before and `take` after each; progress counts
 * from 0 over all stimuli. ECANCELLED. */
berg_status model_encode(berg_model *model, berg_stimuli *stimuli, size_t first, const berg_run *run,
                         model_take_batch ready, model_take_batch take, void *user, berg_error *error);

#endif
