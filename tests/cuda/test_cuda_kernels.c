/* Every kernel of src/cuda: against loops in double, against the processor's own kernels, and in several turns, which
 * must not differ in a bit: on the host the threads of a block run in three orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/kernel.h"
#include "cuda/tensors.h"
#include "la/kernels.h"
#include "running.h"
#include "vit/embed.h"
#include "vit/kernels.h"

#define IMAGES 2
#define ROWS (IMAGES * VIT_TOKENS)

static float number(unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)(*seed >> 8) / (1 << 23) - 1;
}

static float *numbers(size_t count, float spread, unsigned seed) {
  float *list = running_take(count * sizeof *list);
  for (size_t i = 0; i < count; i++) list[i] = spread * number(&seed);
  return list;
}

static void *copy_of(const void *from, size_t bytes) {
  void *to = running_take(bytes);
  return memcpy(to, from, bytes);
}

static float from_any(const void *array, size_t i, int bf16) {
  return bf16 ? cuda_from_bf16(((const uint16_t *)array)[i]) : ((const float *)array)[i];
}

/* Runs a kernel whose `bytes` of output lie at `out`, in all turns: the same bits each time. */
static void run(int id, size_t blocks, const void *args, void *out, size_t bytes) {
  void *before = copy_of(out, bytes), *first = NULL;
  for (int turn = 0; turn < RUNNING_TURNS; turn++) {
    memcpy(out, before, bytes);
    running_kernel(turn, id, blocks, args);
    if (!first) first = copy_of(out, bytes);
    assert_memory_equal(out, first, bytes);
  }
  running_give(before), running_give(first);
}
#define RUN(kernel, blocks, out, bytes, ...) run(kernel##_id, blocks, &(const kernel##_args){__VA_ARGS__}, out, bytes)

/* The largest error beside what bfloat16 itself costs. */
static void assert_close(const void *found, const double *expected, size_t count, int bf16, double tolerance) {
  for (size_t i = 0; i < count; i++) {
    const double bound = tolerance + (bf16 ? fabs(expected[i]) / 256 : 0);
    if (!(fabs(from_any(found, i, bf16) - expected[i]) <= bound))
      fail_msg("number %zu: %.9g instead of %.9g", i, (double)from_any(found, i, bf16), expected[i]);
  }
}

static void tensors_as_the_library_has_them(void **state) {
  (void)state;
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    const cuda_tensor of = cuda_tensor_of(t);
    size_t shape[4];
    const size_t ndim = vit_tensor_shape(t, shape);
    assert_int_equal(of.rows * of.columns, vit_tensor_count(t));
    assert_int_equal(of.matrix, t == VIT_PATCH_WEIGHT || (t >= VIT_BEFORE_BLOCKS && ndim == 2));
    if (of.matrix) assert_int_equal(of.rows, shape[0]);
  }
}

/* To bfloat16: by arithmetic in double, over every kind of number. */
static void rounding(void **state) {
  enum { COUNT = 40000 };
  unsigned seed = 3;
  float *from = running_take(COUNT * sizeof *from);
  uint16_t *to = running_take(COUNT * sizeof *to);
  (void)state;
  for (int i = 0; i < COUNT; i++) {
    const uint32_t bits = i < 4096   ? (uint32_t)i << 20
                          : i < 8192 ? ((uint32_t)i << 20) + 0x8000u
                                     : (uint32_t)(number(&seed) * 2e9f) + (uint32_t)i;
    memcpy(&from[i], &bits, sizeof bits);
  }
  from[0] = NAN, from[1] = INFINITY, from[2] = -INFINITY, from[3] = -0.0f, from[4] = 1e-45f;
  RUN(cuda_round, (COUNT + CUDA_ROUND_PIECE - 1) / CUDA_ROUND_PIECE, to, COUNT * sizeof *to, from, to, COUNT);
  for (int i = 0; i < COUNT; i++) {
    const float got = cuda_from_bf16(to[i]);
    if (isnan(from[i])) {
      assert_true(isnan(got));
      continue;
    }
    if (isinf(got)) {
      assert_true(isinf(from[i]) || fabsf(from[i]) > 3.38e38f);
      continue;
    }
    const float below = cuda_from_bf16((uint32_t)to[i] - 1), above = cuda_from_bf16((uint32_t)to[i] + 1);
    const double error = fabs((double)got - from[i]);
    if (to[i] & 0x7fff) assert_true(error <= fabs((double)below - from[i]));
    if (!isinf(above)) assert_true(error <= fabs((double)above - from[i]));
    if (error == fabs((double)above - from[i])) assert_int_equal(to[i] & 1, 0); /* ties to even */
  }
  running_give(from), running_give(to);
}

