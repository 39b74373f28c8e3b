/* Principal components by products with the panels alone, against matrices whose eigenvectors are known: spectra that
 * fall slowly, equal and nearly equal eigenvalues, too low a rank, nearly all components; the same bits with any number
 * of threads and from wherever a search is taken up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "la/blas.h"
#include "train/pca/pca_steps.h"

#define PI 3.14159265358979323846
#define WIDTH 128
#define GRAM "test_pca_products.gram"
#define VECTORS "test_pca_products.vectors"
#define PARTS "test_pca_products.components"

/* X = sum of sqrt(values[l]) u_l w_l^T, both sides the cosines of the DCT without the constant one: so X is centred,
 * and X X^T has these eigenvalues and the eigenvectors u_l. */
typedef struct source {
  size_t rows, columns, rank;
  double *values;  /* [rank] descending */
  double *vectors; /* [rank][rows] u */
  float *x;        /* [rows][columns] */
} source;

static void fill_cosines(double *to, size_t count, size_t length) {
  for (size_t l = 0; l < count; l++)
    for (size_t i = 0; i < length; i++)
      to[l * length + i] = sqrt(2.0 / (double)length) * cos(PI * ((double)i + 0.5) * (double)(l + 1) / (double)length);
}

static source make_source(size_t rows, size_t columns, size_t rank, double (*value)(size_t)) {
  source s = {rows,
              columns,
              rank,
              base_alloc(rank, sizeof(double), NULL),
              base_alloc(rank * rows, sizeof(double), NULL),
              base_alloc(rows * columns, sizeof(float), NULL)};
  double *right = base_alloc(rank * columns, sizeof *right, NULL), *x = base_alloc(rows * columns, sizeof *x, NULL);
  fill_cosines(s.vectors, rank, rows);
  fill_cosines(right, rank, columns);
  for (size_t l = 0; l < rank; l++) {
    s.values[l] = value(l);
    for (size_t j = 0; j < columns; j++) right[l * columns + j] *= sqrt(s.values[l]);
  }
  assert_int_equal(la_multiply(la_kernels_for(base_machine_isa()), rows, columns, rank, 1,
                               (la_operand){s.vectors, rows, true}, (la_operand){right, columns, false}, 0, x, columns,
                               2, NULL),
                   BERG_OK);
  for (size_t i = 0; i < rows * columns; i++) s.x[i] = (float)x[i];
  base_free(right), base_free(x);
  return s;
}

static void free_source(source *s) { base_free(s->values), base_free(s->vectors), base_free(s->x); }

static berg_status read_panel(void *user, size_t index, float *to, berg_error *error) {
  const source *s = user;
  const size_t first = index * WIDTH, width = s->columns - first < WIDTH ? s->columns - first : WIDTH;
  (void)error;
  for (size_t i = 0; i < s->rows; i++) memcpy(to + i * width, s->x + i * s->columns + first, width * sizeof *to);
  return BERG_OK;
}

/* --- A fit in steps --- */

typedef struct watch {
  size_t calls, stop; /* the call that cancels; 0: never */
} watch;

static int progress(void *user, size_t done, size_t total, double seconds) {
  watch *w = user;
  (void)seconds;
  assert_true(done <= total);
  return ++w->calls == w->stop;
}

static void remove_all(void) {
  if (system("rm -f test_pca_products.*")) fail();
}

/* All steps, or as far as the eigenvectors. */
static berg_status fit(train_pca *pca, source *s, size_t components, bool standardise, train_products products,
                       bool by_products, int threads, watch *w, berg_error *error) {
  const train_panels panels = {s->rows, s->columns, WIDTH, read_panel, s, NULL};
  const train_pca_options options = {components, standardise, products};
  const train_machine machine = train_machine_for(base_machine_isa(), threads, 0);
  const berg_run run = {.size = sizeof run, .progress = w ? progress : NULL, .user = w};
  const size_t count = train_panels_count(&panels);
  train_stage stage;
  train_stage_begin(&stage, &run, "all", "steps", TRAIN_PCA_PASSES * count);
  const train_pca_step step = {&panels, &options, &machine, "these", GRAM, VECTORS, PARTS, &stage, by_products};
  io_ranges done;
  bool is_whole;
  berg_status status = train_pca_gram_done(&step, &done, &is_whole, error);
  if (!status && !is_whole) status = train_pca_step_gram(&step, 0, count, error);
  if (!status && !is_whole) status = train_pca_merge_gram(&step, error);
  bool is_done = false;
  if (!status) status = train_pca_eigenvectors_done(&step, &is_done, error);
  if (!status && !is_done) status = train_pca_step_eigenvectors(&step, error);
  if (status || !pca) return status;
  status = train_pca_step_components(&step, 0, count, error);
  return status ? status : train_pca_merge_components(&step, pca, error);
}

static bool has_space(void) { return !system("test -n \"$(ls test_pca_products.vectors.space-* 2>/dev/null)\""); }

