/* Filling error records: one line of plain text, with where and what. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

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

static void copy(char *to, size_t size, const char *from) {
  base_print(to, size, "%s", from ? from : "");
  flatten(to);
}

/* The end of a path tells more than its start. */
static void copy_path(char *to, size_t size, const char *from) {
  size_t length = from ? strlen(from) : 0;
  if (length < size)
    copy(to, size, from);
  else
    base_print(to, size, "...%s", from + length - (size - 4));
  flatten(to);
}

static void clear(berg_error *error, berg_status status) {
  memset(error, 0, sizeof *error);
  error->status = status;
  error->offset = BERG_NO_OFFSET;
}

berg_status base_fail(berg_error *error, berg_status status, const char *format, ...) {
  if (error) {
    va_list list;
    clear(error, status);
    va_start(list, format);
    base_print_list(error->message, sizeof error->message, format, list);
    va_end(list);
    flatten(error->message);
  }
  return status;
}

berg_status base_fail_at(berg_error *error, const base_fault *fault) {
  if (error) {
    char at[40] = "";
    clear(error, fault->status);
    copy_path(error->file, sizeof error->file, fault->file);
    copy(error->item, sizeof error->item, fault->item);
    copy(error->expected, sizeof error->expected, fault->expected);
    copy(error->found, sizeof error->found, fault->found);
    error->offset = fault->offset;
    if (fault->offset != BERG_NO_OFFSET) base_print(at, sizeof at, ", at byte %llu", (unsigned long long)fault->offset);
    base_print(error->message, sizeof error->message, "%s%s%s%s%s%s%s%s%s%s", error->file, *error->file ? ": " : "",
               error->item, *error->item ? ": " : "", fault->what ? fault->what : berg_status_text(fault->status), at,
               *error->expected ? ": expected " : "", error->expected,
               *error->found ? (*error->expected ? ", found " : ": found ") : "", error->found);
    flatten(error->message);
  }
  return fault->status;
}

berg_status base_fail_found(berg_error *error, berg_status status, const char *file, const char *what,
                            const char *expected, const char *found_format, ...) {
  char found[128];
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
