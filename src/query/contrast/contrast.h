/* What the files of a contrast share: the handle with means and variances of all columns, and the maps made of them. */
#ifndef QUERY_CONTRAST_H
#define QUERY_CONTRAST_H

#include "query/contrast/group.h"
#include "query/subject/subject.h"

struct berg_contrast {
  query_subject subject;
  berg_contrast_options options;
  char *select; /* NULL: all columns */
  size_t columns, chosen;
  size_t group_count;
  char **names;
  size_t *counts;    /* [group_count] images; paired: pairs */
  double *means;     /* [group_count][columns] from a common origin; paired: [1][columns] of the differences */
  double *variances; /* the same; NaN: not selected */
};

/* Rows of means and variances: one of the differences where images are paired. */
size_t query_contrast_rows(const berg_contrast *contrast);

/* All maps of a contrast; every one is there. */
typedef struct query_maps {
  double *memory;
  double *e, *t, *df, *p, *log, *q, *d, *g, *sd; /* [columns] */
  size_t tested, found; /* columns with a p; those whose q is at most the rate that was asked for */
} query_maps;

berg_status query_maps_make(query_maps *maps, const berg_contrast *contrast, const double *weights, berg_error *error);
void query_maps_release(query_maps *maps);

#endif
