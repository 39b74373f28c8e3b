/* Every product of a session and of the Gram matrix, at its own shape, against sums in double: that there is a way to
 * multiply it, that what is asked for in float32 is, and that bits depend on neither the run nor how many rows there
 * are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/kernel.h"
#include "cuda/session.h"
#include "running.h"

#define SAMPLES 400

static const char *const names[] = {"f32", "tf32", "bf16"};

static unsigned seed = 1;

static float number(void) {
  seed = seed * 1664525u + 1013904223u;
  return (float)(seed >> 8) / (1 << 23) - 1;
}

/* --- Operands: `own` on the host, `there` on the device, bfloat16 where the product says so. --- */

typedef struct operand {
  float *own;
  void *there;
  size_t count;
  bool narrow;
} operand;

static operand make(size_t count, bool narrow) {
  cuda_fault fault = {.text = ""};
  operand o = {.own = malloc(count * sizeof(float)), .count = count, .narrow = narrow};
  const size_t bytes = count * (narrow ? 2 : 4);
  uint16_t *halves = narrow ? malloc(bytes) : NULL;
  assert_true(o.own && (halves || !narrow));
  for (size_t i = 0; i < count; i++) {
    o.own[i] = number();
    if (narrow) halves[i] = (uint16_t)cuda_to_bf16(o.own[i]), o.own[i] = cuda_from_bf16(halves[i]);
  }
  if (cuda_take(running_backend, &o.there, bytes, &fault) ||
      cuda_upload(running_backend, CUDA_COMPUTE, o.there, bytes, narrow ? (void *)halves : (void *)o.own, bytes, bytes,
                  1, &fault) ||
      cuda_finish_all(running_backend, &fault))
    fail_msg("%s", fault.text);
  free(halves);
  return o;
}

static void release(operand *o) {
  cuda_give(running_backend, o->there);
  free(o->own);
}

/* --- One product --- */

typedef struct trial {
  cuda_product product;
  operand a, b, d, bias;
} trial;

/* d as the device has it after one product over d's first values; NULL, and a line, where there is none. */
static void *multiply(const trial *t, const cuda_product *product) {
  cuda_fault fault = {.text = ""};
  cuda_plan *plan = NULL;
  const size_t bytes = product->batch * product->m * product->n * (t->d.narrow ? 2 : 4);
  void *found = malloc(bytes);
  assert_non_null(found);
  cuda_status status = cuda_plan_product(running_backend, &plan, product, &fault);
  if (!status && !t->d.narrow)
    status = cuda_upload(running_backend, CUDA_COMPUTE, t->d.there, bytes, t->d.own, bytes, bytes, 1, &fault);
  if (!status)
    status = cuda_multiply(running_backend, plan, t->a.there, t->b.there, t->d.there,
                           product->add_bias ? t->bias.there : NULL, &fault);
  if (!status) status = cuda_download(running_backend, CUDA_COMPUTE, found, bytes, t->d.there, bytes, bytes, 1, &fault);
  if (!status) status = cuda_finish_all(running_backend, &fault);
  cuda_plan_free(plan);
  if (!status) return found;
  print_error("%s\n", fault.text);
  free(found);
  return NULL;
}

/* Some elements in double. Beyond the operands' own rounding an error may be a few last digits of what was added up: a
 * tenth of what TF32 would make of float32 operands. */
static int check_values(const trial *t, const void *found) {
  const cuda_product *p = &t->product;
  const double unit = p->precision == CUDA_TF32 ? 1e-3 : 1e-6;
  double worst = 0;
  for (int s = 0; s < SAMPLES; s++) {
    const size_t part = (size_t)s % p->batch, i = (size_t)(s * 131) % p->m, j = (size_t)(s * 7919) % p->n;
    const size_t at = part * p->step_d + i * p->ldd + j;
    double sum = p->add_to ? t->d.own[at] : 0, size = fabs(sum);
    if (p->add_bias) sum += t->bias.own[j], size += fabs(t->bias.own[j]);
    for (size_t k = 0; k < p->k; k++) {
      const double term =
          (double)t->a.own[part * p->step_a + i * p->lda + k] * t->b.own[part * p->step_b + j * p->ldb + k];
      sum += term, size += fabs(term);
    }
    const double got = t->d.narrow ? cuda_from_bf16(((const uint16_t *)found)[at]) : ((const float *)found)[at];
    const double error = fabs(got - sum) - (t->d.narrow ? fabs(sum) / 256 : 0);
    if (!(error <= unit * size)) {
      print_error("%s %s: [%zu][%zu] of %zu is %.9g instead of %.9g\n", names[p->precision], p->name, i, j, part, got,
                  sum);
      return 1;
    }
    if (error / size > worst) worst = error / size;
  }
  print_message("%-4s %-12s [%zu][%zu] x [%zu][%zu], %zu at once: largest error %.1e of the sum of sizes\n",
                names[p->precision], p->name, p->m, p->k, p->n, p->k, p->batch, worst);
  return 0;
}

