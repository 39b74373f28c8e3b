/* Which image each training trial of a subject showed, by the prepared metadata. */
#ifndef TRAIN_SHOWN_H
#define TRAIN_SHOWN_H

#include "train/job/job.h"

/* Fills trials, names, stored, places and averages. EINPUT: entries missing, of other kinds, or that do not fit each
 * other. */
berg_status train_shown_read(train_subject *subject, const model_layout *layout, const berg_metadata *metadata,
                             berg_error *error);

#endif
