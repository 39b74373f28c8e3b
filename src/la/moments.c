#include "la/moments.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The moments of LA_STRIP columns, of which the last block may have fewer. */
typedef struct strip {
  double mean[LA_STRIP], variance[LA_STRIP], scale[LA_STRIP], sum[LA_STRIP];
} strip;

static bool is_constant(double variance, double mean, double n) {
  const double bound = n * mean * DBL_EPSILON;
  return variance <= n * DBL_EPSILON * variance + bound * bound;
}

static void fit_strip(const la_kernels *kernels, const float *x, const la_block *block, const double *offsets,
                      size_t columns, bool standardise, strip *s) {
  const double n = (double)block->rows;
  double deviation[LA_STRIP], square[LA_STRIP];
  kernels->strip_sum(x, block->ld, block->rows, s->mean);
  for (size_t c = 0; c < LA_STRIP; c++) s->mean[c] /= n;
  kernels->strip_deviations(x, block->ld, block->rows, s->mean, deviation, square);
  for (size_t c = 0; c < LA_STRIP; c++) {
    const double offset = offsets && c < columns ? offsets[c] : 0;
    s->variance[c] = (square[c] - deviation[c] * deviation[c] / n) / n;
    s->scale[c] = standardise && !is_constant(s->variance[c], s->mean[c] + offset, n) ? sqrt(s->variance[c]) : 1;
  }
}

static size_t columns_of(const la_block *block, size_t first) {
  return block->columns - first < LA_STRIP ? block->columns - first : LA_STRIP;
}

size_t la_moments_fit(const la_kernels *kernels, const la_block *block, const double *offsets, bool standardise,
                      int threads, const la_moments *moments) {
  const size_t columns = block->columns;
  size_t bad = columns;
#pragma omp parallel for schedule(static) num_threads(threads) reduction(min : bad)
  for (size_t first = 0; first < columns; first += LA_STRIP) {
    const size_t width = columns_of(block, first);
    strip s;
    fit_strip(kernels, block->values + first, block, offsets ? offsets + first : NULL, width, standardise, &s);
    for (size_t c = width; c-- > 0;) /* NaN and infinity stay in every sum; overflow in the squares counts too */
      if (!isfinite(s.mean[c]) || !isfinite(s.variance[c])) bad = first + c < bad ? first + c : bad;
    if (bad < columns) continue;
    kernels->strip_standardise(block->values + first, block->ld, block->rows, s.mean, s.scale, s.sum);
    memcpy(moments->mean + first, s.mean, width * sizeof(double));
    memcpy(moments->variance + first, s.variance, width * sizeof(double));
    memcpy(moments->scale + first, s.scale, width * sizeof(double));
    for (size_t c = 0; c < width && moments->z_mean; c++) moments->z_mean[first + c] = s.sum[c] / (double)block->rows;
  }
  return bad;
}

void la_moments_apply(const la_kernels *kernels, const la_block *block, const la_moments *moments, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (size_t first = 0; first < block->columns; first += LA_STRIP) {
    const size_t width = columns_of(block, first);
    strip s = {.mean = {0}};
    for (size_t c = 0; c < LA_STRIP; c++) s.scale[c] = 1;
    memcpy(s.mean, moments->mean + first, width * sizeof(double));
    memcpy(s.scale, moments->scale + first, width * sizeof(double));
    kernels->strip_standardise(block->values + first, block->ld, block->rows, s.mean, s.scale, s.sum);
  }
}
