/* Scores that a store kept, or the caller, in place of the network: whether they are those of the models, and a batch
 * of them. */
#ifndef MODEL_STORED_H
#define MODEL_STORED_H

#include "model/encode/encode.h"

/* Nothing where the stimuli have pixels. EINPUT: the store has no scores of a subject, or of other components; warns
 * where they were computed in another precision. EARGUMENT: models without a network for images with pixels, or on
 * a device. */
berg_status model_stored_check(const model_pass *pass, const berg_stimuli *stimuli, const berg_run *run,
                               berg_error *error);
/* Images [first, first + count) of the stimuli become the batch. EINPUT: rows that are damaged. */
berg_status model_batch_take_stored(model_batch *batch, const berg_stimuli *stimuli, size_t first, size_t count,
                                    berg_error *error);

/* model_batch_identify of such a batch. EARGUMENT: scores in memory, of which nobody knows the images. */
berg_status model_batch_identify_stored(model_batch *batch, berg_error *error);

#endif
