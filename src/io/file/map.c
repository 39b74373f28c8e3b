/* Files mapped into memory. */
#define _DEFAULT_SOURCE /* madvise */
#include "io/file/map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system.h"

/* What an empty file's bytes would be: to count on from NULL is not defined. */
static const uint8_t nothing[1];

berg_status io_map_open(io_map *map, const char *path, berg_error *error) {
  *map = (io_map){.bytes = NULL};
  /* opening a pipe without a writer would block */
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  struct stat about;
  if (fstat(file, &about)) {
    int number = errno;
    close(file);
    return base_fail_errno(error, BERG_EINPUT, path, "cannot be examined", number);
  }
  if (!S_ISREG(about.st_mode)) {
    close(file);
    return base_fail_found(error, BERG_EINPUT, path, "not a file of data", "a regular file", "%s",
                           S_ISDIR(about.st_mode) ? "a directory" : "something else");
  }
  map->bytes = nothing;
  if (about.st_size > 0) {
    void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
      int number = errno;
      close(file);
      map->bytes = NULL;
      return base_fail_errno(error, BERG_EINPUT, path, "cannot be mapped", number);
    }
    *map = (io_map){.bytes = bytes, .size = (size_t)about.st_size};
  }
  map->stamp = io_stamp_of(&about);
  close(file);
  return BERG_OK;
}

void io_map_close(io_map *map) {
  if (map->size) munmap((void *)(uintptr_t)map->bytes, map->size);
  *map = (io_map){.bytes = NULL};
}

/* madvise wants a page boundary at the start; `inward` keeps bytes outside the range untouched. */
static void advise(const io_map *map, size_t offset, size_t size, int advice, int inward) {
  if (!map->bytes || offset >= map->size) return;
  if (size > map->size - offset) size = map->size - offset;
  size_t page = (size_t)sysconf(_SC_PAGESIZE), end = offset + size;
  size_t start = inward ? (offset + page - 1) / page * page : offset / page * page;
  if (inward && end < map->size) end = end / page * page;
  if (end > start) madvise((void *)(uintptr_t)(map->bytes + start), end - start, advice);
}

void io_map_will_need(const io_map *map, size_t offset, size_t size) { advise(map, offset, size, MADV_WILLNEED, 0); }

void io_map_drop(const io_map *map, size_t offset, size_t size) { advise(map, offset, size, MADV_DONTNEED, 1); }

void io_file_will_need(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* as above */
  if (file < 0) return;
  base_system_will_read(file);
  close(file);
}
