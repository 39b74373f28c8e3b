/* Writing files beside their places, then putting all of them there. */
#include "io/file/whole_set.h"

#include "base/memory.h"

berg_status io_whole_set_add(io_whole_set *set, const char *path, const void *bytes, size_t size, bool force,
                             berg_error *error) {
  io_whole_file *file;
  if (!base_grow((void **)&set->files, &set->capacity, set->count + 1, sizeof(io_whole_file *), error))
    return BERG_ELIMIT;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  set->files[set->count++] = file;
  status = io_whole_file_write(file, bytes, size, error);
  return status ? status : io_whole_file_sync(file, error);
}

berg_status io_whole_set_end(io_whole_set *set, berg_status status, berg_error *error) {
  for (size_t i = 0; i < set->count; i++) status = io_whole_file_follow(set->files[i], status, error);
  base_free(set->files);
  *set = (io_whole_set){.files = NULL};
  return status;
}
