/* Results of an evaluation into the model's metadata. */
#include "train/evaluate/results.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/container/container.h"
#include "io/container/writers.h"
#include "io/file/folders.h"
#include "io/value/json_build.h"
#include "train/evaluate/figures.h"

static size_t size_of(const train_result *result) {
  size_t size = 1;
  for (size_t d = 0; d < result->ndim; d++) size *= result->shape[d];
  return size;
}

double *train_results_add(train_results *results, const char *key, const size_t *shape, size_t ndim,
                          berg_error *error) {
  train_result *result = &results->items[results->count];
  *result = (train_result){.key = key, .ndim = ndim};
  memcpy(result->shape, shape, ndim * sizeof *shape);
  result->values = base_alloc(size_of(result), sizeof *result->values, error);
  if (result->values) results->count++;
  return result->values;
}

void train_results_release(train_results *results) {
  for (size_t i = 0; i < results->count; i++) base_free(results->items[i].values);
  results->count = 0;
}

/* --- Writing --- */

io_value *train_copy_dict(io_arena *arena, const io_value *dict, berg_error *error) {
  io_value *copy = io_value_new(arena, IO_DICT, error);
  for (size_t i = 0; copy && i < dict->count; i++)
    if (!io_value_append(arena, copy, dict->items[i], error)) return NULL;
  return copy;
}

bool train_set_value(io_arena *arena, io_value *dict, const char *key, io_value *value, berg_error *error) {
  if (!value) return false;
  for (size_t i = 0; i + 1 < dict->count; i += 2) {
    if (dict->items[i]->kind != IO_TEXT || strcmp(dict->items[i]->text, key)) continue;
    dict->items[i + 1] = value;
    return true;
  }
  io_value *name = io_value_text(arena, key, strlen(key), error);
  return name && io_value_append(arena, dict, name, error) && io_value_append(arena, dict, value, error);
}

bool train_set_array(io_arena *arena, io_value *dict, const char *key, const double *values, const size_t *shape,
                     size_t ndim, berg_error *error) {
  berg_array array = {.dtype = BERG_F64, .itemsize = sizeof *values, .ndim = ndim, .data = values};
  ptrdiff_t stride = sizeof *values;
  for (size_t d = ndim; d-- > 0; stride *= (ptrdiff_t)shape[d]) {
    array.shape[d] = shape[d];
    array.strides[d] = stride;
  }
  return train_set_value(arena, dict, key, io_value_array(arena, &array, error), error);
}

berg_status train_write_metadata(const io_value *root, const char *path, berg_error *error) {
  io_whole_file *file;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_whole_file_open(&file, path, true, error);
  if (status) return status;
  io_sink sink = io_sink_file(file);
  status = io_write_npy(&sink, &(io_content){.root = root}, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

/* Copies the dict `key` of `parent` into it, to be changed there. NULL: it is none, EINPUT, or ELIMIT. */
static io_value *own_dict(io_arena *arena, io_value *parent, const char *key, const char *path, berg_error *error) {
  const io_value *old = io_value_get(parent, key);
  if (!old || old->kind != IO_DICT) {
    base_fail(error, BERG_EINPUT, "%s: the metadata are no dict with %s in it", path, key);
    return NULL;
  }
  io_value *copy = train_copy_dict(arena, old, error);
  return copy && train_set_value(arena, parent, key, copy, error) ? copy : NULL;
}

/* Files of before there were parts have their results beside everything else. */
static io_value *part_dict(const train_results *results, io_arena *arena, io_value *dict, const char *path,
                           berg_error *error) {
  const bool is_there = results->part && io_value_get(dict, results->part);
  return is_there ? own_dict(arena, dict, results->part, path, error) : dict;
}

/* The tree with the results in it, or NULL. */
static io_value *merge(const train_results *results, io_arena *arena, const io_value *root, const char *path,
                       berg_error *error) {
  io_value *all = train_copy_dict(arena, root, error);
  io_value *dict = all ? own_dict(arena, all, results->dict, path, error) : NULL;
  io_value *part = dict ? part_dict(results, arena, dict, path, error) : NULL;
  bool good = part != NULL;
  for (size_t i = 0; i < results->count && good; i++) {
    const train_result *result = &results->items[i];
    good = train_set_array(arena, result->shared ? dict : part, result->key, result->values, result->shape,
                           result->ndim, error);
  }
  return good ? all : NULL;
}

berg_status train_results_write(const train_results *results, const char *path, berg_error *error) {
  berg_file *file;
  berg_error local;
  if (!error) error = &local; /* its status is read below */
  berg_status status = berg_file_open(&file, path, error);
  if (status) return status;
  const io_value *root = io_container_document(file)->root;
  io_arena arena;
  io_arena_init(&arena, 0);
  if (root->kind != IO_DICT)
    status = base_fail(error, BERG_EINPUT, "%s: the metadata are no dict with %s in it", path, results->dict);
  io_value *tree = status ? NULL : merge(results, &arena, root, path, error);
  if (!status) status = tree ? train_write_metadata(tree, path, error) : error->status;
  io_arena_release(&arena);
  berg_file_free(file);
  return status;
}

/* --- Telling --- */

static size_t count_nan(const train_result *result) {
  size_t count = 0;
  for (size_t i = 0; i < size_of(result); i++) count += isnan(result->values[i]) != 0;
  return count;
}

berg_status train_results_report(const train_results *results, cJSON *report, berg_error *error) {
  cJSON *figures = io_json_add_object(report, "figures");
  for (size_t i = 0; i < results->count; i++) {
    const train_result *result = &results->items[i];
    const size_t size = size_of(result);
    double *room = base_alloc(size, sizeof *room, error);
    if (!room) return BERG_ELIMIT;
    const train_chosen all = {NULL, size, room};
    cJSON *figure = io_json_add_object(figures, result->key);
    io_json_add_number(figure, "mean", train_mean(result->values, &all));
    io_json_add_number(figure, "median", train_median(result->values, &all));
    io_json_add_number(figure, "without_number", (double)count_nan(result));
    base_free(room);
  }
  return BERG_OK;
}
