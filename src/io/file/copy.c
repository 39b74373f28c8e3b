/* Copying a file by way of a whole one. */
#include "io/file/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file/whole_file.h"

#define BUFFER_BYTES ((size_t)1 << 20)

static berg_status copy_bytes(int from, const char *path, char *buffer, io_whole_file *to, berg_error *error) {
  for (;;) {
    const ssize_t got = read(from, buffer, BUFFER_BYTES);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno);
    if (!got) return BERG_OK;
    berg_status status = io_whole_file_write(to, buffer, (size_t)got, error);
    if (status) return status;
  }
}

berg_status io_copy_file(const char *from, const char *to, berg_error *error) {
  int file = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, from, "cannot be opened", errno);
  io_whole_file *copy = NULL;
  char *buffer = base_alloc(BUFFER_BYTES, 1, error);
  berg_status status = buffer ? io_whole_file_open(&copy, to, true, error) : BERG_ELIMIT;
  if (!status) status = copy_bytes(file, from, buffer, copy, error);
  status = io_whole_file_follow(copy, status, error);
  base_free(buffer);
  close(file);
  return status;
}
