/* Files that appear whole: unique temporary names, links that are not followed, what the umask says, and writers in two
 * threads of one process. BERG_WRITERS=40 has each kind of output tried forty times; two processes are
 * tests/cli/test_cli_two_writers.py's. */
#define _DEFAULT_SOURCE /* mkdtemp, symlink */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/hdf5/hdf5_matrix.h"
#include "io/file/lock.h"
#include "io/rows/rows.h"
#include "io/file/whole_file.h"

#define COLUMNS 5000
#define ROWS 40

static char folder[] = "/tmp/berg-whole-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) && !chdir(folder) ? 0 : 1;
}

static int remove_folder(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static size_t count_files(void) {
  size_t count = 0;
  DIR *files = opendir(".");
  while (readdir(files)) count++;
  closedir(files);
  return count - 2;
}

static char *read_all(const char *path, size_t *size) {
  struct stat about;
  FILE *file = fopen(path, "rb");
  if (!file || fstat(fileno(file), &about)) fail_msg("%s is not there", path);
  char *bytes = calloc((size_t)about.st_size + 1, 1);
  *size = fread(bytes, 1, (size_t)about.st_size, file);
  fclose(file);
  return bytes;
}

static void expect_content(const char *path, const char *text) {
  size_t size;
  char *bytes = read_all(path, &size);
  assert_string_equal(bytes, text);
  free(bytes);
}

static void put(const char *path, const char *text) {
  assert_int_equal(berg_write_whole(path, text, strlen(text), true, NULL), BERG_OK);
}

static void links_are_not_followed(void **state) {
  (void)state;
  put("victim", "mine");
  const char *const names[] = {"out.new", "out", "x.npy.partial", "x.npy.partial.journal", "dangling.npy.partial"};
  for (size_t i = 0; i < 5; i++) assert_int_equal(symlink(i == 4 ? "nowhere" : "victim", names[i]), 0);
  put("out", "new");
  expect_content("out", "new");
  io_rows *rows;
  size_t done;
  assert_int_equal(io_rows_open(&rows, "x.npy", 3, "run", true, true, &done, NULL), BERG_EWRITE);
  assert_int_equal(io_rows_open(&rows, "x.npy", 3, "run", true, false, &done, NULL), BERG_EWRITE);
  assert_int_equal(io_rows_open(&rows, "dangling.npy", 3, "run", false, false, &done, NULL), BERG_EWRITE);
  assert_int_equal(io_lock_open("out.new"), -1);
  expect_content("victim", "mine");
  assert_int_not_equal(access("nowhere", F_OK), 0);
  for (size_t i = 0; i < 5; i++) unlink(names[i]);
  unlink("victim");
}

static void expect_place(const char *path, berg_status plain, berg_status forced, const char *words) {
  berg_error error = {.message = ""};
  assert_int_equal(io_check_output(path, false, &error), plain);
  if (words) assert_non_null(strstr(error.message, words));
  assert_int_equal(berg_check_output(path, true, &error), forced);
}

static void only_files_and_links_are_replaced(void **state) {
  (void)state;
  put("file", "mine");
  assert_int_equal(mkfifo("pipe", 0600) || mkdir("folder", 0700), 0);
  assert_int_equal(symlink("file", "to-file") || symlink("nowhere", "dangling") || symlink("pipe", "to-pipe"), 0);
  expect_place("free", BERG_OK, BERG_OK, NULL);
  expect_place("file", BERG_EEXISTS, BERG_OK, "force (--force, force=True) replaces it");
  expect_place("to-file", BERG_EEXISTS, BERG_OK, "force (--force, force=True) replaces it");
  expect_place("dangling", BERG_EEXISTS, BERG_OK, "is a link to a place where nothing is");
  expect_place("pipe", BERG_EWRITE, BERG_EWRITE, "is a pipe");
  expect_place("to-pipe", BERG_EWRITE, BERG_EWRITE, "is a pipe");
  expect_place("folder", BERG_EWRITE, BERG_EWRITE, "is a directory");
  expect_place("/dev/null", BERG_EWRITE, BERG_EWRITE, "is a device");
  expect_place("/proc/self/fd/0", BERG_EWRITE, BERG_EWRITE, "an open file of a process");
  if (!access("/dev/stdout", F_OK)) expect_place("/dev/stdout", BERG_EWRITE, BERG_EWRITE, "an open file of a process");
  assert_int_equal(berg_write_whole("pipe", "text", 4, true, NULL), BERG_EWRITE);
  put("unfinished", "new");
  assert_int_equal(io_place_file("unfinished", "pipe", true, NULL), BERG_EWRITE); /* that came while it was written */
  struct stat about;
  assert_int_equal(stat("pipe", &about), 0);
  assert_true(S_ISFIFO(about.st_mode));
  put("dangling", "new");
  expect_content("dangling", "new");
  const char *const names[] = {"file", "pipe", "to-file", "dangling", "to-pipe", "unfinished"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(names[i]);
  rmdir("folder");
}

static void modes_are_what_the_umask_says(void **state) {
  (void)state;
  const mode_t masks[] = {0, 022, 027, 077}, old = umask(0);
  for (size_t i = 0; i < 4; i++) {
    struct stat about;
    umask(masks[i]);
    put("out", "text");
    stat("out", &about);
    assert_int_equal(about.st_mode & 0777, 0666 & ~masks[i]);
    unlink("out");
  }
  umask(old);
}

static void each_writer_has_its_own(void **state) {
  (void)state;
  io_whole_file *one, *other, *late;
  assert_int_equal(io_whole_file_open(&one, "out", false, NULL), BERG_OK);
  assert_int_equal(io_whole_file_open(&other, "out", true, NULL), BERG_OK);
  assert_int_equal(io_whole_file_open(&late, "out", false, NULL), BERG_OK);
  assert_string_not_equal(io_whole_file_path(one), io_whole_file_path(other));
  assert_int_equal(strncmp(io_whole_file_path(one), ".out.", 5), 0);
  assert_int_equal(io_whole_file_write(one, "one", 3, NULL), BERG_OK);
  assert_int_equal(io_whole_file_write(other, "other", 5, NULL), BERG_OK);
  assert_int_equal(io_whole_file_commit(one, NULL), BERG_OK);
  expect_content("out", "one");
  assert_int_equal(io_whole_file_commit(other, NULL), BERG_OK);
  expect_content("out", "other");
  assert_int_equal(io_whole_file_commit(late, NULL), BERG_EEXISTS);
  expect_content("out", "other");
  unlink("out");
  assert_int_equal(count_files(), 0);
}

static void nothing_is_left(void **state) {
  (void)state;
  io_whole_file *file;
  assert_int_equal(io_whole_file_open(&file, "out", false, NULL), BERG_OK);
  io_whole_file_abandon(file, NULL);
  assert_int_equal(mkdir("taken", 0777), 0);
  assert_int_equal(berg_write_whole("taken", "text", 4, true, NULL), BERG_EWRITE);
  assert_int_equal(berg_write_whole("nowhere/out", "text", 4, true, NULL), BERG_EWRITE);
  rmdir("taken");
  assert_int_equal(count_files(), 0);
}

static void what_a_kill_left_is_cleared(void **state) {
  (void)state;
  io_whole_file *one, *other;
  assert_int_equal(io_whole_file_open(&one, "out", false, NULL), BERG_OK);
  assert_int_equal(io_whole_file_open(&other, "out2", false, NULL), BERG_OK);
  put(".out.new", "not one of them");
  io_whole_file_clear("out");
  assert_int_not_equal(access(io_whole_file_path(one), F_OK), 0);
  assert_int_equal(access(io_whole_file_path(other), F_OK) | access(".out.new", F_OK), 0);
  io_whole_file_abandon(one, NULL);
  io_whole_file_abandon(other, NULL);
  unlink(".out.new");
  assert_int_equal(count_files(), 0);
}

/* A name may be as long as the system has names, also in UTF-8. */
static void long_names(void **state) {
  (void)state;
  char name[256] = "";
  for (size_t i = 0; i < 254; i += 2) memcpy(name + i, "\xc3\xa9", 2);
  put(name, "text");
  expect_content(name, "text");
  unlink(name);
  assert_int_equal(count_files(), 0);
}

static int open_plain(const char *path) { return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666); }

static void locks_are_of_a_handle(void **state) {
  (void)state;
  int one = open_plain("file"), other = open_plain("file"), third = open_plain("file");
  assert_true(io_lock(one, "file"));
  assert_false(io_lock(other, "file"));
  close(third); /* with locks of the process this would unlock */
  assert_false(io_lock(other, "file"));
  unlink("file");
  close(one);
  assert_false(io_lock(other, "file")); /* no one holds it, but it is not the file of that name */
  third = open_plain("file");
  assert_true(io_lock(third, "file"));
  assert_true(io_is_named(third, "file") && !io_is_named(other, "file"));
  close(other);
  close(third);
  unlink("file");
  int lock = io_lock_open("lock");
  assert_true(lock >= 0 && io_lock_open("lock") < 0);
  io_lock_close(lock, "lock");
  assert_int_equal(count_files(), 0);
}

/* --- Two threads --- */

typedef struct writer {
  const char *path;
  float value;
  berg_status status;
} writer;

static void *write_rows(void *user) {
  writer *self = user;
  float *row = malloc(COLUMNS * sizeof *row);
  int64_t *coordinates = malloc(3 * COLUMNS * sizeof *coordinates);
  for (int c = 0; c < COLUMNS; c++) {
    row[c] = self->value;
    for (int d = 0; d < 3; d++) coordinates[3 * c + d] = (c / (d == 0 ? 1 : d == 1 ? 20 : 400)) % 20;
  }
  const io_axis axis = {.name = "voxel", .length = COLUMNS, .coordinates = coordinates};
  const io_labels labels = {.axes = &axis, .axis_count = 1, .volume = {20, 20, 20}};
  io_rows *rows;
  size_t done;
  self->status = io_rows_open(&rows, self->path, COLUMNS, self->value < 2 ? "one" : "two", true, false, &done, NULL);
  for (int r = 0; r < ROWS && !self->status; r++) self->status = io_rows_append(rows, row, 1, NULL);
  if (!self->status) self->status = io_rows_finish(rows, &labels, NULL);
  io_rows_free(rows, NULL);
  free(row);
  free(coordinates);
  return NULL;
}

static void *write_whole(void *user) {
  writer *self = user;
  const size_t size = 4000000;
  char *bytes = malloc(size);
  memset(bytes, (int)self->value, size);
  self->status = berg_write_whole(self->path, bytes, size, true, NULL);
  free(bytes);
  return NULL;
}

static void *write_matrix(void *user) {
  writer *self = user;
  float *row = malloc(COLUMNS * sizeof *row);
  for (int c = 0; c < COLUMNS; c++) row[c] = self->value;
  io_hdf5_matrix *matrix;
  self->status = io_hdf5_matrix_start(&matrix, self->path, "data", ROWS, COLUMNS, NULL);
  for (size_t r = 0; r < ROWS && !self->status; r++)
    self->status = io_hdf5_matrix_write(matrix, r, 1, 0, COLUMNS, row, COLUMNS, NULL);
  if (!self->status) self->status = io_hdf5_matrix_finish(matrix, true, NULL);
  io_hdf5_matrix_free(matrix, true, NULL);
  free(row);
  return NULL;
}

static bool is_same(const char *path, const char *bytes, size_t size) {
  size_t found;
  char *other = read_all(path, &found);
  bool same = found == size && !memcmp(other, bytes, size);
  free(other);
  return same;
}

static void race(const char *path, void *(*write)(void *), bool refusing) {
  char *alone[2];
  size_t size[2];
  for (int i = 0; i < 2; i++) {
    write(&(writer){path, (float)(i + 1), BERG_OK});
    alone[i] = read_all(path, &size[i]);
    unlink(path);
  }
  const char *asked = getenv("BERG_WRITERS");
  for (int tries = asked ? atoi(asked) : 4; tries > 0; tries--) {
    writer writers[2] = {{path, 1, BERG_OK}, {path, 2, BERG_OK}};
    pthread_t thread;
    pthread_create(&thread, NULL, write, &writers[1]);
    write(&writers[0]);
    pthread_join(thread, NULL);
    const bool done[2] = {!writers[0].status, !writers[1].status};
    for (int i = 0; i < 2; i++)
      if (!done[i] && !(refusing && writers[i].status == BERG_EEXISTS && done[1 - i]))
        fail_msg("%s: status %d", path, writers[i].status);
    bool whole = false;
    for (int i = 0; i < 2; i++) whole |= done[i] && is_same(path, alone[i], size[i]);
    if (!whole) fail_msg("%s: is not what a writer said to have written", path);
    unlink(path);
    assert_int_equal(count_files(), 0);
  }
  free(alone[0]);
  free(alone[1]);
}

static void two_threads(void **state) {
  (void)state;
  const char *const names[] = {"x.npy", "x.h5", "x.csv", "x.nii", "x.nii.gz"};
  for (size_t i = 0; i < 5; i++) race(names[i], write_rows, true);
  race("x.h5", write_matrix, true);
  race("x", write_whole, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(links_are_not_followed),
      cmocka_unit_test(only_files_and_links_are_replaced),
      cmocka_unit_test(modes_are_what_the_umask_says),
      cmocka_unit_test(each_writer_has_its_own),
      cmocka_unit_test(nothing_is_left),
      cmocka_unit_test(what_a_kill_left_is_cleared),
      cmocka_unit_test(long_names),
      cmocka_unit_test(locks_are_of_a_handle),
      cmocka_unit_test(two_threads),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
