/* The loop over batches that all ways of encoding share. */
#ifndef MODEL_ENCODE_H
#define MODEL_ENCODE_H

#include "model/encode/batch.h"

/* Models that share a pass over the images: a batch of each at a time, and who takes what comes of it. */
typedef struct model_pass {
  berg_model *const *models;
  const model_sink *sinks; /* [count] */
  size_t count;
  size_t number, of; /* this pass among all, for progress: 0 of 1 */
} model_pass;

/* Encodes stimuli [first, count) batch by batch into the sinks; progress counts from 0 over all stimuli. ECANCELLED;
 * EARGUMENT: a model is in use by another call. */
berg_status model_encode(const model_pass *pass, berg_stimuli *stimuli, size_t first, const berg_run *run,
                         berg_error *error);

/* Bytes of a pass of `count` models, `images` at a time. */
size_t model_pass_memory(berg_model *const *models, size_t count, size_t images);
/* How models are dealt to passes: model i makes its in pass passes[i] (of `count`, ascending); all of them are in
 * the first where that fits the first one's limit of memory. EARGUMENT: they do not go together. */
berg_status model_passes(berg_model *const *models, size_t count, size_t *passes, size_t *pass_count,
                         berg_error *error);
/* Tells `run` about more than one pass. */
berg_status model_passes_tell(berg_model *const *models, size_t count, const size_t *passes, size_t pass_count,
                              const berg_run *run, berg_error *error);

#endif
