/* Attributes are messages of an object's header, or, where it has many, lie in a fractal heap with a B-tree by the hash
 * of their names. A message holds name, type, shape and value; of a text of variable length the value is where that is
 * in a global heap. */
#include "io/hdf5/hdf5_attributes.h"

#include <string.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_heap.h"
#include "io/hdf5/hdf5_tree.h"

enum { CLASS_TEXT = 3, CLASS_LIST = 9 };
enum { HAS_SHARED = 3, HAS_NUMBERS = 1 }; /* type or shape of an attribute; how attributes are counted */

#define IS_TEXT 1 /* a list of variable length: of characters */
#define IS_PADDED 2

typedef struct visitor {
  io_h5_file *file;
  io_h5_visit_text *visit;
  void *user;
  io_h5_heap heap;
  io_h5_block object, texts; /* an attribute of the heap; a collection of the global heap */
} visitor;

/* The parts of an attribute's message. */
typedef struct parts {
  io_h5_fields name, type, space, value;
} parts;

static io_h5_fields take(io_h5_fields *fields, size_t size, bool is_rounded) {
  const io_h5_fields part = {.next = fields->next, .left = size};
  io_h5_bytes(fields, is_rounded ? (size + 7) / 8 * 8 : size);
  return part;
}

static bool take_parts(io_h5_fields fields, parts *of) {
  const uint64_t version = io_h5_number(&fields, 1), flags = io_h5_number(&fields, 1);
  const size_t name = io_h5_number(&fields, 2), type = io_h5_number(&fields, 2), space = io_h5_number(&fields, 2);
  if (version == 3) io_h5_bytes(&fields, 1); /* characters of the name */
  of->name = take(&fields, name, version == 1);
  of->type = take(&fields, type, version == 1);
  of->space = take(&fields, space, version == 1);
  of->value = fields;
  return !fields.is_short && version >= 1 && version <= 3 && !(version > 1 && flags & HAS_SHARED);
}

/* Whether a shape is that of one element. */
static bool is_single(io_h5_fields space, size_t length) {
  const uint64_t version = io_h5_number(&space, 1), ndim = io_h5_number(&space, 1);
  io_h5_bytes(&space, 1);
  const bool is_there = version == 1 || io_h5_number(&space, 1) < 2; /* no shape is another thing than no dimensions */
  if (version == 1) io_h5_bytes(&space, 5);
  uint64_t count = is_there;
  for (uint64_t d = 0; d < ndim && count == 1; d++) count = io_h5_number(&space, length);
  return count == 1 && !space.is_short;
}

/* The object of a collection of the global heap that has this number. */
static berg_status find_text(visitor *v, uint64_t address, uint64_t wanted, io_h5_fields *text, berg_error *error) {
  const size_t length = v->file->length_size, prefix = 8 + length;
  berg_status status = io_h5_load_signed(v->file, &v->texts, address, prefix, "GCOL", false, "a heap of texts", error);
  io_h5_fields fields = io_h5_fields_of(&v->texts, 8);
  if (!status) status = io_h5_load(v->file, &v->texts, address, io_h5_number(&fields, length), error);
  if (status) return status;
  fields = io_h5_fields_of(&v->texts, prefix);
  for (uint64_t number = 1; number && !fields.is_short;) {
    number = io_h5_number(&fields, 2);
    io_h5_bytes(&fields, 6); /* how often it is referred to */
    const uint64_t size = io_h5_number(&fields, length);
    *text = (io_h5_fields){.next = fields.next, .left = size};
    if (number == wanted && size <= fields.left) return BERG_OK;
    io_h5_bytes(&fields, size < SIZE_MAX - 7 ? (size + 7) / 8 * 8 : size);
  }
  return io_h5_damaged(v->file, address, "a heap of texts lacks one", error);
}

