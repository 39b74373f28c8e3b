/* Reads and rewrites the journal, a short text:
 *
 *     berg rows 3\n                      format and its version
 *     rows 00000000000000000042\n        20 digits: the rows before this one are safe
 *     more 00000000000000000050-00000000000000000060 ...\n
 *                                        ten ranges behind them, ascending and apart; those not used are zeros
 *     placed 00000000000000000000-00000000000000000000\n
 *                                        size and time of the file that they have become; zeros: there is none yet
 *     columns 211339\n
 *     fingerprint ...\n
 *
 * What is rewritten in place lies within the first 512 bytes: one sector, so that a note is on disk or is not, and
 * writing it needs no new space on a full disk. */
#include "io/file/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"

#define HEAD "berg rows 3\nrows "
#define MORE "\nmore"
#define PLACED "\nplaced"
#define DIGITS 20
#define PAIR (2 * DIGITS + 2)
#define NOTE_BYTES (DIGITS + sizeof MORE - 1 + (size_t)IO_JOURNAL_RANGES * PAIR + sizeof PLACED - 1 + PAIR)
#define TEXT_MAX (IO_JOURNAL_FINGERPRINT_MAX + 1024)

_Static_assert(sizeof HEAD - 1 + NOTE_BYTES <= 512, "a note lies in one sector");

/* What stands between HEAD and the line of columns. */
static void note_text(char text[NOTE_BYTES + 1], const io_ranges *rows, const io_placed *placed) {
  const size_t before = io_ranges_before(rows);
  size_t at = (size_t)base_print(text, NOTE_BYTES + 1, "%0*zu" MORE, DIGITS, before), next = before ? 1 : 0;
  for (size_t i = 0; i < IO_JOURNAL_RANGES; i++, next++) {
    const io_range range = next < rows->count ? rows->list[next] : (io_range){0, 0};
    at += (size_t)base_print(text + at, NOTE_BYTES + 1 - at, " %0*zu-%0*zu", DIGITS, range.first, DIGITS, range.end);
  }
  base_print(text + at, NOTE_BYTES + 1 - at, PLACED " %0*zu-%0*zu", DIGITS, placed->size, DIGITS, placed->time);
}

static int journal_text(char *text, size_t size, const io_ranges *rows, const io_placed *placed, size_t columns,
                        const char *fingerprint) {
  char note[NOTE_BYTES + 1];
  note_text(note, rows, placed);
  return base_print(text, size, HEAD "%s\ncolumns %zu\nfingerprint %s\n", note, columns, fingerprint);
}

berg_status io_journal_create(int *out, const char *path, size_t columns, const char *fingerprint, berg_error *error) {
  char text[TEXT_MAX];
  *out = -1;
  int length = journal_text(text, sizeof text, &(io_ranges){.count = 0}, &(io_placed){0, 0}, columns, fingerprint);
  io_whole_file *whole;
  berg_status status = io_whole_file_open(&whole, path, true, error);
  if (status) return status;
  status = io_whole_file_write(whole, text, (size_t)length, error);
  if (status) {
    io_whole_file_abandon(whole, error);
    return status;
  }
  status = io_whole_file_commit(whole, error);
  if (status) return status;
  *out = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  return *out < 0 ? base_fail_errno(error, BERG_EWRITE, path, "cannot be opened", errno) : BERG_OK;
}

static berg_status damaged(const char *path, berg_error *error) {
  return base_fail_found(error, BERG_EINPUT, path, "the journal of the partial rows beside it is damaged",
                         "\"berg rows 3\" with rows, columns and fingerprint", "something else");
}

/* Twenty digits at `*text`, which is left behind them. */
static bool take_number(const char **text, size_t *number) {
  if (strspn(*text, "0123456789") != DIGITS) return false;
  errno = 0;
  const unsigned long long value = strtoull(*text, NULL, 10);
  *number = (size_t)value;
  *text += DIGITS;
  return !errno && value <= SIZE_MAX;
}

static bool take_text(const char **text, const char *expected) {
  const size_t length = strlen(expected);
  if (strncmp(*text, expected, length)) return false;
  *text += length;
  return true;
}

static bool take_pair(const char **text, size_t *first, size_t *second) {
  return take_text(text, " ") && take_number(text, first) && take_text(text, "-") && take_number(text, second);
}

/* Ranges that touch, or are not ascending, or come behind an unused place, were not noted by io_journal_note. */
static bool take_note(const char **text, io_ranges *rows, io_placed *placed) {
  size_t first, end;
  bool is_last = false;
  *rows = (io_ranges){.count = 0};
  if (!take_text(text, HEAD) || !take_number(text, &end) || !take_text(text, MORE)) return false;
  if (end) rows->list[rows->count++] = (io_range){0, end};
  for (size_t i = 0; i < IO_JOURNAL_RANGES; i++) {
    if (!take_pair(text, &first, &end)) return false;
    is_last = is_last || (!first && !end);
    if (is_last ? first || end : rows->count == IO_JOURNAL_RANGES || first >= end || first <= io_ranges_end(rows))
      return false;
    if (!is_last) rows->list[rows->count++] = (io_range){first, end};
  }
  return take_text(text, PLACED) && take_pair(text, &placed->size, &placed->time);
}

static berg_status parse(const char *text, const char *path, size_t columns, const char *fingerprint, io_ranges *rows,
                         io_placed *placed, berg_error *error) {
  const char *rest = text;
  if (!take_note(&rest, rows, placed)) return damaged(path, error);
  char expected[TEXT_MAX];
  journal_text(expected, sizeof expected, rows, placed, columns, fingerprint);
  if (!strcmp(text, expected)) return BERG_OK;
  size_t found_columns;
  int used = 0;
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

/* All of the file, as far as it fits. False with errno. */
static bool read_text(int file, char *text, size_t size) {
  size_t used = 0;
  for (ssize_t got = 1; got && used < size - 1;) {
    got = pread(file, text + used, size - 1 - used, (off_t)used);
    if (got < 0 && errno != EINTR) return false;
    if (got > 0) used += (size_t)got;
  }
  text[used] = '\0';
  return true;
}

berg_status io_journal_open_placed(int *out, const char *path, size_t columns, const char *fingerprint, io_ranges *rows,
                                   io_placed *placed, berg_error *error) {
  *out = -1;
  int file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT)
      return base_fail(error, BERG_EINPUT, "%s: is missing, so the partial rows beside it cannot be resumed", path);
    return base_fail_errno(error, BERG_EWRITE, path, "cannot be opened", errno);
  }
  char text[TEXT_MAX];
  berg_status status;
  if (read_text(file, text, sizeof text))
    status = parse(text, path, columns, fingerprint, rows, placed, error);
  else
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be read", errno);
  if (status) {
    close(file);
    return status;
  }
  *out = file;
  return BERG_OK;
}

berg_status io_journal_open(int *out, const char *path, size_t columns, const char *fingerprint, io_ranges *rows,
                            berg_error *error) {
  io_placed placed;
  return io_journal_open_placed(out, path, columns, fingerprint, rows, &placed, error);
}

bool io_journal_note(int file, const io_ranges *rows) { return io_journal_note_placed(file, rows, &(io_placed){0, 0}); }

bool io_journal_note_placed(int file, const io_ranges *rows, const io_placed *placed) {
  char text[NOTE_BYTES + 1];
  note_text(text, rows, placed);
  return io_write_at(file, text, NOTE_BYTES, (uint64_t)strlen(HEAD)) && !fdatasync(file);
}
