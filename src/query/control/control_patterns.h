/* The patterns of all images in a pair of regions, of each subject: to search with in float32, and in double for what
 * was found. */
#ifndef QUERY_CONTROL_PATTERNS_H
#define QUERY_CONTROL_PATTERNS_H

#include "query/control/control.h"
#include "query/scores/patterns.h"

/* A region in one subject. */
typedef struct query_pattern_set {
  query_patterns *patterns;
  float *x, *half; /* as in query_vectors */
  size_t ld;
} query_pattern_set;

typedef struct query_pair_patterns {
  const query_control *control;
  query_pattern_set *of[2]; /* [subjects] */
} query_pair_patterns;

/* EPARAMETER: a region of fewer than three units, an image without a pattern. */
berg_status query_pair_patterns_make(query_pair_patterns *patterns, const query_control *control, size_t pair,
                                     berg_error *error);
void query_pair_patterns_free(query_pair_patterns *patterns);

/* The space of one subject, whose vectors stay the patterns' own. */
query_space query_space_of(const query_pair_patterns *patterns, size_t subject);
/* That of all subjects but one (SIZE_MAX: of all), to be released. */
berg_status query_space_join(query_space *space, const query_pair_patterns *patterns, size_t left_out,
                             berg_error *error);
void query_space_release(query_space *space);

/* Pearson's r between the regions' dissimilarities of a set, averaged over all subjects but one, or (`only`) of that
 * one: in double, from differences of unit vectors. */
berg_status query_exact_score(const query_pair_patterns *patterns, const uint32_t *images, size_t count, size_t subject,
                              bool only, double *r, berg_error *error);

#endif
