/* The headers of a new HDF5 file's groups and datasets: their type, their shape, where they lie, their attributes. */
#include "io/hdf5/hdf5_draft_parts.h"
#include "io/hdf5/hdf5_fields.h"
#include "io/hdf5/hdf5_header.h"

#define FILL ((io_h5_kind)5) /* what is read where nothing was written */
#define CONSTANT 1           /* a message that no one will change */
#define FRAME 8              /* bytes before a message's own */

/* Returns where the message's own bytes begin. */
static size_t begin(io_h5_put *to, io_h5_kind kind, unsigned flags) {
  io_h5_put_number(to, kind, 2);
  io_h5_put_number(to, 0, 2);
  io_h5_put_number(to, flags, 1);
  io_h5_put_align(to);
  return to->at;
}

static void end(io_h5_put *to, size_t start) {
  io_h5_put_align(to);
  io_h5_put_number_at(to, start - FRAME + 2, to->at - start, 2);
}

/* --- Types and shapes --- */

static void put_whole(io_h5_put *to, const io_hdf5_type *type) {
  io_h5_put_number(to, 0, 2); /* the first bit that counts, */
  io_h5_put_number(to, 8 * type->size, 2);
}

/* Where sign, exponent and mantissa are, from the lowest bit. */
static void put_real(io_h5_put *to, const io_hdf5_type *type) {
  const bool is_double = type->size == sizeof(double);
  const unsigned mantissa = is_double ? 52 : 23;
  put_whole(to, type);
  io_h5_put_number(to, mantissa, 1);
  io_h5_put_number(to, is_double ? 11 : 8, 1);
  io_h5_put_number(to, 0, 1);
  io_h5_put_number(to, mantissa, 1);
  io_h5_put_number(to, is_double ? 1023 : 127, 4);
}

static uint64_t flags_of(const io_hdf5_type *type) {
  switch (type->class) {
  case IO_HDF5_WHOLE: return type->is_signed ? 8 : 0;
  case IO_HDF5_REAL: return 0x20 | (8 * type->size - 1) << 8; /* the first bit of the mantissa is not stored */
  case IO_HDF5_TEXT: return (type->is_terminated ? 0U : 1U) | (type->is_utf8 ? 0x10U : 0U);
  case IO_HDF5_LIST: return type->is_utf8 ? 0x101 : 0;
  case IO_HDF5_BITS: break;
  }
  return 0;
}

static void put_type(io_h5_put *to, const io_hdf5_type *type) {
  static const io_hdf5_type byte = {.class = IO_HDF5_WHOLE, .size = 1};
  io_h5_put_number(to, 0x10 | type->class, 1); /* version 1 */
  io_h5_put_number(to, flags_of(type), 3);
  io_h5_put_number(to, type->size, 4);
  if (type->class == IO_HDF5_WHOLE || type->class == IO_HDF5_BITS) put_whole(to, type);
  if (type->class == IO_HDF5_REAL) put_real(to, type);
  if (type->class == IO_HDF5_LIST) put_type(to, &byte);
}

/* Of no dimensions: one element. */
static void put_space(io_h5_put *to, const size_t *shape, size_t ndim, bool grows) {
  io_h5_put_number(to, 1, 1);
  io_h5_put_number(to, ndim, 1);
  io_h5_put_number(to, grows, 1);
  io_h5_put_align(to);
  for (size_t d = 0; d < ndim; d++) io_h5_put_number(to, shape[d], 8);
  for (size_t d = 0; d < ndim && grows; d++) io_h5_put_number(to, IO_H5_NONE, 8);
}

/* Of no element, which the first version cannot say. */
static void put_null_space(io_h5_put *to) {
  io_h5_put_number(to, 2, 1);
  io_h5_put_number(to, 0, 2);
  io_h5_put_number(to, 2, 1);
}

/* --- Messages --- */

