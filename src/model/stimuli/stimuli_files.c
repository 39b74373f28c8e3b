/* Images in files: folders and lists. */
#include "model/stimuli/stimuli_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"
#include "io/file/listing.h"
#include "io/file/stamp.h"
#include "io/image/image.h"

#define PATH_BYTES_MAX 4096

void model_files_init(model_files *files, bool may_be_missing) {
  *files = (model_files){.hash = BASE_HASH_START, .hash_of_names = BASE_HASH_START, .may_be_missing = may_be_missing};
}

void model_files_release(model_files *files) {
  for (size_t i = 0; i < files->count; i++) base_free(files->paths[i]);
  base_free(files->paths);
  base_free(files->stamps);
  for (size_t i = 0; i < files->other_count; i++) base_free(files->others[i]);
  base_free(files->others);
  *files = (model_files){.paths = NULL};
}

static bool make_room(model_files *files, berg_error *error) {
  const size_t count = files->count + 1;
  return base_grow((void **)&files->paths, &files->capacity, count, sizeof *files->paths, error) &&
         base_grow((void **)&files->stamps, &files->stamp_capacity, count, sizeof *files->stamps, error);
}

/* Takes ownership of `path`, which may be NULL from a failed allocation. */
static berg_status add_owned(model_files *files, char *path, berg_error *error) {
  if (!path) return BERG_ELIMIT;
  struct stat about;
  uint64_t stamp = 0;
  berg_status status = BERG_OK;
  if (!stat(path, &about)) {
    stamp = io_stamp_word(&about);
    if (!S_ISREG(about.st_mode)) status = base_fail(error, BERG_EINPUT, "%s: is not a picture file", path);
    files->hash = base_hash_number(files->hash, (uint64_t)about.st_size);
    files->hash_of_names = base_hash_number(files->hash_of_names, (uint64_t)about.st_size);
    files->hash = base_hash_number(files->hash, (uint64_t)about.st_mtim.tv_sec);
    files->hash = base_hash_number(files->hash, (uint64_t)about.st_mtim.tv_nsec);
  } else if (!files->may_be_missing) {
    status = base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  }
  if (!status && !make_room(files, error)) status = BERG_ELIMIT;
  if (status) {
    base_free(path);
    return status;
  }
  files->hash = base_hash_text(files->hash, path);
  files->stamps[files->count] = stamp;
  files->hash_of_names = base_hash_text(files->hash_of_names, path);
  files->paths[files->count++] = path;
  return BERG_OK;
}

berg_status model_files_unchanged(const model_files *files, size_t index, berg_error *error) {
  const uint64_t stamp = files->stamps ? files->stamps[index] : 0;
  return stamp ? io_stamp_word_unchanged(stamp, files->paths[index], error) : BERG_OK;
}

berg_status model_files_add(model_files *files, const char *path, berg_error *error) {
  return add_owned(files, base_copy_text(path, error), error);
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

typedef struct names {
  char **names;
  size_t count, capacity;
} names;

static bool is_picture(const char *name) {
  return name[0] != '.' && (io_image_is_name(name) || io_image_is_foreign_name(name));
}

static berg_status add_name(names *list, const char *name, berg_error *error) {
  if (!base_grow((void **)&list->names, &list->capacity, list->count + 1, sizeof *list->names, error))
    return BERG_ELIMIT;
  list->names[list->count] = base_copy_text(name, error);
  return list->names[list->count++] ? BERG_OK : BERG_ELIMIT;
}

/* Takes ownership of `path`. */
static berg_status add_other(model_files *files, char *path, berg_error *error) {
  if (base_grow((void **)&files->others, &files->other_capacity, files->other_count + 1, sizeof *files->others,
                error)) {
    files->others[files->other_count++] = path;
    return BERG_OK;
  }
  base_free(path);
  return BERG_ELIMIT;
}

static berg_status add_found(model_files *files, char *path, berg_error *error) {
  struct stat about;
  if (path && !stat(path, &about) && S_ISDIR(about.st_mode)) {
    base_free(path);
    return BERG_OK;
  }
  return path && !io_image_is_name(path) ? add_other(files, path, error) : add_owned(files, path, error);
}

berg_status model_files_add_folder(model_files *files, const char *path, berg_error *error) {
  io_listing folder;
  names list = {NULL, 0, 0};
  berg_status status = io_listing_open(&folder, path, 0, BERG_EINPUT, error);
  for (const char *name; (name = io_listing_next(&folder, &status, error));)
    if (is_picture(name)) status = add_name(&list, name, error);
  io_listing_close(&folder);
  if (!status && list.count) qsort(list.names, list.count, sizeof *list.names, by_bytes);
  const char *slash = *path && path[strlen(path) - 1] == '/' ? "" : "/";
  size_t before = files->count;
  for (size_t i = 0; i < list.count && !status; i++)
    status = add_found(files, base_format(error, "%s%s%s", path, slash, list.names[i]), error);
  for (size_t i = 0; i < list.count; i++) base_free(list.names[i]);
  base_free(list.names);
  if (!status && files->count == before)
    return base_fail(error, BERG_EINPUT,
                     "%s: no pictures (.jpg .jpeg .jpe .jfif .png) in this folder; sub-folders are not searched", path);
  return status;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

static berg_status add_line(model_files *files, const char *line, size_t length, const char *folder,
                            berg_error *error) {
  if (length > PATH_BYTES_MAX)
    return base_fail_found(error, BERG_EINPUT, NULL, "path too long", "at most 4096 bytes", "%zu", length);
  char *path = folder && line[0] != '/' ? base_format(error, "%s/%.*s", folder, (int)length, line)
                                        : base_copy_bytes(line, length, error);
  return add_owned(files, path, error);
}

berg_status model_files_add_list(model_files *files, const char *text, size_t size, const char *name,
                                 const char *folder, berg_error *error) {
  if (size >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
    return base_fail(error, BERG_EINPUT, "%s: is text in UTF-16: save the list as UTF-8", name);
  const char *zero = size ? memchr(text, 0, size) : NULL;
  if (zero)
    return base_fail_at(error, &(base_fault){BERG_EINPUT, name, (uint64_t)(zero - text), NULL,
                                             "is no picture, .npy, .npz or HDF5 file, and no list of paths", "text",
                                             "a zero byte"});
  const size_t before = files->count;
  size_t at = size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0; /* the mark that some editors put before UTF-8 */
  for (size_t number = 1; at < size; number++) {
    const char *line = text + at, *end = memchr(line, '\n', size - at);
    size_t length = end ? (size_t)(end - line) : size - at;
    at += length + 1;
    while (length && is_blank(*line)) line++, length--;
    while (length && is_blank(line[length - 1])) length--;
    if (!length || *line == '#') continue;
    berg_error bad;
    berg_status status = add_line(files, line, length, folder, &bad);
    if (status) return base_fail(error, status, "%s: line %zu: %s", name, number, bad.message);
  }
  if (files->count == before) return base_fail(error, BERG_EINPUT, "%s: no paths in this list", name);
  return BERG_OK;
}
