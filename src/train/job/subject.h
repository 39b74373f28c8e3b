/* What berg_prepare left for one subject: names of what was shown, and the responses. */
#ifndef TRAIN_SUBJECT_H
#define TRAIN_SUBJECT_H

#include "train/job/job.h"
#include "train/regress/regress.h"

/* Fills trials, names, voxels and dtype from the files that `subject` names. EINPUT: missing, damaged, or of shapes
 * that do not fit each other. */
berg_status train_subject_read(train_subject *subject, berg_error *error);
/* Releases all that a subject holds, its paths included. */
void train_subject_release(train_subject *subject);

/* Trials whose float64 responses are converted at a time: a small part of a block of voxels. */
#define TRAIN_CONVERTED 64

typedef struct train_responses train_responses;

/* The responses in the order of the trials, for train_regression; read on demand. */
berg_status train_responses_open(train_responses **responses, const train_subject *subject, berg_error *error);
void train_responses_close(train_responses *responses);
train_targets train_responses_targets(train_responses *responses);

#endif
