/* What an HDF5 file holds, as JSON: of each dataset type, shape, size, how it is stored, attributes and, where it is
 * small, its values; and why one cannot be read. */
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_attributes.h"
#include "io/hdf5/hdf5_handle.h"
#include "io/hdf5/hdf5_objects.h"
#include "io/hdf5/hdf5_values.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"

typedef struct description {
  cJSON *tree, *entries;
} description;

/* The attributes of one object, under its entry from the first one on. */
typedef struct attributes {
  cJSON *of, *list;
  bool from_matlab;
} attributes;

static berg_status add_attribute(void *user, const char *name, const char *text, berg_error *error) {
  attributes *to = user;
  (void)error;
  cJSON *key = io_json_text_from(name);
  if (!to->list) to->list = io_json_add_object(to->of, "attributes");
  io_json_add(to->list, key ? key->valuestring : "", key ? io_json_text_from(text) : NULL);
  cJSON_Delete(key);
  to->from_matlab |= !strcmp(name, "MATLAB_class");
  return BERG_OK;
}

static void add_sizes(cJSON *to, const char *key, const size_t *sizes, size_t count) {
  cJSON *list = io_json_add_list(to, key);
  for (size_t d = 0; d < count; d++) io_json_add_number(list, NULL, (double)sizes[d]);
}

static const char *filter_name(io_filter_kind kind) {
  return kind == IO_FILTER_DEFLATE      ? "gzip"
         : kind == IO_FILTER_SHUFFLE    ? "shuffle"
         : kind == IO_FILTER_FLETCHER32 ? "fletcher32"
                                        : "lzf";
}

static void add_storage(cJSON *entry, const io_hdf5 *dataset) {
  if (dataset->layout != IO_HDF5_CHUNKED) return;
  add_sizes(entry, "chunks", dataset->chunk, dataset->about.ndim);
  cJSON *filters = dataset->filters.count ? io_json_add_list(entry, "filters") : NULL;
  for (size_t f = 0; f < dataset->filters.count; f++)
    io_json_add_text(filters, NULL, filter_name(dataset->filters.kinds[f]));
}

/* The reason alone of a message "path: name: reason". */
static const char *reason_of(const io_hdf5 *dataset, const berg_error *why) {
  const char *reason = why->message;
  const char *const parts[] = {dataset->path, dataset->name};
  for (size_t i = 0; i < 2; i++) {
    const size_t length = strlen(parts[i]);
    if (!strncmp(reason, parts[i], length) && !strncmp(reason + length, ": ", 2)) reason += length + 2;
  }
  return reason;
}

/* What is known of a dataset. */
typedef struct known {
  const char *type;
  bool has_type, has_shape;
  berg_status status; /* why the data cannot be read, as `why` says */
  berg_error why;
} known;

static void note_failure(known *about, berg_status status, const berg_error *why) {
  if (!status || about->status) return;
  about->status = status;
  about->why = *why;
}

static bool take_type(io_hdf5 *dataset, io_h5_fields fields, known *about, berg_error *error) {
  about->type = io_hdf5_class_name(fields);
  dataset->is_text = io_hdf5_is_text(fields);
  note_failure(about, io_hdf5_take_type(dataset, fields, error), error);
  return !about->status;
}

static bool take_shape(io_hdf5 *dataset, io_h5_fields fields, known *about, berg_error *error) {
  const berg_status status = io_hdf5_take_shape(dataset, fields, error);
  note_failure(about, status, error);
  return !status;
}

static bool take_part(io_hdf5 *dataset, const io_h5_header *header, io_h5_kind kind, known *about) {
  io_h5_header other = {.bytes = NULL};
  const io_h5_message *message = io_h5_find(header, kind);
  io_h5_fields fields;
  berg_error error;
  berg_status status =
      message ? io_h5_follow_shared(&other, &dataset->file, header, message, &fields, &error)
              : io_h5_damaged(&dataset->file, header->address, "a dataset without a type or a shape", &error);
  note_failure(about, status, &error);
  const bool is_taken = !status && (kind == IO_H5_TYPE ? take_type : take_shape)(dataset, fields, about, &error);
  io_h5_header_free(&other);
  return is_taken;
}

/* Type, shape and storage, as far as they can be told. */
static void take_all(io_hdf5 *dataset, const io_h5_header *header, known *about) {
  about->has_type = take_part(dataset, header, IO_H5_TYPE, about);
  about->has_shape = take_part(dataset, header, IO_H5_SPACE, about);
  if (about->status) return;
  berg_error error;
  note_failure(about, io_hdf5_take_storage(dataset, header, &error), &error);
}

