/* Numbers as text. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>

#define BASE_DECIMAL_ROOM 32

/* The shortest decimal that reads back as the same finite number, a double or (`single`) a float. Returns `text`. */
char *base_decimal(double value, bool single, char text[BASE_DECIMAL_ROOM]);

#endif
