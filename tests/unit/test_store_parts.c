/* Features in several files: whatever parts hold the rows, in whatever order they were written, panels are those of one
 * file; rows that are damaged, missing, elsewhere or another run's are found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "train/job/regression_lines.h"
#include "train/pca/store_layout.h"
#include "train/pca/store_read.h"

#define ROWS 300
#define RUN 77

static char folder[] = "/tmp/berg-parts-XXXXXX";
static float *tokens; /* [VIT_LAYER_FEATURES] of one image */

static int make_folder(void **state) {
  (void)state;
  tokens = base_calloc(VIT_LAYER_FEATURES, sizeof *tokens, NULL);
  return tokens && mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  char command[64];
  (void)state;
  base_free(tokens);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static train_store_file file_of(const char *name, size_t first, size_t end, uint64_t run) {
  return (train_store_file){.path = base_format(NULL, "%s/%s.f32", folder, name),
                            .journal = base_format(NULL, "%s/%s.journal", folder, name),
                            .fingerprint = "a run",
                            .run = run,
                            .first = first,
                            .end = end,
                            .tokens = 1};
}

static void forget(train_store_file *file) {
  base_free((void *)(uintptr_t)file->path);
  base_free((void *)(uintptr_t)file->journal);
}

static void fill(const train_store_file *file, size_t first, size_t end) {
  train_store *store;
  berg_error error;
  if (train_store_open(&store, file, &error)) fail_msg("%s", error.message);
  for (size_t row = first; row < end; row++) {
    const model_part part = {.images = 1, .indices = &row};
    for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
      for (size_t c = 0; c < VIT_CHANNELS; c++) tokens[c] = (float)(row * 1000 + layer * 7 + c % 97);
      train_store_take_block(store, NULL, &part, layer, tokens);
    }
    assert_int_equal(train_store_taken(store, row, row + 1, NULL), BERG_OK);
  }
  assert_int_equal(train_store_settle(store, NULL), BERG_OK);
  train_store_close(store, NULL);
}

/* All panels of some rows. */
static float *read_all(const train_store_file *files, size_t count, const size_t *rows, size_t row_count) {
  train_store_reader *reader;
  berg_error error;
  if (train_store_reader_open(&reader, files, count, ROWS, &error)) fail_msg("%s", error.message);
  train_store_view view = {reader, rows, row_count};
  const train_panels panels = train_store_panels(&view);
  float *all = base_alloc(row_count * panels.columns, sizeof *all, NULL);
  for (size_t panel = 0; panel < train_panels_count(&panels); panel++)
    if (panels.read(panels.user, panel, all + panel * row_count * panels.width, &error)) fail_msg("%s", error.message);
  train_store_reader_close(reader);
  return all;
}

static void expect_same(const train_store_file *one, const train_store_file *files, size_t count, const size_t *rows,
                        size_t row_count) {
  float *expected = read_all(one, 1, rows, row_count), *found = read_all(files, count, rows, row_count);
  assert_memory_equal(found, expected, row_count * VIT_LAYERS * VIT_CHANNELS * sizeof *found);
  base_free(expected);
  base_free(found);
}

/* Parts of one to three rows, more than are kept open, some of them overlapping, some with more room than rows. */
static void parts_are_one_file(void **state) {
  (void)state;
  train_store_file one = file_of("one", 0, ROWS, RUN), parts[ROWS];
  size_t rows[ROWS], count = 0, some = 0;
  unsigned seed = 3;
  fill(&one, 0, ROWS);
  for (size_t first = 0; first < ROWS; count++) {
    char name[24];
    seed = seed * 1664525u + 1013904223u;
    const size_t own = 1 + (seed >> 16) % 8 / 7, end = first + own < ROWS ? first + own : ROWS;
    const size_t before = first && seed >> 30 ? first - 1 : first, behind = end < ROWS && seed >> 31 ? end + 1 : end;
    snprintf(name, sizeof name, "part%zu", count);
    parts[count] = file_of(name, before, behind, RUN);
    fill(&parts[count], before, end);
    first = end;
  }
  assert_true(count > 256);
  for (size_t row = 0; row < ROWS; row++) rows[row] = row;
  expect_same(&one, parts, count, rows, ROWS);
  for (size_t row = 0; row < ROWS; row++)
    if (row % 7 != 3 && row % 5 != 1) rows[some++] = row;
  expect_same(&one, parts, count, rows, some);
  for (size_t i = 0; i < count; i++) forget(&parts[i]);
  forget(&one);
}

