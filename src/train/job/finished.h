/* The mark of a training that has nothing left to do. It says which weights are in place, so that others that came to
 * their places since are not taken for them. */
#ifndef TRAIN_FINISHED_H
#define TRAIN_FINISHED_H

#include "train/job/plan.h"

/* Whether the work folder has the mark of this run, and its weights and metadata are there as it says. ELIMIT. */
berg_status train_finished_find(const train_plan *plan, bool *is_finished, berg_error *error);
/* Makes it, once all is in place. EWRITE. */
berg_status train_finished_mark(const train_plan *plan, berg_error *error);

#endif
