/* Maps as a table for people and statistics programs: .csv as RFC 4180 has it, .tsv as BIDS has it. */
#include <math.h>
#include <string.h>

#include "base/convert.h"
#include "base/decimal.h"
#include "base/text.h"
#include "io/file/whole_file.h"
#include "io/rows/axes.h"
#include "volume/maps.h"

static bool ends_in(const char *path, const char *ending) {
  const size_t length = strlen(path), tail = strlen(ending);
  return length > tail && base_same_word(path + length - tail, ending);
}

bool volume_is_table(const char *path) { return ends_in(path, ".csv") || ends_in(path, ".tsv"); }

typedef struct table {
  io_whole_file *file;
  bool tabs;
  bool begun; /* the line has a cell */
} table;

static berg_status put(table *to, const char *text, size_t length, berg_error *error) {
  return io_whole_file_write(to->file, text, length, error);
}

/* In .tsv there are no quotes: tabs and line breaks become blanks. */
static berg_status put_cell(table *to, const char *text, berg_error *error) {
  berg_status status = to->begun ? put(to, to->tabs ? "\t" : ",", 1, error) : BERG_OK;
  const bool quoted = !to->tabs && strpbrk(text, ",\"\r\n");
  to->begun = true;
  if (!status && quoted) status = put(to, "\"", 1, error);
  for (; *text && !status; text++) {
    const bool blank = to->tabs && (unsigned char)*text < 0x20;
    if (*text == '"' && quoted) status = put(to, "\"", 1, error);
    if (!status) status = put(to, blank ? " " : text, 1, error);
  }
  return status || !quoted ? status : put(to, "\"", 1, error);
}

static berg_status end_line(table *to, berg_error *error) {
  to->begun = false;
  return put(to, to->tabs ? "\n" : "\r\n", to->tabs ? 1 : 2, error);
}

static berg_status put_head(table *to, const volume_maps *maps, berg_error *error) {
  static const char *const xyz[] = {"x", "y", "z"};
  berg_status status = BERG_OK;
  for (size_t a = 0; a < maps->labels.axis_count && !status; a++) status = put_cell(to, maps->axes[a].name, error);
  for (size_t d = 0; d < 3 && maps->coordinates && !status; d++) status = put_cell(to, xyz[d], error);
  for (size_t m = 0; m < maps->count && !status; m++)
    status = put_cell(to, maps->names ? maps->names[m] : "value", error);
  return status ? status : end_line(to, error);
}

static berg_status put_place(table *to, const volume_maps *maps, size_t column, berg_error *error) {
  char room[IO_AXIS_CELL_ROOM];
  const size_t axes = maps->labels.axis_count;
  berg_status status = BERG_OK;
  for (size_t a = 0; a < axes && !status; a++)
    status = put_cell(to, io_axis_cell(&maps->axes[a], io_axes_position(maps->axes, axes, a, column), room), error);
  for (size_t d = 0; d < 3 && maps->coordinates && !status; d++) {
    base_print(room, sizeof room, "%lld", (long long)maps->coordinates[3 * column + d]);
    status = put_cell(to, room, error);
  }
  return status;
}

static berg_status put_line(table *to, const volume_maps *maps, size_t column, berg_error *error) {
  const berg_array *values = &maps->values;
  berg_status status = put_place(to, maps, column, error);
  for (size_t m = 0; m < maps->count && !status; m++) {
    char room[BASE_DECIMAL_ROOM];
    const double value =
        base_read_number(values->dtype, (const char *)values->data + (ptrdiff_t)m * values->strides[0] +
                                            (ptrdiff_t)column * values->strides[1]);
    const char *text = isfinite(value) ? base_decimal(value, false, room)
                       : isnan(value)  ? to->tabs ? "n/a" : "nan"
                       : value > 0     ? "inf"
                                       : "-inf";
    status = put_cell(to, text, error);
  }
  return status ? status : end_line(to, error);
}

berg_status volume_write_table(const volume_maps *maps, const char *path, bool force, berg_error *error) {
  table to = {NULL, ends_in(path, ".tsv"), false};
  berg_status status = io_whole_file_open(&to.file, path, force, error);
  if (status) return status;
  status = put_head(&to, maps, error);
  for (size_t c = 0; c < maps->values.shape[1] && !status; c++) status = put_line(&to, maps, c, error);
  if (!status) return io_whole_file_commit(to.file, error);
  io_whole_file_abandon(to.file, error);
  return status;
}
