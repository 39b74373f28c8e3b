/* Products in float32, and with bf16 weights that are widened to it; the tables of precisions. */
#include "la/gemm.h"

#include "base/vector.h"
#include "la/kernels/pack.h"
#include "la/kernels/plain.h"
#include "la/kernels/tile.h"
#include "la/layout.h"

INLINE const float *floats_from(const la_product *product, size_t first) {
  return (const float *)(const void *)((const char *)product->x + first * product->row_bytes);
}

/* Weights float [depth][LA_PANEL]. */
INLINE void tile_floats(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                        fetcher *fetch) {
  const float *slab = weights, *x = floats_from(product, first);
  const size_t depth = product->depth, ldx = product->row_bytes / sizeof(float);
  for (size_t c = 0; c < LA_PANEL; c += TILE_COLUMNS)
    for (size_t from = 0; from < depth; from += SUM_DEPTH) {
      const size_t part = depth - from < SUM_DEPTH ? depth - from : SUM_DEPTH;
      tile_part(rows, x + from, ldx, slab + from * LA_PANEL + c, part, from == 0, tile + c, fetch);
    }
}

static void multiply_f32(const la_product *product) {
  tile_all(product, product->slab, product->depth / STEP * (LA_PANEL / TILE_COLUMNS), tile_floats);
}

/* --- bf16 weights: a pair of bf16 is two floats without their lower halves. On processors whose bf16 products are
 * slower than float32 ones (all of Intel's without AMX) widening them is the faster way. --- */

/* Steps of depth that are widened at a time, to 24 KB of floats, which the L1 cache holds: widening whole slabs into L2
 * costs 11 % of multiplying them with 50 rows. Sums in registers are as long. */
#define WIDE_DEPTH 96
/* Rows of x whose tiles are kept meanwhile. */
#define WIDE_ROWS ((size_t)25 * LA_TILE_ROWS)
/* The first half of the thread's memory may hold the slab itself. */
_Static_assert((WIDE_DEPTH + WIDE_ROWS) * LA_PANEL * sizeof(float) <= LA_BUFFER_BYTES / 2,
               "floats and tiles fit a half");

typedef struct two_rows {
  vec even, odd;
} two_rows;

/* Rows p, which is even, and p + 1 of pairs [depth / 2][LA_PANEL][2], from column c on. */
INLINE two_rows wide_rows(const uint16_t *pairs, size_t p, size_t c) {
  vec_int both;
  memcpy(&both, pairs + p * LA_PANEL + 2 * c, sizeof both);
  return (two_rows){(vec)(both << 16), (vec)(both & (int32_t)0xffff0000)};
}

static void widen(const uint16_t *pairs, size_t depth, float *floats) {
  for (size_t p = 0; p < depth; p += 2)
    for (size_t c = 0; c < LA_PANEL; c += LANES) {
      const two_rows w = wide_rows(pairs, p, c);
      vec_store(floats + p * LA_PANEL + c, w.even);
      if (p + 1 < depth) vec_store(floats + (p + 1) * LA_PANEL + c, w.odd);
    }
}

typedef struct wide_part {
  const float *floats;
  size_t from, depth;
} wide_part;

INLINE void tile_wide(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                      fetcher *fetch) {
  const wide_part *part = weights;
  const float *x = floats_from(product, first) + part->from;
  for (size_t c = 0; c < LA_PANEL; c += TILE_COLUMNS)
    tile_part(rows, x, product->row_bytes / sizeof(float), part->floats + c, part->depth, part->from == 0, tile + c,
              fetch);
}

/* A single tile would not reuse what was widened: it is widened in registers as it is multiplied. */
INLINE void tile_on_the_way(const size_t rows, const la_product *product, const void *weights, size_t first,
                            float *tile, fetcher *fetch) {
  const uint16_t *pairs = weights;
  const float *x = floats_from(product, first);
  const size_t ldx = product->row_bytes / sizeof(float);
  for (size_t c = 0; c < LA_PANEL; c += TILE_COLUMNS)
    for (size_t from = 0; from < product->depth; from += WIDE_DEPTH) {
      const size_t end = product->depth - from < WIDE_DEPTH ? product->depth : from + WIDE_DEPTH;
      vec sum[LA_TILE_ROWS][TILE_VECTORS];
      tile_clear(rows, sum);
      for (size_t p = from; p < end; p += 2) {
        if ((p - from) % STEP == 0) fetch_step(fetch);
        UNROLL
        for (size_t j = 0; j < TILE_VECTORS; j++) {
          const two_rows w = wide_rows(pairs, p, c + j * LANES);
          UNROLL
          for (size_t i = 0; i < rows; i++) {
            sum[i][j] += x[i * ldx + p] * w.even;
            if (p + 1 < end) sum[i][j] += x[i * ldx + p + 1] * w.odd;
          }
        }
      }
      tile_add(rows, sum, from == 0, tile + c);
    }
}

static void multiply_widened(const la_product *product) {
  const uint16_t *slab = product->slab;
  const size_t steps = product->depth / STEP * (LA_PANEL / TILE_COLUMNS);
  if (product->rows <= LA_TILE_ROWS) {
    tile_all(product, slab, steps, tile_on_the_way);
    return;
  }
  float *floats = product->buffer + LA_BUFFER_BYTES / 2 / sizeof(float), *tiles = floats + WIDE_DEPTH * LA_PANEL;
  fetcher fetch = fetch_start(product, steps);
  for (size_t group = 0; group < product->rows; group += WIDE_ROWS) {
    const size_t end = product->rows - group < WIDE_ROWS ? product->rows : group + WIDE_ROWS;
    for (size_t from = 0; from < product->depth; from += WIDE_DEPTH) {
      const size_t depth = product->depth - from < WIDE_DEPTH ? product->depth - from : WIDE_DEPTH;
      const bool last = from + depth == product->depth;
      widen(slab + from * LA_PANEL, depth, floats);
      for (size_t i = group, rows; i < end; i += rows) {
        rows = tile_rows(i, end);
        float *tile = tiles + (i - group) * LA_PANEL;
        if (last) fetch_out(product, i, rows);
        tile_of(rows, tile_wide, product, &(wide_part){floats, from, depth}, i, tile, &fetch);
        if (last) product->finish(product->user, tile, i, rows);
      }
    }
  }
}

extern const la_gemm KERNEL(la_gemm_f32), KERNEL(la_gemm_widened);
const la_gemm KERNEL(la_gemm_f32) = {.precision = LA_F32,
                                     .name = "float32 (" BERG_ISA_NAME ")",
                                     .layout = &la_layout_f32_slab64,
                                     .tile_rows = LA_TILE_ROWS,
                                     .cached_rows = LA_TILE_CACHED_ROWS,
                                     .thread_bytes = LA_BUFFER_BYTES,
                                     .row_bytes = la_row_of_floats,
                                     .transpose = KERNEL(la_transpose),
                                     .multiply = multiply_f32,
                                     .multiply_plain = KERNEL(la_multiply_plain)};
const la_gemm KERNEL(la_gemm_widened) = {.precision = LA_BF16,
                                         .name = "bf16 weights, float32 products (" BERG_ISA_NAME ")",
                                         .layout = &la_layout_bf16_slab64,
                                         .tile_rows = LA_TILE_ROWS,
                                         .cached_rows = LA_TILE_CACHED_ROWS,
                                         .thread_bytes = LA_BUFFER_BYTES,
                                         .row_bytes = la_row_of_floats,
                                         .pack = KERNEL(la_pack_bf16),
                                         .transpose = KERNEL(la_transpose),
                                         .multiply = multiply_widened};
