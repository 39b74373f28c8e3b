/* The superblock, versions 0 to 3: the sizes of addresses and lengths, and where the root group is. It begins the file,
 * or stands behind a user block of 512 bytes or a doubling of that. */
#include <string.h>

#include "base/memory.h"
#include "io/file/lock.h"
#include "io/hdf5/hdf5_checksum.h"
#include "io/hdf5/hdf5_file.h"

#define SIGNATURE "\x89HDF\r\n\x1a\n"
#define SIGNATURE_BYTES 8
#define FIRST_USER_BLOCK 512
#define LONGEST 128                /* more than a superblock takes */
#define BUDGET ((uint64_t)1 << 26) /* of metadata, besides four times the file */
#define IS_BEING_WRITTEN 5         /* flags of version 3: by a writer, by one whom others may read beside */

static berg_status refuse(const io_h5_file *file, const char *why, berg_error *error) {
  return base_fail(error, BERG_EINPUT, "%s: cannot be read as HDF5: %s", file->path, why);
}

berg_status io_h5_find_start(io_h5_file *file, berg_error *error) {
  uint8_t start[SIGNATURE_BYTES];
  for (file->base = 0; file->base < file->bytes && file->bytes - file->base >= sizeof start;
       file->base = file->base ? 2 * file->base : FIRST_USER_BLOCK) {
    berg_status status = io_h5_read(file, 0, start, sizeof start, error);
    if (status || !memcmp(start, SIGNATURE, sizeof start)) return status;
  }
  file->base = 0;
  return refuse(file, "it has no signature of HDF5", error);
}

/* What versions 0 and 1 have before the addresses. */
static void take_old_sizes(io_h5_file *file, io_h5_fields *fields, unsigned version) {
  io_h5_bytes(fields, 4); /* versions of parts */
  file->offset_size = io_h5_number(fields, 1);
  file->length_size = io_h5_number(fields, 1);
  io_h5_bytes(fields, version ? 13 : 9); /* how groups and chunks are cut into nodes */
}

static bool is_size(size_t size) { return size == 2 || size == 4 || size == 8; }

static berg_status check_end(const io_h5_file *file, const io_h5_fields *fields, uint64_t base, uint64_t end,
                             berg_error *error) {
  if (fields->is_short) return refuse(file, "its superblock is cut short", error);
  if (end == IO_H5_NONE || end < base) return refuse(file, "its superblock is damaged", error);
  if (end - base > file->bytes - file->base)
    return base_fail(error, BERG_EINPUT, "%s: cannot be read as HDF5: it is cut short: expected %llu bytes, found %llu",
                     file->path, (unsigned long long)end - base + file->base, (unsigned long long)file->bytes);
  return BERG_OK;
}

static berg_status take_old(io_h5_file *file, io_h5_fields *fields, berg_error *error) {
  const uint64_t base = io_h5_address(fields, file->offset_size);
  io_h5_address(fields, file->offset_size); /* free space */
  const uint64_t end = io_h5_address(fields, file->offset_size);
  io_h5_address(fields, file->offset_size); /* driver */
  io_h5_number(fields, file->length_size);  /* name of the root group */
  file->root = io_h5_address(fields, file->offset_size);
  return check_end(file, fields, base, end, error);
}

static berg_status take_new(io_h5_file *file, io_h5_fields *fields, const uint8_t *bytes, unsigned version,
                            unsigned flags, berg_error *error) {
  const uint64_t base = io_h5_address(fields, file->offset_size);
  io_h5_address(fields, file->offset_size); /* extension */
  const uint64_t end = io_h5_address(fields, file->offset_size);
  file->root = io_h5_address(fields, file->offset_size);
  io_h5_number(fields, IO_H5_CHECKSUM_BYTES);
  if (!fields->is_short && !io_h5_is_whole(bytes, (size_t)(fields->next - bytes)))
    return refuse(file, "its superblock has another checksum", error);
  if (version == 3 && flags & IS_BEING_WRITTEN)
    return refuse(file, "it is being written, or was not closed by its writer: h5clear -s mends that", error);
  return check_end(file, fields, base, end, error);
}

berg_status io_h5_start(io_h5_file *file, berg_error *error) {
  uint8_t bytes[LONGEST];
  if (io_is_being_written(file->raw))
    return refuse(file, "another program has it open for writing: close it there first", error);
  berg_status status = io_h5_find_start(file, error);
  if (status) return status;
  const uint64_t there = file->bytes - file->base;
  io_h5_fields fields = {.next = bytes, .left = there < sizeof bytes ? (size_t)there : sizeof bytes};
  status = io_h5_read(file, 0, bytes, fields.left, error);
  if (status) return status;
  io_h5_bytes(&fields, SIGNATURE_BYTES);
  const unsigned version = (unsigned)io_h5_number(&fields, 1);
  unsigned flags = 0;
  if (version > 3)
    return base_fail_found(error, BERG_EINPUT, file->path, "cannot be read as HDF5", "a superblock of version 0 to 3",
                           "version %u", version);
  if (version < 2) {
    take_old_sizes(file, &fields, version);
  } else {
    file->offset_size = io_h5_number(&fields, 1);
    file->length_size = io_h5_number(&fields, 1);
    flags = (unsigned)io_h5_number(&fields, 1);
  }
  if (fields.is_short) return refuse(file, "its superblock is cut short", error);
  if (!is_size(file->offset_size) || !is_size(file->length_size))
    return refuse(file, "its addresses are of no size that is read (2, 4 or 8 bytes)", error);
  file->budget = BUDGET + (file->bytes < UINT64_MAX / 8 ? 4 * file->bytes : UINT64_MAX / 2);
  return version < 2 ? take_old(file, &fields, error) : take_new(file, &fields, bytes, version, flags, error);
}
