/* Responses to the presentations of each test image, of any number of dimensions, an image at a time: their average,
 * and how they vary. */
#ifndef TRAIN_PRESENTATIONS_H
#define TRAIN_PRESENTATIONS_H

#include "io/hdf5/hdf5.h"
#include "train/run/run.h"

typedef struct train_presentations {
  io_hdf5 *dataset;
  size_t images, repeats, columns;
  const size_t *rows; /* [repeats][images] of the dataset; NULL: row i holds all presentations of image i */
} train_presentations;

/* Variances of each column, [columns]. */
typedef struct train_variances {
  double *noise; /* the mean over images of that over an image's presentations, ddof 1 */
  double *total; /* that over all presentations of all images, ddof 1 */
} train_variances;

/* Opens a dataset of float32 or float64 with `rows` rows (any number: 0), each of these dimensions, the first of
 * which may be any number where it is 0 and is then put there. EINPUT with what was expected. */
berg_status train_open_rows(io_hdf5 **dataset, const char *path, const char *name, size_t rows, size_t *shape,
                            size_t ndim, berg_error *error);
/* All rows as floats, which are the caller's (base_free). */
berg_status train_read_rows(float **values, io_hdf5 *dataset, berg_error *error);

/* `averages` [images][columns] and `variances`; either may be NULL. In float64, to bits that depend on no thread. Stage
 * "reliability", in images. ECANCELLED, EINPUT, ELIMIT. */
berg_status train_average(const train_presentations *from, float *averages, const train_variances *variances,
                          int threads, const berg_run *run, berg_error *error);

#endif