/* Where the value is a text of variable length: that. */
static berg_status follow(visitor *v, io_h5_fields *value, berg_error *error) {
  const size_t size = io_h5_number(value, 4);
  const uint64_t address = io_h5_address(value, v->file->offset_size), number = io_h5_number(value, 4);
  if (value->is_short) return io_h5_damaged(v->file, IO_H5_NONE, "an attribute is cut short", error);
  *value = (io_h5_fields){.left = 0};
  if (!size) return BERG_OK;
  berg_status status = find_text(v, address, number, value, error);
  if (!status && size < value->left) value->left = size;
  return status;
}

static char *copy_text(io_h5_fields value, bool is_padded, berg_error *error) {
  const char *text = value.left ? (const char *)value.next : "";
  size_t size = strnlen(text, value.left);
  while (is_padded && size && text[size - 1] == ' ') size--;
  return base_copy_bytes(text, size, error);
}

static berg_status visit_text(const visitor *v, io_h5_fields name, io_h5_fields value, bool is_padded,
                              berg_error *error) {
  char *called = copy_text(name, false, error), *text = copy_text(value, is_padded, error);
  berg_status status = called && text ? v->visit(v->user, called, text, error) : BERG_ELIMIT;
  base_free(called);
  base_free(text);
  return status;
}

static berg_status visit_attribute(visitor *v, io_h5_fields fields, berg_error *error) {
  parts of;
  if (!take_parts(fields, &of) || !is_single(of.space, v->file->length_size)) return BERG_OK;
  const uint64_t class = io_h5_number(&of.type, 1) & 0xf, flags = io_h5_number(&of.type, 3);
  const uint64_t size = io_h5_number(&of.type, 4);
  if (of.type.is_short) return BERG_OK;
  if (class == CLASS_LIST && (flags & 0xf) == IS_TEXT) {
    berg_status status = follow(v, &of.value, error);
    if (status) return status == BERG_ELIMIT ? status : BERG_OK;
    return visit_text(v, of.name, of.value, false, error);
  }
  if (class != CLASS_TEXT || size > of.value.left) return BERG_OK;
  of.value.left = size;
  return visit_text(v, of.name, of.value, (flags & 0xf) == IS_PADDED, error);
}

/* --- Many of them --- */

static berg_status visit_record(void *user, io_h5_fields record, berg_error *error) {
  visitor *v = user;
  berg_status status = io_h5_heap_read(&v->heap, v->file, record, &v->object, error);
  return status ? status : visit_attribute(v, io_h5_fields_of(&v->object, 0), error);
}

static berg_status visit_heap(visitor *v, io_h5_fields fields, berg_error *error) {
  io_h5_bytes(&fields, 1);
  const uint64_t flags = io_h5_number(&fields, 1);
  io_h5_bytes(&fields, flags & HAS_NUMBERS ? 2 : 0);
  const uint64_t heap = io_h5_address(&fields, v->file->offset_size);
  const uint64_t tree = io_h5_address(&fields, v->file->offset_size);
  if (fields.is_short || heap == IO_H5_NONE || tree == IO_H5_NONE) return BERG_OK;
  berg_status status = io_h5_heap_open(&v->heap, v->file, heap, error);
  return status ? status : io_h5_tree_new(v->file, tree, IO_H5_TREE_ATTRIBUTES, visit_record, v, error);
}

berg_status io_h5_each_text(io_h5_file *file, const io_h5_header *header, io_h5_visit_text *visit, void *user,
                            berg_error *error) {
  visitor v = {.file = file, .visit = visit, .user = user};
  berg_status status = BERG_OK;
  for (size_t i = 0; i < header->count && !status; i++) {
    const io_h5_message *message = &header->messages[i];
    if (message->kind == IO_H5_ATTRIBUTE)
      status = visit_attribute(&v, io_h5_fields_in(header, message), error);
    else if (message->kind == IO_H5_ATTRIBUTE_INFO)
      status = visit_heap(&v, io_h5_fields_in(header, message), error);
    if (status == BERG_EINPUT && !file->is_unread) status = BERG_OK;
  }
  base_free(v.object.bytes);
  base_free(v.texts.bytes);
  return status;
}
