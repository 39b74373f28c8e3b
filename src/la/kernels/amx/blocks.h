/* Products by the tile unit: blocks of 32 rows of x by half of a slab's columns, a stretch of its depth at a time, so
 * that these weights stay in the first cache while all blocks pass them. Sums wait in the thread's memory between one
 * stretch and the next. Rows that are done are finished between the steps of the block after theirs, which the tile
 * unit computes meanwhile. */
#ifndef LA_KERNELS_AMX_BLOCKS_H
#define LA_KERNELS_AMX_BLOCKS_H

#include "base/vector.h"
#include "la/gemm.h"
#include "la/kernels/amx/unit.h"
#include "la/kernels/fetch.h"

#define BLOCK_ROWS ((size_t)(2 * UNIT_ROWS))
#define HALF_COLUMNS (LA_PANEL / 2)
/* Rows whose sums wait at a time: 128 KB. */
#define GROUP_ROWS ((size_t)512)
#define SUMS_BYTES (GROUP_ROWS * LA_PANEL * sizeof(float))
#define SUMS_STRIDE (LA_PANEL * sizeof(float))
/* Steps of 64 bytes of a row, for which weights of half the columns take 2 KB: what the first cache holds beside x. */
#define STRETCH 12
/* Rows that are finished after a step, all of a block in a stretch; even, as pairs of load_fine stay together. */
#define FINISHED_ROWS ((size_t)4)
_Static_assert(FINISHED_ROWS % 2 == 0 && FINISHED_ROWS * STRETCH >= BLOCK_ROWS, "whole pairs, and all of a block");
/* Rows of x that a thread should take at a time: four images in ViT-B/32. */
#define CACHED_ROWS 200

typedef struct block_walk {
  const la_product *product;
  size_t steps;
  float *sums;               /* [GROUP_ROWS][LA_PANEL] */
  size_t group;              /* the first of these rows */
  size_t computed, finished; /* of them */
  fetcher fetch;
  void *weights; /* the engine's */
} block_walk;

/* Where the four operands of a step lie: rows of x, the lower ones UNIT_ROWS below the upper, and tiles of weights. */
typedef struct step_operands {
  const char *x, *w;
  size_t x_stride, w_stride, w_apart; /* bytes from row to row, and from the left tile to the right one */
} step_operands;

/* Sums of all four products, each load before the product that needs it; then, what is in registers being kept, with
 * other rows or other weights alone. */
INLINE void add_step(const bool is_bytes, const bool both, const step_operands o) {
  UNIT_LOAD(6, o.w, o.w_stride);
  UNIT_LOAD_ONCE(4, o.x, o.x_stride);
  UNIT_ADD(is_bytes, 0, 4, 6);
  UNIT_LOAD(7, o.w + o.w_apart, o.w_stride);
  UNIT_ADD(is_bytes, 1, 4, 7);
  if (!both) return;
  UNIT_LOAD_ONCE(5, o.x + UNIT_ROWS * o.x_stride, o.x_stride);
  UNIT_ADD(is_bytes, 3, 5, 7);
  UNIT_ADD(is_bytes, 2, 5, 6);
}

INLINE void add_other_rows(const bool both, const step_operands o) {
  UNIT_LOAD_ONCE(4, o.x, o.x_stride);
  UNIT_BF16(0, 4, 6);
  UNIT_BF16(1, 4, 7);
  if (!both) return;
  UNIT_LOAD_ONCE(5, o.x + UNIT_ROWS * o.x_stride, o.x_stride);
  UNIT_BF16(3, 5, 7);
  UNIT_BF16(2, 5, 6);
}

INLINE void add_other_weights(const bool both, const step_operands o) {
  UNIT_LOAD(6, o.w, o.w_stride);
  UNIT_BF16(0, 4, 6);
  if (both) UNIT_BF16(2, 5, 6);
  UNIT_LOAD(7, o.w + o.w_apart, o.w_stride);
  UNIT_BF16(1, 4, 7);
  if (both) UNIT_BF16(3, 5, 7);
}

