/* Where tiles of products go, and standardisation; the table of each instruction set. */
#include "la/kernels.h"

#include "base/vector.h"
#include "la/kernels/double.h"
#include "la/kernels/normal.h"
#include "la/kernels/pairs.h"
#include "la/kernels/strip.h"

/* Prefetches for writing what follows a row of the tile, the next panel's, because rows lie far apart. All voxels of
 * 100 images in bf16 take 70 ms a core so, 82 without. */
INLINE void fetch_right(const float *row) {
  const uintptr_t at = (uintptr_t)row + LA_PANEL * sizeof(float);
  for (size_t byte = 0; byte < LA_PANEL * sizeof(float); byte += 64) __builtin_prefetch((const void *)(at + byte), 1);
}

static void store(const void *user, const float *tile, size_t first, size_t rows) {
  const la_output *o = user;
  const size_t whole = o->columns / LANES * LANES;
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    float *to = o->to + (first + r) * o->ld;
    const float *more = o->bias ? o->bias : to;
    fetch_right(to);
    for (size_t c = 0; c < whole; c += LANES) vec_store(to + c, vec_load(tile + c) + vec_load(more + c));
    for (size_t c = whole; c < o->columns; c++) to[c] = tile[c] + more[c];
  }
}

static void store_pairs(const void *user, const float *tile, size_t first, size_t rows) {
  for (size_t r = 0; r + 1 < rows; r += 2, tile += 2 * LA_PANEL) {
    float both[LA_PANEL];
    for (size_t c = 0; c < LA_PANEL; c += LANES)
      vec_store(both + c, vec_load(tile + c) + vec_load(tile + LA_PANEL + c));
    store(user, both, (first + r) / 2, 1);
  }
}

/* Rows between the one that is added to and the one that is fetched. */
#define AHEAD 12

/* Prefetches a row further down, which may lie beyond the last: the matrix that is added to may be far larger than the
 * caches. */
INLINE void fetch_sums(const la_sums *sums, size_t row) {
  const uintptr_t at = (uintptr_t)sums->to + row * sums->ld * sizeof(double);
  for (size_t byte = 0; byte < LA_PANEL * sizeof(double); byte += 64) __builtin_prefetch((const void *)(at + byte), 1);
}

static void sum(const void *user, const float *tile, size_t first, size_t rows) {
  typedef double vec_double __attribute__((vector_size(VECTOR_BYTES)));
  typedef double vec_double_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));
  typedef float vec_half __attribute__((vector_size(VECTOR_BYTES / 2), aligned(4), may_alias));
  const la_sums *o = user;
  const size_t whole = o->columns / (LANES / 2) * (LANES / 2);
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    double *to = o->to + (first + r) * o->ld;
    fetch_sums(o, first + r + AHEAD);
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

/* Twelve sums hide the latency of a multiplication: 4 or 5 cycles, of which two start in each. */
#define INDEPENDENT 12

static double multiply_registers(size_t rounds, float *sink) {
  vec sum[INDEPENDENT], factor = vec_all(0.5f) + vec_load(sink), term = vec_all(0.25f) + vec_load(sink);
  UNROLL
  for (size_t i = 0; i < INDEPENDENT; i++) sum[i] = vec_all((float)i) + vec_load(sink);
  for (size_t r = 0; r < rounds; r++) {
    UNROLL
    for (size_t i = 0; i < INDEPENDENT; i++) sum[i] = sum[i] * factor + term;
  }
  UNROLL
  for (size_t i = 1; i < INDEPENDENT; i++) sum[0] += sum[i];
  vec_store(sink, sum[0]);
  return 2.0 * INDEPENDENT * LANES * (double)rounds;
}

extern const la_kernels KERNEL(la_kernels);
const la_kernels KERNEL(la_kernels) = {.store = store,
                                       .store_pairs = store_pairs,
                                       .sum = sum,
                                       .standardise = standardise,
                                       .strip_sum = KERNEL(la_strip_sum),
                                       .strip_deviations = KERNEL(la_strip_deviations),
                                       .strip_standardise = KERNEL(la_strip_standardise),
                                       .strip_centre = KERNEL(la_strip_centre),
                                       .multiply_registers = multiply_registers,
                                       .double_tile = KERNEL(la_double_tile),
                                       .pair_products = KERNEL(la_pair_products),
                                       .list_correlation = KERNEL(la_list_correlation),
                                       .normals = KERNEL(la_draw_normals)};
