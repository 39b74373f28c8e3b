/* Columns of a CSV file, by name: RFC 4180 with commas, a header, quoted line breaks, any line ending, with or without
 * a byte order mark. Read once, a piece at a time; only the columns asked for are kept. Numbers are read the same in
 * every locale. */
#ifndef IO_CSV_H
#define IO_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

typedef enum io_csv_kind {
  IO_CSV_TEXT,    /* UTF-8, as it is between the commas: blanks count */
  IO_CSV_INTEGER, /* digits with perhaps a sign */
  IO_CSV_REAL,    /* the nearest float64; empty and "nan" are NaN, "inf" is infinite */
  IO_CSV_MARK     /* 0 or 1, also as 0.0 and 1.0 */
} io_csv_kind;

typedef struct io_csv_column {
  const char *name;
  io_csv_kind kind;
  bool optional;
} io_csv_column;

typedef struct io_csv io_csv;

/* Reads these columns of the file. EINPUT: no such file, no header, a column missing (all of them are named) or
 * repeated (any column), a row of more or fewer fields than the header, a field that is not of its kind: with row (the
 * first below the header is 1) and column; misplaced quotes, bytes that are not UTF-8, fields of more than 1 MiB.
 * ELIMIT: texts of more than 512 MiB. `columns` are borrowed for the lifetime of the handle. */
berg_status io_csv_read(io_csv **csv, const char *path, const io_csv_column *columns, size_t count, berg_error *error);
/* The same from a stream, whose `name` is for messages. */
berg_status io_csv_read_stream(io_csv **csv, FILE *stream, const char *name, const io_csv_column *columns, size_t count,
                               berg_error *error);
void io_csv_free(io_csv *csv);

/* Rows below the header; empty lines do not count. */
size_t io_csv_rows(const io_csv *csv);
/* EINPUT unless it has `expected` rows, "9840, as the responses have trials" in the words of `why`. */
berg_status io_csv_check_rows(const io_csv *csv, const char *path, size_t expected, const char *why, berg_error *error);
/* A hash of all bytes of the file (base/hash.h). */
uint64_t io_csv_hash(const io_csv *csv);
/* Whether column `index` of those asked for is present: optional ones may be missing. */
bool io_csv_has(const io_csv *csv, size_t index);
/* The values of column `index`, [rows], which must be present and of that kind. Owned by the handle. */
const char *const *io_csv_texts(const io_csv *csv, size_t index);
const int64_t *io_csv_integers(const io_csv *csv, size_t index);
const double *io_csv_reals(const io_csv *csv, size_t index);
const uint8_t *io_csv_marks(const io_csv *csv, size_t index);

#endif
