/* Principal components out of core: interrupted anywhere and resumed to the same bits, both kinds of products, panels
 * that cannot be read, memory that does not suffice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "train/pca/pca.h"

#define ROWS 150
#define WIDTH 128
#define COLUMNS (5 * WIDTH + 37)
#define COMPONENTS 9
#define CHECKPOINT "test_pca.gram"

typedef struct source {
  size_t broken; /* panel that cannot be read */
  size_t reads;
  bool steep; /* components fall off so fast that the rounding of G shows in the last */
} source;

static berg_status read_panel(void *user, size_t index, float *to, berg_error *error) {
  source *s = user;
  const size_t width = index == 5 ? 37 : WIDTH;
  s->reads++;
  if (index == s->broken) return base_fail(error, BERG_EINPUT, "panel %zu is broken", index);
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < width; j++) {
      const size_t column = index * WIDTH + j;
      unsigned noise = (unsigned)(i * 7919 + column * 104729 + 1);
      for (int r = 0; r < 3; r++) noise = noise * 1664525u + 1013904223u;
      float sum = (float)(column % 7) + (s->steep ? 1e-4f : 0.3f) * ((float)(noise >> 8) / (1 << 23) - 1);
      for (int l = 1; l <= 12; l++)
        sum += sinf((float)(l * (int)i)) * cosf((float)(l * l) * (float)column) /
               (s->steep ? powf(3, (float)l) : (float)l);
      to[i * width + j] = sum;
    }
  return BERG_OK;
}

typedef struct watch {
  size_t calls, stop; /* the call that cancels; 0: never */
} watch;

static int progress(void *user, size_t done, size_t total, double seconds) {
  watch *w = user;
  (void)seconds;
  assert_true(done <= total);
  return ++w->calls == w->stop;
}

static berg_status fit(train_pca *pca, source *s, train_products products, const char *checkpoint, int threads,
                       watch *w, size_t memory, berg_error *error) {
  const train_panels panels = {ROWS, COLUMNS, WIDTH, read_panel, s, NULL};
  const train_pca_options options = {COMPONENTS, true, checkpoint, "these features", products};
  const berg_run run = {.size = sizeof run, .progress = progress, .user = w};
  const train_machine machine = train_machine_for(threads, memory);
  return train_pca_fit(pca, &panels, &options, &machine, &run, error);
}

static void expect_same(const train_pca *a, const train_pca *b) {
  assert_memory_equal(a->mean, b->mean, COLUMNS * sizeof(double));
  assert_memory_equal(a->scale, b->scale, COLUMNS * sizeof(double));
  assert_memory_equal(a->pca_mean, b->pca_mean, COLUMNS * sizeof(float));
  assert_memory_equal(a->directions, b->directions, COMPONENTS * COLUMNS * sizeof(float));
  assert_memory_equal(a->scores, b->scores, ROWS * COMPONENTS * sizeof(float));
  assert_memory_equal(a->explained_variance, b->explained_variance, COMPONENTS * sizeof(float));
  assert_true(a->noise_variance == b->noise_variance);
}

static void resumed_to_the_same_bits(void **state) {
  (void)state;
  for (int products = TRAIN_PRODUCTS_F32; products <= TRAIN_PRODUCTS_F64; products++) {
    train_pca whole, resumed;
    source s = {SIZE_MAX, 0, false};
    watch undisturbed = {0, 0};
    assert_int_equal(fit(&whole, &s, (train_products)products, NULL, 2, &undisturbed, 0, NULL), BERG_OK);
    for (size_t stop = 1; stop <= undisturbed.calls; stop++) {
      watch w = {0, stop};
      unlink(CHECKPOINT);
      assert_int_equal(fit(&resumed, &s, (train_products)products, CHECKPOINT, 1, &w, 0, NULL), BERG_ECANCELLED);
      assert_null(resumed.directions);
      s.reads = 0;
      w.stop = 0;
      assert_int_equal(fit(&resumed, &s, (train_products)products, CHECKPOINT, 2, &w, 0, NULL), BERG_OK);
      /* six panels twice, less those that were done: of the first call none was */
      if (stop > 1) assert_int_equal(s.reads, 12 - (stop - 1 < 6 ? stop - 1 : 6));
      expect_same(&whole, &resumed);
      assert_int_not_equal(access(CHECKPOINT, F_OK), 0);
      train_pca_release(&resumed);
    }
    train_pca_release(&whole);
  }
}

