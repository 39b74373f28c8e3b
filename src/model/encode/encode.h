/* The loop over batches that all ways of encoding share. */
#ifndef MODEL_ENCODE_H
#define MODEL_ENCODE_H

#include "model/encode/batch.h"

/* Models that share a pass over the images, batch by batch, each with the sink that takes its results. */
typedef struct model_pass {
  berg_model *const *models;
  const model_sink *sinks; /* [count] */
  size_t count;
  size_t number, of; /* this pass among all, for progress: 0 of 1 */
  bool goes_on;      /* of the same pass a part was run before: what that left out is told */
  /* Images before `end` are encoded (0: all), and progress counts those before the first as `counted`, of `total`. */
  size_t end, counted, total;
  /* NULL, or what leaves images of a batch out (model_batch_keep) before the network sees them. */
  berg_status (*choose)(void *user, model_batch *batch, berg_error *error);
  /* NULL, or what takes a batch that has been run of all models at once, after their sinks. */
  berg_status (*take)(void *user, model_batch *batch, berg_error *error);
  void *user;
  /* All models of all passes: the network of the first serves each pass. NULL: those of this one. */
  berg_model *const *all;
  size_t all_count;
} model_pass;

/* Encodes stimuli [first, end) batch by batch into the sinks; progress counts from 0 over all. ECANCELLED;
 * EARGUMENT: a model is in use by another call. */
berg_status model_encode(const model_pass *pass, berg_stimuli *stimuli, size_t first, const berg_run *run,
                         berg_error *error);

/* The model whose network runs. */
berg_model *model_pass_network(const model_pass *pass);
/* Bytes that the process holds during the pass, `images` at a time; `packed` as in model_memory_needed. */
size_t model_pass_memory(const model_pass *pass, size_t images, bool packed);
/* Deals models to passes: model i goes in pass passes[i], numbers that ascend; all go in the first one if that keeps
 * to the memory limit of the first model. EARGUMENT: they cannot go together, or one is given twice; EINPUT: several
 * passes over standard input. */
berg_status model_passes(berg_model *const *models, size_t count, const berg_stimuli *stimuli, size_t *passes,
                         size_t *pass_count, berg_error *error);
/* Pass `number` of `of`, as model_passes dealt `count` models with their sinks. Devices have a network each. */
model_pass model_pass_number(size_t number, size_t of, const size_t *passes, berg_model *const *models,
                             const model_sink *sinks, size_t count);
/* Where there are several passes: lets go what the pass before left behind, but for what is multiplied in this one. */
void model_pass_let_rest(const model_pass *pass);
/* Tells `run` about more than one pass. */
berg_status model_passes_tell(berg_model *const *models, size_t count, const size_t *passes, size_t pass_count,
                              const berg_run *run, berg_error *error);

#endif
