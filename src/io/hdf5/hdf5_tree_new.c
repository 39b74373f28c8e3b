/* B-trees of version 2: nodes hold records of one size, inner ones also where their children are and how many records
 * these have, in as many bytes as the largest possible number takes. */
#include "base/memory.h"
#include "io/hdf5/hdf5_checksum.h"
#include "io/hdf5/hdf5_tree.h"
#include "io/hdf5/hdf5_walk.h"

#define PREFIX 6 /* signature, version, kind */
#define AROUND (PREFIX + IO_H5_CHECKSUM_BYTES)
#define DEPTH_MAX 16 /* more than 2^64 records have */
#define WHAT "a node of a B-tree"

typedef struct tree {
  io_h5_file *file;
  io_h5_tree_kind kind;
  size_t node_size, record_size;
  size_t pointer_size[DEPTH_MAX + 1]; /* of a child, in a node of this level */
  size_t count_size;                  /* of its number of records */
  uint64_t most[DEPTH_MAX + 1];       /* records of a node of this level */
  unsigned depth;
  io_h5_visit *visit;
  void *user;
  io_h5_walk walk;
  io_h5_block block;
} tree;

static berg_status damaged(const tree *t, uint64_t address, berg_error *error) {
  return io_h5_damaged(t->file, address, "a B-tree contradicts itself", error);
}

/* How much fits a node of each level decides how wide the numbers in the next are. */
static bool measure(tree *t) {
  if (!t->record_size || t->node_size < AROUND + t->record_size || t->depth > DEPTH_MAX) return false;
  uint64_t below = t->most[0] = (t->node_size - AROUND) / t->record_size; /* records of a whole child and its own */
  t->count_size = io_h5_bytes_for(below);
  for (unsigned level = 1; level <= t->depth; level++) {
    t->pointer_size[level] = t->file->offset_size + t->count_size + (level > 1 ? io_h5_bytes_for(below) : 0);
    if (t->node_size < AROUND + t->pointer_size[level]) return false;
    t->most[level] = (t->node_size - AROUND - t->pointer_size[level]) / (t->record_size + t->pointer_size[level]);
    if (!t->most[level] || __builtin_mul_overflow(below, t->most[level] + 1, &below) ||
        __builtin_add_overflow(below, t->most[level], &below))
      return false;
  }
  return true;
}

static berg_status add_child(tree *t, io_h5_fields *pointers, unsigned level, berg_error *error) {
  io_h5_fields one = *pointers;
  io_h5_bytes(pointers, t->pointer_size[level]);
  io_h5_node child = {.level = level - 1};
  child.address = io_h5_address(&one, t->file->offset_size);
  child.size = io_h5_number(&one, t->count_size);
  return io_h5_walk_add(&t->walk, t->file, child, error);
}

static berg_status visit_node(tree *t, const io_h5_node *node, berg_error *error) {
  if (node->size > t->most[node->level]) return damaged(t, node->address, error);
  const size_t records = (size_t)node->size * t->record_size;
  const size_t pointers = node->level ? ((size_t)node->size + 1) * t->pointer_size[node->level] : 0;
  berg_status status = io_h5_load_signed(t->file, &t->block, node->address, AROUND + records + pointers,
                                         node->level ? "BTIN" : "BTLF", true, WHAT, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&t->block, 5);
  if (io_h5_number(&fields, 1) != (uint64_t)t->kind) return damaged(t, node->address, error);
  for (uint64_t i = 0; i < node->size && !status; i++) {
    const uint8_t *record = io_h5_bytes(&fields, t->record_size);
    status = t->visit(t->user, (io_h5_fields){.next = record, .left = t->record_size}, error);
  }
  for (uint64_t i = 0; node->level && i <= node->size && !status; i++)
    status = add_child(t, &fields, node->level, error);
  return status;
}

static berg_status read_header(tree *t, uint64_t address, io_h5_node *root, berg_error *error) {
  const size_t size = 16 + t->file->offset_size + 2 + t->file->length_size + IO_H5_CHECKSUM_BYTES;
  berg_status status =
      io_h5_load_signed(t->file, &t->block, address, size, "BTHD", true, "the header of a B-tree", error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&t->block, 4);
  const uint64_t version = io_h5_number(&fields, 1), kind = io_h5_number(&fields, 1);
  t->node_size = io_h5_number(&fields, 4);
  t->record_size = io_h5_number(&fields, 2);
  t->depth = (unsigned)io_h5_number(&fields, 2);
  io_h5_bytes(&fields, 2); /* when nodes are split and merged */
  *root = (io_h5_node){.level = t->depth};
  root->address = io_h5_address(&fields, t->file->offset_size);
  root->size = io_h5_number(&fields, 2);
  return version || kind != (uint64_t)t->kind || !measure(t) ? damaged(t, address, error) : BERG_OK;
}

berg_status io_h5_tree_new(io_h5_file *file, uint64_t header, io_h5_tree_kind kind, io_h5_visit *visit, void *user,
                           berg_error *error) {
  tree t = {.file = file, .kind = kind, .visit = visit, .user = user};
  io_h5_node node;
  berg_status status = read_header(&t, header, &node, error);
  if (!status && node.address != IO_H5_NONE) status = io_h5_walk_add(&t.walk, file, node, error);
  while (!status && io_h5_walk_next(&t.walk, &node)) status = visit_node(&t, &node, error);
  io_h5_walk_free(&t.walk);
  base_free(t.block.bytes);
  return status;
}
