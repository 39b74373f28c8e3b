/* Files that appear whole or not at all, under names that no other writer has. */
#define _GNU_SOURCE /* realpath */
#include "io/file/whole_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/system.h"
#include "base/text.h"

#define NAME_KEPT 200 /* bytes of a name in its temporary one, which the system holds to 255 */
#define LETTERS 8
#define TRIES 100

struct io_whole_file {
  FILE *stream;
  char *path;
  char *temporary;
  bool force;
  bool synced; /* nothing was written since */
};

static berg_status fail(const io_whole_file *file, const char *what, berg_error *error) {
  return base_fail_errno(error, BERG_EWRITE, file->path, what, errno);
}

static void release(io_whole_file *file) {
  base_free(file->path);
  base_free(file->temporary);
  base_free(file);
}

/* The name within `path`, and how much of it its temporary name keeps. */
static const char *name_in(const char *path, int *kept) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t length = strlen(name);
  if (length > NAME_KEPT)
    for (length = NAME_KEPT; (name[length] & 0xc0) == 0x80;) length--; /* UTF-8 is not cut within a character */
  *kept = (int)length;
  return name;
}

/* "folder/.name.q3vx7mab.new", hidden, so that it is not taken for a result, and random, so that no other writer has
 * it. NULL with errno. */
static char *random_name(const char *path) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
  int kept;
  const char *name = name_in(path, &kept);
  uint8_t bytes[LETTERS];
  char word[LETTERS + 1] = "";
  if (!base_system_random(bytes, sizeof bytes)) return NULL;
  for (size_t i = 0; i < sizeof bytes; i++) word[i] = letters[bytes[i] % 32];
  char *temporary = base_format(NULL, "%.*s.%.*s.%s.new", (int)(name - path), path, kept, name, word);
  if (!temporary) errno = ENOMEM;
  return temporary;
}

/* A file that was not there before, so that no link leads elsewhere; the umask says who may read it. The descriptor, or
 * -1 with errno. */
static int create_beside(const char *path, char **temporary) {
  int file = -1;
  for (int i = 0; i < TRIES && file < 0; i++) {
    *temporary = random_name(path);
    if (*temporary) file = open(*temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0) break;
    int number = errno;
    base_free(*temporary);
    *temporary = NULL;
    errno = number;
    if (number != EEXIST) break;
  }
  return file;
}

berg_status io_remove_file(const char *path, berg_error *error) {
  if (!unlink(path) || errno == ENOENT) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, path, "cannot be removed", errno);
}

void io_remove_left(const char *path, berg_error *error) {
  if (!unlink(path) || errno == ENOENT || !error) return;
  const char *reason = strerror(errno);
  char what[sizeof error->message];
  base_print(what, sizeof what, "%s", error->message);
  base_print(error->message, sizeof error->message, "%s; %s stays, it cannot be removed: %s", what, path, reason);
}

/* The folder that `path` lies in; NULL: no memory. */
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? base_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path), NULL) : base_copy_text(".", NULL);
}

berg_status io_fail_place(const char *path, berg_error *error) {
  struct stat about;
  const int number = errno;
  char *folder = folder_of(path);
  berg_status status = BERG_ELIMIT;
  if (!folder)
    base_fail_memory(error, strlen(path));
  else if (number == ENOENT && stat(folder, &about) && errno == ENOENT)
    status =
        base_fail(error, BERG_EWRITE, "%s: cannot be written: there is no folder %s, mkdir -p makes one", path, folder);
  else
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be written", number);
  base_free(folder);
  return status;
}

static berg_status open_stream(io_whole_file *file, berg_error *error) {
  int handle = create_beside(file->path, &file->temporary);
  if (handle >= 0) file->stream = fdopen(handle, "wb");
  if (file->stream) return BERG_OK;
  berg_status status = errno == ENOMEM ? base_fail_memory(error, 0) : io_fail_place(file->path, error);
  if (handle >= 0) {
    io_remove_left(file->temporary, error);
    close(handle);
  }
  return status;
}

