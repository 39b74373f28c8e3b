/* The names of the datasets of a file, for messages: in alphabetical order, groups gone into where they come. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_header.h"
#include "io/hdf5/hdf5_links.h"
#include "io/hdf5/hdf5_walk.h"

#define NAMES_SHOWN 10
#define OBJECTS_VISITED 10000
#define DEPTH_VISITED 16

typedef struct entry {
  char *name;
  uint64_t header;
} entry;

typedef struct entries {
  entry *items;
  size_t count, room;
} entries;

typedef struct listing {
  io_h5_file *file;
  io_h5_walk seen; /* objects, so that none is listed twice and no cycle followed */
  char *text;
  size_t size, shown, visited;
  bool is_full;
} listing;

typedef struct collector {
  listing *list;
  entries found;
} collector;

static berg_status collect(void *user, const io_h5_link *link, berg_error *error) {
  collector *c = user;
  entries *found = &c->found;
  if (link->kind != IO_H5_HARD || c->list->visited == OBJECTS_VISITED) return BERG_OK;
  c->list->visited++;
  if (!base_grow((void **)&found->items, &found->room, found->count + 1, sizeof *found->items, error))
    return BERG_ELIMIT;
  char *name = base_copy_bytes(link->name, link->name_size, error);
  if (!name) return BERG_ELIMIT;
  found->items[found->count++] = (entry){name, link->header};
  return BERG_OK;
}

static int by_name(const void *a, const void *b) { return strcmp(((const entry *)a)->name, ((const entry *)b)->name); }

static void show(listing *list, const char *name) {
  const size_t used = strlen(list->text);
  list->is_full = list->shown++ == NAMES_SHOWN || used + strlen(name) + 8 > list->size;
  base_print(list->text + used, list->size - used, "%s%s", used ? ", " : "", list->is_full ? "..." : name);
}

static berg_status list_group(listing *list, uint64_t group, const char *prefix, int depth, berg_error *error);

/* A dataset is shown, a group gone into. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_VISITED */
static berg_status list_object(listing *list, uint64_t address, const char *name, int depth, berg_error *error) {
  io_h5_header header = {.bytes = NULL};
  berg_status status = io_h5_walk_add(&list->seen, list->file, (io_h5_node){.address = address}, error);
  if (!status) status = io_h5_header_read(&header, list->file, address, error);
  const bool is_dataset = !status && io_h5_find(&header, IO_H5_LAYOUT);
  io_h5_header_free(&header);
  if (is_dataset) show(list, name);
  if (status || is_dataset || depth == DEPTH_VISITED) return status;
  return list_group(list, address, name, depth + 1, error);
}

static void free_entries(entries *found) {
  for (size_t i = 0; i < found->count; i++) base_free(found->items[i].name);
  base_free(found->items);
}

/* What is damaged is passed over: of the rest there is something to say. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_VISITED */
static berg_status list_group(listing *list, uint64_t group, const char *prefix, int depth, berg_error *error) {
  collector c = {.list = list};
  bool is_group;
  const io_h5_each each = {collect, &c, NULL, 0};
  berg_status status = io_h5_each_link(list->file, group, &each, &is_group, error);
  if (c.found.count) qsort(c.found.items, c.found.count, sizeof *c.found.items, by_name);
  for (size_t i = 0; i < c.found.count && !list->is_full && status != BERG_ELIMIT; i++) {
    char *name = base_format(error, "%s%s%s", prefix, *prefix ? "/" : "", c.found.items[i].name);
    status = name ? list_object(list, c.found.items[i].header, name, depth, error) : BERG_ELIMIT;
    base_free(name);
  }
  free_entries(&c.found);
  return status == BERG_ELIMIT ? status : BERG_OK;
}

berg_status io_h5_list(io_h5_file *file, char *text, size_t size, berg_error *error) {
  listing list = {.file = file, .text = text, .size = size};
  *text = '\0';
  berg_status status = io_h5_walk_add(&list.seen, file, (io_h5_node){.address = file->root}, error);
  if (!status) status = list_group(&list, file->root, "", 0, error);
  io_h5_walk_free(&list.seen);
  return status == BERG_ELIMIT ? status : BERG_OK;
}