/* One step of a block: `both`: its upper and its lower rows, else these alone. `x`: the block's first row. */
typedef void block_step(const bool both, block_walk *walk, const char *x, size_t half, size_t step);
/* What lies in `tile`, rows from `first` of x, to floats. */
typedef void block_floats(const la_product *product, float *tile, size_t first, size_t rows);

/* How an engine multiplies: first, where it has that, all `smaller` steps, then all `step`s. */
typedef struct block_engine {
  block_step *smaller, *step;
  size_t smaller_stretch;
  block_floats *floats; /* NULL: they are */
} block_engine;

INLINE void finish_some(block_walk *walk, const block_engine engine, size_t most) {
  size_t rows = walk->computed - walk->finished;
  if (!rows) return;
  if (rows > most) rows = most;
  const size_t first = walk->group + walk->finished;
  float *tile = walk->sums + walk->finished * LA_PANEL;
  if (engine.floats) engine.floats(walk->product, tile, first, rows);
  walk->product->finish(walk->product->user, tile, first, rows);
  walk->finished += rows;
}

/* Steps [from, end) of the block whose first row is `row` of the group. */
INLINE void block_stretch(block_walk *walk, const block_engine engine, block_step *step, const bool both, size_t row,
                          size_t half, size_t from, size_t end, bool first) {
  const char *x = (const char *)walk->product->x + (walk->group + row) * walk->product->row_bytes;
  float *upper = walk->sums + row * LA_PANEL + half * HALF_COLUMNS, *lower = upper + UNIT_ROWS * LA_PANEL;
  if (first) {
    UNIT_ZERO(0);
    UNIT_ZERO(1);
    UNIT_ZERO(2);
    UNIT_ZERO(3);
  } else {
    UNIT_LOAD(0, upper, SUMS_STRIDE);
    UNIT_LOAD(1, upper + UNIT_COLUMNS, SUMS_STRIDE);
    if (both) {
      UNIT_LOAD(2, lower, SUMS_STRIDE);
      UNIT_LOAD(3, lower + UNIT_COLUMNS, SUMS_STRIDE);
    }
  }
  for (size_t s = from; s < end; s++) {
    fetch_step(&walk->fetch);
    step(both, walk, x, half, s);
    finish_some(walk, engine, FINISHED_ROWS);
  }
  UNIT_STORE(0, upper, SUMS_STRIDE);
  UNIT_STORE(1, upper + UNIT_COLUMNS, SUMS_STRIDE);
  if (both) {
    UNIT_STORE(2, lower, SUMS_STRIDE);
    UNIT_STORE(3, lower + UNIT_COLUMNS, SUMS_STRIDE);
  }
}

/* All steps of one kind of blocks of rows [row, end) of the group with half of the columns. */
INLINE void all_stretches(block_walk *walk, const block_engine engine, block_step *step, size_t stretch,
                          const bool both, size_t row, size_t end, size_t half, bool first) {
  const bool is_last = half == 1 && step == engine.step;
  for (size_t from = 0; from < walk->steps; from += stretch) {
    const size_t to = walk->steps - from < stretch ? walk->steps : from + stretch;
    for (size_t r = row; r < end; r += BLOCK_ROWS) {
      const size_t rows = end - r < BLOCK_ROWS ? end - r : BLOCK_ROWS;
      const bool done = is_last && to == walk->steps;
      if (done) fetch_out(walk->product, walk->group + r, rows);
      block_stretch(walk, engine, step, both, r, half, from, to, first && from == 0);
      if (done) walk->computed = r + rows;
    }
  }
}

