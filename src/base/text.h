/* Numbers written as text and read from it, the same whatever locale the host has set: what is in a file or a message has a point.
 * tests/check_structure.py holds that nothing in src/ goes past these. */
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

/* Whether two texts are the same but for the case of the letters A to Z: strcasecmp has no I for i in Turkish. */
bool base_same_word(const char *a, const char *b);

/* For libraries that print and read numbers themselves: this thread's locale is "C" until base_locale_back is given what
 * base_locale_plain returned. */
locale_t base_locale_plain(void);
void base_locale_back(locale_t before);

#endif
