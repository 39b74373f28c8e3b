/* A ranking as JSON. */
#ifndef QUERY_RANK_JSON_H
#define QUERY_RANK_JSON_H

#include <cjson/cJSON.h>

#include "query/rank/rank.h"

typedef struct query_ranking {
  const berg_store *store;
  query_images images; /* ascending */
  size_t top, bottom;
} query_ranking;

/* Adds to `to` mean, sd and the lists "top" and "bottom" of the values [images.count]. Where the images are ranked by
 * what others say, `left_out` (else NULL) are the values of the one who was left out, told beside. */
berg_status query_ranking_describe(cJSON *to, const query_ranking *ranking, const double *values,
                                   const double *left_out, berg_error *error);

#endif