static berg_status fail_exists(const char *path, berg_error *error) {
  return base_fail(error, BERG_EEXISTS, "%s: already exists; force (--force, force=True) replaces it", path);
}

/* /dev/stdout and the like: put in the place of such a link, a file would take standard output from every program. */
static bool leads_to_process(const char *link) {
  static const char processes[] = "/proc/";
  const size_t length = sizeof processes - 1;
  char place[PATH_MAX], *folder = folder_of(link);
  const ssize_t read = readlink(link, place, sizeof place);
  const bool leads = (read >= (ssize_t)length && !strncmp(place, processes, length)) ||
                     (folder && realpath(folder, place) && !strncmp(place, processes, length));
  base_free(folder);
  return leads;
}

static berg_status refuse_kind(const char *path, mode_t mode, berg_error *error) {
  if (S_ISDIR(mode)) return base_fail(error, BERG_EWRITE, "%s: is a directory", path);
  const char *kind = S_ISFIFO(mode) ? "pipe" : S_ISSOCK(mode) ? "socket" : "device";
  return base_fail(error, BERG_EWRITE, "%s: is a %s, which is neither replaced by a file nor written to", path, kind);
}

berg_status io_check_output(const char *path, bool force, berg_error *error) {
  struct stat about;
  if (lstat(path, &about)) return BERG_OK; /* whatever else is the matter, opening says it */
  if (S_ISLNK(about.st_mode)) {
    if (leads_to_process(path))
      return base_fail(error, BERG_EWRITE, "%s: is an open file of a process, not a place for a new one", path);
    if (stat(path, &about))
      return force ? BERG_OK
                   : base_fail(error, BERG_EEXISTS,
                               "%s: is a link to a place where nothing is; use force to replace the link", path);
  }
  if (!S_ISREG(about.st_mode)) return refuse_kind(path, about.st_mode, error);
  return force ? BERG_OK : fail_exists(path, error);
}

berg_status berg_check_output(const char *path, int force, berg_error *error) {
  return io_check_output(path, force, error);
}

berg_status io_whole_file_open(io_whole_file **out, const char *path, bool force, berg_error *error) {
  *out = NULL;
  berg_status status = io_check_output(path, force, error);
  if (status) return status;
  io_whole_file *file = base_calloc(1, sizeof *file, error);
  if (!file) return BERG_ELIMIT;
  file->force = force;
  file->path = base_copy_text(path, error);
  status = file->path ? open_stream(file, error) : BERG_ELIMIT;
  if (status)
    release(file);
  else
    *out = file;
  return status;
}

berg_status io_whole_file_write(io_whole_file *file, const void *bytes, size_t size, berg_error *error) {
  file->synced = false;
  if (size && fwrite(bytes, 1, size, file->stream) != size) return fail(file, "cannot be written", error);
  return BERG_OK;
}

berg_status io_whole_file_print(io_whole_file *file, berg_error *error, const char *format, ...) {
  va_list list;
  file->synced = false;
  va_start(list, format);
  int written = base_print_to(file->stream, format, list);
  va_end(list);
  return written < 0 ? fail(file, "cannot be written", error) : BERG_OK;
}

static void sync_directory(const char *path) {
  char *directory = folder_of(path);
  int handle = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (handle >= 0) {
    fsync(handle);
    close(handle);
  }
  base_free(directory);
}

