/* What the HDF5 reader makes of a dataset, for tests.
 *
 *   hdf5_rows FILE DATASET OUT [ROWS]
 *
 * OUT gets the elements in this machine's byte order, read ROWS at a time (all), then once more in columns, a third of
 * them at a time, where there are several. Prints type and shape; ends with the exit status of the first call that
 * fails, its message on standard error. */
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "io/hdf5/hdf5.h"

static berg_status read_rows(io_hdf5 *dataset, size_t step, FILE *out, berg_error *error) {
  const berg_array *about = io_hdf5_about(dataset);
  const size_t rows = about->shape[0], row = (size_t)about->strides[0];
  unsigned char *data = malloc(step * row + 1);
  berg_status status = data ? BERG_OK : base_fail_memory(error, step * row);
  for (size_t first = 0; first < rows && !status; first += step) {
    const size_t count = rows - first < step ? rows - first : step;
    status = io_hdf5_read(dataset, first, count, data, error);
    if (!status && fwrite(data, row, count, out) != count) exit(101);
  }
  free(data);
  return status;
}

/* Pieces of columns, put together in `data`. */
static berg_status read_columns(io_hdf5 *dataset, FILE *out, berg_error *error) {
  const berg_array *about = io_hdf5_about(dataset);
  const size_t rows = about->shape[0], row = (size_t)about->strides[0], item = about->itemsize, columns = row / item;
  const size_t step = columns / 3 + 1;
  unsigned char *data = malloc(rows * row + 1), *part = malloc(rows * step * item + 1);
  berg_status status = data && part ? BERG_OK : base_fail_memory(error, rows * row);
  for (size_t first = 0; first < columns && !status; first += step) {
    const size_t count = columns - first < step ? columns - first : step;
    status = io_hdf5_read_columns(dataset, 0, rows, first, count, part, error);
    for (size_t r = 0; r < rows && !status; r++)
      for (size_t b = 0; b < count * item; b++) data[r * row + first * item + b] = part[r * count * item + b];
  }
  if (!status && fwrite(data, row, rows, out) != rows) exit(101);
  free(data);
  free(part);
  return status;
}

int main(int argc, char **argv) {
  berg_error error;
  io_hdf5 *dataset;
  char text[256];
  if (argc < 4) return 100;
  berg_status status = io_hdf5_open(&dataset, argv[1], argv[2], &error);
  FILE *out = fopen(argv[3], "wb");
  if (!out) return 100;
  if (!status) {
    const berg_array *about = io_hdf5_about(dataset);
    base_array_describe(about, text, sizeof text);
    printf("%s\n", text);
    const size_t step = argc > 4 ? strtoul(argv[4], NULL, 10) : about->shape[0];
    if (about->ndim && about->strides[0]) status = read_rows(dataset, step ? step : 1, out, &error);
    if (!status && about->ndim > 1 && about->strides[0]) status = read_columns(dataset, out, &error);
  }
  if (status) fprintf(stderr, "%s\n", error.message);
  io_hdf5_free(dataset);
  fclose(out);
  return berg_status_exit(status);
}
