/* Finding the parts, and reading what each is. */
#include "model/merge/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/listing.h"
#include "io/file/put_at.h"
#include "io/value/json_print.h"

void model_merge_parts_release(model_merge_parts *parts) {
  for (size_t i = 0; i < parts->count; i++) {
    base_free(parts->list[i].path);
    base_free(parts->list[i].key);
    base_free(parts->list[i].family);
    base_free(parts->list[i].why);
  }
  for (size_t g = 0; g < parts->group_count; g++) {
    base_free(parts->groups[g].key);
    base_free(parts->groups[g].members);
    base_free(parts->groups[g].path);
  }
  base_free(parts->groups);
  base_free(parts->again);
  base_free(parts->list);
  *parts = (model_merge_parts){.list = NULL};
}

berg_status model_merge_part_fails(model_merge_part *part, model_merge_fault fault, berg_error *error,
                                   const char *format, ...) {
  berg_error line;
  va_list list;
  if (part->fault) return BERG_OK;
  va_start(list, format);
  base_fail_list(&line, BERG_OK, format, list);
  va_end(list);
  part->fault = fault;
  part->why = base_copy_text(line.message, error);
  return part->why ? BERG_OK : BERG_ELIMIT;
}

/* --- One part --- */

/* What all files of a run have in common: how it was cut, the images, and the files that there are. */
static berg_status take_family(model_merge_part *part, const model_shard_file *file, berg_error *error) {
  const cJSON *images = cJSON_GetObjectItemCaseSensitive(file->about, MODEL_SHARD_IMAGES);
  const char *hash = cJSON_GetStringValue(images);
  char *files = NULL;
  berg_status status =
      part->in_folder ? BERG_OK
                      : io_json_print(cJSON_GetObjectItemCaseSensitive(file->about, MODEL_SHARD_FILES), &files, error);
  if (!status)
    part->family =
        base_format(error, "%zu %zu %s %s", part->shard.of, part->shard.images, hash ? hash : "", files ? files : "");
  base_free(files);
  return status ? status : part->family ? BERG_OK : BERG_ELIMIT;
}

static berg_status take_about(model_merge_part *part, const model_shard_file *file, berg_error *error) {
  part->shard = file->shard;
  part->rows = file->rows;
  base_print(part->run, sizeof part->run, "%s", file->run);
  if (!part->key && !(part->key = base_copy_text(file->suffix, error))) return BERG_ELIMIT;
  return take_family(part, file, error);
}

/* A file that is not there, or is being written, or was not to its end. */
static berg_status look_for(model_merge_part *part, berg_error *error) {
  struct stat there;
  char *partial = base_format(error, "%s.partial", part->path);
  if (!partial) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  if (!access(partial, F_OK))
    status = model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error,
                                    "the run that writes it has not ended: %s is there", partial);
  else if (stat(part->path, &there))
    status = model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "cannot be opened: %s", strerror(errno));
  else if (!S_ISREG(there.st_mode))
    status = model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "is no file");
  base_free(partial);
  return status;
}

static berg_status read_part(model_merge_part *part, berg_error *error) {
  model_shard_file file;
  berg_error fault;
  berg_status status = look_for(part, error);
  if (status) return status;
  status = model_shard_file_read(&file, NULL, part->path, &fault);
  if (!status) {
    status = take_about(part, &file, error);
  } else if (status == BERG_EINPUT) {
    status = model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "%s", fault.message);
  } else if (error) {
    *error = fault;
  }
  model_shard_file_release(&file);
  return status;
}

/* Takes `path` and `key`, either of which may be NULL. */
static berg_status add_part(model_merge_parts *parts, char *path, char *key, bool in_folder, berg_error *error) {
  model_merge_part part = {.path = path, .key = key, .in_folder = in_folder};
  void *list = parts->list;
  if (!path || (in_folder && !key) ||
      !base_grow(&list, &parts->capacity, parts->count + 1, sizeof *parts->list, error)) {
    base_free(path);
    base_free(key);
    return BERG_ELIMIT;
  }
  parts->list = list;
  parts->list[parts->count] = part;
  return read_part(&parts->list[parts->count++], error);
}

/* --- Folders --- */

