/* What the measures of several kinds of models share. */
#ifndef TRAIN_MEASURE_H
#define TRAIN_MEASURE_H

#include "io/hdf5/hdf5.h"
#include "train/evaluate/evaluation.h"

/* The measure of a layout, or NULL: the model is not evaluated. */
const train_measure *train_measure_of(const model_layout *layout);

/* Units, and times where there are any, of output `output`, by the model's metadata, which are all that is opened:
 * as many as *ndim of `shape`. */
berg_status train_response_shape(const train_evaluation *e, size_t output, size_t shape[2], size_t *ndim,
                                 berg_error *error);
/* The prepared responses `file` of an output: see train_open_rows. */
berg_status train_open_responses(const train_evaluation *e, model_prepared_file file, size_t output, size_t rows,
                                 size_t *shape, size_t ndim, io_hdf5 **dataset, berg_error *error);

/* How many predictions there are of each response: repetitions of the training. */
size_t train_repetitions(const train_evaluation *e, size_t output);
/* Correlations over images of `averages` [images][columns] with prediction `repetition` of an output, or with the
 * mean of all where it is as many as there are: r [columns]. ELIMIT. */
berg_status train_correlate(train_evaluation *e, size_t output, const float *averages, size_t repetition, double *r,
                            berg_error *error);

#endif
