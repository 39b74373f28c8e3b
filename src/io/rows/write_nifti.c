/* Rows of responses as a 4-D NIfTI: io/nifti/nifti_write.c has the layout. */
#include "io/nifti/nifti.h"
#include "io/rows/row_source.h"

static berg_status read_row(void *user, size_t row, void *values, berg_error *error) {
  const io_row_source *source = user;
  return io_row_source_read(source, row * source->columns, source->columns, values, error);
}

static berg_status describe(io_nifti_rows *rows, const io_row_source *source, const char *path, const io_labels *labels,
                            berg_error *error) {
  const io_axis *axis = labels->axes;
  if (labels->axis_count != 1 || !axis->coordinates || axis->texts)
    return base_fail(error, BERG_EARGUMENT,
                     "%s: a volume needs a voxel behind each column: all else goes to .npy, .h5 or .csv", path);
  *rows = (io_nifti_rows){.dtype = BERG_F32,
                          .ndim = 4,
                          .rows = source->rows,
                          .columns = source->columns,
                          .coordinates = axis->coordinates,
                          .nan_outside = labels->nan_outside,
                          .intent = "response",
                          .what = labels->what ? labels->what : "values",
                          .read = read_row,
                          .user = (void *)(uintptr_t)source};
  if (labels->space)
    rows->space = *labels->space;
  else
    io_nifti_space_unknown(&rows->space, labels->volume);
  return BERG_OK;
}

berg_status io_check_nifti(const io_row_source *source, const char *path, const io_labels *labels, berg_error *error) {
  io_nifti_rows rows;
  berg_status status = describe(&rows, source, path, labels, error);
  return status ? status : io_nifti_check(&rows, path, source->name, error);
}

berg_status io_write_nifti(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                           berg_error *error) {
  io_nifti_rows rows;
  berg_status status = describe(&rows, source, path, labels, error);
  if (!status) status = io_nifti_check(&rows, path, source->name, error);
  return status ? status : io_nifti_write(&rows, path, force, error);
}
