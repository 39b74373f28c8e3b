/* Trees of files from somewhere else may be graphs: what has been visited is remembered. */
#include "io/hdf5/hdf5_walk.h"

#include "base/memory.h"

#define FIRST_SLOTS 64

static uint64_t *slot_of(uint64_t *seen, size_t slots, uint64_t address) {
  size_t at = (size_t)((address * 0x9e3779b97f4a7c15u) >> 32) & (slots - 1);
  while (seen[at] && seen[at] != address + 1) at = (at + 1) & (slots - 1);
  return &seen[at];
}

/* Half of the slots are free at least. */
static bool make_room(io_h5_walk *walk, berg_error *error) {
  if (2 * (walk->count + 1) <= walk->slots) return true;
  const size_t slots = walk->slots ? 2 * walk->slots : FIRST_SLOTS;
  uint64_t *seen = base_calloc(slots, sizeof *seen, error);
  if (!seen) return false;
  for (size_t i = 0; i < walk->count; i++) *slot_of(seen, slots, walk->nodes[i].address) = walk->nodes[i].address + 1;
  base_free(walk->seen);
  walk->seen = seen;
  walk->slots = slots;
  return true;
}

berg_status io_h5_walk_add(io_h5_walk *walk, const io_h5_file *file, io_h5_node node, berg_error *error) {
  if (!io_h5_is_inside(file, node.address, 0))
    return io_h5_damaged(file, node.address, "it points beyond the end of the file", error);
  if (!make_room(walk, error) ||
      !base_grow((void **)&walk->nodes, &walk->room, walk->count + 1, sizeof *walk->nodes, error))
    return BERG_ELIMIT;
  uint64_t *slot = slot_of(walk->seen, walk->slots, node.address);
  if (*slot) return io_h5_damaged(file, node.address, "it points to the same place twice", error);
  *slot = node.address + 1;
  walk->nodes[walk->count++] = node;
  return BERG_OK;
}

bool io_h5_walk_has(const io_h5_walk *walk, uint64_t address) {
  return walk->slots && *slot_of(walk->seen, walk->slots, address);
}

bool io_h5_walk_next(io_h5_walk *walk, io_h5_node *node) {
  if (walk->done == walk->count) return false;
  *node = walk->nodes[walk->done++];
  return true;
}

void io_h5_walk_free(io_h5_walk *walk) {
  base_free(walk->nodes);
  base_free(walk->seen);
  *walk = (io_h5_walk){.nodes = NULL};
}