static void patches(void **state) {
  const size_t count = (size_t)ROWS * VIT_PATCH_VALUES, side = VIT_GRID * VIT_PATCH;
  uint8_t *pixels = running_take(IMAGES * 3 * side * side);
  float *expected = running_take(count * sizeof *expected), *found = running_take(count * sizeof *found);
  vit_normalisation table;
  unsigned seed = 5;
  (void)state;
  for (size_t i = 0; i < IMAGES * 3 * side * side; i++) pixels[i] = (uint8_t)(127.5f * (number(&seed) + 1));
  vit_normalisation_init(&table);
  float *values = copy_of(table.value, sizeof table.value);
  for (size_t i = 0; i < IMAGES; i++)
    vit_cut_patches(&table, pixels + i * 3 * side * side, expected + i * VIT_TOKENS * VIT_PATCH_VALUES);
  RUN(cuda_patches, ROWS, found, count * sizeof *found, pixels, values, found, 0);
  assert_memory_equal(found, expected, count * sizeof *found);
  RUN(cuda_patches, ROWS, found, count * sizeof(uint16_t), pixels, values, found, 1);
  for (size_t i = 0; i < count; i++) assert_int_equal(((uint16_t *)found)[i], cuda_to_bf16(expected[i]));
  running_give(pixels), running_give(values), running_give(expected), running_give(found);
}

static void positions(void **state) {
  const size_t count = (size_t)ROWS * VIT_CHANNELS;
  float *tokens = numbers(count, 2, 1), *bias = numbers(VIT_CHANNELS, 1, 2), *class_token = numbers(VIT_CHANNELS, 1, 3);
  float *position = numbers(VIT_LAYER_FEATURES, 1, 4), *before = copy_of(tokens, count * sizeof *tokens);
  (void)state;
  RUN(cuda_positions, ROWS, tokens, count * sizeof *tokens, tokens, bias, class_token, position);
  for (size_t r = 0; r < ROWS; r++)
    for (size_t c = 0; c < VIT_CHANNELS; c++) {
      const size_t token = r % VIT_TOKENS;
      const float own = token ? before[r * VIT_CHANNELS + c] + bias[c] : class_token[c];
      assert_true(tokens[r * VIT_CHANNELS + c] == own + position[token * VIT_CHANNELS + c]);
    }
  running_give(tokens), running_give(bias), running_give(class_token), running_give(position), running_give(before);
}

static void layer_norm(void **state) {
  const size_t count = (size_t)ROWS * VIT_CHANNELS;
  float *x = numbers(count, 3, 6), *gain = numbers(VIT_CHANNELS, 2, 7), *bias = numbers(VIT_CHANNELS, 1, 8);
  float *found = running_take(count * sizeof *found), *cpu = running_take(count * sizeof *cpu);
  double *expected = running_take(count * sizeof *expected);
  (void)state;
  for (size_t c = 0; c < VIT_CHANNELS; c++) x[c] += 1000;                /* a large mean */
  for (size_t c = 0; c < VIT_CHANNELS; c++) x[VIT_CHANNELS + c] = 0.25f; /* no variance */
  x[2 * VIT_CHANNELS + 7] = 400;                                         /* an outlier channel */
  for (size_t r = 0; r < ROWS; r++) {
    const float *row = x + r * VIT_CHANNELS;
    double mean = 0, variance = 0;
    for (size_t c = 0; c < VIT_CHANNELS; c++) mean += row[c] / (double)VIT_CHANNELS;
    for (size_t c = 0; c < VIT_CHANNELS; c++) variance += (row[c] - mean) * (row[c] - mean) / VIT_CHANNELS;
    for (size_t c = 0; c < VIT_CHANNELS; c++)
      expected[r * VIT_CHANNELS + c] = (row[c] - mean) / sqrt(variance + 1e-6) * gain[c] + bias[c];
  }
  for (size_t r = 0; r < ROWS; r++)
    vit_kernels_for(base_machine_isa())->layer_norm(x + r * VIT_CHANNELS, gain, bias, cpu + r * VIT_CHANNELS);
  for (int bf16 = 0; bf16 < 2; bf16++) {
    RUN(cuda_layer_norm, ROWS, found, count * (bf16 ? 2 : 4), x, gain, bias, found, bf16);
    assert_close(found, expected, VIT_CHANNELS, bf16, 1e-4); /* the mean itself is rounded at 1000 */
    assert_close((char *)found + VIT_CHANNELS * (bf16 ? 2 : 4), expected + VIT_CHANNELS, count - VIT_CHANNELS, bf16,
                 3e-6);
    for (size_t i = 0; i < count && !bf16; i++)
      if (fabsf(found[i] - cpu[i]) > (i < VIT_CHANNELS ? 3e-4f : 1e-5f))
        fail_msg("number %zu: %.9g, on the processor %.9g, in double %.9g", i, found[i], cpu[i], expected[i]);
  }
  running_give(x), running_give(gain), running_give(bias), running_give(found), running_give(cpu),
      running_give(expected);
}

