/* A batch's pixels to what its sink wants: by the processor or by a device. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "model/encode/batch.h"

/* Pixels to scores of every subject, or block by block to a sink of features. EMODEL: not finite, with the tensor that is to
 * blame; ELIMIT; EDEVICE. */
berg_status model_batch_run(model_batch *batch, berg_error *error);

/* Scores of images [from, from + images) of the batch to responses [images][columns of the model]. */
void model_batch_respond(const model_batch *batch, size_t from, size_t images, float *responses);

/* The two ways of model_batch_run. */
void model_run_processor(model_batch *batch);
berg_status model_run_device(model_batch *batch, berg_error *error);

#endif
