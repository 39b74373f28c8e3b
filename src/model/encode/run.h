/* A batch's pixels to what its sink wants: by the processor or by a device. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "model/encode/batch.h"

/* Pixels to scores of every member, or block by block to a sink of features. EMODEL: not finite, with the tensor
 * that is to blame; ELIMIT; EDEVICE; ECANCELLED. */
berg_status model_batch_run(model_batch *batch, berg_error *error);

/* Scores of images [from, from + images) of a member of the batch to responses [images][columns of its model]. */
void model_batch_respond(const model_batch *batch, const model_member *member, size_t from, size_t images,
                         float *responses);

/* The two ways of model_batch_run. On a device there is one member; the processor may be told to stop: ECANCELLED. */
berg_status model_run_processor(model_batch *batch, berg_error *error);
berg_status model_run_device(model_batch *batch, berg_error *error);

/* Copies the model to its device. ELIMIT, EDEVICE. */
berg_status model_load_device(berg_model *model, berg_error *error);

#endif
