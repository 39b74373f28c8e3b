/* One batch on its way: pixels, tokens, scores, and the pixels of the next one. The memory stays with the model from the first batch on,
 * so that a program that encodes image after image finds it warm. */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "base/team.h"
#include "model/encode/load.h"
#include "model/encode/model.h"
#include "model/encode/project.h"
#include "model/encode/sink.h"

typedef struct model_batch {
  berg_model *model;
  base_team *team;               /* that it is run by; the user's, who begins and ends it */
  const model_sink *sink;        /* what it is run for */
  size_t room;                   /* images it can hold */
  size_t most;                   /* images that a batch of this call has at most */
  size_t images;                 /* images it holds */
  size_t *indices;               /* [images] their numbers among the stimuli; bad ones are left out */
  model_load loads[2];           /* the batch's images, and the next one's; the second has memory once it is needed */
  int now;                       /* which of them is the batch's */
  float *tokens;                 /* [room][50][768]; NULL on a device, as all that the processor computes with */
  void *workspace;               /* of the network, then of the regression */
  model_projection *projections; /* [subjects] */
  float **scores;                /* [subjects] [room][the subject's score width] */
  size_t *score_widths;          /* [subjects] components rounded up to whole lines of the cache */
  char *loaded_scores;           /* of one subject, as products take them */
  float *score_scales;           /* of these rows */
  float *balanced_scores;        /* of one image */
  double component_seconds;      /* of the last run: of the components, within all of it */
  float *responses;              /* that a device gave while it ran: [images][columns], in the sink's place or ... */
  float *own_responses;          /* ... here, pinned, had when they are first wanted */
} model_batch;

/* Bytes of the longest row of scores as products take them. */
size_t model_batch_widest_row(const berg_model *model);

/* The model's batch, empty, with room for so many images; `several`: there will be a next one. ELIMIT. */
berg_status model_batch_of(model_batch **batch, berg_model *model, size_t room, bool several, berg_error *error);
/* NULL is fine. */
void model_batch_free(model_batch *batch);

/* Takes stimuli [first, first + count), count <= room, leaving out what skip_bad leaves out: most of them were read and
 * preprocessed while the batch before was run. The next `next` (0: none) will be so. */
berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, size_t next,
                             berg_error *error);

/* Pieces of the next batch's images, to come in beside step `step` of the VIT_LAYERS of this one's run: how many, and one of them (a
 * base_piece of the batch). */
size_t model_batch_beside_begin(model_batch *batch, size_t step);
void model_batch_beside(void *batch, size_t index, size_t rank);

#endif
