/* Which rows are done: sets of ranges, rows that are written in any order, and journals that say so, damaged ones
 * among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/rows/rows.h"

#define COLUMNS 1000
#define RUN "a run"

static char folder[] = "/tmp/berg-ranges-XXXXXX";
static float row[COLUMNS];

static int make_folder(void **state) {
  (void)state;
  for (int c = 0; c < COLUMNS; c++) row[c] = (float)c / 7;
  return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* A name in the folder, from a ring so that several can be held. */
static const char *in(const char *name) {
  static char ring[4][128];
  static int next;
  next = (next + 1) % 4;
  snprintf(ring[next], sizeof ring[next], "%s/%s", folder, name);
  return ring[next];
}

static io_rows *open_rows(const char *path, bool resume, size_t before) {
  berg_error error;
  io_rows *rows;
  size_t done;
  if (io_rows_open(&rows, path, COLUMNS, RUN, false, resume, &done, &error)) fail_msg("%s", error.message);
  assert_int_equal(done, before);
  return rows;
}

static void append(io_rows *rows, int count) {
  for (int i = 0; i < count; i++) assert_int_equal(io_rows_append(rows, row, 1, NULL), BERG_OK);
}

static void expect_refusal(const char *path, const char *part) {
  berg_error error;
  io_rows *rows;
  size_t done;
  assert_int_equal(io_rows_open(&rows, path, COLUMNS, RUN, false, true, &done, &error), BERG_EINPUT);
  assert_null(rows);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void put_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

#define NUMBER(n) "000000000000000000" #n
#define RANGE(first, end) " " NUMBER(first) "-" NUMBER(end)

/* A journal of this run: `ranges` are the first of the ten. */
static void put_journal(const char *path, const char *before, const char *ranges) {
  char text[1000];
  size_t used = (size_t)snprintf(text, sizeof text, "berg rows 3\nrows %s\nmore%s", before, ranges);
  for (size_t i = strlen(ranges) / strlen(RANGE(00, 00)); i < IO_RANGES; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s", RANGE(00, 00));
  snprintf(text + used, sizeof text - used, "\nplaced" RANGE(00, 00) "\ncolumns %d\nfingerprint %s\n", COLUMNS, RUN);
  put_text(path, text);
}

static void put_rows(io_rows *rows, size_t first, size_t count) {
  for (size_t i = 0; i < count; i++) {
    row[0] = (float)(first + i);
    assert_int_equal(io_rows_put(rows, first + i, row, 1, NULL), BERG_OK);
  }
}

/* Rows in any order, over three runs, are the file that appending makes; one that is missing is named. */
static void ranges_of_rows(void **state) {
  (void)state;
  const io_labels labels = {.row_names = NULL};
  const char *path = in("ranges.npy"), *journal = in("ranges.npy.partial.journal");
  const float first = row[0];
  berg_error error;
  io_rows *rows = open_rows(path, false, 0);
  put_rows(rows, 4, 2);
  put_rows(rows, 8, 1);
  io_rows_free(rows, NULL);
  rows = open_rows(path, true, 0);
  assert_int_equal(io_rows_done(rows)->count, 2);
  put_rows(rows, 0, 4);
  put_rows(rows, 9, 1);
  io_rows_free(rows, NULL);
  char text[1000] = "";
  FILE *file = fopen(journal, "rb");
  assert_true(fread(text, 1, sizeof text - 1, file) > 0);
  fclose(file);
  assert_non_null(strstr(text, "rows " NUMBER(06) "\nmore" RANGE(08, 10) RANGE(00, 00)));
  rows = open_rows(path, true, 6);
  assert_int_equal(io_rows_finish(rows, &labels, &error), BERG_EARGUMENT);
  assert_non_null(strstr(error.message, "row 6 is missing"));
  put_rows(rows, 6, 2);
  assert_int_equal(io_rows_finish(rows, &labels, NULL), BERG_OK);
  io_rows_free(rows, NULL);

  rows = open_rows(in("appended.npy"), false, 0);
  for (int i = 0; i < 10; i++) {
    row[0] = (float)i;
    append(rows, 1);
  }
  assert_int_equal(io_rows_finish(rows, &labels, NULL), BERG_OK);
  io_rows_free(rows, NULL);
  row[0] = first;
  char command[300];
  snprintf(command, sizeof command, "cmp %s %s", in("ranges.npy"), in("appended.npy"));
  assert_int_equal(system(command), 0);
}

static void too_many_pieces_apart(void **state) {
  (void)state;
  berg_error error;
  io_rows *rows = open_rows(in("apart.npy"), false, 0);
  for (size_t i = 0; i < IO_RANGES; i++) put_rows(rows, 2 * i + 1, 1);
  assert_int_equal(io_rows_put(rows, 2 * IO_RANGES + 1, row, 1, &error), BERG_EARGUMENT);
  assert_non_null(strstr(error.message, "more than 10 places"));
  put_rows(rows, 2, 1); /* joins two */
  put_rows(rows, 2 * IO_RANGES + 1, 1);
  io_rows_free(rows, NULL);
  rows = open_rows(in("apart.npy"), true, 0);
  assert_int_equal(io_ranges_total(io_rows_done(rows)), IO_RANGES + 2);
  io_rows_free(rows, NULL);
}

/* Notes that io_journal_note never makes, each by itself. */
static void damaged_ranges_are_refused(void **state) {
  (void)state;
  const char *path = in("notes.npy"), *journal = in("notes.npy.partial.journal");
  io_rows *rows = open_rows(path, false, 0);
  append(rows, 20);
  io_rows_free(rows, NULL);
  static const char *const notes[][2] = {
      {NUMBER(04), RANGE(04, 06)},               /* touches what is before */
      {NUMBER(04), RANGE(03, 06)},               /* overlaps it */
      {NUMBER(00), RANGE(00, 06)},               /* is before */
      {NUMBER(04), RANGE(08, 08)},               /* is empty */
      {NUMBER(04), RANGE(08, 07)},               /* runs backwards */
      {NUMBER(04), RANGE(08, 09) RANGE(06, 07)}, /* descending */
      {NUMBER(04), RANGE(06, 08) RANGE(08, 09)}, /* touching */
      {NUMBER(04), RANGE(00, 00) RANGE(06, 07)}, /* behind an unused place */
      {NUMBER(04), " 0000000000000000000x-" NUMBER(07)},
  };
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
    put_journal(journal, notes[i][0], notes[i][1]);
    expect_refusal(path, "damaged");
  }
  put_journal(journal, NUMBER(04), RANGE(06, 30));
  expect_refusal(path, "less than its journal");
  put_journal(journal, NUMBER(04), RANGE(06, 07) RANGE(09, 20));
  rows = open_rows(path, true, 4);
  assert_int_equal(io_ranges_total(io_rows_done(rows)), 16);
  io_rows_free(rows, NULL);
}

static void sets_of_ranges(void **state) {
  (void)state;
  io_ranges set = {.count = 0};
  io_range gap = {0, 0};
  bool has[40] = {false};
  unsigned seed = 7;
  for (int step = 0; step < 200; step++) {
    seed = seed * 1664525u + 1013904223u;
    const size_t first = (seed >> 8) % 40, end = first + (seed >> 16) % 4;
    if (end <= 40 && io_ranges_add(&set, first, end))
      for (size_t i = first; i < end; i++) has[i] = true;
    size_t total = 0, before = 0, last = 0, from_gaps = 0;
    for (size_t i = 0; i < 40; i++) total += has[i], last = has[i] ? i + 1 : last;
    while (before < 40 && has[before]) before++;
    assert_int_equal(io_ranges_total(&set), total);
    assert_int_equal(io_ranges_before(&set), before);
    assert_int_equal(io_ranges_end(&set), last);
    for (gap.end = 0; io_ranges_gap(&set, gap.end, 40, &gap);)
      for (size_t i = gap.first; i < gap.end; i++, from_gaps++) assert_false(has[i]);
    assert_int_equal(from_gaps, 40 - total);
    if (step % 50 == 49) set = (io_ranges){.count = 0}, memset(has, 0, sizeof has);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sets_of_ranges),
      cmocka_unit_test(ranges_of_rows),
      cmocka_unit_test(too_many_pieces_apart),
      cmocka_unit_test(damaged_ranges_are_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