/* What the scores say of eigenvector `c`: unit length. */
static void take_vector(const train_pca *pca, size_t c, double *to) {
  double sum = 0;
  for (size_t i = 0; i < pca->rows; i++) {
    to[i] = pca->scores[i * pca->components + c];
    sum += to[i] * to[i];
  }
  for (size_t i = 0; i < pca->rows; i++) to[i] /= sqrt(sum);
}

/* The part of eigenvector `c` outside u_first to u_end. */
static double outside(const source *s, const double *vector, size_t first, size_t end) {
  double *rest = base_alloc(s->rows, sizeof *rest, NULL), sum = 0;
  memcpy(rest, vector, s->rows * sizeof *rest);
  for (size_t l = first; l < end; l++) {
    double along = 0;
    for (size_t i = 0; i < s->rows; i++) along += rest[i] * s->vectors[l * s->rows + i];
    for (size_t i = 0; i < s->rows; i++) rest[i] -= along * s->vectors[l * s->rows + i];
  }
  for (size_t i = 0; i < s->rows; i++) sum += rest[i] * rest[i];
  base_free(rest);
  return sqrt(sum);
}

/* --- Against what is known --- */

static double harmonic(size_t l) { return 1 / (double)(l + 1); }
/* Pairs apart by less than what decides between them, then slowly falling. */
static double pairs(size_t l) { return 1 / (double)(l / 2 + 1) * (l % 2 ? 1 - 1e-9 : 1); }
/* 5 distinct, then 100 equal: more than a block is wide. */
static double many_equal(size_t l) { return l < 5 ? 2 + (double)l * -0.1 : l < 105 ? 0.5 : 0.1 / (double)l; }

/* Eigenvalues, and each eigenvector within those of the eigenvalues near its own. */
static void expect_known(source *s, size_t components, train_products products, double tolerance, double near) {
  train_pca pca;
  berg_error error;
  remove_all();
  if (fit(&pca, s, components, false, products, true, 2, NULL, &error)) fail_msg("%s", error.message);
  assert_false(has_space());
  double *vector = base_alloc(s->rows, sizeof *vector, NULL);
  for (size_t c = 0; c < components; c++) {
    const double value = (double)pca.singular_values[c] * (double)pca.singular_values[c];
    if (!(fabs(value - s->values[c]) <= 1e-6 * s->values[c])) fail_msg("value %zu: %.9g, %.9g", c, value, s->values[c]);
    size_t first = c, end = c + 1;
    while (first && s->values[first - 1] - s->values[c] <= near * s->values[c]) first--;
    while (end < s->rank && s->values[c] - s->values[end] <= near * s->values[c]) end++;
    take_vector(&pca, c, vector);
    const double off = outside(s, vector, first, end);
    if (!(off <= tolerance)) fail_msg("vector %zu is off by %.1e", c, off);
  }
  base_free(vector);
  train_pca_release(&pca);
  remove_all();
}

/* Scores are float32: what is left of a vector outside its direction is 3e-8. Float32 products of so few features are
 * wrong by 6e-7 of the last value, and the gap behind it is a fortieth. */
static void known_eigenvectors_are_found(void **state) {
  (void)state;
  source s = make_source(500, 6 * WIDTH, 499, harmonic);
  expect_known(&s, 40, TRAIN_PRODUCTS_F64, 1e-6, 0);
  expect_known(&s, 40, TRAIN_PRODUCTS_F32, 5e-5, 0);
  free_source(&s);
}

static void nearly_equal_eigenvalues(void **state) {
  (void)state;
  source s = make_source(400, 5 * WIDTH + 37, 399, pairs);
  expect_known(&s, 31, TRAIN_PRODUCTS_F64, 1e-6, 1e-6);
  expect_known(&s, 31, TRAIN_PRODUCTS_F32, 2e-5, 1e-6);
  free_source(&s);
}

static void more_equal_ones_than_a_block_is_wide(void **state) {
  (void)state;
  source s = make_source(300, 4 * WIDTH, 299, many_equal);
  expect_known(&s, 60, TRAIN_PRODUCTS_F64, 1e-6, 1e-6);
  expect_known(&s, 60, TRAIN_PRODUCTS_F32, 1e-5, 1e-6);
  free_source(&s);
}

static void nearly_all_components(void **state) {
  (void)state;
  source s = make_source(70, 3 * WIDTH, 69, harmonic);
  expect_known(&s, 69, TRAIN_PRODUCTS_F64, 1e-5, 0);
  expect_known(&s, 66, TRAIN_PRODUCTS_F32, 1e-4, 0);
  free_source(&s);
}

static void a_low_rank(void **state) {
  (void)state;
  source s = make_source(300, 3 * WIDTH, 30, harmonic);
  for (int products = TRAIN_PRODUCTS_F32; products <= TRAIN_PRODUCTS_F64; products++) {
    berg_error error;
    expect_known(&s, 30, products, 2e-5, 0);
    assert_int_equal(fit(NULL, &s, 31, false, products, true, 2, NULL, &error), BERG_EARGUMENT);
    assert_non_null(strstr(error.message, "only 30 independent"));
    remove_all();
  }
  free_source(&s);
}

