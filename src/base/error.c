/* Filling error records: one line of plain text, with where and what, shortened where it tells least. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

const char *berg_status_name(berg_status status) {
  switch (status) {
#define X(name, number, exit_status, text) \
  case BERG_##name: return "BERG_" #name;
    BERG_STATUS_MAP(X)
#undef X
  }
  return "unknown status";
}

const char *berg_status_text(berg_status status) {
  switch (status) {
#define X(name, number, exit_status, text) \
  case BERG_##name: return text;
    BERG_STATUS_MAP(X)
#undef X
  }
  return "unknown status";
}

int berg_status_exit(berg_status status) {
  switch (status) {
#define X(name, number, exit_status, text) \
  case BERG_##name: return exit_status;
    BERG_STATUS_MAP(X)
#undef X
  }
  return 1;
}

/* File names and header texts may contain anything; a message is one line for a terminal. */
static void flatten(char *text) {
  for (unsigned char *c = (unsigned char *)text; *c; c++)
    if (*c < 0x20 || *c == 0x7f) *c = ' ';
}

/* Whether a byte goes on with a character of UTF-8 that began before it. */
static bool is_within(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* The first `head` bytes of a text that is too long, "...", and its end, as far as there is room; no character is cut
 * in two. */
static void shorten(char *to, size_t size, const char *from, size_t length, size_t head) {
  size_t tail = length - (size - 1 - strlen("...") - head);
  while (head && is_within(from[head])) head--;
  while (tail < length && is_within(from[tail])) tail++;
  base_print(to, size, "%.*s...%s", (int)head, from, from + tail);
}

static void copy(char *to, size_t size, const char *from, size_t head) {
  const size_t length = from ? strlen(from) : 0;
  if (length < size)
    base_print(to, size, "%s", from ? from : "");
  else
    shorten(to, size, from, length, head);
  flatten(to);
}

/* The end of a path tells more than its start, the start of a word more than its end. */
static void copy_path(char *to, size_t size, const char *from) { copy(to, size, from, 0); }
static void copy_word(char *to, size_t size, const char *from) { copy(to, size, from, size - 1 - strlen("...")); }

/* A message begins with what is at fault and ends with the reason: what has no room is left out of its middle. */
static void compose_list(berg_error *error, const char *format, va_list list) {
  const size_t size = sizeof error->message;
  va_list again;
  va_copy(again, list);
  const int length = base_print_list(error->message, size, format, list);
  char *whole = length >= (int)size ? base_alloc((size_t)length + 1, 1, NULL) : NULL;
  if (whole) {
    base_print_list(whole, (size_t)length + 1, format, again);
    shorten(error->message, size, whole, (size_t)length, size / 4);
    base_free(whole);
  }
  va_end(again);
  flatten(error->message);
}

static void compose(berg_error *error, const char *format, ...) BASE_PRINTF(2, 3);
static void compose(berg_error *error, const char *format, ...) {
  va_list list;
  va_start(list, format);
  compose_list(error, format, list);
  va_end(list);
}

static void clear(berg_error *error, berg_status status) {
  memset(error, 0, sizeof *error);
  error->status = status;
  error->offset = BERG_NO_OFFSET;
}

berg_status base_fail_list(berg_error *error, berg_status status, const char *format, va_list list) {
  if (error) {
    clear(error, status);
    compose_list(error, format, list);
  }
  return status;
}

berg_status base_fail(berg_error *error, berg_status status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  base_fail_list(error, status, format, list);
  va_end(list);
  return status;
}

berg_status base_fail_at(berg_error *error, const base_fault *fault) {
  if (error) {
    char at[40] = "";
    clear(error, fault->status);
    copy_path(error->file, sizeof error->file, fault->file);
    copy_word(error->item, sizeof error->item, fault->item);
    copy_word(error->expected, sizeof error->expected, fault->expected);
    copy_word(error->found, sizeof error->found, fault->found);
    error->offset = fault->offset;
    if (fault->offset != BERG_NO_OFFSET) base_print(at, sizeof at, ", at byte %llu", (unsigned long long)fault->offset);
    compose(error, "%s%s%s%s%s%s%s%s%s%s", error->file, *error->file ? ": " : "", error->item, *error->item ? ": " : "",
            fault->what ? fault->what : berg_status_text(fault->status), at, *error->expected ? ": expected " : "",
            error->expected, *error->found ? (*error->expected ? ", found " : ": found ") : "", error->found);
  }
  return fault->status;
}

berg_status base_fail_found(berg_error *error, berg_status status, const char *file, const char *what,
                            const char *expected, const char *found_format, ...) {
  char found[sizeof error->found + 1]; /* one more, so that what is cut shows */
  va_list list;
  va_start(list, found_format);
  base_print_list(found, sizeof found, found_format, list);
  va_end(list);
  return base_fail_at(error, &(base_fault){status, file, BERG_NO_OFFSET, NULL, what, expected, found});
}

berg_status base_fail_errno(berg_error *error, berg_status status, const char *file, const char *what, int number) {
  char reason[128] = "";
  /* The XSI form fills the buffer, the GNU form may not: _POSIX_C_SOURCE picks XSI for this project. */
  const locale_t before = base_locale_plain(); /* messages are in one language */
  const int unknown = strerror_r(number, reason, sizeof reason);
  base_locale_back(before);
  if (unknown) base_print(reason, sizeof reason, "error %d", number);
  char text[256];
  if (number == ENOMEM) status = BERG_ELIMIT;
  base_print(text, sizeof text, "%s: %s", what, reason);
  return base_fail_at(error, &(base_fault){status, file, BERG_NO_OFFSET, NULL, text, NULL, NULL});
}

berg_status base_fail_memory(berg_error *error, size_t bytes) {
  return base_fail(error, BERG_ELIMIT, "out of memory: %zu bytes could not be allocated", bytes);
}
