#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>

char *base_decimal(double value, bool single, char text[BASE_DECIMAL_ROOM]) {
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, BASE_DECIMAL_ROOM, "%.*g", digits, value);
    if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) break;
  }
  return text;
}
