/* What lies in the root group of an HDF5 file. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_links.h"

typedef struct listing {
  char **names;
  size_t count, room;
} listing;

static berg_status take_one(void *user, const io_h5_link *link, berg_error *error) {
  listing *list = user;
  void *block = list->names;
  const bool grown = base_grow(&block, &list->room, list->count + 1, sizeof *list->names, error);
  list->names = block;
  if (!grown) return BERG_ELIMIT;
  list->names[list->count] = base_copy_bytes(link->name, link->name_size, error);
  return list->names[list->count++] ? BERG_OK : BERG_ELIMIT;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The first of them, as links come in no order. */
static void keep_first(listing *list) {
  if (list->count) qsort(list->names, list->count, sizeof *list->names, by_name);
  for (; list->count > IO_HDF5_NAMES; list->count--) base_free(list->names[list->count - 1]);
}

static berg_status take_names(listing *list, io_h5_file *file, berg_error *error) {
  const io_h5_each each = {.visit = take_one, .user = list};
  bool is_group;
  berg_status status = io_h5_start(file, error);
  return status ? status : io_h5_each_link(file, file->root, &each, &is_group, error);
}

berg_status io_hdf5_names(char ***names, size_t *count, const char *path, berg_error *error) {
  listing list = {.names = NULL};
  io_h5_file file;
  *names = NULL;
  *count = 0;
  berg_status status = io_h5_open(&file, path, "", error);
  if (status) return status;
  status = take_names(&list, &file, error);
  close(file.raw);
  if (status) {
    base_free_texts(list.names, list.count);
    return status;
  }
  keep_first(&list);
  *names = list.names;
  *count = list.count;
  return BERG_OK;
}
