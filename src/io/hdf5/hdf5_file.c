/* Reading pieces of an HDF5 file, each checked to lie in it before memory is taken. */
#include "io/hdf5/hdf5_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_checksum.h"

#define SIGNATURE_BYTES 4

berg_status io_h5_open(io_h5_file *file, const char *path, const char *name, berg_error *error) {
  struct stat about;
  const int raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  *file = (io_h5_file){.path = path, .name = name, .raw = raw, .is_unread = true};
  if (raw < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  berg_status status = BERG_OK;
  if (fstat(raw, &about))
    status = base_fail_errno(error, BERG_EINPUT, path, "cannot be examined", errno);
  else if (!S_ISREG(about.st_mode))
    status = base_fail(error, BERG_EINPUT, "%s: not a regular file", path);
  if (status) {
    close(raw);
    file->raw = -1;
    return status;
  }
  file->is_unread = false;
  file->bytes = (uint64_t)about.st_size;
  file->stamp = io_stamp_of(&about);
  return BERG_OK;
}

berg_status io_h5_damaged(const io_h5_file *file, uint64_t address, const char *what, berg_error *error) {
  char text[128];
  base_print(text, sizeof text, "is damaged: %s", what);
  const uint64_t offset =
      address == IO_H5_NONE || address > UINT64_MAX - file->base ? BERG_NO_OFFSET : file->base + address;
  return base_fail_at(error, &(base_fault){BERG_EINPUT, file->path, offset, file->name, text, NULL, NULL});
}

berg_status io_h5_refuse(const io_h5_file *file, const char *what, const char *found, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EINPUT, file->path, BERG_NO_OFFSET, file->name, what, NULL, found});
}

bool io_h5_is_inside(const io_h5_file *file, uint64_t address, uint64_t size) {
  const uint64_t room = file->bytes - file->base;
  return address <= room && size <= room - address;
}

berg_status io_h5_read(io_h5_file *file, uint64_t address, void *data, size_t size, berg_error *error) {
  if (!io_h5_is_inside(file, address, size))
    return io_h5_damaged(file, address, "it points beyond the end of the file", error);
  uint8_t *to = data;
  off_t offset = (off_t)(file->base + address);
  while (size) {
    ssize_t got = pread(file->raw, to, size, offset);
    if (got < 0 && errno == EINTR) continue;
    file->is_unread |= got <= 0;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, file->path, "cannot be read", errno);
    if (!got) return io_h5_refuse(file, "was cut short while it was read", NULL, error);
    to += got;
    offset += got;
    size -= (size_t)got;
  }
  return BERG_OK;
}

berg_status io_h5_load(io_h5_file *file, io_h5_block *block, uint64_t address, uint64_t size, berg_error *error) {
  if (!io_h5_is_inside(file, address, size))
    return io_h5_damaged(file, address, "it points beyond the end of the file", error);
  if (size > file->budget) return io_h5_damaged(file, address, "its parts lie over each other", error);
  file->budget -= size;
  if (!base_grow((void **)&block->bytes, &block->room, (size_t)size, 1, error)) return BERG_ELIMIT;
  block->size = (size_t)size;
  block->address = address;
  return io_h5_read(file, address, block->bytes, (size_t)size, error);
}

berg_status io_h5_load_signed(io_h5_file *file, io_h5_block *block, uint64_t address, uint64_t size,
                              const char *signature, bool is_summed, const char *what, berg_error *error) {
  char text[96];
  berg_status status = io_h5_load(file, block, address, size, error);
  if (status) return status;
  if (block->size < SIGNATURE_BYTES || memcmp(block->bytes, signature, SIGNATURE_BYTES)) {
    base_print(text, sizeof text, "%s is not where it should be", what);
    return io_h5_damaged(file, address, text, error);
  }
  if (!is_summed || io_h5_is_whole(block->bytes, block->size)) return BERG_OK;
  base_print(text, sizeof text, "%s has another checksum", what);
  return io_h5_damaged(file, address, text, error);
}

io_h5_fields io_h5_fields_of(const io_h5_block *block, size_t from) {
  if (from > block->size) return (io_h5_fields){.is_short = true};
  return (io_h5_fields){.next = block->bytes + from, .left = block->size - from};
}
