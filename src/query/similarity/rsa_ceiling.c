/* Upper and lower ceiling as Nili et al. (2014) have them, with z-scored or normed dissimilarities averaged over
 * subjects: then the values between subjects say it all. */
#include "query/similarity/rsa_ceiling.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/value/json_build.h"
#include "model/output/provenance.h"

static bool same_region(const query_side *a, const query_side *b) {
  return a->subject && b->subject && !strcmp(a->asked->region, b->asked->region) &&
         !strcmp(a->subject->model, b->subject->model);
}

/* Sums of the values of the members among themselves, without the subjects `without` (SIZE_MAX: all are in). */
static double sum_of(const double *values, size_t count, const size_t *members, size_t size, size_t without) {
  double sum = 0;
  for (size_t i = 0; i < size; i++)
    for (size_t j = 0; j < size; j++)
      if (i != without && j != without) sum += values[members[i] * count + members[j]];
  return sum;
}

/* The mean over subjects of the correlation with the mean of the others. */
static double lower(const double *values, size_t count, const size_t *members, size_t size) {
  double mean = 0;
  for (size_t s = 0; s < size; s++) {
    double with = 0;
    for (size_t t = 0; t < size; t++)
      if (t != s) with += values[members[s] * count + members[t]];
    mean += with / sqrt(sum_of(values, count, members, size, s)) / (double)size;
  }
  return mean;
}

static void add_ceiling(cJSON *list, const query_rsa *rsa, const double *values, const size_t *members, size_t size) {
  cJSON *item = io_json_add_object(list, NULL);
  const query_side *side = &rsa->sides[members[0]];
  io_json_add(item, "region", model_provenance_text(side->asked->region));
  io_json_add_text(item, "model", side->subject->model);
  io_json_add_number(item, "subjects", (double)size);
  io_json_add_number(item, "upper", sqrt(sum_of(values, rsa->count, members, size, SIZE_MAX)) / (double)size);
  io_json_add_number(item, "lower", lower(values, rsa->count, members, size));
}

void query_ceilings(cJSON *tree, const query_rsa *rsa, const double *values) {
  size_t *members = base_alloc(rsa->count, sizeof *members, NULL);
  if (!members) io_json_spoil(tree);
  if (!members || rsa->measure > QUERY_BY_COSINE) {
    base_free(members);
    return;
  }
  cJSON *list = io_json_add_list(tree, "ceilings");
  for (size_t i = 0; i < rsa->count; i++) {
    size_t size = 0, before = 0;
    for (size_t j = 0; j < rsa->count; j++)
      if (same_region(&rsa->sides[i], &rsa->sides[j])) {
        before += j < i;
        members[size++] = j;
      }
    if (!before && size > 1) add_ceiling(list, rsa, values, members, size);
  }
  base_free(members);
}