/* --- Against the Gram matrix --- */

/* Every image twice, standardised, with a constant column. */
static void the_gram_matrix_says_the_same(void **state) {
  (void)state;
  source s = make_source(400, 4 * WIDTH + 5, 200, harmonic);
  for (size_t i = 0; i < s.rows; i++) {
    if (i % 2) memcpy(s.x + i * s.columns, s.x + (i - 1) * s.columns, s.columns * sizeof *s.x);
    s.x[i * s.columns + 7] = 3;
  }
  for (int products = TRAIN_PRODUCTS_F32; products <= TRAIN_PRODUCTS_F64; products++) {
    train_pca pca[2];
    berg_error error;
    for (int way = 0; way < 2; way++) {
      remove_all();
      if (fit(&pca[way], &s, 50, true, products, way, 2, NULL, &error)) fail_msg("%s", error.message);
    }
    assert_memory_equal(pca[0].mean, pca[1].mean, s.columns * sizeof(double));
    assert_memory_equal(pca[0].scale, pca[1].scale, s.columns * sizeof(double));
    for (size_t c = 0; c < 50; c++) {
      double dot = 0;
      assert_true(fabsf(pca[0].singular_values[c] - pca[1].singular_values[c]) <= 3e-7f * pca[0].singular_values[c]);
      for (size_t j = 0; j < s.columns; j++)
        dot += (double)pca[0].directions[c * s.columns + j] * (double)pca[1].directions[c * s.columns + j];
      if (!(fabs(dot - 1) < 2e-6)) fail_msg("component %zu: %.9f", c, dot);
    }
    train_pca_release(&pca[0]), train_pca_release(&pca[1]);
  }
  remove_all();
  free_source(&s);
}

/* --- The same bits --- */

typedef struct bytes {
  char *data;
  size_t size;
} bytes;

static bytes take_vectors(void) {
  FILE *file = fopen(VECTORS, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  bytes taken = {NULL, (size_t)ftell(file)};
  rewind(file);
  taken.data = base_alloc(taken.size, 1, NULL);
  assert_int_equal(fread(taken.data, 1, taken.size, file), taken.size);
  fclose(file);
  return taken;
}

static void expect_vectors(const bytes *whole) {
  bytes found = take_vectors();
  assert_int_equal(found.size, whole->size);
  assert_memory_equal(found.data, whole->data, found.size);
  base_free(found.data);
}

static void spoil(const char *path) {
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  fseek(file, 5000, SEEK_SET);
  const int byte = fgetc(file);
  fseek(file, 5000, SEEK_SET);
  fputc(byte ^ 1, file);
  fclose(file);
}

static void threads_and_interruptions_change_no_bit(void **state) {
  (void)state;
  source s = make_source(350, 5 * WIDTH, 349, harmonic);
  for (int products = TRAIN_PRODUCTS_F32; products <= TRAIN_PRODUCTS_F64; products++) {
    bytes whole = {NULL, 0};
    watch all = {0, 0};
    for (int threads = 1; threads <= 3; threads++) {
      remove_all();
      all.calls = 0;
      assert_int_equal(fit(NULL, &s, 40, true, products, true, threads, &all, NULL), BERG_OK);
      if (threads == 1)
        whole = take_vectors();
      else
        expect_vectors(&whole);
    }
    remove_all();
    assert_true(all.calls > 40);
    size_t cuts = 0;
    berg_status status = BERG_ECANCELLED;
    for (; status == BERG_ECANCELLED; cuts++) { /* now in one pass, now in the next but one */
      watch w = {0, 8 + cuts % 3};
      status = fit(NULL, &s, 40, true, products, true, 1 + (int)cuts % 3, &w, NULL);
      if (cuts == 5) spoil(VECTORS ".space-0-02"); /* a step back, and the same again */
      assert_true(cuts < 100);
    }
    assert_int_equal(status, BERG_OK);
    assert_true(cuts > 6);
    expect_vectors(&whole);
    assert_false(has_space());
    base_free(whole.data);
  }
  remove_all();
  free_source(&s);
}

/* A million images: what a pass needs, not what a matrix of them would. */
static void memory_grows_with_the_rows(void **state) {
  (void)state;
  const train_pca_sizes one = train_pca_memory(500000, 460800, 3840, 250, 16),
                        two = train_pca_memory(1000000, 460800, 3840, 250, 16);
  assert_true(two.search < (size_t)48 << 30 && two.moments < two.search && two.components < two.search);
  assert_true(two.search < 2 * one.search && two.gram > 3 * one.gram);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_eigenvectors_are_found),
      cmocka_unit_test(nearly_equal_eigenvalues),
      cmocka_unit_test(more_equal_ones_than_a_block_is_wide),
      cmocka_unit_test(nearly_all_components),
      cmocka_unit_test(a_low_rank),
      cmocka_unit_test(the_gram_matrix_says_the_same),
      cmocka_unit_test(threads_and_interruptions_change_no_bit),
      cmocka_unit_test(memory_grows_with_the_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