/* One head of one image in double: softmax(q k^T / 8) v. */
static void attend(const float *qkv, size_t head, double *out) {
  const float *q = qkv + head * VIT_HEAD, *k = q + VIT_CHANNELS, *v = k + VIT_CHANNELS;
  for (size_t i = 0; i < VIT_TOKENS; i++) {
    double weight[VIT_TOKENS], most = -1e300, total = 0;
    for (size_t j = 0; j < VIT_TOKENS; j++) {
      weight[j] = 0;
      for (size_t d = 0; d < VIT_HEAD; d++) weight[j] += (double)q[i * VIT_QKV + d] * k[j * VIT_QKV + d] / 8;
      if (weight[j] > most) most = weight[j];
    }
    for (size_t j = 0; j < VIT_TOKENS; j++) total += weight[j] = exp(weight[j] - most);
    for (size_t d = 0; d < VIT_HEAD; d++) {
      double sum = 0;
      for (size_t j = 0; j < VIT_TOKENS; j++) sum += weight[j] / total * v[j * VIT_QKV + d];
      out[i * VIT_CHANNELS + head * VIT_HEAD + d] = sum;
    }
  }
}

static void attention(void **state) {
  const size_t count = (size_t)ROWS * VIT_QKV, outs = (size_t)ROWS * VIT_CHANNELS;
  float *qkv = numbers(count, 2, 9), *bias = numbers(VIT_QKV, 1, 10), *found = running_take(outs * sizeof *found);
  uint16_t *narrow = running_take(count * sizeof *narrow);
  float *biased = running_take(count * sizeof *biased), *cpu = running_take(outs * sizeof *cpu), *scratch = NULL;
  double *expected = running_take(outs * sizeof *expected);
  assert_int_equal(posix_memalign((void **)&scratch, 64, VIT_ATTENTION_SCRATCH), 0);
  (void)state;
  for (size_t i = 0; i < VIT_HEAD; i++) qkv[3 * VIT_QKV + i] *= 40; /* a query whose softmax is nearly one key */
  for (int bf16 = 0; bf16 < 2; bf16++) {
    for (size_t i = 0; i < count; i++) {
      narrow[i] = (uint16_t)cuda_to_bf16(qkv[i]);
      biased[i] = (bf16 ? cuda_from_bf16(narrow[i]) : qkv[i]) + bias[i % VIT_QKV];
    }
    for (size_t image = 0; image < IMAGES; image++)
      for (size_t head = 0; head < VIT_HEADS; head++)
        attend(biased + image * VIT_TOKENS * VIT_QKV, head, expected + image * VIT_LAYER_FEATURES);
    RUN(cuda_attention, IMAGES * VIT_HEADS, found, outs * (bf16 ? 2 : 4), bf16 ? (void *)narrow : (void *)qkv, bias,
        found, bf16);
    assert_close(found, expected, outs, bf16, 2e-5);
    for (size_t h = 0; h < IMAGES * VIT_HEADS && !bf16; h++) {
      const size_t image = h / VIT_HEADS, head = h % VIT_HEADS;
      vit_kernels_for(base_machine_isa())
          ->attention(la_gemm_for(base_machine_isa(), LA_F32), biased + image * VIT_TOKENS * VIT_QKV + head * VIT_HEAD,
                      cpu + image * VIT_LAYER_FEATURES + head * VIT_HEAD, scratch);
    }
    for (size_t i = 0; i < outs && !bf16; i++) assert_true(fabsf(found[i] - cpu[i]) <= 2e-5f);
  }
  running_give(qkv), running_give(bias), running_give(found), running_give(narrow), running_give(biased),
      running_give(cpu), free(scratch), running_give(expected);
}

static void gelu(void **state) {
  const size_t rows = 8, count = rows * VIT_HIDDEN;
  float *x = numbers(count, 8, 11), *bias = numbers(VIT_HIDDEN, 1, 12), *found = running_take(count * sizeof *found);
  double *expected = running_take(count * sizeof *expected);
  (void)state;
  x[0] = -40, x[1] = 40, x[2] = 0, x[3] = 1e-20f;
  for (int bf16 = 0; bf16 < 2; bf16++) {
    for (size_t i = 0; i < count; i++) {
      const float own = bf16 ? cuda_from_bf16(cuda_to_bf16(x[i])) : x[i];
      const double biased = own + bias[i % VIT_HIDDEN];
      expected[i] = biased * 0.5 * (1 + erf(biased / sqrt(2)));
      if (bf16)
        ((uint16_t *)found)[i] = (uint16_t)cuda_to_bf16(x[i]);
      else
        found[i] = x[i];
    }
    RUN(cuda_gelu, 3 * rows, found, count * (bf16 ? 2 : 4), found, bias, bf16);
    assert_close(found, expected, count, bf16, 1.5e-6);
  }
  running_give(x), running_give(bias), running_give(found), running_give(expected);
}

