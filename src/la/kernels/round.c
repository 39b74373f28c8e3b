/* Rounding to int8 so that errors cancel on rows like those to come. */
#include "la/kernels/round.h"

#include <math.h>

/* Added to the diagonal, as a share of its mean: errors along directions that no calibration token has
 * must cost something too. */
#define DAMPING 0.01f

/* Adding 1.5 * 2^23 rounds to the nearest integer, which then lies in the low bits. */
INLINE vec_int nearest(vec value) {
  const float shift = 0x1.8p23f;
  value = vec_max(vec_min(value, vec_all(127)), vec_all(-127));
  return (vec_int)(value + shift) - (vec_int)vec_all(shift);
}

#define VECTORS (LA_PANEL / LANES)
/* Vectors that are summed at a time. */
#define TOGETHER (VECTORS < 4 ? VECTORS : 4)

/* What the errors [p][LA_PANEL] of the numbers rounded before would add along direction p, for TOGETHER vectors. */
INLINE void carried(const la_rounding *rounding, size_t depth, size_t p, const float *errors, vec sum[TOGETHER]) {
  const float *row = rounding->factor + (depth - 1 - p) * depth + depth - 1;
  vec even[TOGETHER], odd[TOGETHER];
  UNROLL
  for (size_t v = 0; v < TOGETHER; v++) even[v] = odd[v] = (vec){0};
  size_t i = 0;
  for (; i + 2 <= p; i += 2) {
    const vec a = vec_all(row[-(ptrdiff_t)i]), b = vec_all(row[-(ptrdiff_t)i - 1]);
    UNROLL
    for (size_t v = 0; v < TOGETHER; v++) {
      even[v] += vec_load(errors + i * LA_PANEL + v * LANES) * a;
      odd[v] += vec_load(errors + (i + 1) * LA_PANEL + v * LANES) * b;
    }
  }
  const float last = i < p ? row[-(ptrdiff_t)i] : 0, reciprocal = 1.0f / row[-(ptrdiff_t)p];
  UNROLL
  for (size_t v = 0; v < TOGETHER; v++) {
    if (i < p) even[v] += vec_load(errors + i * LA_PANEL + v * LANES) * last;
    sum[v] = (even[v] + odd[v]) * reciprocal;
  }
}

static void round_columns(const float *floats, size_t depth, const la_rounding *rounding, int8_t *slab, int32_t *offset,
                          float *scale, float *errors) {
  vec step[TOGETHER], inverse[TOGETHER], error[TOGETHER];
  vec_int sum[TOGETHER];
  for (size_t v = 0; v < TOGETHER; v++) {
    vec most = {0};
    for (size_t p = 0; p < depth; p++)
      most = vec_max(most, (vec)((vec_int)vec_load(floats + p * LA_PANEL + v * LANES) & 0x7fffffff));
    step[v] = vec_max(most * (1.0f / 127), vec_all(1e-30f));
    inverse[v] = 1.0f / step[v];
    sum[v] = (vec_int){0};
    error[v] = (vec){0};
  }
  for (size_t p = 0; p < depth; p++) {
    const size_t k = rounding->factor ? rounding->order[p] : p;
    if (rounding->factor) carried(rounding, depth, p, errors, error);
    for (size_t v = 0; v < TOGETHER; v++) {
      const vec value = vec_load(floats + k * LA_PANEL + v * LANES), wanted = value + error[v];
      const vec_int rounded = nearest(wanted * inverse[v]);
      const vec got = __builtin_convertvector(rounded, vec) * step[v];
      error[v] = wanted - got;
      vec_store(errors + p * LA_PANEL + v * LANES, value - got);
      sum[v] += rounded;
      for (size_t c = 0; c < LANES; c++) slab[k / 4 * 4 * LA_PANEL + 4 * (v * LANES + c) + k % 4] = (int8_t)rounded[c];
    }
  }
  for (size_t v = 0; v < TOGETHER; v++) {
    sum[v] *= -128;
    memcpy(offset + v * LANES, &sum[v], sizeof sum[v]);
    vec_store(scale + v * LANES, step[v]);
  }
}

void KERNEL(la_round_int8)(const float *floats, size_t depth, const la_rounding *rounding, void *slab) {
  float errors[LA_DEPTH * LA_PANEL] __attribute__((aligned(64)));
  int8_t *values = slab;
  const size_t whole = (depth + 3) / 4 * 4;
  int32_t *offset = (int32_t *)(void *)(values + whole * LA_PANEL);
  float *scale = (float *)(void *)(offset + LA_PANEL);
  memset(values + (whole - 4) * LA_PANEL, 0, 4 * LA_PANEL);
  for (size_t c = 0; c < LA_PANEL; c += TOGETHER * LANES)
    round_columns(floats + c, depth, rounding, values + 4 * c, offset + c, scale + c, errors + c);
}

/* Largest first: the weightiest columns are rounded while most others can still compensate. */
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