static void a_checkpoint_that_does_not_fit_is_passed_over(void **state) {
  (void)state;
  train_pca whole, other;
  source s = {SIZE_MAX, 0, false};
  watch w = {0, 0};
  assert_int_equal(fit(&whole, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, 0, NULL), BERG_OK);
  for (int damage = 0; damage < 4; damage++) {
    unlink(CHECKPOINT);
    w = (watch){0, 5};
    assert_int_equal(fit(&other, &s, damage == 3 ? TRAIN_PRODUCTS_F64 : TRAIN_PRODUCTS_F32, CHECKPOINT, 2, &w, 0, NULL),
                     BERG_ECANCELLED);
    FILE *file = fopen(CHECKPOINT, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    if (damage == 0) assert_int_equal(ftruncate(fileno(file), size - 1), 0);
    if (damage == 1) assert_int_equal(ftruncate(fileno(file), 20), 0);
    if (damage == 2) fseek(file, 80, SEEK_SET), fputc('X', file); /* in the fingerprint */
    fclose(file);
    s.reads = 0;
    w = (watch){0, 0};
    assert_int_equal(fit(&other, &s, TRAIN_PRODUCTS_F32, CHECKPOINT, 2, &w, 0, NULL), BERG_OK);
    assert_int_equal(s.reads, 12);
    expect_same(&whole, &other);
    train_pca_release(&other);
  }
  train_pca_release(&whole);
}

/* Float32 products with their correction against float64 ones. */
static void both_products_agree(void **state) {
  (void)state;
  train_pca fast, exact;
  source s = {SIZE_MAX, 0, false};
  watch w = {0, 0};
  assert_int_equal(fit(&fast, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, 0, NULL), BERG_OK);
  assert_int_equal(fit(&exact, &s, TRAIN_PRODUCTS_F64, NULL, 2, &w, 0, NULL), BERG_OK);
  for (size_t c = 0; c < COMPONENTS; c++) {
    double product = 0;
    assert_true(fabsf(fast.explained_variance[c] / exact.explained_variance[c] - 1) < 1e-6f);
    for (size_t j = 0; j < COLUMNS; j++)
      product += (double)fast.directions[c * COLUMNS + j] * exact.directions[c * COLUMNS + j];
    assert_true(product > 1 - 1e-6);
    for (size_t i = 0; i < ROWS; i++)
      assert_true(fabsf(fast.scores[i * COMPONENTS + c] - exact.scores[i * COMPONENTS + c]) <
                  1e-4f * fast.singular_values[c]);
  }
  train_pca_release(&fast);
  train_pca_release(&exact);
}

/* What the correction is for: without it this fails. */
static void steep_components_are_orthonormal(void **state) {
  (void)state;
  train_pca pca;
  source s = {SIZE_MAX, 0, true};
  watch w = {0, 0};
  berg_error error;
  if (fit(&pca, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, 0, &error)) fail_msg("%s", error.message);
  assert_true(pca.singular_values[COMPONENTS - 1] < 2e-2f * pca.singular_values[0]);
  for (size_t c = 0; c < COMPONENTS; c++)
    for (size_t d = 0; d <= c; d++) {
      double sum = 0;
      for (size_t j = 0; j < COLUMNS; j++)
        sum += (double)pca.directions[c * COLUMNS + j] * pca.directions[d * COLUMNS + j];
      if (fabs(sum - (c == d)) > 2e-6) fail_msg("components %zu and %zu: %g", c, d, sum);
    }
  train_pca_release(&pca);
}

static void a_panel_that_cannot_be_read(void **state) {
  (void)state;
  for (size_t broken = 0; broken < 6; broken++) {
    train_pca pca;
    berg_error error;
    source s = {broken, 0, false};
    watch w = {0, 0};
    char text[32];
    assert_int_equal(fit(&pca, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, 0, &error), BERG_EINPUT);
    snprintf(text, sizeof text, "panel %zu is broken", broken);
    assert_string_equal(error.message, text);
    assert_null(pca.mean);
  }
}

static void memory_is_kept(void **state) {
  (void)state;
  train_pca pca;
  source s = {SIZE_MAX, 0, false};
  watch w = {0, 0};
  const size_t needed = train_pca_memory(ROWS, COLUMNS, WIDTH, COMPONENTS, 2);
  assert_int_equal(fit(&pca, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, needed - 1, NULL), BERG_ELIMIT);
  assert_int_equal(s.reads, 0);
  assert_int_equal(fit(&pca, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, needed, NULL), BERG_OK);
  train_pca_release(&pca);
  /* the size that the project is made for, in 4 GiB */
  assert_true(train_pca_memory(8640, 460800, 3840, 250, 2) < (size_t)2 << 30);
}

static void a_checkpoint_that_cannot_be_written(void **state) {
  (void)state;
  train_pca pca;
  source s = {SIZE_MAX, 0, false};
  watch w = {0, 0};
  assert_int_equal(fit(&pca, &s, TRAIN_PRODUCTS_F32, "no/such/folder/gram", 2, &w, 0, NULL), BERG_EWRITE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resumed_to_the_same_bits),
      cmocka_unit_test(a_checkpoint_that_does_not_fit_is_passed_over),
      cmocka_unit_test(both_products_agree),
      cmocka_unit_test(steep_components_are_orthonormal),
      cmocka_unit_test(a_panel_that_cannot_be_read),
      cmocka_unit_test(memory_is_kept),
      cmocka_unit_test(a_checkpoint_that_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
