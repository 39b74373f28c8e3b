/* The prepared data of what one file of weights is fitted to. */
#ifndef TRAIN_SUBJECT_H
#define TRAIN_SUBJECT_H

#include "train/job/job.h"

/* Names the files of `subject`, whose name and quarter are known. EPARAMETER, EMODEL. */
berg_status train_subject_find(train_subject *subject, const train_job *job, berg_error *error);
/* Reads what they say of trials, targets and images. EINPUT: missing, damaged, or of shapes that do not fit each
 * other. */
berg_status train_subject_read(train_subject *subject, const train_job *job, berg_error *error);
/* Releases all that a subject holds, its paths included. */
void train_subject_release(train_subject *subject);

#endif
