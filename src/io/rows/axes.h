/* What the positions of axes are called, one by one and of several together. */
#ifndef IO_AXES_H
#define IO_AXES_H

#include <stddef.h>

#include "base/error.h"
#include "io/rows/rows.h"

#define IO_AXIS_CELL_ROOM 40

/* How many values axes span together. */
size_t io_axes_span(const io_axis *axes, size_t count);
/* Where the axis `axis` of several stands at the `at`-th of their values, the last axis turning fastest. */
size_t io_axes_position(const io_axis *axes, size_t count, size_t axis, size_t at);
/* Name of the `at`-th of their values: "voxel_7"; "Oz_-0.1s". base_free; NULL: ELIMIT. */
char *io_axes_name(const io_axis *axes, size_t count, size_t at, berg_error *error);
/* What stands in a column of the axis itself: its text, or a number written into `room`: -0.1, 7. */
const char *io_axis_cell(const io_axis *axis, size_t position, char room[IO_AXIS_CELL_ROOM]);

#endif
