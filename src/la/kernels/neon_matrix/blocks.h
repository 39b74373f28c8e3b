/* Tiles by instructions that multiply two rows by two columns, eight bytes of each: a block of four sums. */
#ifndef LA_KERNELS_NEON_MATRIX_BLOCKS_H
#define LA_KERNELS_NEON_MATRIX_BLOCKS_H

#include "la/kernels/tile.h"

/* Blocks of a tile: with 3 x 8 of them 24 sums. A unit is four bytes of a row or column, of whatever number format. */
#define ROW_PAIRS (LA_TILE_ROWS / 2)
#define COLUMN_PAIRS 8
#define BLOCK_COLUMNS (2 * COLUMN_PAIRS)

/* sum[r][c] += row r of x times column c of w, both [2][2 units]; floats come as their bits. */
typedef vec_int multiply_block(vec_int sum, vec_int x, vec_int w);

typedef vec_int block_sums[ROW_PAIRS][COLUMN_PAIRS];

/* Units of a slab [units][LA_PANEL] as [units / 2][LA_PANEL][2], zeros for one that is missing: into the half of the
 * buffer where no slab lies. It costs a fiftieth of a product's instructions with 150 rows. */
INLINE const int32_t *arrange(const la_product *product, size_t units) {
  int32_t *arranged = (int32_t *)(void *)product->buffer + LA_BUFFER_BYTES / 2 / sizeof(int32_t), *to = arranged;
  const vec *from = product->slab; /* vectors of units */
  for (size_t u = 0; u < units; u += 2, from += 2 * LA_PANEL / LANES)
    for (size_t c = 0; c < LA_PANEL / LANES; c++, to += 2 * LANES) {
      const vec even = from[c], odd = u + 1 < units ? from[LA_PANEL / LANES + c] : (vec){0};
      vec_store(to, VEC_SHUFFLE(vec_int, even, odd, 0, 4, 1, 5));
      vec_store(to + LANES, VEC_SHUFFLE(vec_int, even, odd, 2, 6, 3, 7));
    }
  return arranged;
}

/* Four units of a pair of rows, as two operands; `bytes` of each row are there. */
INLINE void load_rows(const char *first, const char *second, const size_t bytes, vec_int operands[2]) {
  vec_int a = {0}, b = {0};
  memcpy(&a, first, bytes);
  memcpy(&b, second, bytes);
  operands[0] = VEC_SHUFFLE(vec_int, a, b, 0, 1, 4, 5);
  operands[1] = VEC_SHUFFLE(vec_int, a, b, 2, 3, 6, 7);
}

/* Four units of every row, of which `bytes` are there, with as many of the columns. */
INLINE void four_units(const size_t rows, const char *x, size_t row_bytes, const size_t bytes, const int32_t *columns,
                       block_sums sum, multiply_block *multiply) {
  vec_int a[ROW_PAIRS][2];
  UNROLL
  for (size_t i = 0; i < (rows + 1) / 2; i++)
    load_rows(x + 2 * i * row_bytes, x + (2 * i + 1 < rows ? 2 * i + 1 : 2 * i) * row_bytes, bytes, a[i]);
  UNROLL
  for (size_t half = 0; half < (bytes + 7) / 8; half++) UNROLL
  for (size_t j = 0; j < COLUMN_PAIRS; j++) {
    const vec_int w = (vec_int)vec_load(columns + half * 2 * LA_PANEL + j * LANES);
    UNROLL
    for (size_t i = 0; i < (rows + 1) / 2; i++) sum[i][j] = multiply(sum[i][j], a[i][half], w);
  }
}

/* `units` of the rows with BLOCK_COLUMNS columns. */
INLINE void multiply_blocks(const size_t rows, const char *x, size_t row_bytes, const int32_t *columns, size_t units,
                            block_sums sum, fetcher *fetch, multiply_block *multiply) {
  size_t u = 0;
  for (; u + STEP <= units; u += STEP) {
    fetch_step(fetch);
    for (size_t v = u; v < u + STEP; v += 4)
      four_units(rows, x + 4 * v, row_bytes, 16, columns + v * LA_PANEL, sum, multiply);
  }
  for (; u + 2 <= units; u += 2) four_units(rows, x + 4 * u, row_bytes, 8, columns + u * LA_PANEL, sum, multiply);
  if (u < units) four_units(rows, x + 4 * u, row_bytes, 4, columns + u * LA_PANEL, sum, multiply);
}

/* LANES sums of a row, from the blocks of columns 2 * j and on. */
INLINE vec_int row_of_blocks(block_sums sum, size_t row, size_t j) {
  const vec_int left = sum[row / 2][j], right = sum[row / 2][j + 1];
  return row % 2 ? VEC_SHUFFLE(vec_int, left, right, 2, 3, 6, 7) : VEC_SHUFFLE(vec_int, left, right, 0, 1, 4, 5);
}

#endif
