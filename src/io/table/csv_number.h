/* Numbers out of fields of text. */
#ifndef IO_CSV_NUMBER_H
#define IO_CSV_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Each takes the whole field or nothing: false where it is not such a number. */
bool io_csv_integer(const char *text, int64_t *value);
bool io_csv_real(const char *text, double *value);
bool io_csv_mark(const char *text, uint8_t *value);

#endif
