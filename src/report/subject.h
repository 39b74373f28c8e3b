/* What the metadata say of one subject, as the figures take it. What the file lacks is NULL; what it has in a shape
 * that does not fit is an error. */
#ifndef REPORT_SUBJECT_H
#define REPORT_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define REPORT_MOST_SUBJECTS 3

typedef struct report_region {
  const char *name; /* the metadata's */
  size_t *voxels;
  size_t count;
} report_region;

/* The same numbers in ascending order without NaN; empty where the subject lacks them. */
typedef struct report_sorted {
  double *values;
  size_t count;
} report_sorted;

typedef struct report_subject {
  const char *name; /* "2": the caller's */
  int number;       /* among the model's subjects, from 1: chooses its colour */
  char *shown;      /* "sub-02" */
  berg_metadata *metadata;
  size_t voxels;
  double *accuracy;             /* Pearson's r of each voxel */
  double *ceiling;              /* of the test set's means, percent of variance */
  double *share;                /* 100 max(r, 0)^2 / (ceiling / 100), percent; NaN where the ceiling is 0 */
  double *eccentricity, *angle; /* of receptive fields, degrees */
  report_sorted sorted_accuracy, sorted_ceiling;
  double *coordinates[3];
  report_region *regions;
  size_t region_count;
} report_subject;

typedef struct report_data {
  report_subject subjects[REPORT_MOST_SUBJECTS];
  size_t count;
} report_data;

/* EPARAMETER: no such subject, or one twice; EMODEL: the metadata are missing or do not fit, or a
 * correlation is none. */
berg_status report_data_open(report_data *data, const char *model_id, const char *berg_dir, const char *const *subjects,
                             size_t count, berg_error *error);
void report_data_close(report_data *data);

/* Whether any subject has what `offset` says: report_knows(data, offsetof(report_subject, accuracy)). */
bool report_knows(const report_data *data, size_t offset);
/* NULL: this subject has no such region. */
const report_region *report_find_region(const report_subject *subject, const char *name);

/* The mean over the numbers that are not NaN, of `values` at `voxels` (NULL: of the first `count`); NaN when all are.
 * `missing` (may be NULL) gets the number of NaNs. */
double report_mean(const double *values, const size_t *voxels, size_t count, size_t *missing);
/* Sorts without NaN into `sorted`, which holds up to `count`; returns how many. */
size_t report_sort(const double *values, size_t count, double *sorted);
/* Interpolates linearly, as NumPy's quantile does; NaN without values. */
double report_quantile(const double *sorted, size_t count, double share);

#endif
