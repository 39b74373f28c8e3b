/* Engines of the tile unit: the unit's twin does what processors were seen to do; float32 by six products is closer to
 * float64 than float32's own arithmetic; int8 has every other engine's bits; and where the processor has the unit, its
 * bits are the twin's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <stdlib.h>

#include "la/gemm.h"

#define BERG_TILE_UNIT "tiles/unit_twin.h"
#include "la/kernels/amx/unit.h"
#include "tiles/twins.h"

/* --- The unit --- */

/* The float whose upper half is this bf16. */
static uint16_t bf16(float value) { return (uint16_t)(unit_bits(value) >> 16); }

/* Row 0 of x, 32 numbers, by column 0 of w, added to `sum`. */
static float sum_of(float sum, const float x[32], const float w[32]) {
  uint16_t rows[UNIT_ROWS][32] = {{0}}, columns[UNIT_ROWS][32] = {{0}};
  float sums[UNIT_ROWS][UNIT_COLUMNS] = {{sum}};
  for (size_t k = 0; k < 32; k++) rows[0][k] = bf16(x[k]), columns[k / 2][k % 2] = bf16(w[k]);
  unit_configure(UNIT_ROWS, UNIT_ROWS);
  UNIT_LOAD(0, sums, UNIT_BYTES);
  UNIT_LOAD(4, rows, UNIT_BYTES);
  UNIT_LOAD(6, columns, UNIT_BYTES);
  UNIT_BF16(0, 4, 6);
  UNIT_STORE(0, sums, UNIT_BYTES);
  unit_release();
  return sums[0][0];
}

static const float ones[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
#define LARGE 0x1p24f /* to which adding one changes nothing */

static void even_and_odd_numbers_are_summed_apart(void **state) {
  (void)state;
  assert_true(sum_of(3, (float[32]){1, 2, 4, 8, [31] = 16}, ones) == 34);
  /* along the even ones, in their order */
  assert_true(sum_of(0, (float[32]){LARGE, 0, 1, 0, -LARGE}, ones) == 0);
  assert_true(sum_of(0, (float[32]){LARGE, 0, -LARGE, 0, 1}, ones) == 1);
  /* the odd ones' sum meets the even ones', and only then what was there */
  assert_true(sum_of(0, (float[32]){LARGE, 1, -LARGE}, ones) == 1);
  assert_true(sum_of(-LARGE, (float[32]){LARGE, 1}, ones) == 0);
  assert_true(sum_of(-LARGE, (float[32]){LARGE, 2}, ones) == 2);
  /* to the nearest, of two the even one */
  assert_true(sum_of(0, (float[32]){LARGE, 0, 3}, ones) == LARGE + 4);
}

static void subnormal_numbers_are_zero(void **state) {
  (void)state;
  assert_true(sum_of(0x1p-130f, (float[32]){0}, ones) == 0);
  assert_true(sum_of(0, (float[32]){0x1p-130f}, (float[32]){0x1p120f}) == 0);
  assert_true(sum_of(0, (float[32]){0x1p120f}, (float[32]){0x1p-130f}) == 0);
  /* each product alone is too small, their sum would not be */
  float small[32];
  for (size_t k = 0; k < 32; k++) small[k] = 0x1p-64f;
  assert_true(sum_of(0, small, (float[32]){0x1p-63f, 0x1p-63f, 0x1p-63f, 0x1p-63f}) == 0);
  assert_true(sum_of(0, small, (float[32]){0x1p-62f, 0x1p-62f}) == 0x1p-125f);
}

static void bytes_of_x_have_no_sign(void **state) {
  (void)state;
  uint8_t x[UNIT_ROWS][UNIT_BYTES];
  int8_t w[UNIT_ROWS][UNIT_BYTES];
  int32_t sums[UNIT_ROWS][UNIT_COLUMNS] = {{7}};
  memset(x, 255, sizeof x);
  memset(w, -128, sizeof w);
  unit_configure(3, 2);
  UNIT_LOAD(0, sums, UNIT_BYTES);
  UNIT_LOAD(4, x, UNIT_BYTES);
  UNIT_LOAD(6, w, UNIT_BYTES);
  UNIT_BYTES_SUM(0, 4, 6);
  UNIT_STORE(0, sums, UNIT_BYTES);
  unit_release();
  assert_int_equal(sums[0][0], 7 - 64 * 255 * 128);
  assert_int_equal(sums[2][15], -64 * 255 * 128);
  assert_int_equal(sums[3][15], 0); /* beyond the rows of its shape */
}

/* --- Products --- */

#define N LA_PANEL

/* Gaussian enough, the same on every machine. */
static float draw(uint64_t *state) {
  float sum = 0;
  for (int i = 0; i < 4; i++) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    sum += (float)(*state >> 40) / (1 << 24) - 0.5f;
  }
  return sum;
}

