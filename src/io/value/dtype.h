/* NumPy's codes for element types: '<f4', '|b1', '<U24', '|O'. */
#ifndef IO_DTYPE_H
#define IO_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "berg.h"

/* Reads a code with its byte order ('<', '>', '|', '=' or none, which mean this machine's little-endian
 * order). False for types that libberg does not hold: complex, dates, bytes, records. `itemsize` of '|O' is
 * that of a pointer. */
bool io_dtype_parse(const char *code, size_t length, berg_dtype *dtype, size_t *itemsize, bool *big_endian);

/* The code that NumPy gives a little-endian array of the type, into `text`. */
void io_dtype_code(berg_dtype dtype, size_t itemsize, char *text, size_t size);

#endif
