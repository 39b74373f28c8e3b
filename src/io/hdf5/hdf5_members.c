/* What lies in a group of an HDF5 file, in the order in which it was laid out. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_links.h"

typedef struct member {
  char *name;
  uint64_t address; /* of its header */
} member;

typedef struct members {
  const char *group; /* that is looked for; NULL: it was found, and its members are taken */
  uint64_t address;
  member *list;
  size_t count, room;
} members;

static berg_status look_for(void *user, const io_h5_link *link, berg_error *error) {
  members *found = user;
  (void)error;
  if (link->kind == IO_H5_HARD && link->name_size == strlen(found->group) &&
      !memcmp(link->name, found->group, link->name_size))
    found->address = link->header;
  return BERG_OK;
}

static berg_status take_one(void *user, const io_h5_link *link, berg_error *error) {
  members *found = user;
  void *block = found->list;
  if (link->kind != IO_H5_HARD) return BERG_OK;
  if (!base_grow(&block, &found->room, found->count + 1, sizeof *found->list, error)) return BERG_ELIMIT;
  found->list = block;
  member *to = &found->list[found->count];
  *to = (member){base_copy_bytes(link->name, link->name_size, error), link->header};
  if (!to->name) return BERG_ELIMIT;
  found->count++;
  return BERG_OK;
}

static berg_status take_members(members *found, io_h5_file *file, berg_error *error) {
  bool is_group;
  berg_status status = io_h5_start(file, error);
  if (!status)
    status = io_h5_each_link(file, file->root, &(io_h5_each){.visit = look_for, .user = found}, &is_group, error);
  if (!status && !found->address) status = io_h5_refuse(file, "there is no group of that name", found->group, error);
  if (!status)
    status = io_h5_each_link(file, found->address, &(io_h5_each){.visit = take_one, .user = found}, &is_group, error);
  return status;
}

static int by_address(const void *a, const void *b) {
  const member *x = a, *y = b;
  return (x->address > y->address) - (x->address < y->address);
}

static berg_status hand_over(members *found, char ***names, size_t *count, berg_error *error) {
  *names = base_calloc(found->count, sizeof **names, error);
  if (!*names) return BERG_ELIMIT;
  if (found->count) qsort(found->list, found->count, sizeof *found->list, by_address);
  for (size_t i = 0; i < found->count; i++) {
    (*names)[i] = found->list[i].name;
    found->list[i].name = NULL;
  }
  *count = found->count;
  return BERG_OK;
}

berg_status io_hdf5_members(char ***names, size_t *count, const char *path, const char *group, berg_error *error) {
  members found = {.group = group};
  io_h5_file file;
  *names = NULL;
  *count = 0;
  berg_status status = io_h5_open(&file, path, "", error);
  if (status) return status;
  status = take_members(&found, &file, error);
  close(file.raw);
  if (!status) status = hand_over(&found, names, count, error);
  for (size_t i = 0; i < found.count; i++) base_free(found.list[i].name);
  base_free(found.list);
  return status;
}
