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
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "train/pca/pca_steps.h"

#define ROWS 150
#define WIDTH 128
#define COLUMNS (5 * WIDTH + 37)
#define COMPONENTS 9
#define CHECKPOINT "test_pca.gram"
#define VECTORS "test_pca.vectors"
#define PARTS "test_pca.components"

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

static train_panels panels_of(source *s) { return (train_panels){ROWS, COLUMNS, WIDTH, read_panel, s, NULL}; }

/* What the stages of a training do one after the other, each with what it finds. */
static berg_status fit_in_steps(train_pca *pca, const train_pca_step *step, berg_error *error) {
  io_ranges done;
  io_range gap = {0, 0};
  bool is_whole;
  berg_status status = train_pca_gram_done(step, &done, &is_whole, error);
  while (!status && !is_whole && io_ranges_gap(&done, gap.end, 6, &gap))
    status = train_pca_step_gram(step, gap.first, gap.end, error);
  if (!status) status = train_pca_merge_gram(step, error);
  bool is_done = false;
  if (!status) status = train_pca_eigenvectors_done(step, &is_done, error);
  if (!status && !is_done) status = train_pca_step_eigenvectors(step, error);
  if (!status) status = train_pca_components_done(step, &done, error);
  for (gap.end = 0; !status && io_ranges_gap(&done, gap.end, 6, &gap);)
    status = train_pca_step_components(step, gap.first, gap.end, error);
  if (!status) status = train_pca_merge_components(step, pca, error);
  if (!status) status = train_pca_remove(step, step->gram, error);
  if (!status) status = train_pca_remove(step, step->vectors, error);
  return status ? status : train_pca_remove_parts(step, step->components, error);
}

/* In memory, or by way of files that begin with `checkpoint`. */
static berg_status fit(train_pca *pca, source *s, train_products products, const char *checkpoint, int threads,
                       watch *w, size_t memory, berg_error *error) {
  const train_panels panels = panels_of(s);
  const train_pca_options options = {COMPONENTS, true, products};
  const berg_run run = {.size = sizeof run, .progress = progress, .user = w};
  const train_machine machine = train_machine_for(base_machine_isa(), threads, memory);
  if (!checkpoint) return train_pca_fit(pca, &panels, &options, &machine, &run, error);
  train_stage stage;
  train_stage_begin(&stage, &run, "all", "panels", 6 * COMPONENTS);
  const train_pca_step step = {&panels, &options, &machine, "these features", checkpoint, VECTORS,
                               PARTS,   &stage,   false};
  *pca = (train_pca){.rows = 0};
  return fit_in_steps(pca, &step, error);
}

static size_t parts_of_components(void) {
  size_t count = 0;
  for (int block = 0; block < 6; block++) {
    char path[64];
    snprintf(path, sizeof path, PARTS ".block-%02d", block);
    count += !access(path, F_OK);
  }
  return count;
}

static void remove_files(void) {
  static const char *const paths[] = {CHECKPOINT, VECTORS, PARTS};
  for (size_t i = 0; i < 3; i++)
    for (int block = -1; block < 6; block++) {
      char path[64];
      snprintf(path, sizeof path, block < 0 ? "%s" : "%s.block-%02d", paths[i], block);
      unlink(path);
    }
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
    assert_int_equal(s.reads, 12); /* six panels twice */
    s.reads = 0;
    size_t most_parts = 0;
    for (size_t stop = 1, goes_on = true; goes_on; stop++) {
      watch w = {0, stop};
      remove_files();
      const berg_status status = fit(&resumed, &s, (train_products)products, CHECKPOINT, 1, &w, 0, NULL);
      goes_on = status == BERG_ECANCELLED;
      if (goes_on) {
        assert_null(resumed.directions);
        /* every panel is a block, and nothing that was kept is done again: of the first call none was */
        const size_t kept = (stop - 1 < 6 ? stop - 1 : 6) + parts_of_components();
        s.reads = 0;
        w.stop = 0;
        assert_int_equal(fit(&resumed, &s, (train_products)products, CHECKPOINT, 2, &w, 0, NULL), BERG_OK);
        assert_int_equal(s.reads, 12 - kept);
        most_parts = kept > most_parts ? kept : most_parts;
      }
      expect_same(&whole, &resumed);
      assert_int_not_equal(access(CHECKPOINT, F_OK), 0);
      train_pca_release(&resumed);
    }
    assert_int_equal(most_parts, 6 + 5); /* cancelled in the last block of the components */
    train_pca_release(&whole);
  }
}