static void add_array(cJSON *entry, const io_hdf5 *dataset, const known *about) {
  const berg_array *array = &dataset->about;
  io_json_add_text(entry, "dtype",
                   dataset->is_text  ? "str"
                   : about->has_type ? berg_dtype_name(array->dtype)
                                     : about->type);
  if (about->has_shape) add_sizes(entry, "shape", array->shape, array->ndim - dataset->is_text);
  if (about->has_type && about->has_shape) io_json_add_number(entry, "bytes", (double)io_hdf5_bytes(dataset));
}

static void add_known(cJSON *entry, io_hdf5 *dataset, const io_h5_header *header, known *about) {
  attributes own = {.of = entry};
  berg_error error;
  add_array(entry, dataset, about);
  if (!about->status) add_storage(entry, dataset);
  note_failure(about, io_h5_each_text(&dataset->file, header, add_attribute, &own, &error), &error);
  io_json_add_bool(entry, "matlab", own.from_matlab);
  if (!about->status) note_failure(about, io_hdf5_add_values(entry, dataset, &error), &error);
  if (about->status) io_json_add(entry, "refused", io_json_text_from(reason_of(dataset, &about->why)));
}

static berg_status describe_dataset(const description *to, io_h5_file *file, const io_h5_object *object,
                                    berg_error *error) {
  io_hdf5 dataset = {.path = (char *)(uintptr_t)file->path, .name = (char *)(uintptr_t)object->name, .file = *file};
  known about = {.type = "an unknown type"};
  dataset.file.name = object->name;
  cJSON *entry = io_json_add_object(to->entries, NULL);
  io_json_add(entry, "name", io_json_text_from(object->name));
  take_all(&dataset, object->header, &about);
  add_known(entry, &dataset, object->header, &about);
  file->budget = dataset.file.budget;
  io_hdf5_release(&dataset);
  if (about.status != BERG_ELIMIT) return BERG_OK;
  if (error) *error = about.why;
  return BERG_ELIMIT;
}

static void describe_link(const description *to, const io_h5_object *object) {
  cJSON *entry = io_json_add_object(to->entries, NULL);
  io_json_add(entry, "name", io_json_text_from(object->name));
  io_json_add_text(entry, "dtype", object->kind == IO_H5_ELSEWHERE ? "link into another file" : "link");
  if (object->target) io_json_add(entry, "target", io_json_text_from(object->target));
}

/* A group is an entry where it has attributes; the root group's are the file's. */
static berg_status describe_group(const description *to, io_h5_file *file, const io_h5_object *object,
                                  berg_error *error) {
  cJSON *entry = io_json_object();
  attributes about = {.of = *object->name ? entry : to->tree};
  if (*object->name) {
    io_json_add(entry, "name", io_json_text_from(object->name));
    io_json_add_text(entry, "dtype", "group");
  }
  berg_status status = io_h5_each_text(file, object->header, add_attribute, &about, error);
  if (*object->name && about.list)
    io_json_add(to->entries, NULL, entry);
  else
    cJSON_Delete(entry);
  return status;
}

static berg_status describe(io_h5_objects *objects, const io_h5_object *object, berg_error *error) {
  const description *to = objects->user;
  if (object->header && io_h5_find(object->header, IO_H5_LAYOUT))
    return describe_dataset(to, objects->file, object, error);
  if (object->header) return describe_group(to, objects->file, object, error);
  describe_link(to, object);
  return BERG_OK;
}

static berg_status describe_file(cJSON *tree, io_h5_file *file, berg_error *error) {
  description to = {.tree = tree, .entries = io_json_list()};
  io_h5_objects objects = {.file = file, .visit = describe, .user = &to};
  berg_status status = io_h5_start(file, error);
  io_json_add(tree, "path", io_json_text_from(file->path));
  io_json_add_text(tree, "format", "hdf5");
  if (!status) status = io_h5_each_object(&objects, error);
  io_json_add(tree, "entries", to.entries);
  if (objects.is_cut) io_json_add_bool(tree, "more", true);
  return status;
}

berg_status berg_hdf5_describe(char **json, const char *path, berg_error *error) {
  io_h5_file file;
  *json = NULL;
  berg_status status = io_h5_open(&file, path, "", error);
  if (status) return status;
  cJSON *tree = io_json_object();
  status = describe_file(tree, &file, error);
  close(file.raw);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

berg_status io_hdf5_is(const char *path, bool *is_hdf5, berg_error *error) {
  io_h5_file file;
  *is_hdf5 = false;
  berg_status status = io_h5_open(&file, path, "", error);
  if (status) return status;
  status = io_h5_find_start(&file, error);
  *is_hdf5 = !status;
  close(file.raw);
  return file.is_unread ? status : BERG_OK;
}

int berg_hdf5_is(const char *path) {
  bool is_hdf5;
  return !io_hdf5_is(path, &is_hdf5, NULL) && is_hdf5;
}