/* `when` space is taken, whether it is `cleared` then: 1, not at all. */
static void put_fill(io_h5_put *to, unsigned when, unsigned cleared) {
  const size_t start = begin(to, FILL, CONSTANT);
  io_h5_put_number(to, 2, 1);
  io_h5_put_number(to, when, 1);
  io_h5_put_number(to, cleared, 1);
  io_h5_put_number(to, 1, 1); /* zeros */
  end(to, start);
}

static void put_contiguous(const io_h5_object *dataset, io_h5_put *to) {
  const size_t start = begin(to, IO_H5_LAYOUT, CONSTANT);
  io_h5_put_number(to, 3, 1);
  io_h5_put_number(to, 1, 1);
  io_h5_put_number(to, dataset->data, 8);
  io_h5_put_number(to, dataset->size, 8);
  end(to, start);
}

/* Chunks of one element, whose bytes are a dimension of their own. */
static void put_chunked(const io_h5_object *list, io_h5_put *to) {
  const size_t start = begin(to, IO_H5_LAYOUT, 0);
  io_h5_put_number(to, 3, 1);
  io_h5_put_number(to, 2, 1);
  io_h5_put_number(to, list->ndim + 1, 1);
  io_h5_put_number(to, list->tree, 8);
  for (size_t d = 0; d < list->ndim; d++) io_h5_put_number(to, 1, 4);
  io_h5_put_number(to, list->type.size, 4);
  end(to, start);
}

static void put_dataset(const io_h5_object *dataset, io_h5_put *to) {
  size_t start = begin(to, IO_H5_SPACE, 0);
  put_space(to, dataset->shape, dataset->ndim, dataset->is_list);
  end(to, start);
  start = begin(to, IO_H5_TYPE, CONSTANT);
  put_type(to, &dataset->type);
  end(to, start);
  if (dataset->is_list) {
    put_fill(to, 3, 0);
    put_chunked(dataset, to);
  } else {
    put_fill(to, 1, 1);
    put_contiguous(dataset, to);
  }
}

static void put_group(const io_h5_object *group, io_h5_put *to) {
  const size_t start = begin(to, IO_H5_SYMBOLS, 0);
  io_h5_put_number(to, group->tree, 8);
  io_h5_put_number(to, group->heap, 8);
  end(to, start);
}

static void put_note(const io_hdf5_draft *draft, const io_h5_note *note, io_h5_put *to) {
  const char *name = draft->bytes + note->name;
  const size_t start = begin(to, IO_H5_ATTRIBUTE, 0), name_bytes = strlen(name) + 1;
  io_h5_put_number(to, 1, 2);
  io_h5_put_number(to, name_bytes, 2);
  io_h5_put_align(to);
  io_h5_put_bytes(to, name, name_bytes);
  io_h5_put_align(to);
  const size_t type = to->at;
  put_type(to, &note->type);
  io_h5_put_number_at(to, start + 4, to->at - type, 2);
  io_h5_put_align(to);
  const size_t space = to->at;
  if (note->has_value)
    put_space(to, NULL, 0, false);
  else
    put_null_space(to);
  io_h5_put_number_at(to, start + 6, to->at - space, 2);
  io_h5_put_align(to);
  if (note->has_value && note->type.class == IO_HDF5_LIST)
    io_h5_put_reference(draft, note->piece, to);
  else
    io_h5_put_bytes(to, draft->bytes + note->value, note->size);
  end(to, start);
}

void io_h5_put_header(io_hdf5_draft *draft, io_h5_object *object, io_h5_put *to) {
  io_h5_put_align(to);
  object->header = to->at;
  io_h5_put_number(to, 1, 2);
  io_h5_put_number(to, (object->is_group ? 1 : 4) + object->note_count, 2);
  io_h5_put_number(to, 1, 4); /* a link leads here */
  const size_t size = to->at;
  io_h5_put_number(to, 0, 4);
  io_h5_put_align(to);
  const size_t start = to->at;
  if (object->is_group)
    put_group(object, to);
  else
    put_dataset(object, to);
  for (size_t n = object->first_note; n != IO_H5_NO_NOTE; n = draft->notes[n].next)
    put_note(draft, &draft->notes[n], to);
  io_h5_put_number_at(to, size, to->at - start, 4);
}