/* The files of a run, and the bytes of one. */
typedef struct bytes {
  char data[1 << 20];
  size_t size;
} bytes;

static void read_bytes(const char *path, bytes *to) {
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("%s is missing", path);
  to->size = fread(to->data, 1, sizeof to->data, file);
  fclose(file);
  assert_true(to->size && to->size < sizeof to->data);
}

/* Blocks [0, cut) by one call and [cut, 6) by another, in either order and with other threads, are the whole, bit
 * for bit: the Gram matrix, then the components. */
static void ranges_are_the_whole(train_products products) {
  static bytes whole_gram, gram;
  train_pca whole, merged;
  source s = {SIZE_MAX, 0, false};
  const train_panels panels = panels_of(&s);
  const train_pca_options options = {COMPONENTS, true, products};
  const train_machine one = train_machine_for(base_machine_isa(), 1, 0),
                      three = train_machine_for(base_machine_isa(), 3, 0);
  const train_pca_step first = {&panels, &options, &one, "these features", CHECKPOINT, VECTORS, PARTS, NULL, false};
  train_pca_step second = first;
  berg_error error;
  second.machine = &three;
  remove_files();
  assert_int_equal(train_pca_fit(&whole, &panels, &options, &three, NULL, NULL), BERG_OK);
  assert_int_equal(train_pca_step_gram(&first, 0, 6, NULL), BERG_OK);
  read_bytes(CHECKPOINT, &whole_gram);
  for (size_t cut = 1; cut < 6; cut++)
    for (int late = 0; late < 2; late++) {
      remove_files();
      if (late) assert_int_equal(train_pca_step_gram(&second, cut, 6, NULL), BERG_OK);
      if (late) assert_int_equal(train_pca_merge_gram(&first, &error), BERG_EINPUT);
      if (late) assert_non_null(strstr(error.message, "panel 0 of 6"));
      assert_int_equal(train_pca_step_gram(&first, 0, cut, NULL), BERG_OK);
      if (!late) assert_int_equal(train_pca_step_gram(&second, cut, 6, NULL), BERG_OK);
      assert_int_equal(train_pca_merge_gram(&first, NULL), BERG_OK);
      read_bytes(CHECKPOINT, &gram);
      assert_int_equal(gram.size, whole_gram.size);
      assert_memory_equal(gram.data, whole_gram.data, gram.size);
      assert_int_not_equal(access(CHECKPOINT ".block-05", F_OK), 0);

      assert_int_equal(train_pca_step_eigenvectors(&first, NULL), BERG_OK);
      assert_int_equal(train_pca_step_components(late ? &second : &first, cut, 6, NULL), BERG_OK);
      assert_int_equal(train_pca_merge_components(&first, &merged, &error), BERG_EINPUT);
      assert_non_null(strstr(error.message, PARTS ".block-00: is missing"));
      assert_null(merged.directions);
      assert_int_equal(train_pca_step_components(late ? &first : &second, 0, cut, NULL), BERG_OK);
      assert_int_equal(train_pca_merge_components(&second, &merged, NULL), BERG_OK);
      expect_same(&whole, &merged);
      train_pca_release(&merged);
    }
  train_pca_release(&whole);
  remove_files();
}

