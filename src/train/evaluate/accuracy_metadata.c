/* Accuracy into the model's metadata. */
#include <string.h>

#include "base/memory.h"
#include "io/container/container.h"
#include "io/file/folders.h"
#include "io/container/writers.h"
#include "train/evaluate/accuracy.h"

#define DEFINITION                                                            \
  "100 * max(correlation_results, 0)**2 / (noise_ceiling_testset / 100), NaN" \
  " where the ceiling is 0; libberg's definition, not upstream's"

/* The same items, so that the file's own tree stays as it was read. */
static io_value *copy_dict(io_arena *arena, const io_value *dict, berg_error *error) {
  io_value *copy = io_value_new(arena, IO_DICT, error);
  for (size_t i = 0; copy && i < dict->count; i++)
    if (!io_value_append(arena, copy, dict->items[i], error)) return NULL;
  return copy;
}

/* In the place of `key` where it is there, else behind all others. */
static bool set(io_arena *arena, io_value *dict, const char *key, io_value *value, berg_error *error) {
  if (!value) return false;
  for (size_t i = 0; i + 1 < dict->count; i += 2) {
    if (dict->items[i]->kind != IO_TEXT || strcmp(dict->items[i]->text, key)) continue;
    dict->items[i + 1] = value;
    return true;
  }
  io_value *name = io_value_text(arena, key, strlen(key), error);
  return name && io_value_append(arena, dict, name, error) && io_value_append(arena, dict, value, error);
}

static bool set_array(io_arena *arena, io_value *dict, const char *key, const double *values, size_t count,
                      berg_error *error) {
  berg_array array = {.dtype = BERG_F64, .itemsize = 8, .ndim = 1, .shape = {count}, .strides = {8}, .data = values};
  return set(arena, dict, key, io_value_array(arena, &array, error), error);
}

/* The tree with what was measured in it. NULL with ELIMIT. */
static io_value *merge(io_arena *arena, const train_accuracy *accuracy, const io_value *root, const io_value *old,
                       berg_error *error) {
  io_value *all = copy_dict(arena, root, error), *own = all ? copy_dict(arena, old, error) : NULL;
  bool good = own && set(arena, all, "encoding_model", own, error);
  for (size_t i = 0; i < 4 && good; i++)
    good =
        set_array(arena, own, train_reliability_key(i), train_reliability_values(accuracy, i), accuracy->voxels, error);
  good = good && set_array(arena, own, "correlation_results", accuracy->r, accuracy->voxels, error) &&
         set_array(arena, own, "percent_noise_ceiling", accuracy->percent_noise_ceiling, accuracy->voxels, error) &&
         set(arena, own, "percent_noise_ceiling_definition",
             io_value_text(arena, DEFINITION, strlen(DEFINITION), error), error);
  return good ? all : NULL;
}

static berg_status write_tree(const io_value *root, const char *path, berg_error *error) {
  io_whole_file *file;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_whole_file_open(&file, path, true, error);
  if (status) return status;
  io_sink sink = io_sink_file(file);
  status = io_write_npy(&sink, &(io_content){.root = root}, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file);
  return status;
}

berg_status train_accuracy_write(const train_accuracy *accuracy, const berg_file *prepared, const char *path,
                                 berg_error *error) {
  const io_value *root = io_container_document(prepared)->root;
  const io_value *old = root->kind == IO_DICT ? io_value_get(root, "encoding_model") : NULL;
  if (!old || old->kind != IO_DICT)
    return base_fail(error, BERG_EINPUT, "the prepared metadata are no dict with encoding_model in it");
  io_arena arena;
  io_arena_init(&arena, 0);
  io_value *tree = merge(&arena, accuracy, root, old, error);
  berg_status status = tree ? write_tree(tree, path, error) : BERG_ELIMIT;
  io_arena_release(&arena);
  return status;
}
