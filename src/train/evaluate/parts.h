/* Predictions of the test images in parts: each is an encode of a shard beside the predictions' place
 * ("<predictions>.part-2-of-8.npy", with its sidecar); joined, they are measured as if one run had made them. */
#ifndef TRAIN_EVALUATE_PARTS_H
#define TRAIN_EVALUATE_PARTS_H

#include "train/evaluate/evaluation.h"

/* One of the two, and numbers that fit. EARGUMENT. */
berg_status train_parts_check(const berg_evaluate_options *options, berg_error *error);
/* The part that the options name, of `stimuli`, which become its images alone. What is there of it is gone on from, and
 * passed over where it is whole. */
berg_status train_parts_encode(const train_evaluation *e, berg_model *model, berg_stimuli *stimuli, berg_error *error);
/* JSON of what was encoded: base_free. */
berg_status train_parts_report(const train_evaluation *e, char **report, berg_error *error);
/* All parts to one file for each output, where predictions are until they are placed: `unfinished` as
 * berg_encode_to_file names it. EINCOMPLETE, with `report` as berg_merge has it. */
berg_status train_parts_join(train_evaluation *e, berg_model *model, berg_stimuli *stimuli, const char *unfinished,
                             char **report, berg_error *error);
/* Removes parts that were joined. */
berg_status train_parts_remove(const train_evaluation *e, berg_error *error);

#endif