static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  assert_non_null(memory);
  memset(memory, 0, (bytes + 63) / 64 * 64);
  return memory;
}

static void keep(const void *user, const float *tile, size_t first, size_t rows) {
  memcpy(*(float *const *)user + first * N, tile, rows * N * sizeof *tile);
}

/* y [rows][N] = x [rows][k] w^T, of one slab. Rows are loaded and the slab is packed by `packer`, of the same layout:
 * where processors fuse multiplications and additions, a few numbers are rounded otherwise. */
static void multiply_by(const la_gemm *gemm, const la_gemm *packer, const float *x, size_t rows, const float *w,
                        size_t k, float *y) {
  const size_t bytes = gemm->row_bytes(k);
  char *loaded = zeros(rows * bytes), *slab = zeros(LA_BUFFER_BYTES);
  float *scale = zeros(rows * sizeof *scale), *buffer = zeros(gemm->thread_bytes);
  for (size_t i = 0; i < rows; i++)
    if (gemm->load)
      packer->load(x + i * k, k, loaded + i * bytes, scale + i);
    else
      memcpy(loaded + i * bytes, x + i * k, k * sizeof *x);
  la_matrix matrix = {.gemm = packer, .n = N, .k = k, .rows = (const char *)w, .row_bytes = k * sizeof *w};
  la_matrix_pack(&matrix, 0, 0, buffer, slab);
  matrix.gemm = gemm, matrix.packed = slab;
  la_product product = {
      .rows = rows, .x = loaded, .row_bytes = bytes, .scale = scale, .buffer = buffer, .finish = keep, .user = &y};
  la_gemm_begin(gemm);
  la_matrix_multiply(&matrix, 0, 0, &product);
  la_gemm_end(gemm);
  free(loaded);
  free(slab);
  free(scale);
  free(buffer);
}

static void multiply(const la_gemm *gemm, const float *x, size_t rows, const float *w, size_t k, float *y) {
  multiply_by(gemm, gemm, x, rows, w, k, y);
}

typedef struct operands {
  size_t rows, k;
  float *x, *w, *y;
} operands;

static operands make(size_t rows, size_t k) {
  operands o = {rows, k, zeros(rows * k * sizeof(float)), zeros(N * k * sizeof(float)),
                zeros(rows * N * sizeof(float))};
  uint64_t seed = rows * 1009 + k;
  for (size_t i = 0; i < rows * k; i++) o.x[i] = draw(&seed);
  for (size_t i = 0; i < N * k; i++) o.w[i] = draw(&seed) / 16;
  return o;
}

static void release(operands *o) {
  free(o->x);
  free(o->w);
  free(o->y);
}

/* The mean square of the differences from sums in double. */
static double square_error(const operands *o) {
  double error = 0;
  for (size_t i = 0; i < o->rows; i++)
    for (size_t j = 0; j < N; j++) {
      double sum = 0;
      for (size_t p = 0; p < o->k; p++) sum += (double)o->x[i * o->k + p] * o->w[j * o->k + p];
      error += (o->y[i * N + j] - sum) * (o->y[i * N + j] - sum);
    }
  return error / (double)(o->rows * N);
}

static void six_products_are_closer_than_float32(void **state) {
  (void)state;
  operands o = make(20, LA_DEPTH);
  multiply(la_gemm_for(BASE_ISA_PORTABLE, LA_F32), o.x, o.rows, o.w, o.k, o.y);
  const double plain = square_error(&o);
  multiply(twins[LA_F32], o.x, o.rows, o.w, o.k, o.y);
  const double six = square_error(&o);
  print_message("root mean square error: float32 %.3g, six products %.3g\n", sqrt(plain), sqrt(six));
  assert_true(six < 0.36 * plain); /* 0.6 of it before squaring */
  release(&o);
}

