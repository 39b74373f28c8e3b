/* Stamps of files. */
#include "io/file/stamp.h"

#include <string.h>

io_stamp io_stamp_of(const struct stat *about) {
  return (io_stamp){{about->st_dev, about->st_ino, (uint64_t)about->st_size, (uint64_t)about->st_mtim.tv_sec,
                     (uint64_t)about->st_mtim.tv_nsec}};
}

berg_status io_stamp_unchanged(const io_stamp *stamp, const char *path, berg_error *error) {
  struct stat about;
  if (stat(path, &about)) return BERG_OK;
  const io_stamp now = io_stamp_of(&about);
  if (!memcmp(&now, stamp, sizeof now)) return BERG_OK;
  return base_fail(error, BERG_EINPUT,
                   "%s: was changed while it was in use: the results would be of no one version of it", path);
}
