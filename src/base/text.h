/* Numbers to and from text independently of the locale that the host has set: files and messages always have a decimal
 * point. tests/check_structure.py checks that src/ uses nothing else. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* As snprintf, vsnprintf, vfprintf, strtod and sscanf. */
int base_print(char *text, size_t size, const char *format, ...) BASE_PRINTF(3, 4);
int base_print_list(char *text, size_t size, const char *format, va_list list) BASE_PRINTF(3, 0);
int base_print_to(FILE *stream, const char *format, va_list list) BASE_PRINTF(2, 0);
double base_read_real(const char *text, char **end);
int base_scan(const char *text, const char *format, ...) __attribute__((format(scanf, 2, 3)));

#define BASE_BYTES_ROOM 32
/* So many bytes in the unit that suits them, of thousands: "850 bytes", "1.2 kB", "3.4 GB". `text`. */
const char *base_bytes_text(double bytes, char text[BASE_BYTES_ROOM]);

/* Whether two texts are equal ignoring the case of the letters A to Z. strcasecmp depends on the locale: in Turkish I
 * is not the capital of i. */
bool base_same_word(const char *a, const char *b);

/* For libraries that print and read numbers themselves: this thread's locale is "C" until base_locale_back is given
 * what base_locale_plain returned. */
locale_t base_locale_plain(void);
void base_locale_back(locale_t before);

#endif
