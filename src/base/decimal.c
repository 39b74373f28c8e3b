/* The shortest decimals that read back as the same number. */
#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* strtof by itself: rounding to a double first can give a different float. */
char *base_decimal(double value, bool single, char text[BASE_DECIMAL_ROOM]) {
  const locale_t before = base_locale_plain();
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, BASE_DECIMAL_ROOM, "%.*g", digits, value);
    if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) break;
  }
  base_locale_back(before);
  return text;
}
