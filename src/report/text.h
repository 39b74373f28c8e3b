/* Text that grows: pages, SVG and files are put together here, in memory, before anything is written. Lack of memory is
 * remembered, so that writers need not check each piece; report_text_status returns it at the end. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>

#include "base/error.h"

typedef struct report_text {
  char *bytes; /* zero-terminated once anything was appended */
  size_t length, capacity;
  bool failed;
} report_text;

void report_text_free(report_text *text);
berg_status report_text_status(const report_text *text, berg_error *error);

void report_put_bytes(report_text *text, const void *bytes, size_t size);
void report_put(report_text *text, const char *plain);
void report_print(report_text *text, const char *format, ...) BASE_PRINTF(2, 3);
/* For the text and the attributes of HTML and XML: markup is escaped, and what is not UTF-8 or not an XML character
 * becomes U+FFFD. */
void report_put_escaped(report_text *text, const char *plain);
/* The same without escaping the markup: UTF-8 that may be drawn or go to JSON. */
void report_put_clean(report_text *text, const char *plain);
/* JSON: a string with its quotes; a number in as few digits as give it back, null where it is not finite; a string
 * member with the comma after it. */
void report_put_quoted(report_text *text, const char *plain);
void report_put_real(report_text *text, double number);
void report_put_member(report_text *text, const char *name, const char *plain);
/* A coordinate: at most two decimals, none that are zero. */
void report_put_number(report_text *text, double number);
/* "data:image/png;base64,..." without the part before the comma. */
void report_put_base64(report_text *text, const void *bytes, size_t size);
/* 211339 as "211,339". */
void report_put_grouped(report_text *text, size_t number);

#endif
