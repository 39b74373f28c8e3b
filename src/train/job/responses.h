/* The responses of a subject, column by column, as the regression takes them. */
#ifndef TRAIN_RESPONSES_H
#define TRAIN_RESPONSES_H

#include "train/job/job.h"
#include "train/regress/regress.h"

/* Rows that are converted, averaged or picked at a time: a small part of a block of targets. */
#define TRAIN_CONVERTED 64

typedef struct train_responses train_responses;

/* In the order of the trials; read on demand. Means of several rows are float32 sums in the files' order over their
 * number, and where responses are averaged, NaN (nothing measured) is 0: both as upstream has them. */
berg_status train_responses_open(train_responses **responses, const train_subject *subject, const model_layout *layout,
                                 berg_error *error);
void train_responses_close(train_responses *responses);
train_targets train_responses_targets(train_responses *responses);

#endif
