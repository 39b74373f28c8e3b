#include "la/kernels/round.h"

#include <math.h>

/* Added to the diagonal, as a share of its mean: directions that no calibration token had are not free. */
#define DAMPING 0.01f

/* Adding 1.5 * 2^23 rounds to the nearest integer, which then lies in the low bits. */
INLINE vec_int nearest(vec value) {
  const float shift = 0x1.8p23f;
  value = vec_max(vec_min(value, vec_all(127)), vec_all(-127));
  return (vec_int)(value + shift) - (vec_int)vec_all(shift);
}

/* What the errors of the numbers rounded before, [p][LA_PANEL], would add along direction p. */
INLINE vec carried(const la_rounding *rounding, size_t depth, size_t p, const float *errors) {
  const float *row = rounding->factor + (depth - 1 - p) * depth + depth - 1;
  vec even = {0}, odd = {0};
  size_t i = 0;
  for (; i + 2 <= p; i += 2) {
    even += vec_load(errors + i * LA_PANEL) * row[-(ptrdiff_t)i];
    odd += vec_load(errors + (i + 1) * LA_PANEL) * row[-(ptrdiff_t)i - 1];
  }
  if (i < p) even += vec_load(errors + i * LA_PANEL) * row[-(ptrdiff_t)i];
  return (even + odd) / row[-(ptrdiff_t)p];
}

static void round_columns(const float *floats, size_t depth, const la_rounding *rounding, int8_t *slab, int32_t *offset,
                          float *scale, float *errors) {
  vec most = {0};
  for (size_t p = 0; p < depth; p++)
    most = vec_max(most, (vec)((vec_int)vec_load(floats + p * LA_PANEL) & 0x7fffffff));
  const vec step = vec_max(most * (1.0f / 127), vec_all(1e-30f)), inverse = 1.0f / step;
  vec_int sum = {0};
  vec error = {0};
  for (size_t p = 0; p < depth; p++) {
    const size_t k = rounding->factor ? rounding->order[p] : p;
    const vec value = vec_load(floats + k * LA_PANEL);
    const vec wanted = value + (rounding->factor ? carried(rounding, depth, p, errors) : error);
    const vec_int rounded = nearest(wanted * inverse);
    const vec got = __builtin_convertvector(rounded, vec) * step;
    error = wanted - got;
    vec_store(errors + p * LA_PANEL, value - got);
    sum += rounded;
    for (size_t c = 0; c < LANES; c++) slab[k / 4 * 4 * LA_PANEL + 4 * c + k % 4] = (int8_t)rounded[c];
  }
  sum *= -128;
  memcpy(offset, &sum, sizeof sum);
  vec_store(scale, step);
}

void KERNEL(la_round_int8)(const float *floats, size_t depth, const la_rounding *rounding, void *slab) {
  float errors[LA_DEPTH * LA_PANEL] __attribute__((aligned(64)));
  int8_t *values = slab;
  const size_t whole = (depth + 3) / 4 * 4;
  int32_t *offset = (int32_t *)(void *)(values + whole * LA_PANEL);
  float *scale = (float *)(void *)(offset + LA_PANEL);
  memset(values + (whole - 4) * LA_PANEL, 0, 4 * LA_PANEL);
  for (size_t c = 0; c < LA_PANEL; c += LANES)
    round_columns(floats + c, depth, rounding, values + 4 * c, offset + c, scale + c, errors + c);
}

/* Largest first: what weighs most is rounded when most others can still make up for it. */
static void sort_diagonal(const float *moments, size_t n, uint16_t *order) {
  for (size_t i = 0; i < n; i++) {
    size_t at = i;
    for (; at && moments[order[at - 1] * (n + 1)] < moments[i * (n + 1)]; at--) order[at] = order[at - 1];
    order[at] = (uint16_t)i;
  }
}

void KERNEL(la_factor_moments)(float *moments, size_t n, uint16_t *order, float *scratch) {
  float trace = 0;
  for (size_t i = 0; i < n; i++) trace += moments[i * (n + 1)];
  const float damping = trace > 0 ? DAMPING * trace / (float)n : 1;
  sort_diagonal(moments, n, order);
  /* backwards, so that the factor U of H = U^T U serves the first number with its last row */
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) scratch[i * n + j] = moments[order[n - 1 - i] * n + order[n - 1 - j]];
  for (size_t i = 0; i < n; i++) scratch[i * (n + 1)] += damping;
  for (size_t k = 0; k < n; k++) {
    float *row = scratch + k * n;
    const float pivot = row[k] > damping * 1e-3f ? row[k] : damping * 1e-3f, reciprocal = 1.0f / sqrtf(pivot);
    row[k] = pivot;
    for (size_t j = k; j < n; j++) row[j] *= reciprocal;
    for (size_t i = k + 1; i < n; i++) {
      const float factor = row[i];
      float *below = scratch + i * n;
      for (size_t j = i; j < n; j++) below[j] -= factor * row[j];
    }
  }
  memcpy(moments, scratch, n * n * sizeof *moments);
}
