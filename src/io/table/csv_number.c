/* Numbers of CSV fields. */
#include "io/table/csv_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool io_csv_integer(const char *text, int64_t *value) {
  const char *digits = text + (*text == '-' || *text == '+');
  if (!*digits || digits[strspn(digits, "0123456789")]) return false;
  errno = 0;
  long long number = strtoll(text, NULL, 10);
  *value = number;
  return !errno;
}

/* strtod alone would also take blanks before it, hexadecimals and "nan(text)". */
bool io_csv_real(const char *text, double *value) {
  if (!*text || base_same_word(text, "nan")) {
    *value = NAN;
    return true;
  }
  const char *body = text + (*text == '-' || *text == '+');
  if (base_same_word(body, "inf") || base_same_word(body, "infinity")) {
    *value = *text == '-' ? -INFINITY : INFINITY;
    return true;
  }
  if (body[strspn(body, "0123456789.eE+-")] || !strpbrk(body, "0123456789")) return false;
  char *end;
  *value = base_read_real(text, &end);
  return !*end;
}

bool io_csv_mark(const char *text, uint8_t *value) {
  if ((*text != '0' && *text != '1') || (text[1] && strcmp(text + 1, ".0"))) return false;
  *value = *text == '1';
  return true;
}
