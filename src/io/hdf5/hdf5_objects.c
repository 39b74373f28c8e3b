/* Going through the objects of a file: each group once, so that no cycle is followed. */
#include "io/hdf5/hdf5_objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define OBJECTS_VISITED 10000
#define DEPTH_VISITED 16

typedef struct entry {
  char *name, *target;
  io_h5_link_kind kind;
  uint64_t header;
} entry;

typedef struct entries {
  entry *items;
  size_t count, room;
} entries;

typedef struct collector {
  io_h5_objects *objects;
  entries found;
} collector;

static berg_status collect(void *user, const io_h5_link *link, berg_error *error) {
  collector *c = user;
  entries *found = &c->found;
  c->objects->is_cut |= c->objects->visited == OBJECTS_VISITED;
  if (c->objects->is_cut) return BERG_OK;
  c->objects->visited++;
  if (!base_grow((void **)&found->items, &found->room, found->count + 1, sizeof *found->items, error))
    return BERG_ELIMIT;
  entry *to = &found->items[found->count++];
  *to = (entry){.kind = link->kind, .header = link->header};
  to->name = base_copy_bytes(link->name, link->name_size, error);
  if (link->target) to->target = base_copy_bytes(link->target, link->target_size, error);
  return to->name && (to->target || !link->target) ? BERG_OK : BERG_ELIMIT;
}

static int by_name(const void *a, const void *b) { return strcmp(((const entry *)a)->name, ((const entry *)b)->name); }

static void free_entries(entries *found) {
  for (size_t i = 0; i < found->count; i++) {
    base_free(found->items[i].name);
    base_free(found->items[i].target);
  }
  base_free(found->items);
}

static bool passes_over(const io_h5_objects *objects, berg_status status) {
  return status == BERG_EINPUT && objects->passes_over && !objects->file->is_unread;
}

static berg_status visit_group(io_h5_objects *objects, uint64_t group, const char *prefix, int depth,
                               berg_error *error);

/* A dataset or a group, which is then gone into. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_VISITED */
static berg_status visit_header(io_h5_objects *objects, uint64_t address, const char *name, int depth,
                                berg_error *error) {
  io_h5_header header = {.bytes = NULL};
  berg_status status = io_h5_header_read(&header, objects->file, address, error);
  const bool is_group = !status && !io_h5_find(&header, IO_H5_LAYOUT);
  if (!status) status = objects->visit(objects, &(io_h5_object){name, &header, IO_H5_HARD, NULL}, error);
  io_h5_header_free(&header);
  if (status || !is_group || io_h5_walk_has(&objects->groups, address)) return status;
  objects->is_cut |= depth == DEPTH_VISITED;
  if (depth == DEPTH_VISITED) return BERG_OK;
  status = io_h5_walk_add(&objects->groups, objects->file, (io_h5_node){.address = address}, error);
  return status ? status : visit_group(objects, address, name, depth + 1, error);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_VISITED */
static berg_status visit_entry(io_h5_objects *objects, const entry *of, const char *prefix, int depth,
                               berg_error *error) {
  char *name = base_format(error, "%s%s%s", prefix, *prefix ? "/" : "", of->name);
  if (!name) return BERG_ELIMIT;
  berg_status status = of->kind == IO_H5_HARD
                           ? visit_header(objects, of->header, name, depth, error)
                           : objects->visit(objects, &(io_h5_object){name, NULL, of->kind, of->target}, error);
  base_free(name);
  return passes_over(objects, status) ? BERG_OK : status;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_VISITED */
static berg_status visit_group(io_h5_objects *objects, uint64_t group, const char *prefix, int depth,
                               berg_error *error) {
  collector c = {.objects = objects};
  bool is_group;
  const io_h5_each each = {collect, &c, NULL, 0};
  berg_status status = io_h5_each_link(objects->file, group, &each, &is_group, error);
  if (passes_over(objects, status)) status = BERG_OK;
  if (!status && c.found.count) qsort(c.found.items, c.found.count, sizeof *c.found.items, by_name);
  for (size_t i = 0; i < c.found.count && !objects->is_done && !status; i++)
    status = visit_entry(objects, &c.found.items[i], prefix, depth, error);
  free_entries(&c.found);
  return status;
}

berg_status io_h5_each_object(io_h5_objects *objects, berg_error *error) {
  berg_status status = visit_header(objects, objects->file->root, "", 0, error);
  io_h5_walk_free(&objects->groups);
  return status;
}