static berg_status refuse_format(const char *path, berg_error *error) {
  return base_fail(error, BERG_EARGUMENT,
                   "%s: parts are merged as .npy, .h5, .hdf5 or .csv: encode to one of these, and make volumes and "
                   "surfaces of what is merged (berg volume)",
                   path);
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

typedef struct names {
  char **list;
  size_t count, capacity;
} names;

static berg_status add_name(names *found, const char *name, berg_error *error) {
  void *list = found->list;
  if (!base_grow(&list, &found->capacity, found->count + 1, sizeof *found->list, error)) return BERG_ELIMIT;
  found->list = list;
  if (!(found->list[found->count] = base_copy_text(name, error))) return BERG_ELIMIT;
  found->count++;
  return BERG_OK;
}

/* Outputs in a folder by name; those that are not whole yet by what they will be called. */
static berg_status list_outputs(names *found, const char *path, berg_error *error) {
  io_listing files;
  berg_status status = io_listing_open(&files, path, 0, BERG_EINPUT, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));)
    if (*name != '.' && io_rows_takes_axes(name)) status = add_name(found, name, error);
  io_listing_close(&files);
  if (found->count) qsort(found->list, found->count, sizeof *found->list, by_bytes);
  return status;
}

static berg_status add_folder(model_merge_parts *parts, const char *path, berg_error *error) {
  names found = {.list = NULL};
  berg_status status = list_outputs(&found, path, error);
  const char *slash = *path && path[strlen(path) - 1] == '/' ? "" : "/";
  for (size_t i = 0; i < found.count && !status; i++)
    status = add_part(parts, base_format(error, "%s%s%s", path, slash, found.list[i]),
                      base_copy_text(found.list[i], error), true, error);
  base_free_texts(found.list, found.count);
  return status;
}

berg_status model_merge_parts_take(model_merge_parts *parts, const char *const *paths, size_t count,
                                   berg_error *error) {
  berg_status status = BERG_OK;
  struct stat there;
  for (size_t i = 0; i < count && !status; i++) {
    const bool is_there = !stat(paths[i], &there);
    if (is_there && S_ISDIR(there.st_mode))
      status = add_folder(parts, paths[i], error);
    else if (!is_there && !*model_ending_of(paths[i])) /* a folder that was never made */
      status = add_part(parts, base_copy_text(paths[i], error), base_copy_text("", error), true, error);
    else if (!io_rows_takes_axes(paths[i]))
      status = refuse_format(paths[i], error);
    else
      status = add_part(parts, base_copy_text(paths[i], error), NULL, false, error);
  }
  return status;
}

/* --- What a file holds --- */

berg_status model_merge_read_npy(io_npy_header *header, const char *path, berg_error *error) {
  uint8_t start[1024];
  struct stat about;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  const ssize_t got = fstat(file, &about) ? -1 : pread(file, start, sizeof start, 0);
  berg_status status = got < 0 ? base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno)
                               : io_npy_read_header(header, start, (size_t)got, (size_t)about.st_size, path, error);
  close(file);
  if (!status && (header->dtype != BERG_F32 || header->big_endian || header->fortran || header->ndim < 2))
    status = base_fail(error, BERG_EINPUT, "%s: is no array of responses", path);
  return status;
}

/* The sum says that the bytes are those that were written; the header, that its sidecar was. */
static berg_status check_rows(model_merge_part *part, const char *format, berg_error *error) {
  io_npy_header header;
  berg_error fault;
  if (strcmp(format, "npy")) return BERG_OK;
  berg_status status = model_merge_read_npy(&header, part->path, &fault);
  if (status == BERG_EINPUT) return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "%s", fault.message);
  if (!status && header.shape[0] != part->rows)
    return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "holds %zu rows, its sidecar says %zu",
                                  header.shape[0], part->rows);
  if (status && error) *error = fault;
  return status;
}

static berg_status compare_sums(model_merge_part *part, const model_shard_file *file, const berg_run *run,
                                berg_error *error) {
  io_file_sum sum;
  berg_error fault;
  struct stat about;
  const uint64_t size = stat(part->path, &about) ? 0 : (uint64_t)about.st_size;
  if (size < file->bytes)
    return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "is cut short: it holds %llu bytes of %llu",
                                  (unsigned long long)size, (unsigned long long)file->bytes);
  berg_status status = io_sum_file(&sum, part->path, run, &fault);
  if (status == BERG_EINPUT) return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "%s", fault.message);
  if (status) {
    if (error) *error = fault;
    return status;
  }
  if (sum.size != file->bytes || strcmp(sum.text, file->checksum))
    return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error,
                                  "has other bytes than were written: checksum %s, expected %s", sum.text,
                                  file->checksum);
  return check_rows(part, file->format, error);
}

berg_status model_merge_verify_file(model_merge_part *part, const berg_run *run, berg_error *error) {
  model_shard_file file;
  berg_status status = model_shard_file_read(&file, NULL, part->path, error);
  if (!status) status = compare_sums(part, &file, run, error);
  model_shard_file_release(&file);
  return status;
}
