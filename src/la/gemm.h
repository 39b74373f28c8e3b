/* Products y = x W^T in float32, bf16 or int8, tile by tile.
 *
 * A matrix W [n][k], row by row as torch stores it, is cut into slabs: LA_PANEL of its rows by up to LA_DEPTH of its
 * columns. A slab is packed in the order in which the kernel reads it, in advance ("packed") or just in time ("plain");
 * when x has no more rows than a tile, plain float32 is multiplied without packing, with the same bits. A product
 * multiplies rows of x with one slab and hands each tile of the result, still in L1, to the caller's
 * `finish`, which adds bias or residual or what else follows. Meanwhile it fetches the slab that comes next: products
 * at the shapes of a ViT block reach 330 GFLOP/s on two cores so, 290 without.
 *
 * One element of a product is summed in the order of k, in registers for a few hundred steps at a time. So its bits
 * depend on neither the number of rows nor threads nor packing; where k is longer than LA_DEPTH, slabs are added in
 * their order by the caller's `finish`.
 *
 * An engine (la_gemm) says how its slabs and rows are laid out and what memory a thread needs: callers ask it and
 * assume nothing. Callers that lay slabs out themselves, or whose results must not depend on the engine, use
 * la/floats.h. */
#ifndef LA_GEMM_H
#define LA_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/machine.h"

#define LA_PANEL 64  /* rows of W that a slab holds, columns of a tile */
#define LA_DEPTH 768 /* columns of W that a slab holds */

/* BF16: W rounded to bf16, x too where the processor multiplies bf16 fast; sums in float32. INT8: W with a scale for
 * each of the slab's rows, x with a scale for each row; exact sums in int32. A NaN or infinity in W or x stays in its
 * column or row of a product in F32 and BF16. INT8 hides both, so a caller that must detect them checks beforehand. */
typedef enum la_precision { LA_F32, LA_BF16, LA_INT8, LA_PRECISIONS } la_precision;

/* "f32", "bf16", "int8" */
const char *la_precision_name(la_precision precision);

/* Takes `rows` rows of a tile, float [rows][LA_PANEL], the first of which is row `first` of x. */
typedef void (*la_finish)(const void *user, const float *tile, size_t first, size_t rows);

/* Memory that will be read next: `rows` pieces of `bytes`, `stride` apart. */
typedef struct la_fetch {
  const char *at;
  size_t rows, bytes, stride;
} la_fetch;

typedef struct la_product {
  size_t rows;
  const void *x; /* rows as `load` makes them, at multiples of 4 bytes */
  size_t row_bytes;
  const float *scale; /* [rows] of the rows of x, where `load` gives one */
  const void *slab;
  size_t depth;        /* at most LA_DEPTH */
  float *buffer;       /* the engine's thread_bytes: a slab packed just in time, its own scratch */
  la_fetch next, then; /* rows 0: nothing */
  la_finish finish;
  const void *user;
  const void *out; /* what `finish` touches: LA_PANEL floats of each row, `out_stride` bytes apart; NULL: not told */
  size_t out_stride;
} la_product;

/* A whole slab as floats, from which every precision is packed. */
#define LA_BUFFER_BYTES ((size_t)LA_PANEL * LA_DEPTH * sizeof(float))

/* How the slabs of packed weights lie in memory, and in files, which name it. Engines of one layout read each
 * other's slabs. */
typedef struct la_layout {
  const char *id;                     /* "bf16-slab64": never changes, and never names another layout */
  size_t (*slab_bytes)(size_t depth); /* of a slab of `depth` columns of W, a multiple of 64 */
} la_layout;

/* How weights are rounded to int8 when the nearest number is not the best. */
typedef struct la_rounding {
  /* U of the moments X^T X = U^T U (and a little more) of rows like those to come, [depth][depth], columns in the
   * reverse of `order`. NULL: each error is carried on to the next column. That suits rows that vary slowly along their
   * columns, such as pixels: the errors are shaped to frequencies above theirs. */
  const float *factor;
  const uint16_t *order; /* [depth] */
} la_rounding;

