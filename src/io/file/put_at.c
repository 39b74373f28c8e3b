/* Writing all of a block at an offset; room for all blocks. */
#include "io/file/put_at.h"

#include <errno.h>
#include <unistd.h>

#include "base/system.h"

#define CHUNK_BYTES ((size_t)1 << 22)

bool io_write_at(int file, const void *bytes, size_t size, uint64_t offset) {
  const char *next = bytes;
  while (size) {
    ssize_t written = pwrite(file, next, size < CHUNK_BYTES ? size : CHUNK_BYTES, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (!written) errno = ENOSPC;
      return false;
    }
    next += written;
    offset += (uint64_t)written;
    size -= (size_t)written;
  }
  return true;
}

berg_status io_put_at(int file, const void *bytes, size_t size, uint64_t offset, const char *path, berg_error *error) {
  if (io_write_at(file, bytes, size, offset)) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno);
}

berg_status io_set_aside(int file, uint64_t bytes, const char *path, berg_error *error) {
  const int number = base_system_reserve_or_write(file, bytes);
  return number ? base_fail_errno(error, BERG_EWRITE, path, "cannot be written", number) : BERG_OK;
}
