/* B-trees of version 1: a node has its level, then keys and addresses of children in turn, and a last key. */
#include "base/memory.h"
#include "io/hdf5/hdf5_tree.h"
#include "io/hdf5/hdf5_walk.h"

#define PREFIX 8
#define WHAT "a node of a B-tree"

typedef struct tree {
  io_h5_file *file;
  io_h5_tree_kind kind;
  size_t entry; /* bytes of a key and its child */
  io_h5_visit *visit;
  void *user;
  io_h5_walk walk;
  io_h5_block block;
} tree;

/* The root may be of any level; others are one below the node that led to them. */
static berg_status check(const tree *t, const io_h5_node *node, uint64_t kind, uint64_t level, bool is_root,
                         berg_error *error) {
  if (kind == (uint64_t)t->kind && (is_root || level == node->level)) return BERG_OK;
  return io_h5_damaged(t->file, node->address, WHAT " is of another kind or level", error);
}

static berg_status visit_children(tree *t, const io_h5_node *node, unsigned level, size_t used, size_t key_size,
                                  berg_error *error) {
  io_h5_fields fields = io_h5_fields_of(&t->block, PREFIX + 2 * t->file->offset_size);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < used && !status; i++) {
    io_h5_fields record = fields;
    if (!io_h5_bytes(&fields, t->entry)) return io_h5_damaged(t->file, node->address, WHAT " is cut short", error);
    if (!level) {
      status = t->visit(t->user, record, error);
      continue;
    }
    io_h5_bytes(&record, key_size);
    const uint64_t child = io_h5_address(&record, t->file->offset_size);
    status = io_h5_walk_add(&t->walk, t->file, (io_h5_node){.address = child, .level = level - 1}, error);
  }
  return status;
}

static berg_status visit_node(tree *t, const io_h5_node *node, size_t key_size, bool is_root, berg_error *error) {
  const size_t prefix = PREFIX + 2 * t->file->offset_size;
  berg_status status = io_h5_load_signed(t->file, &t->block, node->address, prefix, "TREE", false, WHAT, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&t->block, 4);
  const uint64_t kind = io_h5_number(&fields, 1), level = io_h5_number(&fields, 1), used = io_h5_number(&fields, 2);
  status = check(t, node, kind, level, is_root, error);
  if (!status) status = io_h5_load(t->file, &t->block, node->address, prefix + used * t->entry, error);
  return status ? status : visit_children(t, node, (unsigned)level, (size_t)used, key_size, error);
}

berg_status io_h5_tree_old(io_h5_file *file, uint64_t root, io_h5_tree_kind kind, size_t key_size, io_h5_visit *visit,
                           void *user, berg_error *error) {
  tree t = {.file = file, .kind = kind, .entry = key_size + file->offset_size, .visit = visit, .user = user};
  io_h5_node node;
  bool is_root = true;
  berg_status status = io_h5_walk_add(&t.walk, file, (io_h5_node){.address = root}, error);
  for (; !status && io_h5_walk_next(&t.walk, &node); is_root = false)
    status = visit_node(&t, &node, key_size, is_root, error);
  io_h5_walk_free(&t.walk);
  base_free(t.block.bytes);
  return status;
}
