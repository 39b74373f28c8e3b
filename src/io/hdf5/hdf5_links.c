/* Links are kept in three ways: in a symbol table (the format's first versions), as messages of the group's header, and
 * many of them in a fractal heap with a B-tree by the hash of their names. */
#include "io/hdf5/hdf5_links.h"

#include <string.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_checksum.h"
#include "io/hdf5/hdf5_header.h"
#include "io/hdf5/hdf5_heap.h"
#include "io/hdf5/hdf5_tree.h"

#define SCRATCH 16 /* bytes of a symbol for what a soft link needs */
#define CACHED_SOFT 2

typedef struct visitor {
  io_h5_file *file;
  const io_h5_each *each;
  io_h5_block names, block; /* the local heap; a node or an object */
  io_h5_heap heap;
  uint32_t hash; /* of the name that is looked for */
} visitor;

/* --- Symbol tables --- */

/* A text in the local heap. */
static bool take_name(const visitor *v, uint64_t offset, const char **text, size_t *size) {
  if (offset >= v->names.size) return false;
  const size_t left = v->names.size - (size_t)offset, most = left < IO_H5_NAME_MAX ? left : IO_H5_NAME_MAX;
  *text = (const char *)v->names.bytes + offset;
  *size = strnlen(*text, most);
  return *size < most;
}

static berg_status visit_symbol(const visitor *v, io_h5_fields *fields, berg_error *error) {
  io_h5_link link = {.kind = IO_H5_HARD};
  const uint64_t name = io_h5_number(fields, v->file->length_size);
  link.header = io_h5_address(fields, v->file->offset_size);
  const uint64_t cached = io_h5_number(fields, 4);
  io_h5_bytes(fields, 4);
  io_h5_fields scratch = *fields;
  io_h5_bytes(fields, SCRATCH);
  bool is_known = !fields->is_short && take_name(v, name, &link.name, &link.name_size);
  if (is_known && cached == CACHED_SOFT) {
    link.kind = IO_H5_SOFT;
    is_known = take_name(v, io_h5_number(&scratch, 4), &link.target, &link.target_size);
  }
  if (!is_known) return io_h5_damaged(v->file, v->block.address, "a symbol has no name", error);
  return v->each->visit(v->each->user, &link, error);
}

static berg_status visit_symbols(void *user, io_h5_fields record, berg_error *error) {
  visitor *v = user;
  io_h5_file *file = v->file;
  io_h5_bytes(&record, file->length_size); /* the key */
  const uint64_t address = io_h5_address(&record, file->offset_size);
  const size_t symbol = file->length_size + file->offset_size + 8 + SCRATCH;
  berg_status status = io_h5_load_signed(file, &v->block, address, 8, "SNOD", false, "a table of symbols", error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&v->block, 6);
  const uint64_t count = io_h5_number(&fields, 2);
  status = io_h5_load(file, &v->block, address, 8 + count * symbol, error);
  fields = io_h5_fields_of(&v->block, 8);
  for (uint64_t i = 0; i < count && !status; i++) status = visit_symbol(v, &fields, error);
  return status;
}

static berg_status load_names(visitor *v, uint64_t address, berg_error *error) {
  io_h5_file *file = v->file;
  const size_t size = 8 + 2 * file->length_size + file->offset_size;
  berg_status status = io_h5_load_signed(file, &v->block, address, size, "HEAP", false, "a group's heap", error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&v->block, 8);
  const uint64_t bytes = io_h5_number(&fields, file->length_size);
  io_h5_bytes(&fields, file->length_size); /* what is free */
  return io_h5_load(file, &v->names, io_h5_address(&fields, file->offset_size), bytes, error);
}

static berg_status visit_table(visitor *v, io_h5_fields fields, berg_error *error) {
  const uint64_t tree = io_h5_address(&fields, v->file->offset_size);
  const uint64_t heap = io_h5_address(&fields, v->file->offset_size);
  if (fields.is_short) return io_h5_damaged(v->file, IO_H5_NONE, "a group is cut short", error);
  berg_status status = load_names(v, heap, error);
  return status ? status
                : io_h5_tree_old(v->file, tree, IO_H5_TREE_SYMBOLS, v->file->length_size, visit_symbols, v, error);
}

/* --- Link messages, in a header or in a heap --- */

