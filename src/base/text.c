/* Printing and parsing under the thread's own "C" locale. */
#include "base/text.h"

#include <stdlib.h>

/* The C library keeps this locale as a constant: no allocation, no failure, nothing to free. */
locale_t base_locale_plain(void) { return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0)); }

void base_locale_back(locale_t before) { uselocale(before); }

int base_print_list(char *text, size_t size, const char *format, va_list list) {
  const locale_t before = base_locale_plain();
  const int length = vsnprintf(text, size, format, list);
  base_locale_back(before);
  return length;
}

int base_print(char *text, size_t size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const int length = base_print_list(text, size, format, list);
  va_end(list);
  return length;
}

int base_print_to(FILE *stream, const char *format, va_list list) {
  const locale_t before = base_locale_plain();
  const int length = vfprintf(stream, format, list);
  base_locale_back(before);
  return length;
}

double base_read_real(const char *text, char **end) {
  const locale_t before = base_locale_plain();
  const double value = strtod(text, end);
  base_locale_back(before);
  return value;
}

int base_scan(const char *text, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const locale_t before = base_locale_plain();
  const int found = vsscanf(text, format, list);
  base_locale_back(before);
  va_end(list);
  return found;
}

static int small(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

bool base_same_word(const char *a, const char *b) {
  while (*a && small(*a) == small(*b)) a++, b++;
  return small(*a) == small(*b);
}

const char *base_bytes_text(double bytes, char text[BASE_BYTES_ROOM]) {
  static const char *const units[] = {"kB", "MB", "GB", "TB"};
  size_t unit = 0;
  if (bytes < 1000) {
    base_print(text, BASE_BYTES_ROOM, "%.0f bytes", bytes);
    return text;
  }
  for (bytes /= 1000; bytes >= 999.95 && unit + 1 < sizeof units / sizeof *units; unit++) bytes /= 1000;
  base_print(text, BASE_BYTES_ROOM, "%.1f %s", bytes, units[unit]);
  return text;
}
