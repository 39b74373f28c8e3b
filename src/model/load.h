/* The images of one batch on their way in: found, read, decoded and resized by whichever thread has time for one. */
#ifndef MODEL_LOAD_H
#define MODEL_LOAD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct model_load {
  berg_stimuli *stimuli;
  size_t first, count;   /* images [first, first + count) of the stimuli; count 0: none are asked for */
  atomic_size_t taken;   /* images from `first` on that some thread has, or has had, in hand */
  uint8_t *pixels;       /* [room][3][224][224] */
  berg_status *statuses; /* [room] what became of each */
  berg_error *faults;    /* [room] and why */
} model_load;

/* Memory for `room` images. ELIMIT. */
berg_status model_load_init(model_load *load, size_t room, berg_error *error);
void model_load_release(model_load *load);

/* Says which images are wanted; those of the batch before may still be on their way to the network. From one thread. */
void model_load_begin(model_load *load, berg_stimuli *stimuli, size_t first, size_t count);
/* Step `step` of `steps`, while something else is computed: called by every thread of a team between two barriers, comes back when
 * nothing of the step is left to begin. No failure shows before model_load_finish. */
void model_load_ahead(model_load *load, size_t step, size_t steps);
/* Loads what is left, and keeps the good images in order: `indices` are their numbers. What fails, or is left out with skip_bad, is
 * the same however much came ahead. */
berg_status model_load_finish(model_load *load, int threads, size_t *indices, size_t *images, berg_error *error);

#endif
