/* A new HDF5 file that cannot be written: what went wrong first is told, once, and nothing after it is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/hdf5/hdf5_draft.h"

static char path[] = "/tmp/berg-draft-XXXXXX";

/* A matrix of a gigabyte, which takes no room on the disk. */
static berg_status write_draft(int file, uint64_t *offset, berg_error *error) {
  io_hdf5_draft draft;
  uint64_t bytes;
  io_hdf5_draft_begin(&draft, path, error);
  io_hdf5_add_dataset(&draft, IO_HDF5_ROOT, "a", io_hdf5_number(BERG_F32), (size_t[]){1 << 14, 1 << 14}, 2, offset);
  io_hdf5_add_text_note(&draft, IO_HDF5_ROOT, "creator", "a test");
  return io_hdf5_draft_finish(&draft, file, &bytes);
}

static void a_file_that_is_not_open_for_writing(void **state) {
  (void)state;
  berg_error error;
  uint64_t offset;
  const int file = open(path, O_RDONLY);
  assert_int_equal(write_draft(file, &offset, &error), BERG_EWRITE);
  assert_non_null(strstr(error.message, path));
  assert_non_null(strstr(error.message, "cannot be written: Bad file descriptor"));
  close(file);
}

/* As a full disk: where what is around the data does not fit, and where the data do not. */
static void a_limit_of_file_sizes(void **state) {
  (void)state;
  for (rlim_t limit = 100; limit <= 1000000; limit *= 100) {
    const pid_t child = fork();
    if (!child) {
      berg_error error;
      uint64_t offset;
      signal(SIGXFSZ, SIG_IGN);
      setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
      const berg_status status = write_draft(open(path, O_RDWR), &offset, &error);
      _exit(status == BERG_EWRITE && strstr(error.message, "cannot be written: File too large") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
}

static void the_first_that_cannot_be_added_is_told(void **state) {
  (void)state;
  io_hdf5_draft draft;
  berg_error error;
  uint64_t bytes;
  io_hdf5_draft_begin(&draft, "a.h5", &error);
  const size_t group = io_hdf5_add_group(&draft, IO_HDF5_ROOT, "a/b");
  io_hdf5_add_text_note(&draft, group, "creator", "a test");
  io_hdf5_add_list(&draft, group, ".", "", 0);
  io_hdf5_add_dataset(&draft, group, "x", io_hdf5_number(BERG_F64), (size_t[]){SIZE_MAX}, 1, NULL);
  assert_int_equal(io_hdf5_draft_finish(&draft, -1, &bytes), BERG_EARGUMENT);
  assert_string_equal(error.message, "a.h5: \"a/b\" cannot be the name of a dataset or group");
}

/* The file ends where its data end, which are none so far and read as zeros. */
static void all_but_the_data_is_written(void **state) {
  (void)state;
  berg_error error;
  uint64_t offset, number = 1;
  const int file = open(path, O_RDWR);
  assert_int_equal(write_draft(file, &offset, &error), BERG_OK);
  assert_int_equal(offset % 64, 0);
  assert_true((uint64_t)lseek(file, 0, SEEK_END) == offset + ((uint64_t)4 << 28));
  assert_int_equal(pread(file, &number, sizeof number, (off_t)offset), sizeof number);
  assert_true(!number);
  close(file);
}

static int set_up(void **state) {
  (void)state;
  const int file = mkstemp(path);
  return file < 0 ? 1 : close(file);
}

static int tear_down(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_that_is_not_open_for_writing), cmocka_unit_test(a_limit_of_file_sizes),
      cmocka_unit_test(the_first_that_cannot_be_added_is_told), cmocka_unit_test(all_but_the_data_is_written)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
