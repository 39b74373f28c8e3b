/* The images of one batch on their way in: found, read, decoded and resized by whichever thread has time for one,
 * most of them while the batch before is computed. */
#ifndef MODEL_LOAD_H
#define MODEL_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/team.h"

typedef struct model_load {
  berg_stimuli *stimuli;
  size_t first, count;   /* images [first, first + count) of the stimuli; count 0: none are asked for */
  size_t begun;          /* images from `first` on whose turn has come */
  size_t step_first;     /* of them, the first of the step at hand */
  uint8_t *pixels;       /* [room][3][224][224] */
  berg_status *statuses; /* [room] what became of each */
  berg_error *faults;    /* [room] and why */
} model_load;

/* Memory for `room` images. ELIMIT. */
berg_status model_load_init(model_load *load, size_t room, berg_error *error);
void model_load_release(model_load *load);

/* Says which images are wanted; those of the batch before may still be on their way to the network. From one thread. */
void model_load_begin(model_load *load, berg_stimuli *stimuli, size_t first, size_t count);
/* How many pieces step `step` of `steps` has, to be done while something else is computed: from one thread, when
 * those of the step before are done. No failure shows before model_load_finish. */
size_t model_load_step(model_load *load, size_t step, size_t steps);
/* A base_piece of the step; `load` is the user. */
void model_load_piece(void *load, size_t index, size_t rank);
/* Loads what is left, and keeps the good images in order: `indices` are their numbers. What fails, or is left out
 * with skip_bad, is the same however much came ahead. ECANCELLED: `run`, which may be NULL, said so. */
berg_status model_load_finish(model_load *load, base_team *team, const berg_run *run, size_t *indices, size_t *images,
                              berg_error *error);

#endif
