/* float32 products by the tile unit: a float is the sum of three bf16, high, middle and low, exactly, and six of the
 * nine products of two such sums are as good as float32: those that are left out lie 2^-24 below the result. The five
 * small ones are summed over all of the depth before the large one, so that the error is half that of float32's own
 * multiply-adds. An infinity becomes NaN; of numbers below about 2^-110 bits are lost.
 *
 * Of 32 numbers along the depth, the first 16 are paired with the others: two vectors give a vector of pairs without a
 * shuffle, in rows of x and, from floats [depth][LA_PANEL], in weights. */
#include "la/kernels/amx/blocks.h"
#include "la/kernels/pack.h"
#include "la/layout.h"

#define STEP_DEPTH 32 /* numbers of a row that a step multiplies */
enum { HIGH, MIDDLE, LOW, PARTS };
#define STEP_OF_ROW ((size_t)PARTS * UNIT_BYTES)
#define TILE_BYTES ((size_t)UNIT_ROWS * UNIT_BYTES)
#define STEP_OF_HALF (PARTS * 2 * TILE_BYTES)
#define MOST_STEPS (LA_DEPTH / STEP_DEPTH)
/* Corrections take all parts: a third of the steps that fit the first cache otherwise. */
#define SMALLER_STRETCH (STRETCH / PARTS)
/* Behind a slab that was packed just in time: its parts, and sums. */
#define PARTS_BYTES (2 * MOST_STEPS * STEP_OF_HALF)
#define FLOATS_BYTES (LA_BUFFER_BYTES + PARTS_BYTES + SUMS_BYTES)
_Static_assert(LA_DEPTH % STEP_DEPTH == 0, "rows of several blocks follow each other in whole steps");

/* Cuts the parts of two vectors as pairs, `apart` bytes from one part to the next. What is cut off has the sign of the
 * whole and nothing is rounded, so that the largest number does not become infinite. */
INLINE void split_pairs(vec first, vec second, char *to, size_t apart) {
  const int32_t upper = (int32_t)0xffff0000;
  UNROLL
  for (size_t part = 0; part < PARTS; part++) {
    const vec_int a = (vec_int)first, b = (vec_int)second;
    vec_store(to + part * apart, (vec)(((a >> 16) & 0xffff) | (b & upper)));
    first -= (vec)(a & upper);
    second -= (vec)(b & upper);
  }
}

static size_t row_bytes(size_t k) { return (k + STEP_DEPTH - 1) / STEP_DEPTH * STEP_OF_ROW; }

static void load(const float *x, size_t k, void *row, float *scale) {
  char *to = row;
  for (size_t p = 0; p < k; p += STEP_DEPTH, to += STEP_OF_ROW) {
    float rest[STEP_DEPTH] = {0};
    const float *from = x + p;
    if (k - p < STEP_DEPTH) from = memcpy(rest, from, (k - p) * sizeof *rest);
    for (size_t i = 0; i < UNIT_COLUMNS; i += LANES)
      split_pairs(vec_load(from + i), vec_load(from + STEP_DEPTH / 2 + i), to + 4 * i, UNIT_BYTES);
  }
  *scale = 1;
}

/* --- Weights, split a little ahead of the steps that multiply them --- */

typedef struct split_weights {
  const float *slab;
  size_t depth, steps;
  char *parts;  /* [2 halves][steps][PARTS][2 tiles] */
  size_t split; /* rows of pairs so far: UNIT_ROWS in a step of a half */
  size_t ahead; /* how many more after each step */
} split_weights;

INLINE vec weights_at(const split_weights *w, size_t p, size_t column) {
  return p < w->depth ? vec_load(w->slab + p * LA_PANEL + column) : (vec){0};
}

/* One row of pairs, of both tiles. */
INLINE void split_row(split_weights *w) {
  const size_t r = w->split % UNIT_ROWS, step = w->split / UNIT_ROWS, half = step / w->steps,
               p = step % w->steps * STEP_DEPTH + r;
  char *to = w->parts + step * STEP_OF_HALF + r * UNIT_BYTES;
  for (size_t c = 0; c < HALF_COLUMNS; c += LANES) {
    const size_t column = half * HALF_COLUMNS + c;
    split_pairs(weights_at(w, p, column), weights_at(w, p + UNIT_ROWS, column),
                to + c / UNIT_COLUMNS * TILE_BYTES + c % UNIT_COLUMNS * 4, 2 * TILE_BYTES);
  }
  w->split++;
}

INLINE void split_until(split_weights *w, size_t end) {
  const size_t all = 2 * w->steps * UNIT_ROWS;
  if (end > all) end = all;
  while (w->split < end) split_row(w);
}

/* --- Steps --- */

/* Parts of x and of weights that a step multiplies. */
INLINE step_operands parts_of(const block_walk *walk, const char *x, size_t half, size_t step, size_t of_x,
                              size_t of_w) {
  const split_weights *weights = walk->weights;
  return (step_operands){
      .x = x + step * STEP_OF_ROW + of_x * UNIT_BYTES,
      .w = weights->parts + (half * walk->steps + step) * STEP_OF_HALF + 2 * of_w * TILE_BYTES,
      .x_stride = walk->product->row_bytes,
      .w_stride = UNIT_BYTES,
      .w_apart = TILE_BYTES,
  };
}

/* The five small products, in an order in which each but the first needs one side anew. */
INLINE void step_smaller(const bool both, block_walk *walk, const char *x, size_t half, size_t step) {
  split_weights *weights = walk->weights;
  split_until(weights, (half * walk->steps + step + 1) * UNIT_ROWS);
  add_step(false, both, parts_of(walk, x, half, step, LOW, HIGH));
  add_other_rows(both, parts_of(walk, x, half, step, MIDDLE, HIGH));
  add_other_weights(both, parts_of(walk, x, half, step, MIDDLE, MIDDLE));
  add_other_rows(both, parts_of(walk, x, half, step, HIGH, MIDDLE));
  add_other_weights(both, parts_of(walk, x, half, step, HIGH, LOW));
  split_until(weights, weights->split + weights->ahead);
}

INLINE void step_high(const bool both, block_walk *walk, const char *x, size_t half, size_t step) {
  add_step(false, both, parts_of(walk, x, half, step, HIGH, HIGH));
}

static void multiply(const la_product *product) {
  char *parts = (char *)product->buffer + LA_BUFFER_BYTES;
  const size_t steps = (product->depth + STEP_DEPTH - 1) / STEP_DEPTH, blocks = product->rows / BLOCK_ROWS + 1;
  split_weights w = {product->slab, product->depth, steps, parts, 0, UNIT_ROWS / blocks + 1};
  multiply_blocks(product,
                  (block_engine){.smaller = step_smaller, .smaller_stretch = SMALLER_STRETCH, .step = step_high}, steps,
                  (float *)(void *)(parts + PARTS_BYTES), &w);
}

static double multiply_registers(size_t rounds) {
  multiply_units(false, rounds);
  return 4 * UNIT_OPERATIONS(2) / 6 * (double)rounds;
}

extern const la_gemm KERNEL(la_gemm_f32_tiles);
const la_gemm KERNEL(la_gemm_f32_tiles) = {BLOCK_ENGINE,
                                           .precision = LA_F32,
                                           .name = "float32 by six products of bf16 (amx)",
                                           .layout = &la_layout_f32_slab64,
                                           .thread_bytes = FLOATS_BYTES,
                                           .row_bytes = row_bytes,
                                           .load = load};
