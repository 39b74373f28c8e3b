/* One region's matrix of all pairs of images. */
#ifndef QUERY_RSM_H
#define QUERY_RSM_H

#include "query/similarity/pairs.h"
#include "query/similarity/rsm_file.h"

/* What came out: over the pairs above the diagonal that have a value. */
typedef struct query_rsm_summary {
  size_t undefined; /* images without a pattern */
  size_t pairs;
  double mean, least, most;
  double seconds; /* of making tiles */
} query_rsm_summary;

/* Makes the matrix of region number `region` of the file, its dissimilarities times `scale`, or 1 - them where
 * similarities are asked for, and writes it while it is made. Progress
 * counts rows of all regions. ECANCELLED; EWRITE; ELIMIT. */
berg_status query_rsm_write(const query_pairs *pairs, const query_rsm_plan *plan, const query_rsm_file *file,
                            size_t region, double scale, int threads, const berg_run *run, double start,
                            query_rsm_summary *summary, berg_error *error);

#endif
