/* LayerNorm, attention and what follows each product. */
#include "vit/kernels.h"

#include <math.h>

#include "vit/kernels/attention.h"

/* Independent sums: with one, each step would wait four cycles for the one before. */
#define SUMS 4
_Static_assert(VIT_CHANNELS % (SUMS * LANES) == 0, "rows are whole steps");

INLINE float sum_all(const vec sum[SUMS]) { return vec_sum((sum[0] + sum[1]) + (sum[2] + sum[3])); }

static void layer_norm(const float *x, const float *gain, const float *bias, float *y) {
  /* two passes: the variance of what is left after the mean, so that a large mean costs no digits */
  vec sum[SUMS] = {{0}}, squares[SUMS] = {{0}};
  for (size_t c = 0; c < VIT_CHANNELS; c += SUMS * LANES) UNROLL
  for (size_t i = 0; i < SUMS; i++) sum[i] += vec_load(x + c + i * LANES);
  const float mean = sum_all(sum) / VIT_CHANNELS;
  for (size_t c = 0; c < VIT_CHANNELS; c += SUMS * LANES) UNROLL
  for (size_t i = 0; i < SUMS; i++) {
    const vec centred = vec_load(x + c + i * LANES) - mean;
    squares[i] += centred * centred;
  }
  const float scale = 1.0f / sqrtf(sum_all(squares) / VIT_CHANNELS + 1e-6f);
  for (size_t c = 0; c < VIT_CHANNELS; c += LANES)
    vec_store(y + c, (vec_load(x + c) - mean) * scale * vec_load(gain + c) + vec_load(bias + c));
}

static void attention(const la_gemm *gemm, const float *qkv, float *out, void *scratch) {
  attend(gemm, qkv, qkv + VIT_CHANNELS, qkv + 2 * VIT_CHANNELS, out, scratch);
}

static void add_bias(const void *user, const float *tile, size_t first, size_t rows) {
  const vit_output *o = user;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < LA_PANEL; c += LANES)
      vec_store(o->to + (first + r) * o->ld + c, vec_load(tile + r * LA_PANEL + c) + vec_load(o->bias + c));
}

static void add_bias_gelu(const void *user, const float *tile, size_t first, size_t rows) {
  const vit_output *o = user;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < LA_PANEL; c += LANES)
      vec_store(o->to + (first + r) * o->ld + c, vec_gelu(vec_load(tile + r * LA_PANEL + c) + vec_load(o->bias + c)));
}

static void add_bias_gelu_coarse(const void *user, const float *tile, size_t first, size_t rows) {
  const vit_output *o = user;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < LA_PANEL; c += LANES)
      vec_store(o->to + (first + r) * o->ld + c,
                vec_gelu_coarse(vec_load(tile + r * LA_PANEL + c) + vec_load(o->bias + c)));
}

static void add_bias_residual(const void *user, const float *tile, size_t first, size_t rows) {
  const vit_output *o = user;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < LA_PANEL; c += LANES) {
      float *to = o->to + (first + r) * o->ld + c;
      vec_store(to, vec_load(to) + (vec_load(tile + r * LA_PANEL + c) + vec_load(o->bias + c)));
    }
}

static void add(const void *user, const float *tile, size_t first, size_t rows) {
  const vit_output *o = user;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < LA_PANEL; c += LANES) {
      float *to = o->to + (first + r) * o->ld + c;
      vec_store(to, vec_load(to) + vec_load(tile + r * LA_PANEL + c));
    }
}

extern const vit_kernels KERNEL(vit_kernels);
const vit_kernels KERNEL(vit_kernels) = {.layer_norm = layer_norm,
                                         .attention = attention,
                                         .add_bias = add_bias,
                                         .add_bias_gelu = add_bias_gelu,
                                         .add_bias_gelu_coarse = add_bias_gelu_coarse,
                                         .add_bias_residual = add_bias_residual,
                                         .add = add};