static bool are_one_file(const char *a, const char *b) {
  struct stat one, other;
  return !lstat(a, &one) && !lstat(b, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* rename() takes a name away, so a file that is to keep it is renamed under a further one. */
static bool replace_by_link(const char *temporary, const char *path) {
  char *other = random_name(path);
  bool placed = other && !link(temporary, other);
  if (placed && rename(other, path)) {
    unlink(other);
    placed = false;
  }
  base_free(other);
  return placed;
}

static berg_status place(const char *temporary, const char *path, bool force, bool keep, berg_error *error) {
  berg_status status = force ? io_check_output(path, true, error) : BERG_OK; /* what appeared there meanwhile */
  if (status) return status;
  /* both names of one file: killed between link and unlink, where rename would do nothing */
  bool has_both = are_one_file(temporary, path);
  /* link instead of rename fails on a file that appeared meanwhile; not every file system supports it */
  if (!has_both) has_both = force ? keep && replace_by_link(temporary, path) : !link(temporary, path);
  if (has_both) return keep ? BERG_OK : io_remove_file(temporary, error);
  if (!force && errno == EEXIST) return fail_exists(path, error);
  if (rename(temporary, path)) return base_fail_errno(error, BERG_EWRITE, path, "cannot be put in its place", errno);
  return BERG_OK;
}

/* The directory holds the name: without this the rename may be lost in a power failure. */
static berg_status place_safely(const char *temporary, const char *path, bool force, bool keep, berg_error *error) {
  berg_status status = place(temporary, path, force, keep, error);
  if (!status) sync_directory(path);
  return status;
}

berg_status io_place_file(const char *temporary, const char *path, bool force, berg_error *error) {
  return place_safely(temporary, path, force, false, error);
}

berg_status io_place_link(const char *temporary, const char *path, bool force, berg_error *error) {
  return place_safely(temporary, path, force, true, error);
}

static berg_status flush(io_whole_file *file, bool synced, berg_error *error) {
  if (file->synced) return BERG_OK;
  if (fflush(file->stream) || (synced && fsync(fileno(file->stream)))) return fail(file, "cannot be written", error);
  file->synced = synced;
  return BERG_OK;
}

static berg_status close_stream(io_whole_file *file, berg_status status, berg_error *error) {
  FILE *stream = file->stream;
  file->stream = NULL;
  return stream && fclose(stream) && !status ? fail(file, "cannot be written", error) : status;
}

berg_status io_whole_file_sync(io_whole_file *file, berg_error *error) {
  return close_stream(file, flush(file, true, error), error);
}

/* Syncing covers the whole file, whichever handle wrote to it. */
static berg_status commit(io_whole_file *file, bool synced, berg_error *error) {
  berg_status status = close_stream(file, flush(file, synced, error), error);
  if (!status) status = (synced ? place_safely : place)(file->temporary, file->path, file->force, false, error);
  if (status) io_remove_left(file->temporary, error);
  release(file);
  return status;
}

berg_status io_whole_file_commit(io_whole_file *file, berg_error *error) { return commit(file, true, error); }

berg_status io_whole_file_commit_unsynced(io_whole_file *file, berg_error *error) { return commit(file, false, error); }

void io_whole_file_abandon(io_whole_file *file, berg_error *error) {
  if (!file) return;
  close_stream(file, BERG_EWRITE, error);
  io_remove_left(file->temporary, error);
  release(file);
}

berg_status io_whole_file_follow(io_whole_file *file, berg_status status, berg_error *error) {
  if (!status && file) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

const char *io_whole_file_path(const io_whole_file *file) { return file->temporary; }

void io_whole_file_clear(const char *path) {
  int kept;
  const char *name = name_in(path, &kept);
  char *folder = name == path ? base_copy_text(".", NULL) : base_copy_bytes(path, (size_t)(name - path), NULL);
  char *begin = base_format(NULL, ".%.*s.", kept, name);
  DIR *files = folder && begin ? opendir(folder) : NULL;
  for (const struct dirent *entry; files && (entry = readdir(files));) {
    const size_t length = strlen(entry->d_name), before = strlen(begin);
    if (length == before + LETTERS + 4 && !strncmp(entry->d_name, begin, before) &&
        !strcmp(entry->d_name + length - 4, ".new"))
      unlinkat(dirfd(files), entry->d_name, 0);
  }
  if (files) closedir(files);
  base_free(folder);
  base_free(begin);
}

int io_whole_file_handle(const io_whole_file *file) { return fileno(file->stream); }

berg_status berg_write_whole(const char *path, const void *bytes, size_t size, int force, berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = io_whole_file_write(file, bytes, size, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
