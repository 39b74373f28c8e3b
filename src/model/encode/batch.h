/* One batch on its way: pixels, tokens, scores, responses, and the pixels of the next one. The memory stays with the model from the
 * first batch on, so that a program that encodes image after image finds it warm. */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "base/team.h"
#include "model/encode/load.h"
#include "model/encode/model.h"
#include "model/encode/project.h"

/* Takes what block `layer` gave, `tokens` [images][50][768], while it is warm; shares the work on batch->team. */
typedef struct model_batch model_batch;
typedef void (*model_take_block)(void *taker, const model_batch *batch, size_t layer, const float *tokens);

struct model_batch {
  berg_model *model;
  base_team *team;               /* that it is run by; the user's, who begins and ends it */
  size_t room;                   /* images it can hold */
  size_t most;                   /* images that a batch of this call has at most */
  size_t images;                 /* images it holds */
  size_t *indices;               /* [images] their numbers among the stimuli; bad ones are left out */
  model_load loads[2];           /* the batch's images, and the next one's; the second has memory once it is needed */
  int now;                       /* which of them is the batch's */
  float *tokens;                 /* [room][50][768]; NULL on a device, as all that the processor computes with */
  void *workspace;               /* of the network, then of the regression */
  model_projection *projections; /* [subjects] */
  float **scores;                /* [subjects] [room][components rounded up to whole lines of the cache] */
  char *loaded_scores;           /* of one subject, as products take them */
  float *score_scales;           /* of these rows */
  float *balanced_scores;        /* of one image */
  model_take_block take_block;   /* where block outputs are wanted instead of scores; else NULL */
  void *taker;
  size_t first;         /* of a part of a batch, as devices take blocks: images of the whole one before it */
  bool scores_alone;    /* no responses are wanted */
  float *responses;     /* on a device, which gives them while it runs: [room][columns of the model] ... */
  float *own_responses; /* ... or NULL: here, pinned, had when they are first wanted */
};

/* Floats from one row of scores to the next: whole lines of the cache. */
size_t model_score_width(const model_subject *subject);

/* The model's batch, empty, with room for so many images; `several`: there will be a next one. ELIMIT. */
berg_status model_batch_of(model_batch **batch, berg_model *model, size_t room, bool several, berg_error *error);
/* NULL is fine. */
void model_batch_free(model_batch *batch);

/* Takes stimuli [first, first + count), count <= room, leaving out what skip_bad leaves out: most of them were read and
 * preprocessed while the batch before was run. The next `next` (0: none) will be so. */
berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, size_t next,
                             berg_error *error);
/* Pixels to scores of every subject. EMODEL: not finite, with the tensor that is to blame. */
berg_status model_batch_run(model_batch *batch, berg_error *error);
/* Scores of images [from, from + images) of the batch to responses [images][columns of the model]. */
void model_batch_respond(const model_batch *batch, size_t from, size_t images, float *responses);

#endif