/* An engine: how one precision is multiplied on this machine. What may be NULL says so. */
typedef struct la_gemm {
  la_precision precision;
  const char *name;        /* "bf16 weights, float32 sums (avx512)" */
  const la_layout *layout; /* of its slabs */
  size_t tile_rows;        /* rows of a whole tile: even, so that it splits no pair of load_fine */
  /* Rows of x, of LA_DEPTH columns, that a thread should take at a time: what it touches fits the second cache. */
  size_t cached_rows;
  size_t thread_bytes; /* of la_product's buffer: LA_BUFFER_BYTES or more, a multiple of 64 */
  /* Bytes of a row of x with k columns, a multiple of 64. A row of more than LA_DEPTH columns is that of the first
   * LA_DEPTH, and behind it that of the rest. */
  size_t (*row_bytes)(size_t k);
  /* Before a thread's first product of a piece of work, and after its last: they set up per-thread state of the
   * processor and release it (la_gemm_begin). NULL: nothing to do. */
  void (*begin)(void);
  void (*end)(void);
  /* One row of x, k floats, as products take it, into `row` [row_bytes(k)]; its scale. NULL: float rows are taken as
   * they are. */
  void (*load)(const float *x, size_t k, void *row, float *scale);
  /* The same as two rows, row_bytes(k) apart, whose products add up to that of x, with a scale each, to 15 bits.
   * NULL: not this precision's. */
  void (*load_fine)(const float *x, size_t k, void *rows, float *scales);
  /* `slab` [layout->slab_bytes(depth)] from `floats` [depth][LA_PANEL], which may lie at the same place. NULL: it is
   * that. */
  void (*pack)(const float *floats, size_t depth, void *slab);
  /* The same from rows of W: `columns` <= LA_PANEL of them, `row_bytes` apart, at any address, zeros for those that
   * are missing. */
  void (*transpose)(const char *rows, size_t row_bytes, size_t columns, size_t depth, float *floats);
  void (*multiply)(const la_product *product);
  /* The same of at most tile_rows rows of x, by `columns` rows of W as they lie, `row_bytes` apart, the next of
   * which are at product->next.at; `slab` is not read. NULL: not this precision's. */
  void (*multiply_plain)(const la_product *product, const char *rows, size_t row_bytes, size_t columns);
  /* Multiplies and adds in registers only, `rounds` times, numbers like any others; returns the operations of a product
   * that this is worth. NULL: la_kernels.multiply_registers is the limit that is asked for. */
  double (*multiply_registers)(size_t rounds);
  /* int8: `pack` with another rounding, and its preparation: moments [n][n] to factor and order; scratch [n][n]. */
  void (*round)(const float *floats, size_t depth, const la_rounding *rounding, void *slab);
  void (*factor)(float *moments, size_t n, uint16_t *order, float *scratch);
} la_gemm;

/* NULL: this machine lacks the instructions. The table lives as long as the library. */
const la_gemm *la_gemm_for(base_isa isa, la_precision precision);

/* Called around a thread's products, in that thread; not nested. */
static inline void la_gemm_begin(const la_gemm *gemm) {
  if (gemm->begin) gemm->begin();
}
static inline void la_gemm_end(const la_gemm *gemm) {
  if (gemm->end) gemm->end();
}

typedef struct la_matrix {
  const la_gemm *gemm;
  size_t n, k;
  const char *rows; /* plain: [n] rows of k floats, at any address; not read once packed */
  size_t row_bytes;
  const float *gain; /* [k] each column of W is multiplied by this when packed (int8: see vit/network.c); NULL: not */
  const la_rounding *rounding; /* of int8, of every block of columns; NULL: to the nearest */
  const char *packed; /* slabs, panel after panel for the first LA_DEPTH columns, then for the next; NULL: plain */
} la_matrix;

static inline size_t la_matrix_panels(const la_matrix *matrix) { return (matrix->n + LA_PANEL - 1) / LA_PANEL; }
static inline size_t la_matrix_blocks(const la_matrix *matrix) { return (matrix->k + LA_DEPTH - 1) / LA_DEPTH; }
static inline size_t la_matrix_depth(const la_matrix *matrix, size_t block) {
  return matrix->k - block * LA_DEPTH < LA_DEPTH ? matrix->k - block * LA_DEPTH : LA_DEPTH;
}
/* Bytes of all slabs. */
size_t la_matrix_bytes(const la_matrix *matrix);
/* Where a slab lies among them. */
size_t la_matrix_offset(const la_matrix *matrix, size_t block, size_t panel);

/* Packs one slab of a plain matrix; any thread, any order. `buffer`: LA_BUFFER_BYTES. */
void la_matrix_pack(const la_matrix *matrix, size_t block, size_t panel, float *buffer, void *slab);
/* What reading this slab will touch. */
la_fetch la_matrix_fetch(const la_matrix *matrix, size_t block, size_t panel);

/* A product with one slab: `product` describes all but the slab and its depth. A plain matrix, where it must be packed,
 * is packed into its `buffer`. */
void la_matrix_multiply(const la_matrix *matrix, size_t block, size_t panel, la_product *product);

#endif
