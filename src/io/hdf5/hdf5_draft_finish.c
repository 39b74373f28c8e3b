/* Laying a new HDF5 file out and writing it: superblock, headers, groups, the heap, then room for the data. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file/put_at.h"
#include "io/hdf5/hdf5_draft_parts.h"
#include "io/hdf5/hdf5_fields.h"

#define DATA_ALIGNMENT ((size_t)BASE_ALIGNMENT)

/* --- Who lies in which group --- */

static int compare(const void *one, const void *other) {
  const io_h5_member *a = one, *b = other;
  return a->group != b->group ? (a->group > b->group) - (a->group < b->group) : strcmp(a->name, b->name);
}

static berg_status refuse_twins(const io_hdf5_draft *draft, size_t count) {
  for (size_t i = 1; i < count; i++)
    if (!compare(&draft->members[i - 1], &draft->members[i]))
      return base_fail(draft->error, BERG_EARGUMENT, "%s: two datasets or groups called \"%s\"", draft->path,
                       draft->members[i].name);
  return BERG_OK;
}

static berg_status sort_members(io_hdf5_draft *draft) {
  const size_t count = draft->object_count - 1;
  draft->members = base_alloc(count, sizeof *draft->members, draft->error);
  if (!draft->members) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) {
    const io_h5_object *object = &draft->objects[i + 1];
    draft->members[i] = (io_h5_member){object->group, draft->bytes + object->name, i + 1, 0};
  }
  qsort(draft->members, count, sizeof *draft->members, compare);
  for (size_t i = count; i-- > 0;) {
    io_h5_object *group = &draft->objects[draft->members[i].group];
    group->first_member = i;
    group->member_count++;
  }
  return refuse_twins(draft, count);
}

/* --- All that is not data --- */

static void put_superblock(const io_hdf5_draft *draft, io_h5_put *to) {
  io_h5_put_bytes(to, "\x89HDF\r\n\x1a\n", 8);
  io_h5_put_number(to, 0, 5); /* versions of it and of its parts */
  io_h5_put_number(to, 8, 1); /* bytes of an address, of a length */
  io_h5_put_number(to, 8, 1);
  io_h5_put_number(to, 0, 1);
  io_h5_put_number(to, 4, 2); /* half of what a leaf, and a node, of a group holds */
  io_h5_put_number(to, 16, 2);
  io_h5_put_number(to, 0, 4);
  io_h5_put_number(to, 0, 8);          /* addresses count from here */
  io_h5_put_number(to, IO_H5_NONE, 8); /* free space is not kept */
  io_h5_put_number(to, draft->end, 8);
  io_h5_put_number(to, IO_H5_NONE, 8); /* of no driver */
  io_h5_put_entry(&draft->objects[IO_HDF5_ROOT], 0, to);
}

static void put_all(io_hdf5_draft *draft, io_h5_put *to) {
  put_superblock(draft, to);
  for (size_t i = 0; i < draft->object_count; i++) {
    io_h5_object *object = &draft->objects[i];
    io_h5_put_header(draft, object, to);
    if (object->is_group) io_h5_put_members(draft, object, to);
    if (object->is_list) io_h5_put_chunk(draft, object, to);
  }
  if (draft->piece_count) io_h5_put_heap(draft, to);
}

/* --- The data, behind it --- */

static bool place(io_hdf5_draft *draft, io_h5_object *dataset) {
  size_t start, end;
  dataset->data = IO_HDF5_NOWHERE;
  if (dataset->size) {
    if (!base_add(draft->end, DATA_ALIGNMENT - 1, &start)) return false;
    start = start / DATA_ALIGNMENT * DATA_ALIGNMENT;
    if (!base_add(start, dataset->size, &end) || end > INT64_MAX) return false;
    dataset->data = start;
    draft->end = end;
  }
  if (dataset->offset) *dataset->offset = dataset->data;
  return true;
}

static berg_status place_data(io_hdf5_draft *draft) {
  for (size_t i = 0; i < draft->object_count; i++) {
    io_h5_object *object = &draft->objects[i];
    if (!object->is_group && !object->is_list && !place(draft, object))
      return base_fail_errno(draft->error, BERG_EWRITE, draft->path, "cannot be written", EFBIG);
  }
  return BERG_OK;
}

/* --- The file --- */

static berg_status write_all(io_hdf5_draft *draft, size_t size, int file) {
  io_h5_put to = {.bytes = base_calloc(size, 1, draft->error)};
  if (!to.bytes) return BERG_ELIMIT;
  put_all(draft, &to);
  berg_status status = io_put_at(file, to.bytes, size, 0, draft->path, draft->error);
  base_free(to.bytes);
  if (!status && ftruncate(file, (off_t)draft->end))
    status = base_fail_errno(draft->error, BERG_EWRITE, draft->path, "cannot be written", errno);
  return status;
}

static berg_status lay_out(io_hdf5_draft *draft, int file) {
  io_h5_put all = {.bytes = NULL};
  berg_status status = sort_members(draft);
  if (status) return status;
  put_all(draft, &all);
  draft->end = all.at;
  status = place_data(draft);
  return status ? status : write_all(draft, all.at, file);
}

berg_status io_hdf5_draft_finish(io_hdf5_draft *draft, int file, uint64_t *bytes) {
  berg_status status = draft->status ? draft->status : lay_out(draft, file);
  *bytes = draft->end;
  base_free(draft->objects);
  base_free(draft->notes);
  base_free(draft->pieces);
  base_free(draft->members);
  base_free(draft->bytes);
  return status;
}
