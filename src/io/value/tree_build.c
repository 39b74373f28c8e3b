/* Values, arrays and texts into dicts. */
#include "io/value/tree_build.h"

#include <string.h>

#include "base/array.h"
#include "io/value/text_array.h"

void io_tree_begin(io_tree *tree, size_t room, berg_error *error) {
  *tree = (io_tree){.error = error};
  io_arena_init(&tree->arena, room);
}

void io_tree_release(io_tree *tree) { io_arena_release(&tree->arena); }

static io_value *keep(io_tree *tree, io_value *value) {
  if (!value) tree->failed = true;
  return value;
}

io_value *io_tree_new(io_tree *tree, io_kind kind) {
  return tree->failed ? NULL : keep(tree, io_value_new(&tree->arena, kind, tree->error));
}

void *io_tree_take(io_tree *tree, size_t count, size_t size) {
  void *memory = tree->failed ? NULL : io_arena_take(&tree->arena, count * size, tree->error);
  if (!memory) tree->failed = true;
  return memory;
}

static io_value *new_text(io_tree *tree, const char *text) {
  return tree->failed ? NULL : keep(tree, io_value_text(&tree->arena, text, strlen(text), tree->error));
}

static void append(io_tree *tree, io_value *list, io_value *value) {
  if (tree->failed || !io_value_append(&tree->arena, list, value, tree->error)) tree->failed = true;
}

void io_tree_add(io_tree *tree, io_value *dict, const char *key, io_value *value) {
  append(tree, dict, new_text(tree, key));
  append(tree, dict, value);
}

io_value *io_tree_add_dict(io_tree *tree, io_value *dict, const char *key) {
  io_value *inner = io_tree_new(tree, IO_DICT);
  io_tree_add(tree, dict, key, inner);
  return inner;
}

void io_tree_add_text(io_tree *tree, io_value *dict, const char *key, const char *text) {
  io_tree_add(tree, dict, key, new_text(tree, text));
}

void io_tree_add_integer(io_tree *tree, io_value *dict, const char *key, int64_t number) {
  io_value *value = io_tree_new(tree, IO_INT);
  if (value) value->integer = number;
  io_tree_add(tree, dict, key, value);
}

void io_tree_add_array(io_tree *tree, io_value *dict, const char *key, berg_dtype dtype, size_t itemsize,
                       const size_t *shape, size_t ndim, const void *data) {
  berg_array array = {.dtype = dtype, .itemsize = itemsize, .ndim = ndim, .data = data};
  memcpy(array.shape, shape, ndim * sizeof *shape);
  base_array_set_strides(&array, false);
  io_tree_add(tree, dict, key, tree->failed ? NULL : keep(tree, io_value_array(&tree->arena, &array, tree->error)));
}

void io_tree_add_list(io_tree *tree, io_value *dict, const char *key, const char *const *texts, size_t count) {
  io_value *list = io_tree_new(tree, IO_LIST);
  for (size_t i = 0; i < count; i++) append(tree, list, new_text(tree, texts[i]));
  io_tree_add(tree, dict, key, list);
}

static size_t characters(const char *text) {
  size_t count = 0;
  for (; *text; text++) count += (*text & 0xc0) != 0x80;
  return count;
}

void io_tree_add_texts(io_tree *tree, io_value *dict, const char *key, const char *const *texts, size_t count) {
  size_t width = 1;
  for (size_t i = 0; i < count; i++)
    if (characters(texts[i]) > width) width = characters(texts[i]);
  uint8_t *elements = io_tree_take(tree, count, 4 * width);
  for (size_t i = 0; elements && i < count; i++) io_text_to_ucs4(elements + 4 * width * i, width, texts[i]);
  io_tree_add_array(tree, dict, key, BERG_UNICODE, 4 * width, &count, 1, elements);
}
