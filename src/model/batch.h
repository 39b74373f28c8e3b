/* One batch on its way: pixels, tokens, scores, responses. All memory is had once, before the first image. */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "model/model.h"
#include "model/project.h"

/* Takes what block `layer` gave, `tokens` [images][50][768], while it is warm: called by every thread of the team, as
 * vit_after_block is. */
typedef struct model_batch model_batch;
typedef void (*model_take_block)(void *taker, const model_batch *batch, size_t layer, const float *tokens);

struct model_batch {
  berg_model *model;
  size_t room;                   /* images it can hold */
  size_t images;                 /* images it holds */
  size_t *indices;               /* [images] their numbers among the stimuli; bad ones are left out */
  uint8_t *pixels;               /* [room][3][224][224] */
  float *tokens;                 /* [room][50][768] */
  void *workspace;               /* of the network, then of the regression */
  model_projection *projections; /* [subjects] */
  float **scores;                /* [subjects] [room][components rounded up to whole lines of the cache] */
  char *loaded_scores;           /* of one subject, as products take them */
  float *score_scales;           /* of these rows */
  float *balanced_scores;        /* of one image */
  model_take_block take_block;   /* where block outputs are wanted instead of scores; else NULL */
  void *taker;
  berg_error *faults;    /* [room] of the images that could not be read */
  berg_status *statuses; /* [room] */
};

berg_status model_batch_init(model_batch *batch, berg_model *model, size_t room, berg_error *error);
void model_batch_release(model_batch *batch);

/* Reads and preprocesses stimuli [first, first + count), count <= room, leaving out what skip_bad leaves out. */
berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, berg_error *error);
/* Pixels to scores of every subject. EMODEL: not finite, with the tensor that is to blame. */
berg_status model_batch_run(model_batch *batch, berg_error *error);
/* Scores to responses [images][columns of the model]. */
void model_batch_respond(const model_batch *batch, float *responses);

#endif
