/* A model's part in a batch: the scores of its images, and the memory in which they and responses are computed. It
 * stays with the model, as the batch does. */
#ifndef MODEL_SCORES_H
#define MODEL_SCORES_H

#include "model/encode/model.h"
#include "model/encode/project.h"

typedef struct model_scores {
  const berg_model *model;
  size_t room;                   /* images it can hold */
  int threads;                   /* that it has memory for */
  model_projection *projections; /* [scorers]; NULL on a device, as all that the processor computes with */
  float **values;                /* [scorers] [room][the scorer's width] */
  size_t *widths;                /* [scorers] components rounded up to whole lines of the cache */
  char *loaded;                  /* of one scorer, as products take them */
  float *scales;                 /* of these rows */
  float *balanced;               /* of one image */
  float *pinned;                 /* responses that a device gives, made when they are first wanted */
} model_scores;

/* The model's scores with memory for `room` images and for `threads`, those of the pass: of whichever model runs the
 * network. ELIMIT. */
berg_status model_scores_of(model_scores **scores, berg_model *model, size_t room, int threads, berg_error *error);
/* NULL is fine. */
void model_scores_free(model_scores *scores);
/* Frees those that the model keeps. */
void model_scores_drop(berg_model *model);

#endif
