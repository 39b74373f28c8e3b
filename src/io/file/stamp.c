/* Stamps of files. */
#include "io/file/stamp.h"

#include <string.h>

#include "base/hash.h"

io_stamp io_stamp_of(const struct stat *about) {
  return (io_stamp){{about->st_dev, about->st_ino, (uint64_t)about->st_size, (uint64_t)about->st_mtim.tv_sec,
                     (uint64_t)about->st_mtim.tv_nsec}};
}

uint64_t io_stamp_word(const struct stat *about) {
  const io_stamp stamp = io_stamp_of(about);
  const uint64_t word = base_hash_bytes(BASE_HASH_START, stamp.values, sizeof stamp.values);
  return word ? word : 1;
}

static berg_status fail_changed(const char *path, berg_error *error) {
  return base_fail(error, BERG_EINPUT,
                   "%s: was changed while it was in use: the results would be of no one version of it", path);
}

berg_status io_stamp_word_unchanged(uint64_t word, const char *path, berg_error *error) {
  struct stat about;
  return stat(path, &about) || io_stamp_word(&about) == word ? BERG_OK : fail_changed(path, error);
}

berg_status io_stamp_unchanged(const io_stamp *stamp, const char *path, berg_error *error) {
  struct stat about;
  if (stat(path, &about)) return BERG_OK;
  const io_stamp now = io_stamp_of(&about);
  return memcmp(&now, stamp, sizeof now) ? fail_changed(path, error) : BERG_OK;
}
