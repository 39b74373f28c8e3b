/* LayerNorm, attention and what follows each product. */
#include "vit/kernels.h"

#include <math.h>

#include "vit/kernels/attention.h"

static void layer_norm(const float *x, size_t rows, const float *gain, const float *bias, float *y) {
  for (size_t r = 0; r < rows; r++, x += VIT_CHANNELS, y += VIT_CHANNELS) {
    /* two passes: the variance of what is left after the mean, so that a large mean costs no digits */
    vec sum = {0}, squares = {0};
    for (size_t c = 0; c < VIT_CHANNELS; c += LANES) sum += vec_load(x + c);
    float mean = vec_sum(sum) / VIT_CHANNELS;
    for (size_t c = 0; c < VIT_CHANNELS; c += LANES) {
      vec centred = vec_load(x + c) - mean;
      squares += centred * centred;
    }
    float scale = 1.0f / sqrtf(vec_sum(squares) / VIT_CHANNELS + 1e-6f);
    for (size_t c = 0; c < VIT_CHANNELS; c += LANES)
      vec_store(y + c, (vec_load(x + c) - mean) * scale * vec_load(gain + c) + vec_load(bias + c));
  }
}

static void attention(const float *qkv, float *out, void *scratch) {
  for (size_t h = 0; h < VIT_HEADS; h++) {
    const float *q = qkv + h * VIT_HEAD;
    attend(q, q + VIT_CHANNELS, q + 2 * VIT_CHANNELS, out + h * VIT_HEAD, scratch);
  }
}

static void add_bias(const float *product, size_t rows, size_t columns, const float *bias, float *out, size_t ld) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c += LANES)
      vec_store(out + r * ld + c, vec_load(product + r * columns + c) + vec_load(bias + c));
}

static void add_bias_gelu(const float *product, size_t rows, size_t columns, const float *bias, float *out, size_t ld) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c += LANES)
      vec_store(out + r * ld + c, vec_gelu(vec_load(product + r * columns + c) + vec_load(bias + c)));
}

static void add_bias_residual(const float *product, size_t rows, size_t columns, const float *bias, float *out,
                              size_t ld) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c += LANES)
      vec_store(out + r * ld + c,
                vec_load(out + r * ld + c) + (vec_load(product + r * columns + c) + vec_load(bias + c)));
}

extern const vit_kernels KERNEL(vit_kernels);
const vit_kernels KERNEL(vit_kernels) = {layer_norm, attention, add_bias, add_bias_gelu, add_bias_residual};
