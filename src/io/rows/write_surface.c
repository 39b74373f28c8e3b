/* Rows of values at vertices as GIfTI or MGH: io/surface/gifti.c and mgh.c have the layouts. */
#include "io/rows/row_source.h"
#include "io/surface/surface.h"

static berg_status read_row(void *user, size_t row, float *values, berg_error *error) {
  const io_row_source *source = user;
  return io_row_source_read(source, row * source->columns, source->columns, values, error);
}

static berg_status describe(io_surface_rows *rows, const io_row_source *source, const char *path,
                            const io_labels *labels, berg_error *error) {
  if (!labels->surface || labels->axis_count != 1 || labels->axes->texts)
    return base_fail(error, BERG_EARGUMENT,
                     "%s: a surface needs a vertex behind each column: all else goes to .npy, .h5 or .csv", path);
  *rows = (io_surface_rows){.surface = *labels->surface,
                            .rows = source->rows,
                            .columns = source->columns,
                            .vertices = labels->axes->indices,
                            .nan_outside = labels->nan_outside,
                            .names = labels->row_names,
                            .what = labels->what ? labels->what : "values",
                            .read = read_row,
                            .user = (void *)(uintptr_t)source};
  return io_surface_check(rows, path, error);
}

berg_status io_check_surface(const io_row_source *source, const char *path, const io_labels *labels,
                             berg_error *error) {
  io_surface_rows rows;
  return describe(&rows, source, path, labels, error);
}

berg_status io_write_surface(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                             berg_error *error) {
  io_surface_rows rows;
  berg_status status = describe(&rows, source, path, labels, error);
  return status ? status : io_surface_write(&rows, path, force, error);
}
