/* Copying prepared metadata to where a model's are, and grouping them on the way. */
#include "train/run/metadata.h"

#include <string.h>

#include "io/container/container.h"
#include "io/container/writers.h"
#include "io/file/folders.h"
#include "io/file/map.h"
#include "io/file/whole_file.h"
#include "model/catalog/paths.h"

static bool put(io_arena *arena, io_value *dict, const char *key, io_value *value, berg_error *error) {
  io_value *name = io_value_text(arena, key, strlen(key), error);
  return name && io_value_append(arena, dict, name, error) && io_value_append(arena, dict, value, error);
}

/* The dict `key` of another, which it gets if it has none. */
static io_value *group_of(io_arena *arena, io_value *dict, const char *key, berg_error *error) {
  io_value *group = io_value_get(dict, key);
  if (group) return group;
  group = io_value_new(arena, IO_DICT, error);
  return group && put(arena, dict, key, group, error) ? group : NULL;
}

io_value *train_metadata_tree(io_arena *arena, const model_layout *layout, const io_value *prepared,
                              berg_error *error) {
  io_value *tree = io_value_new(arena, IO_DICT, error);
  for (size_t i = 0; tree && !layout->prepared.kept && i < prepared->count; i++)
    if (!io_value_append(arena, tree, prepared->items[i], error)) return NULL;
  for (const model_layout_kept *kept = layout->prepared.kept; tree && kept && kept->key; kept++) {
    io_value *value = io_value_get(prepared, kept->key);
    io_value *group = value ? group_of(arena, tree, kept->dict, error) : NULL;
    if (value && !(group && put(arena, group, kept->key, value, error))) return NULL;
  }
  return tree;
}

static berg_status write_tree(io_whole_file *file, const model_layout *layout, const berg_file *prepared,
                              berg_error *error) {
  io_arena arena;
  io_arena_init(&arena, 0);
  io_value *tree = train_metadata_tree(&arena, layout, io_container_document(prepared)->root, error);
  const io_sink sink = io_sink_file(file);
  berg_status status = tree ? io_write_npy(&sink, &(io_content){.root = tree}, error) : BERG_ELIMIT;
  io_arena_release(&arena);
  return status;
}

static berg_status write_grouped(io_whole_file *file, const model_layout *layout, const char *prepared,
                                 berg_error *error) {
  berg_file *from;
  berg_status status = berg_file_open(&from, prepared, error);
  if (status) return status;
  if (io_container_document(from)->root->kind == IO_DICT)
    status = write_tree(file, layout, from, error);
  else
    status = base_fail(error, BERG_EINPUT, "%s: is no dict", prepared);
  berg_file_free(from);
  return status;
}

static berg_status write_bytes(io_whole_file *file, const char *prepared, berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, prepared, error);
  if (status) return status;
  status = io_whole_file_write(file, map.bytes, map.size, error);
  io_map_close(&map);
  return status;
}

berg_status train_metadata_copy(const model_layout *layout, const char *prepared, const char *path, berg_error *error) {
  io_whole_file *file;
  if (model_path_exists(path)) return BERG_OK;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_whole_file_open(&file, path, false, error);
  if (status) return status;
  status = layout->prepared.kept ? write_grouped(file, layout, prepared, error) : write_bytes(file, prepared, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
