/* Where tiles of products go, and standardisation; the table of each instruction set. */
#include "la/kernels.h"

#include "base/vector.h"
#include "la/kernels/double.h"
#include "la/kernels/strip.h"

static void store(const void *user, const float *tile, size_t first, size_t rows) {
  const la_output *o = user;
  const size_t whole = o->columns / LANES * LANES;
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    float *to = o->to + (first + r) * o->ld;
    for (size_t c = 0; c < whole; c += LANES) vec_store(to + c, vec_load(tile + c) + vec_load(o->bias + c));
    for (size_t c = whole; c < o->columns; c++) to[c] = tile[c] + o->bias[c];
  }
}

/* Fetches a row of the tile after the next, which may lie beyond the last: the matrix that is added to may be far larger than the caches. */
INLINE void fetch_sums(const la_sums *sums, size_t row) {
  const uintptr_t at = (uintptr_t)sums->to + row * sums->ld * sizeof(double);
  for (size_t byte = 0; byte < LA_PANEL * sizeof(double); byte += 64) __builtin_prefetch((const void *)(at + byte), 1);
}

static void sum(const void *user, const float *tile, size_t first, size_t rows) {
  typedef double vec_double __attribute__((vector_size(VECTOR_BYTES)));
  typedef double vec_double_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));
  typedef float vec_half __attribute__((vector_size(VECTOR_BYTES / 2), may_alias));
  const la_sums *o = user;
  const size_t whole = o->columns / (LANES / 2) * (LANES / 2);
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    double *to = o->to + (first + r) * o->ld;
    fetch_sums(o, first + r + 2 * LA_TILE_ROWS);
    for (size_t c = 0; c < whole; c += LANES / 2)
      *(vec_double_anywhere *)(to + c) += __builtin_convertvector(*(const vec_half *)(tile + c), vec_double);
    for (size_t c = whole; c < o->columns; c++) to[c] += tile[c];
  }
}

static void standardise(const float *x, const float *high, const float *low, const float *reciprocal, size_t n,
                        float *z) {
  for (size_t i = 0; i < n; i += LANES)
    vec_store(z + i, ((vec_load(x + i) - vec_load(high + i)) - vec_load(low + i)) * vec_load(reciprocal + i));
}

extern const la_kernels KERNEL(la_kernels);
const la_kernels KERNEL(la_kernels) = {store,
                                       sum,
                                       standardise,
                                       KERNEL(la_strip_sum),
                                       KERNEL(la_strip_deviations),
                                       KERNEL(la_strip_standardise),
                                       KERNEL(la_double_tile)};