INLINE void blocks_of(block_walk *walk, const block_engine engine, const bool both, size_t row, size_t end) {
  for (size_t half = 0; half < 2; half++) {
    if (engine.smaller) all_stretches(walk, engine, engine.smaller, engine.smaller_stretch, both, row, end, half, true);
    all_stretches(walk, engine, engine.step, STRETCH, both, row, end, half, !engine.smaller);
  }
}

/* The whole product, in `steps` steps; `sums`: SUMS_BYTES. */
INLINE void multiply_blocks(const la_product *product, const block_engine engine, size_t steps, float *sums,
                            void *weights) {
  const size_t kinds = engine.smaller ? 2 : 1, blocks = (product->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  block_walk walk = {.product = product, .steps = steps, .sums = sums, .weights = weights};
  walk.fetch = fetch_over(product, 2 * kinds * steps * blocks);
  for (; walk.group < product->rows; walk.group += GROUP_ROWS) {
    const size_t rows = product->rows - walk.group < GROUP_ROWS ? product->rows - walk.group : GROUP_ROWS,
                 whole = rows / BLOCK_ROWS * BLOCK_ROWS, rest = rows - whole;
    walk.computed = walk.finished = 0;
    blocks_of(&walk, engine, true, 0, whole);
    if (rest > UNIT_ROWS) {
      unit_configure(UNIT_ROWS, rest - UNIT_ROWS);
      blocks_of(&walk, engine, true, whole, rows);
    } else if (rest) {
      unit_configure(rest, 1);
      blocks_of(&walk, engine, false, whole, rows);
    }
    if (rest) unit_configure(UNIT_ROWS, UNIT_ROWS);
    while (walk.finished < walk.computed) finish_some(&walk, engine, BLOCK_ROWS);
  }
}

/* Operations of one product of registers, of numbers of `bytes` bytes. */
#define UNIT_OPERATIONS(bytes) (2.0 * UNIT_ROWS * UNIT_COLUMNS * (UNIT_BYTES / (bytes)))

/* Four products, `rounds` times, of bytes or of bf16, which as such are numbers around one; the unit is slower with
 * numbers that differ than with zeros. */
INLINE void multiply_units(const bool is_bytes, size_t rounds) {
  uint32_t numbers[4][UNIT_ROWS][UNIT_COLUMNS], state = 1;
  for (size_t i = 0; i < 4 * UNIT_ROWS * UNIT_COLUMNS; i++) {
    state = state * 1664525 + 1013904223;
    numbers[i / (UNIT_ROWS * UNIT_COLUMNS)][i / UNIT_COLUMNS % UNIT_ROWS][i % UNIT_COLUMNS] =
        (state & 0x807f807f) | 0x3f003f00;
  }
  UNIT_ZERO(0);
  UNIT_ZERO(1);
  UNIT_ZERO(2);
  UNIT_ZERO(3);
  UNIT_LOAD(4, numbers[0], UNIT_BYTES);
  UNIT_LOAD(5, numbers[1], UNIT_BYTES);
  UNIT_LOAD(6, numbers[2], UNIT_BYTES);
  UNIT_LOAD(7, numbers[3], UNIT_BYTES);
  for (size_t r = 0; r < rounds; r++) {
    UNIT_ADD(is_bytes, 0, 4, 6);
    UNIT_ADD(is_bytes, 1, 4, 7);
    UNIT_ADD(is_bytes, 3, 5, 7);
    UNIT_ADD(is_bytes, 2, 5, 6);
  }
}

/* Around a thread's products. */
static void begin_tiles(void) { unit_configure(UNIT_ROWS, UNIT_ROWS); }
static void end_tiles(void) { unit_release(); }

/* What the tables of all engines of the unit have in common. */
#define BLOCK_ENGINE                                                                           \
  .tile_rows = BLOCK_ROWS, .cached_rows = CACHED_ROWS, .begin = begin_tiles, .end = end_tiles, \
  .transpose = KERNEL(la_transpose), .multiply = multiply, .multiply_registers = multiply_registers

#endif