static void ranges_of_panels(void **state) {
  (void)state;
  ranges_are_the_whole(TRAIN_PRODUCTS_F32);
  ranges_are_the_whole(TRAIN_PRODUCTS_F64);
}

/* Parts in every second place, then all: what is there is not read again, and is said to be there. */
static void parts_with_gaps(void **state) {
  (void)state;
  source s = {SIZE_MAX, 0, false};
  const train_panels panels = panels_of(&s);
  const train_pca_options options = {COMPONENTS, true, TRAIN_PRODUCTS_F32};
  const train_machine machine = train_machine_for(base_machine_isa(), 2, 0);
  const train_pca_step step = {&panels, &options, &machine, "these features", CHECKPOINT, VECTORS, PARTS, NULL, false};
  io_ranges done;
  bool is_whole;
  remove_files();
  for (size_t panel = 1; panel < 6; panel += 2)
    assert_int_equal(train_pca_step_gram(&step, panel, panel + 1, NULL), BERG_OK);
  assert_int_equal(train_pca_gram_done(&step, &done, &is_whole, NULL), BERG_OK);
  assert_int_equal(done.count, 3);
  assert_int_equal(io_ranges_total(&done), 3);
  assert_false(is_whole);
  s.reads = 0;
  assert_int_equal(train_pca_step_gram(&step, 0, 6, NULL), BERG_OK);
  assert_int_equal(s.reads, 3);
  assert_int_equal(train_pca_gram_done(&step, &done, &is_whole, NULL), BERG_OK);
  assert_true(is_whole && io_ranges_before(&done) == 6);
  remove_files();
}

static void flip(const char *path, long at) {
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  fseek(file, at, SEEK_SET);
  const int byte = fgetc(file);
  fseek(file, at, SEEK_SET);
  fputc(byte ^ 4, file);
  fclose(file);
}

/* A changed byte anywhere makes a file one that is missing. */
static void changed_bytes_are_found(void **state) {
  static bytes file;
  source s = {SIZE_MAX, 0, false};
  const train_panels panels = panels_of(&s);
  const train_pca_options options = {COMPONENTS, true, TRAIN_PRODUCTS_F32};
  const train_machine machine = train_machine_for(base_machine_isa(), 2, 0);
  const train_pca_step step = {&panels, &options, &machine, "these features", CHECKPOINT, VECTORS, PARTS, NULL, false};
  io_ranges done;
  bool is_whole, is_done;
  (void)state;
  remove_files();
  assert_int_equal(train_pca_step_gram(&step, 0, 6, NULL), BERG_OK);
  assert_int_equal(train_pca_step_eigenvectors(&step, NULL), BERG_OK);
  assert_int_equal(train_pca_step_components(&step, 0, 6, NULL), BERG_OK);
  read_bytes(CHECKPOINT, &file);
  for (size_t at = 0; at < file.size; at += 97) {
    flip(CHECKPOINT, (long)at);
    assert_int_equal(train_pca_gram_done(&step, &done, &is_whole, NULL), BERG_OK);
    assert_false(is_whole);
    assert_int_equal(done.count, 0);
    flip(CHECKPOINT, (long)at);
  }
  assert_int_equal(train_pca_gram_done(&step, &done, &is_whole, NULL), BERG_OK);
  assert_true(is_whole);
  read_bytes(VECTORS, &file);
  for (size_t at = 0; at < file.size; at += 97) {
    flip(VECTORS, (long)at);
    assert_int_equal(train_pca_eigenvectors_done(&step, &is_done, NULL), BERG_OK);
    assert_false(is_done);
    flip(VECTORS, (long)at);
  }
  assert_int_equal(train_pca_eigenvectors_done(&step, &is_done, NULL), BERG_OK);
  assert_true(is_done);
  flip(PARTS ".block-02", 1000);
  assert_int_equal(train_pca_components_done(&step, &done, NULL), BERG_OK);
  assert_int_equal(io_ranges_total(&done), 5);
  remove_files();
}

