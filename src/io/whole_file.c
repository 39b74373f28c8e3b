#include "io/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

struct io_whole_file {
  FILE *stream;
  char *path;
  char *temporary;
  bool force;
};

static berg_status fail(const io_whole_file *file, const char *what, berg_error *error) {
  return base_fail_errno(error, BERG_EWRITE, file->path, what, errno);
}

static void release(io_whole_file *file) {
  base_free(file->path);
  base_free(file->temporary);
  base_free(file);
}

berg_status io_whole_file_open(io_whole_file **out, const char *path, bool force, berg_error *error) {
  *out = NULL;
  if (!force && access(path, F_OK) == 0)
    return base_fail(error, BERG_EEXISTS, "%s: is there already, and is replaced only when forced", path);
  io_whole_file *file = base_calloc(1, sizeof *file, error);
  if (!file) return BERG_ELIMIT;
  file->force = force;
  file->path = base_copy_text(path, error);
  file->temporary = base_format(error, "%s.new", path);
  if (!file->path || !file->temporary) {
    release(file);
    return BERG_ELIMIT;
  }
  file->stream = fopen(file->temporary, "wb");
  if (!file->stream) {
    berg_status status = fail(file, "cannot be written", error);
    release(file);
    return status;
  }
  *out = file;
  return BERG_OK;
}

berg_status io_whole_file_write(io_whole_file *file, const void *bytes, size_t size, berg_error *error) {
  if (size && fwrite(bytes, 1, size, file->stream) != size) return fail(file, "cannot be written", error);
  return BERG_OK;
}

berg_status io_whole_file_print(io_whole_file *file, berg_error *error, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int written = base_print_to(file->stream, format, list);
  va_end(list);
  return written < 0 ? fail(file, "cannot be written", error) : BERG_OK;
}

/* The directory holds the name: without this the rename may be lost with the power. */
static void sync_directory(const char *path) {
  const char *slash = strrchr(path, '/');
  char *directory =
      slash ? base_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path), NULL) : base_copy_text(".", NULL);
  int handle = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (handle >= 0) {
    fsync(handle);
    close(handle);
  }
  base_free(directory);
}

/* Another program may have opened the temporary name and written through its own handle, so the flush is by name. */
static int sync_by_name(const char *path) {
  int handle = open(path, O_RDONLY | O_CLOEXEC);
  if (handle < 0) return -1;
  int result = fsync(handle), number = errno;
  close(handle);
  errno = number;
  return result;
}

static bool are_one_file(const char *a, const char *b) {
  struct stat one, other;
  return !stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static berg_status place(const char *temporary, const char *path, bool force, berg_error *error) {
  /* both names of one file: killed between link and unlink, where rename would do nothing */
  if (are_one_file(temporary, path)) {
    unlink(temporary);
    return BERG_OK;
  }
  /* link instead of rename refuses a file that appeared meanwhile; not every file system knows it */
  if (!force && !link(temporary, path)) {
    unlink(temporary);
  } else if (!force && errno == EEXIST) {
    return base_fail(error, BERG_EEXISTS, "%s: is there already, and is replaced only when forced", path);
  } else if (rename(temporary, path)) {
    return base_fail_errno(error, BERG_EWRITE, path, "cannot be put in its place", errno);
  }
  return BERG_OK;
}

berg_status io_place_file(const char *temporary, const char *path, bool force, berg_error *error) {
  berg_status status = place(temporary, path, force, error);
  if (!status) sync_directory(path);
  return status;
}

static berg_status commit(io_whole_file *file, bool synced, berg_error *error) {
  int failed = fclose(file->stream) || (synced && sync_by_name(file->temporary));
  file->stream = NULL;
  berg_status status = failed ? fail(file, "cannot be written", error)
                              : (synced ? io_place_file : place)(file->temporary, file->path, file->force, error);
  if (status) unlink(file->temporary);
  release(file);
  return status;
}

berg_status io_whole_file_commit(io_whole_file *file, berg_error *error) { return commit(file, true, error); }

berg_status io_whole_file_commit_unsynced(io_whole_file *file, berg_error *error) { return commit(file, false, error); }

void io_whole_file_abandon(io_whole_file *file) {
  if (!file) return;
  if (file->stream) fclose(file->stream);
  unlink(file->temporary);
  release(file);
}

const char *io_whole_file_path(const io_whole_file *file) { return file->temporary; }
