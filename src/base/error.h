/* Filling the caller's error record. Every function here takes NULL for `error` and returns the status it was given,
 * so that a failure is one statement: return base_fail(error, BERG_EINPUT, "..."). */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

#include "berg.h"

#if defined(__GNUC__)
#define BASE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define BASE_PRINTF(text, first)
#endif

/* One line of plain text; line breaks and control characters that come out of `format` become spaces. What is longer
 * than the record's room keeps its start and its end. */
berg_status base_fail(berg_error *error, berg_status status, const char *format, ...) BASE_PRINTF(3, 4);
berg_status base_fail_list(berg_error *error, berg_status status, const char *format, va_list list) BASE_PRINTF(3, 0);

/* Where and what: any of file, item, expected, found may be NULL, offset BERG_NO_OFFSET. The message becomes
 * "file: item: what, at byte N: expected E, found F". */
typedef struct base_fault {
  berg_status status;
  const char *file;
  uint64_t offset;
  const char *item;
  const char *what;
  const char *expected;
  const char *found;
} base_fault;

berg_status base_fail_at(berg_error *error, const base_fault *fault);

/* The same, with `found` (and `expected` before it) made from a format: file: what: expected E, found F. */
berg_status base_fail_found(berg_error *error, berg_status status, const char *file, const char *what,
                            const char *expected, const char *found_format, ...) BASE_PRINTF(6, 7);

/* "file: what: strerror(errno)"; a system that had no memory for it is ELIMIT, whatever `status`. */
berg_status base_fail_errno(berg_error *error, berg_status status, const char *file, const char *what, int number);

/* ELIMIT with the number of bytes asked for. */
berg_status base_fail_memory(berg_error *error, size_t bytes);

#endif