static void standardise(void **state) {
  const la_kernels *kernels = la_kernels_for(BASE_ISA_PORTABLE);
  float *x = numbers((size_t)IMAGES * VIT_LAYER_FEATURES, 4, 13), *high = numbers(VIT_LAYER_FEATURES, 5, 14);
  float *low = numbers(VIT_LAYER_FEATURES, 1e-7f, 15), *reciprocal = numbers(VIT_LAYER_FEATURES, 30, 16);
  float *z = running_take((size_t)IMAGES * VIT_LAYER_FEATURES * sizeof *z), expected[VIT_CHANNELS];
  (void)state;
  high[5] = 1e5f, x[5] = 1e5f + 0.0078125f;
  for (unsigned tokens = 1; tokens <= VIT_TOKENS; tokens += VIT_TOKENS - 1)
    for (int bf16 = 0; bf16 < 2; bf16++) {
      RUN(cuda_standardise, IMAGES * tokens, z, IMAGES * tokens * VIT_CHANNELS * (bf16 ? 2u : 4u), x, high, low,
          reciprocal, z, tokens, bf16);
      for (size_t block = 0; block < IMAGES * tokens; block++) {
        const size_t within = block % tokens * VIT_CHANNELS;
        kernels->standardise(x + block / tokens * VIT_LAYER_FEATURES + within, high + within, low + within,
                             reciprocal + within, VIT_CHANNELS, expected);
        for (size_t c = 0; c < VIT_CHANNELS; c++)
          assert_true(from_any(z, block * VIT_CHANNELS + c, bf16) ==
                      (bf16 ? cuda_from_bf16(cuda_to_bf16(expected[c])) : expected[c]));
      }
    }
  running_give(x), running_give(high), running_give(low), running_give(reciprocal), running_give(z);
}

static void sums(void **state) {
  enum { TOKENS = 50, SCORES = 192, LAYERS = 3 };
  const size_t count = TOKENS * IMAGES * SCORES;
  const size_t bytes = IMAGES * SCORES * sizeof(double);
  double *total = running_take(bytes), expected[IMAGES * SCORES] = {0};
  float *scores = running_take(bytes);
  (void)state;
  for (int layer = 0; layer < LAYERS; layer++) {
    float *products = numbers(count, 1e3f, 20 + (unsigned)layer);
    RUN(cuda_sums, IMAGES, total, bytes, products, total, scores, TOKENS, IMAGES, SCORES, layer == 0,
        layer == LAYERS - 1);
    for (size_t t = 0; t < TOKENS; t++)
      for (size_t i = 0; i < IMAGES * SCORES; i++) expected[i] += products[t * IMAGES * SCORES + i];
    assert_memory_equal(total, expected, bytes);
    running_give(products);
  }
  for (size_t i = 0; i < IMAGES * SCORES; i++) assert_true(scores[i] == (float)expected[i]);
  running_give(total), running_give(scores);
}

static void gram_sum(void **state) {
  enum { N = 37, STRIP = 16, LD = 48 };
  double *gram = running_take(N * N * sizeof *gram), before[N * N];
  float *product = numbers(STRIP * LD, 1, 30);
  (void)state;
  for (size_t row = 0; row < LD; row += STRIP) {
    for (size_t i = 0; i < N * N; i++) gram[i] = before[i] = (double)i / 7;
    RUN(cuda_gram_sum, STRIP, gram, sizeof before, product, gram, N, row, LD);
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++) {
        const bool here = i >= row && i < row + STRIP && j <= i;
        assert_true(gram[i * N + j] == before[i * N + j] + (here ? (double)product[(i - row) * LD + j] : 0));
      }
  }
  running_give(product), running_give(gram);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tensors_as_the_library_has_them),
                                     cmocka_unit_test(rounding),
                                     cmocka_unit_test(patches),
                                     cmocka_unit_test(positions),
                                     cmocka_unit_test(layer_norm),
                                     cmocka_unit_test(attention),
                                     cmocka_unit_test(gelu),
                                     cmocka_unit_test(standardise),
                                     cmocka_unit_test(sums),
                                     cmocka_unit_test(gram_sum)};
  return cmocka_run_group_tests(tests, running_start, running_finish);
}
