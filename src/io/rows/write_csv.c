/* Writes rows as CSV (RFC 4180: lines end in CR LF; names with , " or line breaks are quoted):
 *
 *     wide, a line a row      image,voxel_0,voxel_7,...
 *                             cat.jpg,0.125,-1.5,...
 *     long, a line a value    image,channel,time,value
 *                             cat.jpg,Oz,-0.1,0.125
 *
 * Values have nine digits: what is read back is the same float32. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/rows/axes.h"
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

static berg_status write_cell(io_whole_file *file, const char *text, berg_error *error) {
  berg_status status = io_whole_file_write(file, ",", 1, error);
  return status ? status : write_field(file, text, error);
}

static berg_status write_wide_head(io_whole_file *file, const io_labels *labels, berg_error *error) {
  const size_t columns = io_axes_span(labels->axes, labels->axis_count);
  berg_status status = io_whole_file_print(file, error, "image");
  for (size_t c = 0; c < columns && !status; c++) {
    char *name = io_axes_name(labels->axes, labels->axis_count, c, error);
    status = name ? write_cell(file, name, error) : BERG_ELIMIT;
    base_free(name);
  }
  return status ? status : io_whole_file_write(file, "\r\n", 2, error);
}

static berg_status write_long_head(io_whole_file *file, const io_labels *labels, berg_error *error) {
  berg_status status = io_whole_file_print(file, error, "image");
  for (size_t a = 0; a < labels->axis_count && !status; a++) status = write_cell(file, labels->axes[a].name, error);
  return status ? status : io_whole_file_print(file, error, ",value\r\n");
}

/* Rows without a name are numbered from 0, as the rows of the arrays are that they come from. */
static berg_status write_image(io_whole_file *file, size_t row, const io_labels *labels, berg_error *error) {
  return labels->row_names ? write_field(file, labels->row_names[row], error)
                           : io_whole_file_print(file, error, "%zu", row);
}

/* ",0.125". The sign of a NaN means nothing and would differ between machines. */
static size_t print_value(char *line, float value) {
  return (size_t)(isnan(value) ? base_print(line, VALUE_MAX, ",nan")
                               : base_print(line, VALUE_MAX, ",%.9g", (double)value));
}

static berg_status write_wide(io_whole_file *file, size_t row, const float *values, size_t columns, char *line,
                              const io_labels *labels, berg_error *error) {
  berg_status status = write_image(file, row, labels, error);
  if (status) return status;
  size_t used = 0;
  for (size_t c = 0; c < columns; c++) used += print_value(line + used, values[c]);
  line[used++] = '\r';
  line[used++] = '\n';
  return io_whole_file_write(file, line, used, error);
}

static berg_status write_long(io_whole_file *file, size_t row, const float *values, size_t columns, char *line,
                              const io_labels *labels, berg_error *error) {
  char room[IO_AXIS_CELL_ROOM];
  berg_status status = BERG_OK;
  for (size_t c = 0; c < columns && !status; c++) {
    status = write_image(file, row, labels, error);
    for (size_t a = 0; a < labels->axis_count && !status; a++) {
      const size_t position = io_axes_position(labels->axes, labels->axis_count, a, c);
      status = write_cell(file, io_axis_cell(&labels->axes[a], position, room), error);
    }
    if (!status) status = io_whole_file_write(file, line, print_value(line, values[c]), error);
    if (!status) status = io_whole_file_write(file, "\r\n", 2, error);
  }
  return status;
}

static berg_status write_rows(io_whole_file *file, const io_row_source *source, const io_labels *labels,
                              berg_error *error) {
  const bool is_long = labels->long_table;
  float *values = base_alloc(source->columns, sizeof *values, error);
  char *line = values ? base_alloc(is_long ? 1 : source->columns + 1, VALUE_MAX, error) : NULL;
  berg_status status = line ? (is_long ? write_long_head : write_wide_head)(file, labels, error) : BERG_ELIMIT;
  for (size_t r = 0; r < source->rows && !status; r++) {
    status = io_row_source_read(source, r * source->columns, source->columns, values, error);
    if (!status) status = (is_long ? write_long : write_wide)(file, r, values, source->columns, line, labels, error);
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
  io_whole_file_abandon(file, error);
  return status;
}
