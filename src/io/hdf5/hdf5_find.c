/* From a dataset's name to its object header: name by name from the root group, soft links included. */
#include <string.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_links.h"

#define SOFT_MAX 16 /* soft links that are followed on one way */

/* What is left to walk: soft links put their targets before it. */
typedef struct path {
  char *text, *next;
} path;

typedef struct wanted {
  const char *name;
  size_t size;
  bool is_found;
  io_h5_link link; /* its target is a copy */
} wanted;

static berg_status compare(void *user, const io_h5_link *link, berg_error *error) {
  wanted *w = user;
  if (w->is_found || link->name_size != w->size || memcmp(link->name, w->name, w->size)) return BERG_OK;
  w->link = *link;
  w->link.name = w->link.target = NULL;
  if (link->target) {
    w->link.target = base_copy_bytes(link->target, link->target_size, error);
    if (!w->link.target) return BERG_ELIMIT;
  }
  w->is_found = true;
  return BERG_OK;
}

/* An absolute target begins again at the root. */
static berg_status turn(path *way, const char *target, uint64_t *at, uint64_t root, berg_error *error) {
  char *text = base_format(error, "%s/%s", target, way->next);
  if (!text) return BERG_ELIMIT;
  base_free(way->text);
  way->text = way->next = text;
  if (*target == '/') *at = root;
  return BERG_OK;
}

/* The next name on the way that is not empty nor "."; NULL: it has come to its end. */
static const char *step(path *way, size_t *size) {
  for (;;) {
    way->next += strspn(way->next, "/");
    *size = strcspn(way->next, "/");
    if (!*size) return NULL;
    const char *name = way->next;
    way->next += *size;
    if (*size != 1 || *name != '.') return name;
  }
}

static berg_status refuse_elsewhere(const io_h5_file *file, const char *target, berg_error *error) {
  return base_fail(error, BERG_EINPUT, "%s: %s: is a link into another file, %s, which is not followed: name that file",
                   file->path, file->name, target);
}

static berg_status walk(io_h5_file *file, path *way, uint64_t *header, berg_error *error) {
  uint64_t at = file->root;
  size_t size;
  int soft = 0;
  for (const char *name; (name = step(way, &size));) {
    bool is_group;
    wanted w = {.name = name, .size = size};
    const io_h5_each each = {compare, &w, name, size};
    berg_status status = io_h5_each_link(file, at, &each, &is_group, error);
    if (!status && w.is_found && w.link.kind == IO_H5_SOFT && soft++ < SOFT_MAX)
      status = turn(way, w.link.target, &at, file->root, error);
    else if (!status && w.is_found && w.link.kind == IO_H5_ELSEWHERE)
      status = refuse_elsewhere(file, w.link.target, error);
    else if (!status && w.is_found && w.link.kind == IO_H5_HARD)
      at = w.link.header;
    else
      w.is_found = false;
    base_free((char *)(uintptr_t)w.link.target);
    if (status || !w.is_found) return status;
  }
  *header = at;
  return BERG_OK;
}

berg_status io_h5_find_object(io_h5_file *file, uint64_t *header, berg_error *error) {
  path way = {.text = base_copy_text(file->name, error)};
  *header = IO_H5_NONE;
  if (!way.text) return BERG_ELIMIT;
  way.next = way.text;
  berg_status status = *file->name ? walk(file, &way, header, error) : BERG_OK;
  base_free(way.text);
  return status;
}
