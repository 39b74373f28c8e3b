/* Journals where the system cuts reads and writes short and interrupts them, as file systems of a network may. */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/file/journal.h"

static size_t most; /* bytes of a call; 0: whole */
static int calls;

/* In place of the system's, for this program: every second call is interrupted. */
ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
  if (most && ++calls % 2) return errno = EINTR, -1;
  return syscall(SYS_pwrite64, file, bytes, most && size > most ? most : size, offset);
}

ssize_t pread(int file, void *bytes, size_t size, off_t offset) {
  if (most && ++calls % 2) return errno = EINTR, -1;
  return syscall(SYS_pread64, file, bytes, most && size > most ? most : size, offset);
}

static void notes_are_whole(void **state) {
  static const size_t cuts[] = {1, 7, 100};
  const io_ranges rows = {.list = {{0, 42}, {50, 60}}, .count = 2};
  char path[] = "/tmp/test_journal_XXXXXX";
  (void)state;
  const int made = mkstemp(path);
  assert_true(made >= 0);
  close(made);
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    int file;
    io_ranges found;
    most = 0;
    assert_int_equal(io_journal_create(&file, path, 7, "a run", NULL), BERG_OK);
    most = cuts[i];
    assert_true(io_journal_note(file, &rows));
    close(file);
    assert_int_equal(io_journal_open(&file, path, 7, "a run", &found, NULL), BERG_OK);
    assert_true(io_ranges_same(&found, &rows));
    const io_placed placed = {.size = 7, .time = 18446744073709551615u};
    io_placed noted;
    assert_true(io_journal_note_placed(file, &rows, &placed));
    close(file);
    assert_int_equal(io_journal_open_placed(&file, path, 7, "a run", &found, &noted, NULL), BERG_OK);
    assert_true(io_ranges_same(&found, &rows) && noted.size == placed.size && noted.time == placed.time);
    close(file);
  }
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(notes_are_whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
