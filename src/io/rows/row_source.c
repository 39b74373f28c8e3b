/* Rows of a partial file, read again for the formats that are written at the end. */
#include "io/rows/row_source.h"

#include <errno.h>
#include <unistd.h>

berg_status io_row_source_read(const io_row_source *source, size_t first, size_t count, float *values,
                               berg_error *error) {
  if (source->read) return source->read(source->user, first, count, values, error);
  char *next = (char *)values;
  size_t size = count * sizeof *values;
  off_t offset = source->offset + (off_t)(first * sizeof *values);
  while (size) {
    ssize_t got = pread(source->file, next, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, source->name, "cannot be read back", errno);
    if (!got) return base_fail(error, BERG_EINPUT, "%s: was cut short while it was read back", source->name);
    next += got;
    offset += got;
    size -= (size_t)got;
  }
  return BERG_OK;
}