/* The same again, and with half the rows: not a bit may change. */
static int check_bits(const trial *t, const void *first) {
  cuda_product half = t->product;
  const size_t number_bytes = t->d.narrow ? 2 : 4, part = half.m * half.n * number_bytes;
  int failed = 0;
  for (int turn = 0; turn < 2 && !failed; turn++) {
    void *again = multiply(t, &half);
    const size_t rows = half.m * half.n * number_bytes;
    failed = !again;
    for (size_t b = 0; b < half.batch && !failed; b++)
      failed = memcmp((const char *)first + b * part, (char *)again + b * rows, rows) != 0;
    if (again && failed)
      print_error("%s %s: %s other bits\n", names[half.precision], half.name,
                  turn ? "half the rows give" : "again gives");
    free(again);
    half.m = t->product.m / 2;
    if (half.batch > 1) half.step_d = half.m * half.n;
  }
  return failed;
}

static int try(cuda_product product) {
  const bool narrow = product.precision == CUDA_BF16;
  trial t = {.product = product};
  t.a = make(product.m * product.lda, narrow);
  t.b = make(product.n * product.ldb, narrow);
  t.d = make(product.batch * product.m * product.n, narrow && product.narrow_out);
  t.bias = make(product.n, false);
  void *found = multiply(&t, &product);
  int failed = !found || check_values(&t, found);
  if (!failed) failed = check_bits(&t, found);
  free(found);
  release(&t.a), release(&t.b), release(&t.d), release(&t.bias);
  return failed;
}

/* --- The shapes of session_plan.c and gram.c --- */

static cuda_product plain(const char *name, cuda_precision precision, size_t m, size_t n, size_t k) {
  return (cuda_product){.name = name,
                        .precision = precision,
                        .m = m,
                        .n = n,
                        .k = k,
                        .lda = k,
                        .ldb = k,
                        .ldd = n,
                        .batch = 1,
                        .usual_m = m};
}

static int try_network(cuda_precision precision) {
  const size_t rows = cuda_chunk_images() * VIT_TOKENS, C = VIT_CHANNELS, H = VIT_HIDDEN;
  cuda_product shapes[CUDA_PRODUCTS] = {[CUDA_PATCH] = plain("patches", precision, rows, C, VIT_PATCH_VALUES),
                                        [CUDA_QKV] = plain("qkv", precision, rows, VIT_QKV, C),
                                        [CUDA_ATTENDED] = plain("out", precision, rows, C, C),
                                        [CUDA_UP] = plain("up", precision, rows, H, C),
                                        [CUDA_DOWN] = plain("down", precision, rows, C, H)};
  int failed = 0;
  shapes[CUDA_QKV].narrow_out = shapes[CUDA_UP].narrow_out = true;
  shapes[CUDA_ATTENDED].add_to = shapes[CUDA_ATTENDED].add_bias = true;
  shapes[CUDA_DOWN].add_to = shapes[CUDA_DOWN].add_bias = true;
  for (int i = 0; i < CUDA_PRODUCTS; i++) failed += try(shapes[i]);
  return failed;
}

/* Components of one layer, a product a token, out of directions of all layers; all tokens, or the class token alone. */
static int try_components(cuda_precision precision, size_t tokens) {
  const size_t width = tokens * VIT_CHANNELS;
  cuda_product p = plain("components", precision, cuda_chunk_images(), running_components, VIT_CHANNELS);
  p.lda = width, p.ldb = VIT_LAYERS * width, p.batch = tokens;
  p.step_a = p.step_b = VIT_CHANNELS, p.step_d = p.m * p.n;
  return try(p);
}

static int try_responses(cuda_precision precision, size_t columns) {
  cuda_product p = plain("responses", precision == CUDA_TF32 ? CUDA_TF32 : CUDA_F32, cuda_chunk_images(), columns,
                         running_components);
  p.add_bias = true;
  return try(p);
}

static void expect_none(int failed) {
  if (failed) fail_msg("%d products of the shapes above", failed);
}

static void network(void **state) { expect_none(try_network(*(cuda_precision *)*state)); }

static void components(void **state) {
  const cuda_precision precision = *(cuda_precision *)*state;
  expect_none(try_components(precision, VIT_TOKENS) + try_components(precision, 1));
}

static void responses(void **state) {
  const cuda_precision precision = *(cuda_precision *)*state;
  expect_none(try_responses(precision, running_columns) + try_responses(precision, cuda_padded(1000)) +
              try_responses(precision, CUDA_PAD));
}

/* Strips of rows with all rows before them. */
static void gram(void **state) {
  const size_t strip = cuda_gram_strip(), width = 1024;
  int failed = 0;
  (void)state;
  for (size_t strips = 1; strips <= 9; strips += 4)
    failed += try(plain("Gram matrix", CUDA_F32, strip, strips * strip, width));
  expect_none(failed);
}

int main(void) {
  static cuda_precision f32 = CUDA_F32, tf32 = CUDA_TF32, bf16 = CUDA_BF16;
#define IN(precision)                                                     \
  {"network_" #precision, network, NULL, NULL, &(precision)},             \
      {"components_" #precision, components, NULL, NULL, &(precision)}, { \
    "responses_" #precision, responses, NULL, NULL, &(precision)          \
  }
  const struct CMUnitTest tests[] = {IN(f32), IN(tf32), IN(bf16), cmocka_unit_test(gram)};
  return cmocka_run_group_tests(tests, running_start, running_finish);
}
