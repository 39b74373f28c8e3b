/* The vector kernels of la: a table for each instruction set. Within one table the bits of an element depend on nothing
 * but its own row and column: not on how many rows or columns are asked for at once. */
#ifndef LA_KERNELS_H
#define LA_KERNELS_H

#include <stddef.h>

#include "la/gemm.h"
#include "la/normal.h"

/* Columns that the kernels for whole matrices take at a time: 8,640 rows of them fit L2. */
#define LA_STRIP 32

/* Rows and columns of the tile that the kernel for products in double computes. */
#define LA_DOUBLE_TILE 8
#define LA_DOUBLE_STRIP 24
/* Rows of each side that the kernel for products of pairs takes. */
#define LA_PAIRS 4

/* Where tiles of a product go; `columns` <= LA_PANEL of them count. */
typedef struct la_output {
  float *to; /* of row 0 and the panel's first column */
  size_t ld, columns;
  const float *bias; /* [columns]; NULL: tiles are added to what is there */
} la_output;
typedef struct la_sums {
  double *to;
  size_t ld, columns;
} la_sums;

typedef struct la_kernels {
  la_finish store; /* to la_output: tile + bias */
  la_finish
      store_pairs; /* of rows as la_gemm.load_fine makes them: two rows of a tile become one, tile + tile + bias */
  la_finish sum;   /* to la_sums: += tile */
  /* z[i] = ((x[i] - high[i]) - low[i]) * reciprocal[i], n a multiple of 16: centring before the product, with a centre
   * that is held to twice float's precision, so that a feature of huge mean and tiny spread keeps its digits. */
  void (*standardise)(const float *x, const float *high, const float *low, const float *reciprocal, size_t n, float *z);
  /* The three passes over LA_STRIP columns of a matrix, each column's sums in double and row after row:
   * sum[c] = sum of x[i][c]; */
  void (*strip_sum)(const float *x, size_t ldx, size_t rows, double *sum);
  /* deviation[c] = sum of (x[i][c] - mean[c]), square[c] = sum of their squares; */
  void (*strip_deviations)(const float *x, size_t ldx, size_t rows, const double *mean, double *deviation,
                           double *square);
  /* x[i][c] becomes (x[i][c] - mean[c]) / scale[c] in double, rounded once; sum[c] = sum of what it became. */
  void (*strip_standardise)(float *x, size_t ldx, size_t rows, const double *mean, const double *scale, double *sum);
  /* to[i][c] = x[i][c] - mean[c] in double, rounded once, of LA_STRIP columns. */
  void (*strip_centre)(const float *x, size_t ldx, size_t rows, const double *mean, float *to, size_t ldto);
  /* Multiplies and adds in registers only, `rounds` times; returns the floating-point operations done: the limit of any
   * product. */
  double (*multiply_registers)(size_t rounds, float *sink);
  /* c [LA_DOUBLE_TILE][LA_DOUBLE_STRIP] += sum over l of a[l][i] * b[l][j]: a [k][LA_DOUBLE_TILE], b
   * [k][LA_DOUBLE_STRIP]. */
  void (*double_tile)(const double *a, const double *b, size_t k, double *c);
  /* products[i][j] = a[i] . b[j], LA_PAIRS of each, of n floats, a multiple of 16. The bits of a product depend on its
   * two rows alone, and not on which is a and which b. */
  void (*pair_products)(const float *const *a, const float *const *b, size_t n, float *products);
  /* Pearson's r of two lists, about their means; NaN where one is constant. */
  double (*list_correlation)(const float *a, const float *b, size_t n);
  /* The same bits in every table. */
  la_normals *normals;
} la_kernels;

/* NULL: not in this build. */
const la_kernels *la_kernels_for(base_isa isa);

/* Floats from row to row of a matrix in memory: whole strips. Not a multiple of 4 KB, which would map all rows to few
 * sets of the caches. */
static inline size_t la_pitch(size_t columns) {
  const size_t floats = (columns + LA_STRIP - 1) / LA_STRIP * LA_STRIP;
  return floats % 1024 ? floats : floats + LA_STRIP;
}

#endif
