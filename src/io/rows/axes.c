/* Names of the positions of axes. */
#include "io/rows/axes.h"

#include "base/decimal.h"
#include "base/memory.h"
#include "base/text.h"

_Static_assert(IO_AXIS_CELL_ROOM >= BASE_DECIMAL_ROOM, "a cell holds a decimal");

size_t io_axes_span(const io_axis *axes, size_t count) {
  size_t span = 1;
  for (size_t a = 0; a < count; a++) span *= axes[a].length;
  return span;
}

size_t io_axes_position(const io_axis *axes, size_t count, size_t axis, size_t at) {
  return at / io_axes_span(axes + axis + 1, count - axis - 1) % axes[axis].length;
}

static char *position_name(const io_axis *axis, size_t position, berg_error *error) {
  char room[BASE_DECIMAL_ROOM];
  if (axis->texts) return base_copy_text(axis->texts[position], error);
  if (axis->numbers)
    return base_format(error, "%s%s", base_decimal(axis->numbers[position], false, room), axis->unit ? axis->unit : "");
  return base_format(error, "%s_%zu", axis->name, axis->indices ? axis->indices[position] : position);
}

char *io_axes_name(const io_axis *axes, size_t count, size_t at, berg_error *error) {
  char *name = NULL;
  for (size_t a = 0; a < count; a++) {
    char *more = position_name(&axes[a], io_axes_position(axes, count, a, at), error);
    char *both = !more || !name ? NULL : base_format(error, "%s_%s", name, more);
    if (a) {
      base_free(name);
      base_free(more);
      more = both;
    }
    name = more;
    if (!name) return NULL;
  }
  return name;
}

const char *io_axis_cell(const io_axis *axis, size_t position, char room[IO_AXIS_CELL_ROOM]) {
  if (axis->texts) return axis->texts[position];
  if (axis->numbers) return base_decimal(axis->numbers[position], false, room);
  base_print(room, IO_AXIS_CELL_ROOM, "%zu", axis->indices ? axis->indices[position] : position);
  return room;
}
