/* Writes responses as CSV:
 *
 *     image,voxel_0,voxel_7,...\r\n      RFC 4180: lines end in CR LF; names with , " or line breaks are quoted
 *     cat.jpg,0.125,-1.5,...\r\n         nine digits: what is read back is the same float32 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/rows/row_source.h"
#include "io/file/whole_file.h"

#define VALUE_MAX 32 /* "-1.23456789e-38," and some more */

static berg_status write_field(io_whole_file *file, const char *text, berg_error *error) {
  if (!strpbrk(text, ",\"\r\n")) return io_whole_file_write(file, text, strlen(text), error);
  berg_status status = io_whole_file_write(file, "\"", 1, error);
  while (!status && *text) {
    size_t plain = strcspn(text, "\"");
    status = io_whole_file_write(file, text, plain, error);
    text += plain;
    if (!status && *text == '"') {
      status = io_whole_file_write(file, "\"\"", 2, error);
      text++;
    }
  }
  return status ? status : io_whole_file_write(file, "\"", 1, error);
}

static berg_status write_head(io_whole_file *file, size_t columns, const io_labels *labels, berg_error *error) {
  berg_status status = io_whole_file_print(file, error, "image");
  for (size_t c = 0; c < columns && !status; c++) {
    if (labels->column_names) {
      status = io_whole_file_write(file, ",", 1, error);
      if (!status) status = write_field(file, labels->column_names[c], error);
    } else {
      status = io_whole_file_print(file, error, ",voxel_%zu", labels->voxels ? labels->voxels[c] : c);
    }
  }
  return status ? status : io_whole_file_write(file, "\r\n", 2, error);
}

/* Rows without a name are numbered from 0, as the rows of the arrays are that they come from. */
static berg_status write_row(io_whole_file *file, size_t row, const float *values, size_t columns, char *line,
                             const io_labels *labels, berg_error *error) {
  berg_status status = labels->row_names ? write_field(file, labels->row_names[row], error)
                                         : io_whole_file_print(file, error, "%zu", row);
  if (status) return status;
  size_t used = 0;
  for (size_t c = 0; c < columns; c++) {
    /* The sign of a NaN means nothing and would differ between machines. */
    int length = isnan(values[c]) ? base_print(line + used, VALUE_MAX, ",nan")
                                  : base_print(line + used, VALUE_MAX, ",%.9g", (double)values[c]);
    used += (size_t)length;
  }
  line[used++] = '\r';
  line[used++] = '\n';
  return io_whole_file_write(file, line, used, error);
}

static berg_status write_rows(io_whole_file *file, const io_row_source *source, const io_labels *labels,
                              berg_error *error) {
  float *values = base_alloc(source->columns, sizeof *values, error);
  char *line = values ? base_alloc(source->columns + 1, VALUE_MAX, error) : NULL;
  berg_status status = line ? write_head(file, source->columns, labels, error) : BERG_ELIMIT;
  for (size_t r = 0; r < source->rows && !status; r++) {
    status = io_row_source_read(source, r * source->columns, source->columns, values, error);
    if (!status) status = write_row(file, r, values, source->columns, line, labels, error);
  }
  base_free(line);
  base_free(values);
  return status;
}

berg_status io_write_csv(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                         berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = write_rows(file, source, labels, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file);
  return status;
}
