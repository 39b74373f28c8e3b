/* A few rows multiplied with float32 weights without packing. */
#include "la/kernels/plain.h"

#include "base/transpose.h"
#include "la/kernels/tile.h"

/* Multiplying a few rows takes less time than reading the weights. So nothing is packed: LANES rows of W are transposed
 * in registers, a block at a time, and read as LANES streams, which the processor prefetches by itself. 461 MB of
 * components by one row: 29.5 ms a core; 37.6 without fetching ahead, 42.9 by slabs transposed in L1, 46.9 by whole
 * slabs. */

/* How far ahead of the block each row is fetched, in bytes: 256 and 1024 take 3 % longer. */
#define AHEAD 512

typedef struct plain_rows {
  const char *at;
  size_t row_bytes, columns;
} plain_rows;

/* Block [LANES rows from `at`][LANES columns], transposed; those beyond `columns` rows or `depth` are zero. */
INLINE void load_block(const char *at, size_t row_bytes, const size_t columns, size_t depth, vec v[LANES]) {
  if (depth >= LANES) {
    UNROLL
    for (size_t i = 0; i < LANES; i++) v[i] = i < columns ? vec_load(at + i * row_bytes) : (vec){0};
    transpose_block(v);
    return;
  }
  float values[LANES][LANES] = {{0}};
  for (size_t i = 0; i < columns; i++)
    for (size_t q = 0; q < depth; q++) memcpy(&values[q][i], at + i * row_bytes + q * sizeof(float), sizeof(float));
  for (size_t q = 0; q < LANES; q++) v[q] = vec_load(values[q]);
}

/* An address, which may lie beyond the rows. */
INLINE void fetch_block(uintptr_t at, size_t row_bytes, const size_t columns) {
#pragma GCC unroll 16
  for (size_t i = 0; i < columns; i++) __builtin_prefetch((const void *)(at + i * row_bytes), 0, 3);
}

/* LANES columns of the tile, by rows of W from `at`, `columns` of which are there; `next`: those that follow. */
INLINE void multiply_strip(const size_t rows, const la_product *product, const char *at, size_t row_bytes,
                           const size_t columns, uintptr_t next, float *tile) {
  const float *x = product->x;
  const size_t depth = product->depth, ldx = product->row_bytes / sizeof(float);
  vec sum[LA_TILE_ROWS], total[LA_TILE_ROWS];
  UNROLL
  for (size_t i = 0; i < rows; i++) sum[i] = total[i] = (vec){0};
  for (size_t p = 0; p < depth; p += LANES) {
    const size_t ahead = p * sizeof(float) + AHEAD, end = depth * sizeof(float);
    const size_t steps = depth - p < LANES ? depth - p : LANES;
    vec v[LANES];
    if (ahead < end)
      fetch_block((uintptr_t)at + ahead, row_bytes, columns);
    else
      fetch_block(next + ahead - end, row_bytes, LANES);
    load_block(at + p * sizeof(float), row_bytes, columns, depth - p, v);
#pragma GCC unroll 16
    for (size_t q = 0; q < steps; q++) UNROLL
    for (size_t i = 0; i < rows; i++) sum[i] += x[i * ldx + p + q] * v[q];
    if ((p + LANES) % SUM_DEPTH && p + LANES < depth) continue;
    UNROLL
    for (size_t i = 0; i < rows; i++) {
      total[i] = p < SUM_DEPTH ? sum[i] : total[i] + sum[i]; /* the order of a tile's sums */
      sum[i] = (vec){0};
    }
  }
  UNROLL
  for (size_t i = 0; i < rows; i++) vec_store(tile + i * LA_PANEL, total[i]);
}

INLINE void tile_plain(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                       fetcher *fetch) {
  (void)first, (void)fetch; /* the only tile, which prefetches for itself */
  const plain_rows *w = weights;
  for (size_t c = 0; c < LA_PANEL; c += LANES) {
    const size_t left = w->columns > c ? w->columns - c : 0;
    const char *at = w->at + (left ? c : 0) * w->row_bytes;
    uintptr_t next = (uintptr_t)at + LANES * w->row_bytes;
    if (c + LANES == LA_PANEL) next = (uintptr_t)(product->next.rows ? product->next.at : at);
    if (left < LANES)
      multiply_strip(rows, product, at, w->row_bytes, left, next, tile + c);
    else /* a constant, or each load would be a branch of sixteen */
      multiply_strip(rows, product, at, w->row_bytes, LANES, next, tile + c);
  }
}

void KERNEL(la_multiply_plain)(const la_product *product, const char *rows, size_t row_bytes, size_t columns) {
  tile_all(product, &(plain_rows){rows, row_bytes, columns}, 1, tile_plain);
}
