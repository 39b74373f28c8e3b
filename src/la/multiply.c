/* Products in double, blocked as Goto & van de Geijn (2008) do it: a block of b's rows is packed strip by strip, a
 * block of a tile by tile, and the kernel runs over tiles of c. The blocks do not depend on the number of threads. */
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"

/* k at a time: a tile and a strip of it (16 + 48 KB) lie in L1 and L2. */
#define DEPTH 256
/* Rows of c that share a packed strip of b; the tiles of a (256 KB) lie in L2. */
#define ROWS 128
/* Columns that one thread takes at a time. */
#define COLUMNS (8 * LA_DOUBLE_STRIP)

typedef struct product {
  size_t m, n, k;
  double alpha, beta;
  la_operand a, b;
  double *c;
  size_t ldc;
  const la_kernels *kernels;
  double *memory; /* each thread: DOUBLES */
} product;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/* Packs a[top.., from..] times alpha as tiles [depth][LA_DOUBLE_TILE], zeros beyond the last row. */
static void pack_a(const product *p, size_t top, size_t rows, size_t from, size_t depth, double *to) {
  const size_t row_step = p->a.transposed ? 1 : p->a.ld, step = p->a.transposed ? p->a.ld : 1;
  for (size_t t = 0; t < up(rows, LA_DOUBLE_TILE); t++) {
    double *tile = to + t / LA_DOUBLE_TILE * LA_DOUBLE_TILE * depth + t % LA_DOUBLE_TILE;
    const double *row = p->a.values + (top + t) * row_step + from * step;
    for (size_t l = 0; l < depth; l++) tile[l * LA_DOUBLE_TILE] = t < rows ? p->alpha * row[l * step] : 0;
  }
}

/* Packs b[from.., left..] as strips [depth][LA_DOUBLE_STRIP], zeros beyond the last column. */
static void pack_b(const product *p, size_t left, size_t columns, size_t from, size_t depth, double *to) {
  for (size_t l = 0; l < depth && !p->b.transposed; l++) {
    const double *row = p->b.values + (from + l) * p->b.ld + left;
    for (size_t s = 0; s < columns; s += LA_DOUBLE_STRIP) {
      double *strip = to + s * depth + l * LA_DOUBLE_STRIP;
      if (columns - s >= LA_DOUBLE_STRIP) {
        memcpy(strip, row + s, LA_DOUBLE_STRIP * sizeof *to); /* of a constant size: no call */
        continue;
      }
      for (size_t j = 0; j < LA_DOUBLE_STRIP; j++) strip[j] = s + j < columns ? row[s + j] : 0;
    }
  }
  for (size_t j = 0; j < up(columns, LA_DOUBLE_STRIP) && p->b.transposed; j++) {
    const double *column = p->b.values + (left + j) * p->b.ld + from;
    double *strip = to + j / LA_DOUBLE_STRIP * LA_DOUBLE_STRIP * depth + j % LA_DOUBLE_STRIP;
    for (size_t l = 0; l < depth; l++) strip[l * LA_DOUBLE_STRIP] = j < columns ? column[l] : 0;
  }
}

static void add_tile(const product *p, size_t top, size_t left, const double *tile) {
  const size_t rows = smaller(p->m - top, LA_DOUBLE_TILE), columns = smaller(p->n - left, LA_DOUBLE_STRIP);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) p->c[(top + i) * p->ldc + left + j] += tile[i * LA_DOUBLE_STRIP + j];
}

/* Doubles of one thread: a block of a, and one of b. */
#define A_DOUBLES (up(ROWS, LA_DOUBLE_TILE) * DEPTH)
#define DOUBLES (A_DOUBLES + COLUMNS * DEPTH)

/* Columns [left, left + COLUMNS) of c, whole. */
static void stripe(void *user, size_t index, size_t rank) {
  const product *p = user;
  const size_t left = index * COLUMNS;
  double *a = p->memory + rank * DOUBLES, *b = a + A_DOUBLES;
  const size_t columns = smaller(p->n - left, COLUMNS);
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < columns; j++) {
      double *c = p->c + i * p->ldc + left + j;
      *c = p->beta == 0 ? 0 : p->beta * *c;
    }
  for (size_t from = 0; from < p->k; from += DEPTH) {
    const size_t depth = smaller(p->k - from, DEPTH);
    pack_b(p, left, columns, from, depth, b);
    for (size_t top = 0; top < p->m; top += ROWS) {
      const size_t rows = smaller(p->m - top, ROWS);
      pack_a(p, top, rows, from, depth, a);
      for (size_t s = 0; s < columns; s += LA_DOUBLE_STRIP)
        for (size_t t = 0; t < rows; t += LA_DOUBLE_TILE) {
          double tile[LA_DOUBLE_TILE * LA_DOUBLE_STRIP] = {0};
          p->kernels->double_tile(a + t * depth, b + s * depth, depth, tile);
          add_tile(p, top + t, left + s, tile);
        }
    }
  }
}

berg_status la_multiply(const la_kernels *kernels, size_t m, size_t n, size_t k, double alpha, la_operand a,
                        la_operand b, double beta, double *c, size_t ldc, int threads, berg_error *error) {
  product p = {.m = m, .n = n, .k = k, .alpha = alpha, .beta = beta, .a = a, .b = b, .c = c, .ldc = ldc};
  p.kernels = kernels;
  p.memory = base_alloc((size_t)threads * DOUBLES, sizeof *p.memory, error);
  if (!p.memory) return BERG_ELIMIT;
  base_share(threads, (n + COLUMNS - 1) / COLUMNS, stripe, &p);
  base_free(p.memory);
  return BERG_OK;
}
