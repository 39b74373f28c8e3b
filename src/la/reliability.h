/* How reliable a voxel's response is when the same stimuli are shown again. */
#ifndef LA_RELIABILITY_H
#define LA_RELIABILITY_H

#include "base/error.h"
#include "la/rows.h"

/* Row `repeat * stimuli + stimulus` of `trials` is one presentation, its columns are voxels. Fills the arrays of
 * `result` that are not NULL, [columns] each, as berg_estimate_reliability says; the formulas are in docs/accuracy.md.
 *
 * Everything comes from each voxel's covariances between repeats, taken once in float64: the mean correlation between
 * two repeats is 1 - noise variance of the z-scored data, and sums of blocks of the covariances are the covariance and
 * the variances of the averages of two halves. The bits depend on nothing but the voxel. ELIMIT. */
berg_status la_reliability(const la_rows *trials, size_t repeats, size_t stimuli, int threads,
                           const berg_reliability *result, berg_error *error);

#endif
