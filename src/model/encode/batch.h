/* One batch on its way: pixels and tokens, the pixels of the next one, and the models that take part. The memory
 * stays with the model whose network runs, from its first batch on, so that a program that encodes image after image
 * finds it warm. */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include <stdbool.h>

#include "base/sha256.h"
#include "base/team.h"
#include "model/encode/load.h"
#include "model/encode/scores.h"
#include "model/encode/sink.h"

/* A model whose scores or responses are wanted of the same images. */
typedef struct model_member {
  berg_model *model;
  model_scores *scores;
  const model_sink *sink; /* what it is run for */
  float *responses;       /* that a device gave while it ran: [images][columns], in the sink's place or pinned memory */
} model_member;

typedef struct model_batch {
  berg_model *model;     /* whose network it is */
  model_member *members; /* [member_count]; in the second of several passes `model` may not be one of them */
  size_t member_count, member_capacity;
  base_team *team;     /* that it is run by; the user's, who begins and ends it */
  size_t room;         /* images it can hold */
  size_t most;         /* images that a batch of this call has at most */
  size_t images;       /* images it holds */
  size_t *indices;     /* [images] their numbers among the stimuli; bad ones are left out */
  model_load loads[2]; /* the batch's images, and the next one's; the second has memory once it is needed */
  int now;             /* which of them is the batch's */
  char (*digests)[BASE_SHA256_TEXT]; /* [room] after model_batch_identify: of the images' pixels */
  bool are_identified;
  const berg_stimuli *stored; /* that the scores of the batch came with; NULL: it has pixels */
  float *tokens;              /* [room][50][768]; NULL on a device, as all that the processor computes with, and where
                               scores are given */
  void *workspace;            /* of the network, then of the regression */
  const berg_run *run;        /* NULL, or whom to ask whether to go on */
  double component_seconds;   /* of the last run: of the components, within all of it */
} model_batch;

/* The batch of `network`, empty, with memory for `room` images and for the scores of all `count` models, each with its
 * sink; `several`: there will be a next one. ELIMIT. */
berg_status model_batch_of(model_batch **batch, berg_model *network, berg_model *const *models, const model_sink *sinks,
                           size_t count, size_t room, bool several, berg_error *error);
/* NULL is fine. */
void model_batch_free(model_batch *batch);

/* Takes stimuli [first, first + count), count <= room, leaving out what skip_bad leaves out: most of them were read and
 * preprocessed while the batch before was run. The next `next` (0: none) will be so. */
berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, size_t next,
                             berg_error *error);

/* Finds what identifies each image: the SHA-256 of the pixels that the network sees, as a store has it, too. EINPUT: a
 * damaged store; EARGUMENT: scores in memory; ELIMIT. */
berg_status model_batch_identify(model_batch *batch, berg_error *error);

/* Leaves out, after model_batch_load, the images for which `keep` [images] is false. */
void model_batch_keep(model_batch *batch, const bool *keep);

/* Pieces of the next batch's images, to come in beside step `step` of the VIT_LAYERS of this one's run: how many,
 * and one of them (a base_piece of the batch). */
size_t model_batch_beside_begin(model_batch *batch, size_t step);
void model_batch_beside(void *batch, size_t index, size_t rank);

#endif
