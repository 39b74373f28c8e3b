/* The file that matrices of pairs are written to, tile by tile, as they are made. */
#ifndef QUERY_RSM_FILE_H
#define QUERY_RSM_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef enum query_form {
  QUERY_SQUARE,    /* (images, images) */
  QUERY_CONDENSED, /* pairs above the diagonal, row after row */
  QUERY_RDMS       /* the same of all regions, as rsatoolbox saves its RDMs */
} query_form;

/* What is written. Everything is borrowed. */
typedef struct query_rsm_plan {
  const char *path;
  query_form form;
  bool f64, distance, force;
  size_t images;
  char **names; /* [images] */
  const char *const *regions;
  size_t region_count;
  const char *subject, *model, *metric, *adjustment;
} query_rsm_plan;

typedef struct query_rsm_file query_rsm_file;

/* EARGUMENT: an ending that does not go with the form or number of regions; EEXISTS; ELIMIT: no room on the disk. */
berg_status query_rsm_file_open(query_rsm_file **file, const query_rsm_plan *plan, berg_error *error);
/* Values of pairs of images [top, top + rows) and [left, left + columns), of region number `region`: floats or doubles
 * as planned, `ld` from row to row. Of a condensed form only those above the diagonal go. Any thread. */
berg_status query_rsm_file_put(const query_rsm_file *file, size_t region, size_t top, size_t rows, size_t left,
                               size_t columns, const void *values, size_t ld, berg_error *error);
/* Frees the handle either way. */
berg_status query_rsm_file_commit(query_rsm_file *file, berg_error *error);
/* NULL is fine. */
void query_rsm_file_abandon(query_rsm_file *file, berg_error *error);

#endif
