/* Sets of images, and how dissimilar their patterns are in two regions: pair by pair from vectors of unit length, so
 * that no matrix of all images is ever made. */
#ifndef QUERY_SETS_H
#define QUERY_SETS_H

#include <stdint.h>

#include "la/kernels.h"

/* Images whose pairs are looked at together, at most. */
#define QUERY_SETS_MOST 512

/* The patterns of all images in a region: unit vectors less a vector common to all, of each subject one after the
 * other. Half the squared distance of two is 1 - r (of several subjects its sum), and distances do not know what was
 * subtracted: small differences between patterns that are all alike keep the digits of float32. */
typedef struct query_vectors {
  const float *x;    /* [images][ld], ld a multiple of 16 */
  const float *half; /* [images] half the squared length */
  size_t ld;
} query_vectors;

/* A pair of regions. */
typedef struct query_space {
  query_vectors of[2];
  size_t images;
  const la_kernels *kernels;
} query_space;

/* Dissimilarities within a set lie as a triangle: those of image i with the images before it from i (i - 1) / 2 on. */
static inline size_t query_sets_pairs(size_t count) { return count ? count * (count - 1) / 2 : 0; }

/* The pairs of the images at `places`, ascending, out of the triangle `from`, as those of images `first`, first + 1,
 * ... of `triangle`. */
void query_sets_pick(const float *from, const uint16_t *places, size_t count, size_t first, float *triangle);
/* Computes the pairs of images [first, last) of `images` with those before each of them, and before `before`, in region
 * `region`. */
void query_sets_add(const query_space *space, size_t region, const uint32_t *images, size_t first, size_t last,
                    size_t before, float *triangle);
/* Pearson's r between the two regions' dissimilarities of a set; `work` two triangles. NaN: there is none. */
double query_sets_score(const query_space *space, const uint32_t *images, size_t count, float *work);

#endif
