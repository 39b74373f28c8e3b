/* A tile of a float32 product in registers. */
#ifndef LA_KERNELS_TILE_H
#define LA_KERNELS_TILE_H

#include "base/vector.h"
#include "la/gemm.h"
#include "la/kernels/fetch.h"

/* Rows of a tile in registers: with 4 vectors of columns 24 sums. */
#define LA_TILE_ROWS 6
/* 150 are whole tiles; three images in ViT-B/32, of which what a block touches at a time fits 2 MB of L2. */
#define LA_TILE_CACHED_ROWS ((size_t)25 * LA_TILE_ROWS)

/* Sums in registers are this long at most, then they are added to the tile: a rounding error grows with the length. At
 * 192 of 768 the error of the responses is less than half, with no measurable loss of speed. */
#define SUM_DEPTH 192

/* Steps of depth between two prefetches. */
#define STEP 8

/* For tiles each of which calls fetch_step `steps` times. */
INLINE fetcher fetch_start(const la_product *product, size_t steps) {
  return fetch_over(product, (product->rows + LA_TILE_ROWS - 1) / LA_TILE_ROWS * (steps ? steps : 1));
}

/* Columns of a tile that registers hold at once. */
#if VECTOR_REGISTERS == 32
#define TILE_VECTORS 4
#else
#define TILE_VECTORS 2
#endif
#define TILE_COLUMNS (TILE_VECTORS * LANES)
#define BY_LANES (VECTOR_BYTES == 16 && VECTOR_REGISTERS == 32)

INLINE void tile_step(const size_t rows, const float *x, size_t ldx, const float *slab,
                      vec sum[LA_TILE_ROWS][TILE_VECTORS]) {
  vec w[TILE_VECTORS];
  UNROLL
  for (size_t j = 0; j < TILE_VECTORS; j++) w[j] = vec_load(slab + j * LANES);
  UNROLL
  for (size_t i = 0; i < rows; i++) {
    vec a = vec_all(x[i * ldx]);
    UNROLL
    for (size_t j = 0; j < TILE_VECTORS; j++) sum[i][j] += a * w[j];
  }
}

#if BY_LANES
/* NEON multiplies by a lane: LANES steps take one load a row of x, and the vectors of the slab one at a time, so that
 * 24 sums, 6 of x and one of the slab are registers. */
INLINE void tile_lanes(const size_t rows, const float *x, size_t ldx, const float *slab,
                       vec sum[LA_TILE_ROWS][TILE_VECTORS]) {
  vec a[LA_TILE_ROWS];
  UNROLL
  for (size_t i = 0; i < rows; i++) a[i] = vec_load(x + i * ldx);
  UNROLL
  for (size_t q = 0; q < LANES; q++) UNROLL
  for (size_t j = 0; j < TILE_VECTORS; j++) {
    const vec w = vec_load(slab + q * LA_PANEL + j * LANES);
    UNROLL
    for (size_t i = 0; i < rows; i++) sum[i][j] += a[i][q] * w;
  }
}
#endif

/* `depth` more steps of sums that lie in registers. */
INLINE void tile_steps(const size_t rows, const float *x, size_t ldx, const float *slab, size_t depth,
                       vec sum[LA_TILE_ROWS][TILE_VECTORS], fetcher *fetch) {
  size_t p = 0;
  for (; p + STEP <= depth; p += STEP) {
    fetch_step(fetch);
#if BY_LANES
    for (size_t q = p; q < p + STEP; q += LANES) tile_lanes(rows, x + q, ldx, slab + q * LA_PANEL, sum);
#else
#pragma GCC unroll 2
    for (size_t q = p; q < p + STEP; q++) tile_step(rows, x + q, ldx, slab + q * LA_PANEL, sum);
#endif
  }
  for (; p < depth; p++) tile_step(rows, x + p, ldx, slab + p * LA_PANEL, sum);
}

INLINE void tile_clear(const size_t rows, vec sum[LA_TILE_ROWS][TILE_VECTORS]) {
  UNROLL
  for (size_t i = 0; i < rows; i++) UNROLL
  for (size_t j = 0; j < TILE_VECTORS; j++) sum[i][j] = (vec){0};
}

/* Adds the sums to tile [rows][LA_PANEL], or `first` sets it. */
INLINE void tile_add(const size_t rows, vec sum[LA_TILE_ROWS][TILE_VECTORS], bool first, float *tile) {
  UNROLL
  for (size_t i = 0; i < rows; i++) UNROLL
  for (size_t j = 0; j < TILE_VECTORS; j++) {
    float *to = tile + i * LA_PANEL + j * LANES;
    vec_store(to, first ? sum[i][j] : vec_load(to) + sum[i][j]);
  }
}

/* x [rows][ldx] by slab [depth][LA_PANEL]; `rows` is a constant at every call. */
INLINE void tile_part(const size_t rows, const float *x, size_t ldx, const float *slab, size_t depth, bool first,
                      float *tile, fetcher *fetch) {
  vec sum[LA_TILE_ROWS][TILE_VECTORS];
  tile_clear(rows, sum);
  tile_steps(rows, x, ldx, slab, depth, sum, fetch);
  tile_add(rows, sum, first, tile);
}

/* What is done with up to six rows of x, from row `first` on, by all columns of a slab; `rows` is a constant at every
 * call, so that the sums are registers. */
typedef void tile_kernel(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                         fetcher *fetch);

/* clang would join the cases to one call whose `rows` is no constant any more. */
#ifdef __clang__
#define TILE_APART(n) __asm__ volatile("" ::"i"(n))
#else
#define TILE_APART(n)
#endif

INLINE void tile_of(size_t rows, tile_kernel *kernel, const la_product *product, const void *weights, size_t first,
                    float *tile, fetcher *fetch) {
  switch (rows) {
  case 6:
    kernel(6, product, weights, first, tile, fetch);
    TILE_APART(6);
    break;
  case 5:
    kernel(5, product, weights, first, tile, fetch);
    TILE_APART(5);
    break;
  case 4:
    kernel(4, product, weights, first, tile, fetch);
    TILE_APART(4);
    break;
  case 3:
    kernel(3, product, weights, first, tile, fetch);
    TILE_APART(3);
    break;
  case 2:
    kernel(2, product, weights, first, tile, fetch);
    TILE_APART(2);
    break;
  default: kernel(1, product, weights, first, tile, fetch);
  }
}

/* Rows of the tile that begins at row `first` of those up to `end`. With two vectors of columns a tile of one to three
 * rows has fewer sums than a multiplication takes cycles, and is no faster than one of four: the last seven to nine
 * rows are halved instead, and where they are pairs of load_fine, so are their tiles. */
INLINE size_t tile_rows(size_t first, size_t end) {
  const size_t left = end - first;
  if (TILE_VECTORS == 2 && left > LA_TILE_ROWS && left < LA_TILE_ROWS + 4) return (left + 1) / 2;
  return left < LA_TILE_ROWS ? left : LA_TILE_ROWS;
}

/* The whole product, in tiles each of which takes `steps` steps of STEP. */
INLINE void tile_all(const la_product *product, const void *weights, size_t steps, tile_kernel *kernel) {
  fetcher fetch = fetch_start(product, steps);
  float tile[LA_TILE_ROWS * LA_PANEL] __attribute__((aligned(64)));
  for (size_t i = 0, rows; i < product->rows; i += rows) {
    rows = tile_rows(i, product->rows);
    fetch_out(product, i, rows);
    tile_of(rows, kernel, product, weights, i, tile, &fetch);
    product->finish(product->user, tile, i, rows);
  }
}

#endif
