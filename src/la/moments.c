/* Means, variances and standardisation of columns, strip by strip. */
#include "la/moments.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/team.h"

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

/* What a strip is of, for the pieces. */
typedef struct fitting {
  const la_kernels *kernels;
  const la_block *block;
  const double *offsets;
  bool standardise;
  const la_moments *moments;
  atomic_size_t bad; /* the first column that is not finite, or `columns` */
} fitting;

static void fit_piece(void *user, size_t index, size_t rank) {
  fitting *f = user;
  const la_block *block = f->block;
  const la_moments *moments = f->moments;
  const size_t first = index * LA_STRIP, width = columns_of(block, first);
  strip s;
  (void)rank;
  fit_strip(f->kernels, block->values + first, block, f->offsets ? f->offsets + first : NULL, width, f->standardise,
            &s);
  for (size_t c = width; c-- > 0;) /* NaN and infinity stay in every sum; overflow in the squares counts too */
    if (!isfinite(s.mean[c]) || !isfinite(s.variance[c])) base_note_least(&f->bad, first + c);
  if (atomic_load_explicit(&f->bad, memory_order_relaxed) < block->columns) return;
  f->kernels->strip_standardise(block->values + first, block->ld, block->rows, s.mean, s.scale, s.sum);
  memcpy(moments->mean + first, s.mean, width * sizeof(double));
  memcpy(moments->variance + first, s.variance, width * sizeof(double));
  memcpy(moments->scale + first, s.scale, width * sizeof(double));
  for (size_t c = 0; c < width && moments->z_mean; c++) moments->z_mean[first + c] = s.sum[c] / (double)block->rows;
}

static size_t strips_of(const la_block *block) { return (block->columns + LA_STRIP - 1) / LA_STRIP; }

size_t la_moments_fit(const la_kernels *kernels, const la_block *block, const double *offsets, bool standardise,
                      int threads, const la_moments *moments) {
  fitting f = {kernels, block, offsets, standardise, moments, block->columns};
  base_share(threads, strips_of(block), fit_piece, &f);
  return f.bad;
}

static void apply_piece(void *user, size_t index, size_t rank) {
  const fitting *f = user;
  const la_block *block = f->block;
  const size_t first = index * LA_STRIP, width = columns_of(block, first);
  strip s = {.mean = {0}};
  (void)rank;
  for (size_t c = 0; c < LA_STRIP; c++) s.scale[c] = 1;
  memcpy(s.mean, f->moments->mean + first, width * sizeof(double));
  memcpy(s.scale, f->moments->scale + first, width * sizeof(double));
  f->kernels->strip_standardise(block->values + first, block->ld, block->rows, s.mean, s.scale, s.sum);
}

void la_moments_apply(const la_kernels *kernels, const la_block *block, const la_moments *moments, int threads) {
  fitting f = {.kernels = kernels, .block = block, .moments = moments};
  base_share(threads, strips_of(block), apply_piece, &f);
}