/* It may be hours of work. */
static void what_cannot_be_read_is_not_what_is_missing(void **state) {
  source s = {SIZE_MAX, 0, false};
  const train_panels panels = panels_of(&s);
  const train_pca_options options = {COMPONENTS, true, TRAIN_PRODUCTS_F32};
  const train_machine machine = train_machine_for(base_machine_isa(), 1, 0);
  const train_pca_step step = {&panels, &options, &machine, "these features", CHECKPOINT, VECTORS, PARTS, NULL, false};
  const char *const files[] = {CHECKPOINT, VECTORS, PARTS ".block-02"};
  io_ranges done;
  bool is_done;
  (void)state;
  remove_files();
  for (size_t i = 0; i < 3; i++) assert_int_equal(mkdir(files[i], 0777), 0); /* which no user can read as a file */
  assert_int_equal(train_pca_gram_done(&step, &done, &is_done, NULL), BERG_EINPUT);
  assert_int_equal(train_pca_step_gram(&step, 0, 6, NULL), BERG_EINPUT);
  assert_int_equal(train_pca_eigenvectors_done(&step, &is_done, NULL), BERG_EINPUT);
  assert_int_equal(train_pca_components_done(&step, &done, NULL), BERG_EINPUT);
  for (size_t i = 0; i < 3; i++) assert_int_equal(rmdir(files[i]), 0);
}

static void a_checkpoint_that_does_not_fit_is_passed_over(void **state) {
  (void)state;
  train_pca whole, other;
  source s = {SIZE_MAX, 0, false};
  watch w = {0, 0};
  assert_int_equal(fit(&whole, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, 0, NULL), BERG_OK);
  for (int damage = 0; damage < 4; damage++) {
    remove_files();
    w = (watch){0, 5};
    assert_int_equal(fit(&other, &s, damage == 3 ? TRAIN_PRODUCTS_F64 : TRAIN_PRODUCTS_F32, CHECKPOINT, 2, &w, 0, NULL),
                     BERG_ECANCELLED);
    FILE *file = fopen(CHECKPOINT, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    if (damage == 0) assert_int_equal(ftruncate(fileno(file), size - 1), 0);
    if (damage == 1) assert_int_equal(ftruncate(fileno(file), 20), 0);
    if (damage == 2) fseek(file, 100, SEEK_SET), fputc('X', file); /* in the fingerprint */
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
  const size_t needed = train_pca_memory(ROWS, COLUMNS, WIDTH, COMPONENTS, 2).fit;
  assert_int_equal(fit(&pca, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, needed - 1, NULL), BERG_ELIMIT);
  assert_int_equal(s.reads, 0);
  assert_int_equal(fit(&pca, &s, TRAIN_PRODUCTS_F32, NULL, 2, &w, needed, NULL), BERG_OK);
  train_pca_release(&pca);
  /* the size that the project is made for, in 4 GiB */
  const train_pca_sizes sizes = train_pca_memory(8640, 460800, 3840, 250, 2);
  assert_true(sizes.fit < (size_t)2 << 30);
  assert_true(sizes.gram < sizes.fit && sizes.eigenvectors < sizes.fit && sizes.components < sizes.fit);
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
      cmocka_unit_test(ranges_of_panels),
      cmocka_unit_test(parts_with_gaps),
      cmocka_unit_test(changed_bytes_are_found),
      cmocka_unit_test(what_cannot_be_read_is_not_what_is_missing),
      cmocka_unit_test(a_checkpoint_that_does_not_fit_is_passed_over),
      cmocka_unit_test(both_products_agree),
      cmocka_unit_test(steep_components_are_orthonormal),
      cmocka_unit_test(a_panel_that_cannot_be_read),
      cmocka_unit_test(memory_is_kept),
      cmocka_unit_test(a_checkpoint_that_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
