/* How libhdf5 is used: a process ends with its own status after an error in it, what its host left open is closed, no
 * locks are asked for, and files have the format that all releases of libhdf5 write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_session.h"

static char path[] = "/tmp/berg-session-XXXXXX";

/* The whole process, libhdf5 in it, is on a file system without locks. */
__attribute__((visibility("default"))) int flock(int file, int operation) {
  (void)file;
  (void)operation;
  errno = ENOLCK;
  return -1;
}

/* A dataset "a" of the numbers 1, 2, 3 in it. */
static bool fill(hid_t file) {
  const int32_t numbers[] = {1, 2, 3};
  hid_t space = H5Screate_simple(1, (hsize_t[]){3}, NULL);
  hid_t dataset = H5Dcreate2(file, "a", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  bool done = H5Dwrite(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0;
  return H5Dclose(dataset) >= 0 && H5Sclose(space) >= 0 && done;
}

static void assert_filled(void) {
  io_hdf5 *dataset;
  int32_t numbers[3] = {0};
  assert_int_equal(io_hdf5_open(&dataset, path, "a", NULL), BERG_OK);
  assert_int_equal(io_hdf5_read(dataset, 0, 3, numbers, NULL), BERG_OK);
  assert_memory_equal(numbers, ((int32_t[]){1, 2, 3}), sizeof numbers);
  io_hdf5_free(dataset);
}

/* The exit status of a child that runs `work`. */
static int run(int (*work)(void)) {
  int status;
  pid_t child = fork();
  if (!child) exit(work()); /* through what is done at exit */
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* A limit of file sizes stands for a disk that was filled by someone else meanwhile. */
static int write_where_no_room_is(void) {
  io_hdf5_session session;
  io_hdf5_enter(&session);
  hid_t file = io_hdf5_create(path);
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100});
  fill(file);
  bool failed = file >= 0 && H5Fclose(file) < 0;
  io_hdf5_leave(&session);
  return failed ? BERG_EWRITE : 1;
}

static void test_full_disk_found_late(void **state) {
  (void)state;
  assert_int_equal(run(write_where_no_room_is), BERG_EWRITE);
}

static int leave_open(void) {
  io_hdf5_session session;
  io_hdf5_enter(&session);
  io_hdf5_leave(&session);
  hid_t how = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_file_locking(how, false, true);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, how);
  return file >= 0 && fill(file) ? 0 : 1;
}

static void test_files_of_the_host_are_closed(void **state) {
  (void)state;
  assert_int_equal(run(leave_open), 0);
  assert_filled();
}

static int create_without_locks(void) {
  io_hdf5_session session;
  io_hdf5_enter(&session);
  bool locked = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT) >= 0; /* as libhdf5 would do it */
  hid_t file = io_hdf5_create(path);
  bool done = file >= 0 && fill(file) && H5Fclose(file) >= 0;
  io_hdf5_leave(&session);
  return done && !locked ? 0 : 1;
}

static void test_no_locks(void **state) {
  (void)state;
  assert_int_equal(run(create_without_locks), 0);
  assert_filled();
}

static int create(void) {
  io_hdf5_session session;
  io_hdf5_enter(&session);
  hid_t file = io_hdf5_create(path);
  bool done = file >= 0 && fill(file) && H5Fclose(file) >= 0;
  io_hdf5_leave(&session);
  return done ? 0 : 1;
}

/* Superblock 0, whatever the release of libhdf5 would take by itself; later formats store when a group was made. */
static void test_oldest_format(void **state) {
  (void)state;
  assert_int_equal(run(create), 0);
  FILE *made = fopen(path, "rb");
  assert_true(made && !fseek(made, 8, SEEK_SET) && fgetc(made) == 0);
  fclose(made);
}

static int set_up(void **state) {
  (void)state;
  int file = mkstemp(path);
  return file < 0 ? 1 : close(file);
}

static int tear_down(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_full_disk_found_late),
                                     cmocka_unit_test(test_files_of_the_host_are_closed),
                                     cmocka_unit_test(test_no_locks), cmocka_unit_test(test_oldest_format)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
