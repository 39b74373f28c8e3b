/* What the metadata say of one subject, as the figures take it. What the file lacks is NULL; what it has in a shape
 * that does not fit is an error. */
#ifndef REPORT_SUBJECT_H
#define REPORT_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/surface/geometry.h"

#define REPORT_MOST_SUBJECTS 10
#define REPORT_HEMISPHERES 2

typedef struct report_region {
  const char *name; /* the metadata's */
  size_t *voxels;   /* or vertices, or channels and their like */
  size_t count;
  size_t left; /* of vertices: how many of them, the first ones, lie in the left hemisphere */
} report_region;

/* The same numbers in ascending order without NaN; empty where the subject lacks them. */
typedef struct report_sorted {
  double *values;
  size_t count;
} report_sorted;

/* Scores of a second test set. */
typedef struct report_scores {
  double *accuracy, *ceiling, *share;
} report_scores;

typedef struct report_subject {
  const char *name; /* "2": the caller's */
  int number;       /* among the model's subjects, from 1: chooses its colour */
  char *shown;      /* "sub-02" */
  berg_metadata *metadata;
  size_t voxels;                /* numbers in each list: voxels, vertices of both hemispheres, or units x times */
  double *accuracy;             /* Pearson's r of each voxel */
  double *ceiling;              /* of the test set's means, percent of variance */
  double *share;                /* 100 max(r, 0)^2 / (ceiling / 100), percent; NaN where the ceiling is 0 */
  double *eccentricity, *angle; /* of receptive fields, degrees */
  report_sorted sorted_accuracy, sorted_ceiling;
  double *coordinates[3];
  report_region *regions;
  size_t region_count;

  size_t vertices[REPORT_HEMISPHERES]; /* of a surface: those of the left come first; else 0 */
  report_scores synthetic;             /* of NSD-synthetic */

  size_t units, times;       /* of responses that have times: lists are [units][times] */
  double *milliseconds;      /* [times] from the onset of the stimulus; NULL: responses have no times */
  const char *const *labels; /* [units] names, the metadata's; NULL: they are numbered from 0 */
  double *single;            /* accuracy for one repetition, the mean over repetitions; NULL: not known */
  char **names;              /* [name_count] of regions, where the metadata have them for each unit */
  size_t name_count;
} report_subject;

struct report_kind;

typedef struct report_data {
  const struct report_kind *kind;
  report_subject subjects[REPORT_MOST_SUBJECTS];
  size_t count;
  const io_geometry *surfaces[REPORT_HEMISPHERES]; /* that values are drawn on; NULL: none were named */
  const char *surface_paths[REPORT_HEMISPHERES];
  const char *const *added; /* [added_count] files that are shown besides */
  size_t added_count;
  const char *pictures; /* where pictures of relative names lie; NULL: where the program runs */
  const berg_run *run;  /* asked between figures; NULL: nobody is */
} report_data;

/* EPARAMETER: no such subject, or one twice; EMODEL: the metadata are missing or do not fit, or a
 * correlation is none. */
berg_status report_data_open(report_data *data, const char *model_id, const char *berg_dir, const char *const *subjects,
                             size_t count, berg_error *error);
void report_data_close(report_data *data);

/* Whether any subject has what `offset` says: report_knows(data, offsetof(report_subject, accuracy)). */
bool report_knows(const report_data *data, size_t offset);
/* The list of numbers at that offset, or NULL. */
const double *report_values(const report_subject *subject, size_t offset);
/* NULL: this subject has no such region. */
const report_region *report_find_region(const report_subject *subject, const char *name);

/* --- For the kinds of subjects --- */

/* An entry of numbers of this shape as doubles, base_free; what is not finite counts as no value. NULL: there is
 * none. EMODEL. */
berg_status report_load(const report_subject *subject, const char *name, size_t ndim, const size_t *shape,
                        double **values, berg_error *error);
/* EMODEL unless all are within -1 to 1; `name` is the entry that they are from. */
berg_status report_check_correlations(const report_subject *subject, const double *values, size_t count,
                                      const char *name, berg_error *error);

/* The mean over the numbers that are not NaN, of `values` at `voxels` (NULL: of the first `count`); NaN when all are.
 * `missing` (may be NULL) gets the number of NaNs. */
double report_mean(const double *values, const size_t *voxels, size_t count, size_t *missing);
/* Sorts without NaN into `sorted`, which holds up to `count`; returns how many. */
size_t report_sort(const double *values, size_t count, double *sorted);
/* Interpolates linearly, as NumPy's quantile does; NaN without values. */
double report_quantile(const double *sorted, size_t count, double share);

#endif
