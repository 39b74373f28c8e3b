/* CSV files: whatever the bytes, a failure has one line of message, and what was read is as long as it says, with texts
 * that are UTF-8 and marks that are 0 or 1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/table/csv.h"
#include "io/value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const io_csv_column columns[] = {
    {"t", IO_CSV_TEXT, false}, {"i", IO_CSV_INTEGER, true}, {"r\nr", IO_CSV_REAL, true}, {"m", IO_CSV_MARK, true}};

static volatile double sum; /* seen from outside, so that every number is read */

static void touch(const io_csv *csv) {
  sum = 0;
  for (size_t row = 0; row < io_csv_rows(csv); row++) {
    const char *text = io_csv_texts(csv, 0)[row];
    if (!io_utf8_valid(text, strlen(text), false)) abort();
    if (io_csv_has(csv, 1)) sum += (double)io_csv_integers(csv, 1)[row];
    if (io_csv_has(csv, 2)) sum += io_csv_reals(csv, 2)[row];
    if (io_csv_has(csv, 3) && io_csv_marks(csv, 3)[row] > 1) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  io_csv *csv;
  berg_error error;
  if (!size) return 0; /* fmemopen has no empty streams */
  FILE *stream = fmemopen((void *)(uintptr_t)bytes, size, "rb");
  if (!stream) abort();
  berg_status status = io_csv_read_stream(&csv, stream, "fuzz.csv", columns, 4, &error);
  fclose(stream);
  if (status ? csv || !*error.message || strchr(error.message, '\n') : !csv) abort();
  if (!status) touch(csv);
  io_csv_free(csv);
  return 0;
}
