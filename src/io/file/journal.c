/* Reads and rewrites the journal, a short text:
 *
 *     berg rows 1\n                      format and its version
 *     rows 00000000000000000042\n        20 digits, rewritten in place
 *     columns 211339\n
 *     fingerprint ...\n
 *
 * The digits lie within the first 512 bytes, one sector, so that an update is written wholly or not at all and needs no
 * new space on a full disk. */
#include "io/file/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/whole_file.h"

#define HEAD "berg rows 1\nrows "
#define DIGITS 20
#define TEXT_MAX (IO_JOURNAL_FINGERPRINT_MAX + 128)

static int journal_text(char *text, size_t size, size_t rows, size_t columns, const char *fingerprint) {
  return base_print(text, size, HEAD "%0*zu\ncolumns %zu\nfingerprint %s\n", DIGITS, rows, columns, fingerprint);
}

berg_status io_journal_create(int *out, const char *path, size_t columns, const char *fingerprint, berg_error *error) {
  char text[TEXT_MAX];
  *out = -1;
  int length = journal_text(text, sizeof text, 0, columns, fingerprint);
  io_whole_file *whole;
  berg_status status = io_whole_file_open(&whole, path, true, error);
  if (status) return status;
  status = io_whole_file_write(whole, text, (size_t)length, error);
  if (status) {
    io_whole_file_abandon(whole);
    return status;
  }
  status = io_whole_file_commit(whole, error);
  if (status) return status;
  *out = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  return *out < 0 ? base_fail_errno(error, BERG_EWRITE, path, "cannot be opened", errno) : BERG_OK;
}

static berg_status damaged(const char *path, berg_error *error) {
  return base_fail_found(error, BERG_EINPUT, path, "the journal of the partial rows beside it is damaged",
                         "\"berg rows 1\" with rows, columns and fingerprint", "something else");
}

static berg_status parse(const char *text, const char *path, size_t columns, const char *fingerprint, size_t *rows,
                         berg_error *error) {
  size_t head = strlen(HEAD);
  if (strncmp(text, HEAD, head) || strspn(text + head, "0123456789") != DIGITS) return damaged(path, error);
  errno = 0;
  unsigned long long value = strtoull(text + head, NULL, 10);
  if (errno || value > SIZE_MAX) return damaged(path, error);
  *rows = (size_t)value;

  char expected[TEXT_MAX];
  journal_text(expected, sizeof expected, *rows, columns, fingerprint);
  if (!strcmp(text, expected)) return BERG_OK;
  size_t found_columns;
  int used = 0;
  const char *rest = text + head + DIGITS;
  if (base_scan(rest, "\ncolumns %20zu\nfingerprint %n", &found_columns, &used) != 1 || !used ||
      !strchr(rest + used, '\n'))
    return damaged(path, error);
  if (found_columns != columns) {
    char count[48];
    base_print(count, sizeof count, "%zu columns", columns);
    return base_fail_found(error, BERG_EEXISTS, path, "belongs to another run, which cannot be resumed by this one",
                           count, "%zu columns", found_columns);
  }
  return base_fail_found(error, BERG_EEXISTS, path, "belongs to another run, which cannot be resumed by this one",
                         fingerprint, "%.*s", (int)strcspn(rest + used, "\n"), rest + used);
}

berg_status io_journal_open(int *out, const char *path, size_t columns, const char *fingerprint, size_t *rows,
                            berg_error *error) {
  *out = -1;
  int file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT)
      return base_fail(error, BERG_EINPUT, "%s: is missing, so the partial rows beside it cannot be resumed", path);
    return base_fail_errno(error, BERG_EWRITE, path, "cannot be opened", errno);
  }
  char text[TEXT_MAX];
  ssize_t size = pread(file, text, sizeof text - 1, 0);
  berg_status status;
  if (size < 0) {
    status = base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno);
  } else {
    text[size] = '\0';
    status = parse(text, path, columns, fingerprint, rows, error);
  }
  if (status) {
    close(file);
    return status;
  }
  *out = file;
  return BERG_OK;
}

bool io_journal_note(int file, size_t rows) {
  char digits[DIGITS + 1];
  base_print(digits, sizeof digits, "%0*zu", DIGITS, rows);
  ssize_t written = pwrite(file, digits, DIGITS, (off_t)strlen(HEAD));
  if (written >= 0 && written != DIGITS) errno = ENOSPC;
  return written == DIGITS && !fdatasync(file);
}
