/* The members of a new HDF5 file's groups: a heap of names, leaves of up to eight members in the order of their names,
 * a B-tree over these. Leaves and nodes have the room that libhdf5 counts on where it adds to them. */
#include "io/hdf5/hdf5_draft_parts.h"
#include "io/hdf5/hdf5_fields.h"

#define LEAF 8
#define LEAF_BYTES (8 + LEAF * 40)
#define CHILDREN 32
#define NODE_BYTES (24 + CHILDREN * 8 + (CHILDREN + 1) * 8)
#define NO_FREE_SPACE 1

/* One level of the tree and what is below it. */
typedef struct level {
  unsigned number;
  size_t count;       /* of nodes */
  size_t children;    /* below, */
  size_t child_bytes; /* each that long, */
  size_t below;       /* one behind the other from here, */
  size_t span;        /* over that many members */
} level;

static size_t pieces_of(size_t count, size_t size) { return count / size + (count % size != 0); }

static io_h5_member *members_of(const io_hdf5_draft *draft, const io_h5_object *group) {
  return draft->members + group->first_member;
}

static void put_names(const io_hdf5_draft *draft, io_h5_object *group, io_h5_put *to) {
  io_h5_put_align(to);
  group->heap = to->at;
  io_h5_put_bytes(to, "HEAP", 4);
  io_h5_put_number(to, 0, 4);
  const size_t size = to->at, start = to->at + 24;
  io_h5_put_number(to, 0, 8);
  io_h5_put_number(to, NO_FREE_SPACE, 8);
  io_h5_put_number(to, start, 8);
  io_h5_put_number(to, 0, 8); /* the empty name, before all others */
  io_h5_member *members = members_of(draft, group);
  for (size_t i = 0; i < group->member_count; i++) {
    members[i].place = to->at - start;
    io_h5_put_bytes(to, members[i].name, strlen(members[i].name) + 1);
    io_h5_put_align(to);
  }
  io_h5_put_number_at(to, size, to->at - start, 8);
}

void io_h5_put_entry(const io_h5_object *object, uint64_t name, io_h5_put *to) {
  io_h5_put_number(to, name, 8);
  io_h5_put_number(to, object->header, 8);
  io_h5_put_number(to, object->is_group, 8); /* 1: where a group's members are stands here too */
  io_h5_put_number(to, object->is_group ? object->tree : 0, 8);
  io_h5_put_number(to, object->is_group ? object->heap : 0, 8);
}

static void put_leaf(const io_hdf5_draft *draft, const io_h5_member *members, size_t count, io_h5_put *to) {
  const size_t start = to->at;
  io_h5_put_bytes(to, "SNOD", 4);
  io_h5_put_number(to, 1, 2);
  io_h5_put_number(to, count, 2);
  for (size_t i = 0; i < count; i++) io_h5_put_entry(&draft->objects[members[i].object], members[i].place, to);
  io_h5_put_until(to, start + LEAF_BYTES);
}

static size_t put_leaves(const io_hdf5_draft *draft, const io_h5_object *group, io_h5_put *to) {
  const size_t count = pieces_of(group->member_count, LEAF);
  for (size_t i = 0; i < count; i++) {
    const size_t left = group->member_count - i * LEAF;
    put_leaf(draft, members_of(draft, group) + i * LEAF, left < LEAF ? left : LEAF, to);
  }
  return count;
}

/* The key between two children: the last name of the first. */
static uint64_t key_after(const io_hdf5_draft *draft, const io_h5_object *group, size_t members) {
  const size_t count = members < group->member_count ? members : group->member_count;
  return count ? members_of(draft, group)[count - 1].place : 0;
}

static void put_node(const io_hdf5_draft *draft, const io_h5_object *group, const level *l, size_t node,
                     io_h5_put *to) {
  const size_t start = to->at, first = node * CHILDREN, left = l->children - first;
  const size_t used = left < CHILDREN ? left : CHILDREN;
  io_h5_put_bytes(to, "TREE", 4);
  io_h5_put_number(to, 0, 1);
  io_h5_put_number(to, l->number, 1);
  io_h5_put_number(to, used, 2);
  io_h5_put_number(to, node ? start - NODE_BYTES : IO_H5_NONE, 8);
  io_h5_put_number(to, node + 1 < l->count ? start + NODE_BYTES : IO_H5_NONE, 8);
  for (size_t i = first; i < first + used; i++) {
    io_h5_put_number(to, key_after(draft, group, i * l->span), 8);
    io_h5_put_number(to, l->below + i * l->child_bytes, 8);
  }
  io_h5_put_number(to, key_after(draft, group, (first + used) * l->span), 8);
  io_h5_put_until(to, start + NODE_BYTES);
}

/* From the leaves up to a level of one node. */
void io_h5_put_members(const io_hdf5_draft *draft, io_h5_object *group, io_h5_put *to) {
  put_names(draft, group, to);
  level l = {.child_bytes = LEAF_BYTES, .below = to->at, .span = LEAF};
  l.children = put_leaves(draft, group, to);
  do {
    group->tree = to->at;
    l.count = l.children > CHILDREN ? pieces_of(l.children, CHILDREN) : 1;
    for (size_t node = 0; node < l.count; node++) put_node(draft, group, &l, node, to);
    l = (level){l.number + 1, l.count, l.count, NODE_BYTES, group->tree, l.span * CHILDREN};
  } while (l.count > 1);
}
