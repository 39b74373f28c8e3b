/* Growing rows: what is refused, what a full disk leaves, what another run finds. Values are held against
 * NumPy, h5py and nibabel in tests/oracle/test_outputs.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/rows/rows.h"

#define COLUMNS 1000
#define RUN "a run"

static char folder[] = "/tmp/berg-rows-XXXXXX";
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

static bool is_there(const char *path) { return !access(path, F_OK); }

/* Of files that appear whole. */
static bool has_temporary_files(void) {
  glob_t found;
  bool has = !glob(in(".*.new"), 0, NULL, &found);
  if (has) globfree(&found);
  return has;
}

static off_t size_of(const char *path) {
  struct stat about;
  return stat(path, &about) ? -1 : about.st_size;
}

static io_rows *open_rows(const char *path, bool force, bool resume, size_t expected_done) {
  berg_error error;
  io_rows *rows;
  size_t done;
  if (io_rows_open(&rows, path, COLUMNS, RUN, force, resume, &done, &error)) fail_msg("%s", error.message);
  assert_int_equal(done, expected_done);
  return rows;
}

static void append(io_rows *rows, int count) {
  for (int i = 0; i < count; i++) assert_int_equal(io_rows_append(rows, row, 1, NULL), BERG_OK);
}

static void expect_refusal(const char *path, size_t columns, const char *run, bool force, bool resume,
                           berg_status status, const char *part) {
  berg_error error;
  io_rows *rows;
  size_t done;
  assert_int_equal(io_rows_open(&rows, path, columns, run, force, resume, &done, &error), status);
  assert_null(rows);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void put_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void names_are_checked(void **state) {
  (void)state;
  const char *good[] = {"a.npy",      "b.h5",  "c.hdf5", "d.csv",     "e.nii",     "f.nii.gz",
                        "g.func.gii", "h.mgh", "i.mgz",  "j-ave.fif", "j_ave.fif", "x/G.NPY"};
  const char *bad[] = {"a", "a.gz", "a.txt", ".npy", "x/.csv", "a.gii", "a.fif", "x/-ave.fif", ""};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_int_equal(io_rows_check_name(good[i], NULL), BERG_OK);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(io_rows_check_name(bad[i], NULL), BERG_EARGUMENT);
  expect_refusal(in("a.txt"), COLUMNS, RUN, false, false, BERG_EARGUMENT, ".nii.gz");
  expect_refusal(in("a.npy"), 0, RUN, false, false, BERG_EARGUMENT, "columns");
  expect_refusal(in("a.npy"), SIZE_MAX / 4, RUN, false, false, BERG_EARGUMENT, "columns");
  expect_refusal(in("a.npy"), COLUMNS, "two\nlines", false, false, BERG_EARGUMENT, "fingerprint");
}

static void resumed_is_the_same(void **state) {
  (void)state;
  const io_labels labels = {.row_names = NULL};
  io_rows *rows = open_rows(in("whole.npy"), false, false, 0);
  append(rows, 5);
  assert_int_equal(io_rows_finish(rows, &labels, NULL), BERG_OK);
  io_rows_free(rows, NULL);

  const char *path = in("parts.npy");
  rows = open_rows(path, false, false, 0);
  append(rows, 2);
  io_rows_free(rows, NULL);
  assert_false(is_there(path));
  rows = open_rows(path, false, true, 2);
  append(rows, 3);
  assert_int_equal(io_rows_finish(rows, &labels, NULL), BERG_OK);
  io_rows_free(rows, NULL);
  assert_false(is_there(in("parts.npy.partial")));
  assert_false(is_there(in("parts.npy.partial.journal")));
  char command[300];
  snprintf(command, sizeof command, "cmp %s %s", in("whole.npy"), path);
  assert_int_equal(system(command), 0);
}

static void rows_behind_the_journal_are_cut(void **state) {
  (void)state;
  const char *path = in("cut.npy"), *partial = in("cut.npy.partial");
  io_rows *rows = open_rows(path, false, false, 0);
  append(rows, 2);
  io_rows_free(rows, NULL);
  off_t safe = size_of(partial);
  FILE *file = fopen(partial, "ab");
  assert_int_equal(fwrite(row, 1, sizeof row - 17, file), sizeof row - 17);
  fclose(file);
  rows = open_rows(path, false, true, 2);
  assert_int_equal(size_of(partial), safe);
  io_rows_free(rows, NULL);
  assert_int_equal(truncate(partial, safe - 1), 0);
  expect_refusal(path, COLUMNS, RUN, false, true, BERG_EINPUT, "less than its journal");
}

static void other_runs_are_refused(void **state) {
  (void)state;
  const char *path = in("other.npy");
  io_rows *rows = open_rows(path, false, false, 0);
  append(rows, 1);
  io_rows_free(rows, NULL);
  expect_refusal(path, COLUMNS, "another", false, true, BERG_EEXISTS, "expected another, found a run");
  expect_refusal(path, COLUMNS, "another", true, true, BERG_EEXISTS, "another run");
  expect_refusal(path, COLUMNS + 1, RUN, false, true, BERG_EEXISTS, "found 1000 columns");
  expect_refusal(path, COLUMNS, RUN, false, false, BERG_EEXISTS, "interrupted run");
  rows = open_rows(path, true, false, 0);
  io_rows_free(rows, NULL);
  rows = open_rows(path, false, true, 0);
  io_rows_free(rows, NULL);
}

static void finished_files_are_kept(void **state) {
  (void)state;
  put_text(in("kept.npy"), "mine");
  expect_refusal(in("kept.npy"), COLUMNS, RUN, false, false, BERG_EEXISTS, "already exists");
  expect_refusal(in("kept.npy"), COLUMNS, RUN, false, true, BERG_EEXISTS, "already exists");
  io_rows *rows = open_rows(in("late.npy"), false, false, 0);
  append(rows, 1);
  put_text(in("late.npy"), "mine");
  berg_error error;
  assert_int_equal(io_rows_finish(rows, &(io_labels){.row_names = NULL}, &error), BERG_EEXISTS);
  io_rows_free(rows, NULL);
  assert_int_equal(size_of(in("late.npy")), 4);
  rows = open_rows(in("late.npy"), true, true, 1);
  assert_int_equal(io_rows_finish(rows, &(io_labels){.row_names = NULL}, &error), BERG_OK);
  io_rows_free(rows, NULL);
  assert_true(size_of(in("late.npy")) > 4);
}

/* As a run leaves it that is killed while it clears up: what is kept are two names of one file. A forced one, which the
 * refusal of any other names, takes it for what it may replace. */
static void a_forced_run_needs_no_journal(void **state) {
  (void)state;
  berg_error error;
  const char *path = in("cleared.npy");
  io_rows *rows = open_rows(path, false, false, 0);
  append(rows, 2);
  assert_int_equal(io_rows_place(rows, &(io_labels){.row_names = NULL}, &error), BERG_OK);
  io_rows_free(rows, NULL);
  assert_int_equal(unlink(in("cleared.npy.partial.journal")), 0);
  const off_t size = size_of(path);
  rows = open_rows(path, true, true, 0);
  assert_int_equal(size_of(path), size);
  append(rows, 1);
  assert_int_equal(io_rows_finish(rows, &(io_labels){.row_names = NULL}, &error), BERG_OK);
  io_rows_free(rows, NULL);
  assert_true(size_of(path) < size);
  assert_false(is_there(in("cleared.npy.partial")));
}

/* As a run leaves it that is killed between two of its outputs. */
static void leave_settled(const char *path) {
  berg_error error;
  io_rows *rows = open_rows(path, true, false, 0);
  append(rows, 3);
  assert_int_equal(io_rows_place(rows, &(io_labels){.row_names = NULL}, &error), BERG_OK);
  assert_false(io_rows_is_settled(rows));
  assert_int_equal(io_rows_settle(rows, &error), BERG_OK);
  assert_true(io_rows_is_settled(rows));
  io_rows_free(rows, NULL);
}

/* Rows that have become a file take no room, and are known by it as long as it stays what it was. */
static void settled_rows_are_known_by_their_file(void **state) {
  (void)state;
  const char *path = in("settled.csv"), *partial = in("settled.csv.partial");
  leave_settled(path);
  assert_true(is_there(partial) && size_of(partial) < (off_t)sizeof row);
  io_rows *rows = open_rows(path, false, true, 3);
  assert_true(io_rows_is_placed(rows) && io_rows_is_settled(rows));
  assert_int_equal(io_rows_finish(rows, &(io_labels){.row_names = NULL}, NULL), BERG_OK);
  io_rows_free(rows, NULL);
  assert_true(io_rows_is_cleared(path));

  leave_settled(path);
  assert_false(io_rows_is_cleared(path));
  put_text(path, "mine");
  for (int i = 0; i < 2; i++) expect_refusal(path, COLUMNS, RUN, false, true, BERG_EEXISTS, "already exists");
  assert_int_equal(size_of(path), 4);
  rows = open_rows(path, true, true, 0);
  io_rows_free(rows, NULL);

  leave_settled(path);
  unlink(path);
  rows = open_rows(path, false, true, 0);
  assert_false(io_rows_is_placed(rows));
  io_rows_free(rows, NULL);
  assert_false(is_there(partial));
}

static void damaged_journals_are_refused(void **state) {
  (void)state;
  const char *path = in("journal.npy"), *journal = in("journal.npy.partial.journal");
  io_rows *rows = open_rows(path, false, false, 0);
  append(rows, 1);
  io_rows_free(rows, NULL);
  char text[1000];
  FILE *file = fopen(journal, "rb");
  size_t size = fread(text, 1, sizeof text - 1, file);
  text[size] = '\0';
  fclose(file);
  for (size_t cut = 0; cut < size; cut++) {
    file = fopen(journal, "wb");
    fwrite(text, 1, cut, file);
    fclose(file);
    expect_refusal(path, COLUMNS, RUN, false, true, BERG_EINPUT, "damaged");
  }
  memcpy(strstr(text, "0000"), "99999999999999999999", 20);
  put_text(journal, text);
  expect_refusal(path, COLUMNS, RUN, false, true, BERG_EINPUT, "damaged");
  memcpy(strstr(text, "9999"), "09999999999999999999", 20);
  put_text(journal, text);
  expect_refusal(path, COLUMNS, RUN, false, true, BERG_EINPUT, "less than its journal");
  put_text(journal, "berg rows 1\nrows 00000000000000000001\ncolumns 1000\nfingerprint a run\n");
  expect_refusal(path, COLUMNS, RUN, false, true, BERG_EINPUT, "damaged");
  unlink(journal);
  expect_refusal(path, COLUMNS, RUN, false, true, BERG_EINPUT, "is missing");
}

static void places_that_cannot_be_written(void **state) {
  (void)state;
  expect_refusal(in("none/a.npy"), COLUMNS, RUN, false, false, BERG_EWRITE, "there is no folder");
  expect_refusal("/dev/null/a.npy", COLUMNS, RUN, false, false, BERG_EWRITE, "Not a directory");
  mkdir(in("folder.npy"), 0777);
  expect_refusal(in("folder.npy"), COLUMNS, RUN, true, false, BERG_EWRITE, "is a directory");
  if (geteuid() == 0) return; /* root writes everywhere */
  mkdir(in("closed"), 0555);
  expect_refusal(in("closed/a.npy"), COLUMNS, RUN, false, false, BERG_EWRITE, "Permission denied");
}

static void two_runs_do_not_share(void **state) {
  (void)state;
  const char *path = in("shared.npy");
  io_rows *rows = open_rows(path, false, false, 0);
  append(rows, 1);
  pid_t child = fork();
  if (!child) {
    io_rows *mine;
    size_t done;
    bool refused = io_rows_open(&mine, path, COLUMNS, RUN, true, true, &done, NULL) == BERG_EEXISTS &&
                   io_rows_open(&mine, path, COLUMNS, RUN, true, false, &done, NULL) == BERG_EEXISTS;
    _exit(refused ? 0 : 1);
  }
  int result;
  waitpid(child, &result, 0);
  assert_int_equal(result, 0);
  append(rows, 1);
  io_rows_free(rows, NULL);
  rows = open_rows(path, false, true, 2);
  io_rows_free(rows, NULL);
}

/* The limit of this process's files stands for a full disk: write gives EFBIG instead of ENOSPC, with the
 * same handling. */
static void limit_files(rlim_t bytes) {
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

static void full_disk_keeps_what_was_appended(void **state) {
  (void)state;
  const char *path = in("full.npy");
  io_rows *rows = open_rows(path, false, false, 0);
  limit_files(3 * sizeof row + 2000);
  append(rows, 3);
  berg_error error;
  assert_int_equal(io_rows_append(rows, row, 1, &error), BERG_EWRITE);
  assert_non_null(strstr(error.message, "full.npy.partial: cannot be written (3 rows are safe"));
  limit_files(RLIM_INFINITY);
  io_rows_free(rows, NULL);
  assert_false(is_there(path));
  rows = open_rows(path, false, true, 3);
  append(rows, 1);
  assert_int_equal(io_rows_finish(rows, &(io_labels){.row_names = NULL}, &error), BERG_OK);
  io_rows_free(rows, NULL);
  assert_int_equal(size_of(path), 128 + 4 * sizeof row);
}

static void full_disk_while_finishing(void **state) {
  (void)state;
  const char *const endings[] = {"h5", "csv", "nii", "nii.gz"};
  const rlim_t limits[] = {0, 100, 500, 1000, 1500};
  int64_t coordinates[3 * COLUMNS];
  for (int c = 0; c < COLUMNS; c++) {
    coordinates[3 * c] = c % 10;
    coordinates[3 * c + 1] = c / 10 % 10;
    coordinates[3 * c + 2] = c / 100;
  }
  const io_axis axis = {.name = "voxel", .length = COLUMNS, .coordinates = coordinates};
  const io_labels labels = {.axes = &axis, .axis_count = 1, .volume = {10, 10, 10}};
  for (size_t e = 0; e < 4; e++)
    for (size_t l = 0; l < 5; l++) {
      char name[64];
      snprintf(name, sizeof name, "finish%zu.%s", l, endings[e]);
      io_rows *rows = open_rows(in(name), false, false, 0);
      append(rows, 6);
      berg_error error;
      limit_files(limits[l]);
      berg_status status = io_rows_finish(rows, &labels, &error);
      limit_files(RLIM_INFINITY);
      if (status != BERG_EWRITE) fail_msg("%s with %llu bytes: %d", name, (unsigned long long)limits[l], status);
      io_rows_free(rows, NULL);
      assert_false(is_there(in(name)));
      assert_false(has_temporary_files());
      rows = open_rows(in(name), false, true, 6);
      if (io_rows_finish(rows, &labels, &error)) fail_msg("%s", error.message);
      io_rows_free(rows, NULL);
      assert_true(is_there(in(name)));
    }
}

static void volumes_are_checked(void **state) {
  (void)state;
  berg_error error;
  int64_t coordinates[3 * COLUMNS] = {0};
  const char *names[COLUMNS] = {0};
  io_rows *rows = open_rows(in("volume.nii"), false, false, 0);
  append(rows, 1);
  const io_axis axis = {.name = "voxel", .length = COLUMNS, .coordinates = coordinates};
  const io_axis named = {.name = "voxel", .length = COLUMNS, .coordinates = coordinates, .texts = names};
  const struct {
    io_labels labels;
    berg_status status;
    const char *part;
  } cases[] = {
      {{.axes = NULL}, BERG_EARGUMENT, "a voxel behind each column"},
      {{.axes = &named, .axis_count = 1, .volume = {9, 9, 9}}, BERG_EARGUMENT, "all else"},
      {{.axes = &axis, .axis_count = 1, .volume = {9, 0, 9}}, BERG_EARGUMENT, "a volume side of 0"},
      {{.axes = &axis, .axis_count = 1, .volume = {9, 32768, 9}}, BERG_EARGUMENT, "32768 does not fit NIfTI-1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(io_rows_finish(rows, &cases[i].labels, &error), cases[i].status);
    if (!strstr(error.message, cases[i].part)) fail_msg("%s", error.message);
  }
  coordinates[7] = 9;
  const io_labels labels = {.axes = &axis, .axis_count = 1, .volume = {9, 9, 9}};
  assert_int_equal(io_rows_finish(rows, &labels, &error), BERG_EMODEL);
  assert_non_null(strstr(error.message, "column 2 has coordinate y = 9, outside 0..8"));
  coordinates[7] = -1;
  assert_int_equal(io_rows_finish(rows, &labels, &error), BERG_EMODEL);
  io_rows_free(rows, NULL);
}

/* Under a locale with decimal commas, where this machine has one. */
static void special_values_in_csv(void **state) {
  (void)state;
  const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
  for (size_t i = 0; i < 4 && !setlocale(LC_NUMERIC, locales[i]); i++) continue;
  const float special[6] = {NAN, -NAN, INFINITY, -INFINITY, -0.0f, 1.40129846e-45f};
  const float plain[6] = {0.1f, 16777217.0f, 3.40282347e38f, -1.5f, 1e-7f, 123456.789f};
  const char *const names[] = {"a\nb", "\"", ""};
  const io_axis axis = {.name = "voxel", .length = 6};
  const io_labels labels = {.row_names = names, .axes = &axis, .axis_count = 1};
  io_rows *rows;
  size_t done;
  berg_error error;
  assert_int_equal(io_rows_open(&rows, in("special.csv"), 6, RUN, false, false, &done, &error), BERG_OK);
  assert_int_equal(io_rows_append(rows, special, 1, NULL), BERG_OK);
  assert_int_equal(io_rows_append(rows, plain, 1, NULL), BERG_OK);
  assert_int_equal(io_rows_finish(rows, &labels, &error), BERG_OK);
  io_rows_free(rows, NULL);
  setlocale(LC_NUMERIC, "C");
  char text[400] = "";
  FILE *file = fopen(in("special.csv"), "rb");
  assert_true(fread(text, 1, sizeof text - 1, file) > 0);
  fclose(file);
  assert_string_equal(text, "image,voxel_0,voxel_1,voxel_2,voxel_3,voxel_4,voxel_5\r\n"
                            "\"a\nb\",nan,nan,inf,-inf,-0,1.40129846e-45\r\n"
                            "\"\"\"\",0.100000001,16777216,3.40282347e+38,-1.5,1.00000001e-07,123456.789\r\n");
}

int main(void) {
  signal(SIGXFSZ, SIG_IGN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_checked),
      cmocka_unit_test(resumed_is_the_same),
      cmocka_unit_test(rows_behind_the_journal_are_cut),
      cmocka_unit_test(other_runs_are_refused),
      cmocka_unit_test(finished_files_are_kept),
      cmocka_unit_test(a_forced_run_needs_no_journal),
      cmocka_unit_test(settled_rows_are_known_by_their_file),
      cmocka_unit_test(damaged_journals_are_refused),
      cmocka_unit_test(places_that_cannot_be_written),
      cmocka_unit_test(two_runs_do_not_share),
      cmocka_unit_test(full_disk_keeps_what_was_appended),
      cmocka_unit_test(full_disk_while_finishing),
      cmocka_unit_test(volumes_are_checked),
      cmocka_unit_test(special_values_in_csv),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
