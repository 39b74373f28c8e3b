/* The sidecar of an evaluation's predictions: that of an encode of the test images (model/output/provenance.h,
 * docs/volumes.md). */
#ifndef TRAIN_EVALUATE_SIDECAR_H
#define TRAIN_EVALUATE_SIDECAR_H

#include "model/output/encode_labels.h"

/* Before the work, where there are no predictions yet. EEXISTS: a file of that name that libberg did not write. One
 * that it did is what an interrupted run left, and is replaced. */
berg_status train_sidecar_check(const char *predictions, berg_error *error);
/* The tree of one output, while model and images are open; cJSON_Delete. `prepared`: the metadata that name the
 * images. */
berg_status train_sidecar_make(cJSON **tree, const berg_model *model, size_t output, const berg_stimuli *stimuli,
                               const char *predictions, const char *prepared, const char *command, berg_error *error);
/* Writes it, after `metadata` has been written: the hash is of what this run made of it. Replaces one that is there. */
berg_status train_sidecar_write(cJSON *tree, const char *predictions, const char *metadata, berg_error *error);

#endif