enum { NAME_SIZE = 3, HAS_ORDER = 4, HAS_KIND = 8, HAS_CHARACTERS = 16 };

static berg_status visit_link(const visitor *v, io_h5_fields fields, berg_error *error) {
  io_h5_link link = {.kind = IO_H5_HARD};
  const uint64_t version = io_h5_number(&fields, 1), flags = io_h5_number(&fields, 1);
  if (flags & HAS_KIND) link.kind = (io_h5_link_kind)io_h5_number(&fields, 1);
  io_h5_bytes(&fields, (flags & HAS_ORDER ? 8 : 0) + (flags & HAS_CHARACTERS ? 1 : 0));
  link.name_size = io_h5_number(&fields, (size_t)1 << (flags & NAME_SIZE));
  link.name = (const char *)io_h5_bytes(&fields, link.name_size);
  if (link.kind == IO_H5_HARD) link.header = io_h5_address(&fields, v->file->offset_size);
  if (link.kind == IO_H5_SOFT) {
    link.target_size = io_h5_number(&fields, 2);
    link.target = (const char *)io_h5_bytes(&fields, link.target_size);
  }
  if (link.kind == IO_H5_ELSEWHERE) {
    const uint64_t size = io_h5_number(&fields, 2);
    io_h5_number(&fields, 1); /* version and flags */
    link.target_size = size ? size - 1 : 0;
    link.target = (const char *)io_h5_bytes(&fields, link.target_size);
  }
  if (fields.is_short || version != 1 || link.name_size >= IO_H5_NAME_MAX || link.target_size >= IO_H5_NAME_MAX)
    return io_h5_damaged(v->file, IO_H5_NONE, "a link is cut short, or its name too long", error);
  return v->each->visit(v->each->user, &link, error);
}

static berg_status visit_named(void *user, io_h5_fields record, berg_error *error) {
  visitor *v = user;
  const uint64_t hash = io_h5_number(&record, 4);
  if (v->each->name && hash != v->hash) return BERG_OK;
  berg_status status = io_h5_heap_read(&v->heap, v->file, record, &v->block, error);
  return status ? status : visit_link(v, io_h5_fields_of(&v->block, 0), error);
}

static berg_status visit_heap(visitor *v, io_h5_fields fields, berg_error *error) {
  const uint64_t version = io_h5_number(&fields, 1), flags = io_h5_number(&fields, 1);
  io_h5_bytes(&fields, flags & 1 ? 8 : 0);
  const uint64_t heap = io_h5_address(&fields, v->file->offset_size);
  const uint64_t tree = io_h5_address(&fields, v->file->offset_size);
  if (fields.is_short || version) return io_h5_damaged(v->file, IO_H5_NONE, "a group is of unknown version", error);
  if (heap == IO_H5_NONE || tree == IO_H5_NONE) return BERG_OK;
  if (v->each->name) v->hash = io_h5_checksum((const uint8_t *)v->each->name, v->each->name_size);
  berg_status status = io_h5_heap_open(&v->heap, v->file, heap, error);
  return status ? status : io_h5_tree_new(v->file, tree, IO_H5_TREE_NAMES, visit_named, v, error);
}

/* --- All of them --- */

static berg_status visit_message(visitor *v, const io_h5_header *header, const io_h5_message *message,
                                 berg_error *error) {
  const io_h5_fields fields = io_h5_fields_in(header, message);
  if (message->kind == IO_H5_SYMBOLS) return visit_table(v, fields, error);
  if (message->kind == IO_H5_LINK_INFO) return visit_heap(v, fields, error);
  return message->kind == IO_H5_LINK ? visit_link(v, fields, error) : BERG_OK;
}

berg_status io_h5_each_link(io_h5_file *file, uint64_t group, const io_h5_each *each, bool *is_group,
                            berg_error *error) {
  io_h5_header header = {.bytes = NULL};
  visitor v = {.file = file, .each = each};
  berg_status status = io_h5_header_read(&header, file, group, error);
  *is_group = !status && (io_h5_find(&header, IO_H5_SYMBOLS) || io_h5_find(&header, IO_H5_LINK_INFO));
  for (size_t i = 0; *is_group && i < header.count && !status; i++)
    status = visit_message(&v, &header, &header.messages[i], error);
  io_h5_header_free(&header);
  base_free(v.names.bytes);
  base_free(v.block.bytes);
  return status;
}
