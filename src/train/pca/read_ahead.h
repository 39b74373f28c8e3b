/* Panels read by a thread of their own, one ahead of the one that is worked on. */
#ifndef TRAIN_READ_AHEAD_H
#define TRAIN_READ_AHEAD_H

#include "train/pca/panels.h"

typedef struct train_read_ahead train_read_ahead;

/* Starts reading panels [first, end). Two buffers of `floats` floats; a panel lies at the start of one as
 * train_panels.read leaves it. ELIMIT. */
berg_status train_read_ahead_start(train_read_ahead **reader, const train_panels *panels, size_t first, size_t end,
                                   size_t floats, berg_error *error);
/* The next panel, to be changed at will until the next call. What the reading failed with, once the panels before are
 * used up. */
berg_status train_read_ahead_next(train_read_ahead *reader, float **panel, berg_error *error);
/* Waits for the panel being read, if any. NULL is fine. */
void train_read_ahead_stop(train_read_ahead *reader);

#endif
