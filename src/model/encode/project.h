/* Block outputs to principal component scores, block by block, while the tokens are still in cache. */
#ifndef MODEL_PROJECT_H
#define MODEL_PROJECT_H

#include "base/team.h"
#include "la/kernels.h"
#include "model/weights/basis.h"

/* Tokens of a block that one thread takes together, and how many such segments a block has at most. Each segment has
 * its own sums, in double over its tokens and the blocks; they are added in their own order, so that the scores
 * depend on neither threads nor batch. */
#define PROJECT_TOKENS 5
#define PROJECT_SEGMENTS_MAX (VIT_TOKENS / PROJECT_TOKENS)

typedef struct model_projection {
  const la_kernels *kernels;
  const model_basis *basis;
  const la_matrix *directions; /* [components][features], a block of columns being one token of one layer */
  size_t segments;             /* 10; of a model of class tokens 1, of one token */
  size_t images;               /* of the batch at hand */
  double *sums;                /* [segments][images][components] */
  char *thread_memory;         /* for each thread [images][768], the same as products take them, a buffer */
  size_t thread_bytes, room;
} model_projection;

/* Memory for batches of up to `images`. ELIMIT. */
berg_status model_projection_init(model_projection *projection, const la_kernels *kernels, const model_basis *basis,
                                  const la_matrix *directions, size_t images, int threads, berg_error *error);
void model_projection_release(model_projection *projection);
/* Bytes that init takes. */
size_t model_projection_memory(const model_basis *basis, const la_matrix *directions, size_t images, int threads);

void model_projection_start(model_projection *projection, size_t images);
/* Adds block `layer`, `tokens` [images][50][768], segment by segment. */
void model_projection_add(model_projection *projection, base_team *team, size_t layer, const float *tokens);
/* The scores as float32 [images][ld]. */
void model_projection_finish(const model_projection *projection, float *scores, size_t ld);

#endif