/* In any order, with gaps, gone on with; a gap that is left is told. */
static void gaps_are_told(void **state) {
  (void)state;
  train_store_file parts[] = {file_of("late", 100, ROWS, RUN), file_of("early", 0, 150, RUN)};
  train_store_reader *reader;
  berg_error error;
  io_ranges safe;
  fill(&parts[0], 200, ROWS);
  fill(&parts[1], 0, 20);
  fill(&parts[1], 30, 150);
  fill(&parts[0], 151, 200);
  assert_int_equal(train_store_find(&parts[1], &safe, NULL, NULL), BERG_OK);
  assert_true(safe.count == 2 && safe.list[0].end == 20 && safe.list[1].first == 30 && safe.list[1].end == 150);
  assert_int_equal(train_store_reader_open(&reader, parts, 2, ROWS, &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "lacks image 20 of 300"));
  fill(&parts[1], 20, 30);
  assert_int_equal(train_store_reader_open(&reader, parts, 2, ROWS, &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "lacks image 150 of 300"));
  fill(&parts[0], 150, 151);
  assert_int_equal(train_store_reader_open(&reader, parts, 2, ROWS, &error), BERG_OK);
  train_store_reader_close(reader);
  forget(&parts[0]);
  forget(&parts[1]);
}

static void change(const train_store_file *file, size_t panel, size_t row) {
  FILE *stream = fopen(file->path, "r+b");
  assert_non_null(stream);
  assert_int_equal(fseek(stream, (long)store_offset(file, panel, row) + 8, SEEK_SET), 0);
  assert_int_equal(fputc(0x55, stream), 0x55);
  assert_int_equal(fclose(stream), 0);
}

/* Images that were changed, and no others, are no longer safe. */
static void changed_rows_are_found(void **state) {
  (void)state;
  train_store_file part = file_of("changed", 40, 90, RUN);
  io_ranges changed, safe;
  fill(&part, 40, 90);
  assert_int_equal(train_store_check(&part, &changed, NULL), BERG_OK);
  assert_int_equal(changed.count, 0);
  change(&part, 0, 47);
  change(&part, 11, 88);
  assert_int_equal(train_store_check(&part, &changed, NULL), BERG_OK);
  assert_int_equal(io_ranges_total(&changed), 2);
  assert_true(changed.list[0].first == 47 && changed.list[1].first == 88);
  assert_int_equal(train_store_find(&part, &safe, NULL, NULL), BERG_OK);
  assert_int_equal(io_ranges_total(&safe), 48);
  fill(&part, 47, 48);
  fill(&part, 88, 89);
  assert_int_equal(train_store_check(&part, &changed, NULL), BERG_OK);
  assert_int_equal(changed.count, 0);
  forget(&part);
}

/* They may be days of work. */
static void what_cannot_be_read_is_not_what_is_missing(void **state) {
  (void)state;
  train_store_file part = file_of("unread", 0, 20, RUN);
  io_ranges safe, targets = {.list = {{0, 20}}, .count = 1};
  berg_error error;
  assert_int_equal(train_store_find(&part, &safe, NULL, &error), BERG_OK);
  fill(&part, 0, 20);
  assert_int_equal(unlink(part.journal), 0);
  assert_int_equal(mkdir(part.journal, 0777), 0); /* which no user can read as a file */
  assert_int_equal(train_store_find(&part, &safe, NULL, &error), BERG_EWRITE);
  assert_int_equal(train_lines_keep(part.journal, &(train_lines){.columns = 4}, &targets, &error), BERG_EINPUT);
  assert_int_equal(rmdir(part.journal), 0);
  assert_int_equal(train_lines_keep(part.journal, &(train_lines){.columns = 4}, &targets, &error), BERG_OK);
  assert_int_equal(targets.count, 0);
  forget(&part);
}

/* The same numbers at another place, or of another run, are not what was written there. */
static void rows_know_place_and_run(void **state) {
  (void)state;
  char command[300];
  train_store_file part = file_of("own", 40, 45, RUN), moved = file_of("moved", 45, 50, RUN),
                   foreign = file_of("foreign", 40, 45, RUN + 1);
  io_ranges changed;
  fill(&part, 40, 45), fill(&moved, 45, 50), fill(&foreign, 40, 45);
  const train_store_file *others[] = {&moved, &foreign};
  for (size_t i = 0; i < 2; i++) {
    snprintf(command, sizeof command, "cp %s %s", others[i]->path, part.path);
    assert_int_equal(system(command), 0);
    assert_int_equal(train_store_check(&part, &changed, NULL), BERG_OK);
    assert_int_equal(io_ranges_total(&changed), 5);
    unlink(part.path);
    fill(&part, 40, 45);
  }
  forget(&part), forget(&moved), forget(&foreign);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_are_one_file),
      cmocka_unit_test(gaps_are_told),
      cmocka_unit_test(what_cannot_be_read_is_not_what_is_missing),
      cmocka_unit_test(changed_rows_are_found),
      cmocka_unit_test(rows_know_place_and_run),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