/* By the identity: what three parts of a float add up to. */
static void a_float_is_the_sum_of_its_parts(void **state) {
  (void)state;
  operands o = make(9, N);
  const float ends[] = {FLT_MAX, -FLT_MAX, 0x1.fffffep-90f, 0x1p-126f, 1 + FLT_EPSILON, -0.0f, 0x1.fefffep127f};
  memcpy(o.x, ends, sizeof ends);
  for (size_t i = 0; i < N * N; i++) o.w[i] = i % (N + 1) == 0;
  multiply(twins[LA_F32], o.x, o.rows, o.w, N, o.y);
  for (size_t i = 0; i < o.rows * N; i++) assert_true(o.y[i] == o.x[i]);
  for (size_t i = 0; i < N * N; i++) o.w[i] = o.x[i % (o.rows * N)];
  for (size_t i = 0; i < o.rows * N; i++) o.x[i] = i % (N + 1) == 0;
  multiply(twins[LA_F32], o.x, o.rows, o.w, N, o.y);
  for (size_t i = 0; i < o.rows; i++)
    for (size_t j = 0; j < N; j++) assert_true(o.y[i * N + j] == o.w[j * N + i]);
  release(&o);
}

static void what_is_not_finite_stays_in_its_row_and_column(void **state) {
  (void)state;
  static const float wrong[] = {INFINITY, -INFINITY, NAN};
  for (int p = LA_F32; p <= LA_BF16; p++)
    for (size_t i = 0; i < 3; i++) {
      operands o = make(40, 50);
      o.x[33 * 50 + 49] = wrong[i];
      o.w[17 * 50 + 3] = wrong[i];
      multiply(twins[p], o.x, o.rows, o.w, o.k, o.y);
      for (size_t at = 0; at < o.rows * N; at++) assert_int_equal(isfinite(o.y[at]) != 0, at / N != 33 && at % N != 17);
      release(&o);
    }
}

/* Rows of every edge of a block, several groups of them, and depths that end within a step. */
static const size_t shapes[][2] = {{1, 768}, {16, 31}, {17, 33}, {31, 250}, {32, 64}, {33, 96}, {50, 770}, {530, 40}};
#define SHAPES (sizeof shapes / sizeof *shapes)

static void compare(const la_gemm *one, const la_gemm *other) {
  for (size_t s = 0; s < SHAPES; s++) {
    operands o = make(shapes[s][0], shapes[s][1] < LA_DEPTH ? shapes[s][1] : LA_DEPTH);
    float *y = zeros(o.rows * N * sizeof *y);
    multiply_by(one, other, o.x, o.rows, o.w, o.k, o.y);
    multiply_by(other, other, o.x, o.rows, o.w, o.k, y);
    assert_memory_equal(o.y, y, o.rows * N * sizeof *y);
    free(y);
    release(&o);
  }
}

static void int8_has_the_bits_of_other_engines(void **state) {
  (void)state;
  for (base_isa isa = BASE_ISA_PORTABLE; isa < BASE_ISA_COUNT; isa++) {
    const la_gemm *other = base_machine_has(isa) ? la_gemm_for(isa, LA_INT8) : NULL;
    if (other) compare(twins[LA_INT8], other);
  }
}

/* Where there is none, what is compared is the twin's own source, compiled for AVX-512 or not at all. */
static void processors_have_the_bits_of_the_twin(void **state) {
  (void)state;
#ifdef BERG_HAS_AMX
  for (int p = 0; p < LA_PRECISIONS && base_machine_has(BASE_ISA_AMX); p++)
    compare(twins[p], la_gemm_for(BASE_ISA_AMX, (la_precision)p));
#endif
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(even_and_odd_numbers_are_summed_apart),
      cmocka_unit_test(subnormal_numbers_are_zero),
      cmocka_unit_test(bytes_of_x_have_no_sign),
      cmocka_unit_test(six_products_are_closer_than_float32),
      cmocka_unit_test(a_float_is_the_sum_of_its_parts),
      cmocka_unit_test(what_is_not_finite_stays_in_its_row_and_column),
      cmocka_unit_test(int8_has_the_bits_of_other_engines),
      cmocka_unit_test(processors_have_the_bits_of_the_twin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
