/* Sums over images of products of two vectors that each has: C += X'Y, in double, block after block of the images. */
#ifndef QUERY_CROSS_H
#define QUERY_CROSS_H

#include <stddef.h>

#include "base/error.h"
#include "base/team.h"

/* Images that are added at a time, at most. */
#define QUERY_BLOCK ((size_t)2048)

/* Vectors of a block of images as products want them: packed twice, as either operand. */
typedef struct query_packed {
  size_t width, count;
  double *tiles;  /* [width / LA_DOUBLE_TILE, rounded up][count][LA_DOUBLE_TILE] */
  double *strips; /* [width / LA_DOUBLE_STRIP, rounded up][count][LA_DOUBLE_STRIP] */
} query_packed;

/* Room for blocks of vectors of that width. ELIMIT. */
berg_status query_packed_new(query_packed *packed, size_t width, berg_error *error);
void query_packed_release(query_packed *packed);
/* `count` vectors [count][width], at most QUERY_BLOCK. */
void query_pack(query_packed *packed, const double *vectors, size_t count, base_team *team);

/* c [x->width][y->width] += X'Y. Where x is y, the lower triangle may be left as it was: `mirror` it at the end. Bits
 * do not depend on the team. */
void query_cross_add(const query_packed *x, const query_packed *y, double *c, base_team *team);
/* The upper triangle of [n][n] becomes the lower one too. */
void query_mirror(double *c, size_t n);

#endif
