/* Object headers of versions 1 and 2, whose messages go on in continuation blocks. */
#include "io/hdf5/hdf5_header.h"

#include <string.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_checksum.h"
#include "io/hdf5/hdf5_walk.h"

#define OLD_PREFIX 16
#define NEW_PREFIX 6
#define NEW_PREFIX_MAX (NEW_PREFIX + 16 + 4 + 8)
#define SIGNATURE_BYTES 4
#define IS_SHARED 2
#define SHARED_BY_NAME 2

enum { HAS_ORDER = 4, HAS_PHASES = 16, HAS_TIMES = 32 };

/* How the messages of this header are written. */
typedef struct form {
  bool is_new, has_order;
} form;

static bool is_of_use(uint64_t kind) {
  return kind == IO_H5_SPACE || kind == IO_H5_LINK_INFO || kind == IO_H5_TYPE || kind == IO_H5_LINK ||
         kind == IO_H5_EXTERNAL || kind == IO_H5_LAYOUT || kind == IO_H5_FILTERS || kind == IO_H5_ATTRIBUTE ||
         kind == IO_H5_CONTINUATION || kind == IO_H5_SYMBOLS || kind == IO_H5_ATTRIBUTE_INFO;
}

static berg_status continue_at(io_h5_walk *walk, const io_h5_file *file, io_h5_fields fields, berg_error *error) {
  const uint64_t address = io_h5_address(&fields, file->offset_size);
  const uint64_t size = io_h5_number(&fields, file->length_size);
  if (fields.is_short) return io_h5_damaged(file, IO_H5_NONE, "an object header is cut short", error);
  return io_h5_walk_add(walk, file, (io_h5_node){.address = address, .size = size}, error);
}

/* The messages of header->bytes from `from` on. */
static berg_status take_messages(io_h5_header *header, const io_h5_file *file, form written, size_t from, size_t end,
                                 io_h5_walk *walk, berg_error *error) {
  const size_t prefix = written.is_new ? 4 + (written.has_order ? 2 : 0) : 8;
  io_h5_fields fields = {.next = header->bytes + from, .left = end - from};
  while (fields.left >= prefix) {
    io_h5_message message = {.kind = IO_H5_SPACE};
    const uint64_t kind = io_h5_number(&fields, written.is_new ? 1 : 2);
    message.size = io_h5_number(&fields, 2);
    message.flags = (unsigned)io_h5_number(&fields, 1);
    io_h5_bytes(&fields, written.is_new ? prefix - 4 : 3);
    message.from = (size_t)(fields.next - header->bytes);
    if (!io_h5_bytes(&fields, message.size))
      return io_h5_damaged(file, header->address, "a message of its object header is cut short", error);
    if (!is_of_use(kind)) continue;
    message.kind = (io_h5_kind)kind;
    if (message.kind == IO_H5_CONTINUATION) {
      berg_status status = continue_at(walk, file, io_h5_fields_in(header, &message), error);
      if (status) return status;
      continue;
    }
    if (!base_grow((void **)&header->messages, &header->message_room, header->count + 1, sizeof message, error))
      return BERG_ELIMIT;
    header->messages[header->count++] = message;
  }
  return BERG_OK;
}

/* A block of messages joins those that are held. */
static berg_status append(io_h5_header *header, const io_h5_block *block, size_t *from, berg_error *error) {
  if (!base_grow((void **)&header->bytes, &header->room, header->size + block->size, 1, error)) return BERG_ELIMIT;
  memcpy(header->bytes + header->size, block->bytes, block->size);
  *from = header->size;
  header->size += block->size;
  return BERG_OK;
}

/* The first block, messages and all, and where in it they begin and end. */
static berg_status load_new(io_h5_file *file, uint64_t address, io_h5_block *block, form *written, size_t *begin,
                            berg_error *error) {
  const uint64_t left = file->bytes - file->base - address;
  berg_status status = io_h5_load(file, block, address, left < NEW_PREFIX_MAX ? left : NEW_PREFIX_MAX, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(block, SIGNATURE_BYTES);
  if (io_h5_number(&fields, 1) != 2) return io_h5_damaged(file, address, "an object header of unknown version", error);
  const unsigned flags = (unsigned)io_h5_number(&fields, 1);
  io_h5_bytes(&fields, (flags & HAS_TIMES ? 16 : 0) + (flags & HAS_PHASES ? 4 : 0));
  const uint64_t size = io_h5_number(&fields, (size_t)1 << (flags & 3));
  if (fields.is_short || !io_h5_is_inside(file, address, size))
    return io_h5_damaged(file, address, "an object header is cut short", error);
  *begin = (size_t)(fields.next - block->bytes);
  written->has_order = flags & HAS_ORDER;
  return io_h5_load_signed(file, block, address, *begin + size + IO_H5_CHECKSUM_BYTES, "OHDR", true, "an object header",
                           error);
}

static berg_status load_old(io_h5_file *file, uint64_t address, io_h5_block *block, berg_error *error) {
  berg_status status = io_h5_load(file, block, address, OLD_PREFIX, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(block, 0);
  if (io_h5_number(&fields, 1) != 1) return io_h5_damaged(file, address, "there is no object header", error);
  io_h5_bytes(&fields, 7);
  return io_h5_load(file, block, address, OLD_PREFIX + io_h5_number(&fields, 4), error);
}

static berg_status load_first(io_h5_file *file, uint64_t address, io_h5_block *block, form *written, size_t *begin,
                              berg_error *error) {
  *begin = OLD_PREFIX;
  berg_status status = io_h5_load(file, block, address, SIGNATURE_BYTES, error);
  if (status) return status;
  written->is_new = !memcmp(block->bytes, "OHDR", SIGNATURE_BYTES);
  return written->is_new ? load_new(file, address, block, written, begin, error)
                         : load_old(file, address, block, error);
}

static berg_status load_next(io_h5_file *file, const io_h5_node *node, io_h5_block *block, form written, size_t *begin,
                             berg_error *error) {
  *begin = written.is_new ? SIGNATURE_BYTES : 0;
  if (!written.is_new) return io_h5_load(file, block, node->address, node->size, error);
  return io_h5_load_signed(file, block, node->address, node->size, "OCHK", true, "a part of an object header", error);
}

static berg_status read_all(io_h5_header *header, io_h5_file *file, io_h5_block *block, io_h5_walk *walk,
                            berg_error *error) {
  form written = {.is_new = false};
  io_h5_node node;
  bool is_first = true;
  berg_status status = io_h5_walk_add(walk, file, (io_h5_node){.address = header->address}, error);
  while (!status && io_h5_walk_next(walk, &node)) {
    size_t begin, from = 0;
    status = is_first ? load_first(file, node.address, block, &written, &begin, error)
                      : load_next(file, &node, block, written, &begin, error);
    if (!status) status = append(header, block, &from, error);
    const size_t end = header->size - (written.is_new ? IO_H5_CHECKSUM_BYTES : 0);
    if (!status && from + begin <= end) status = take_messages(header, file, written, from + begin, end, walk, error);
    is_first = false;
  }
  return status;
}

berg_status io_h5_header_read(io_h5_header *header, io_h5_file *file, uint64_t address, berg_error *error) {
  io_h5_walk walk = {.nodes = NULL};
  io_h5_block block = {.bytes = NULL};
  header->address = address;
  header->size = header->count = 0;
  berg_status status = read_all(header, file, &block, &walk, error);
  io_h5_walk_free(&walk);
  base_free(block.bytes);
  return status;
}

void io_h5_header_free(io_h5_header *header) {
  base_free(header->bytes);
  base_free(header->messages);
  *header = (io_h5_header){.bytes = NULL};
}

const io_h5_message *io_h5_find(const io_h5_header *header, io_h5_kind kind) {
  for (size_t i = 0; i < header->count; i++)
    if (header->messages[i].kind == kind) return &header->messages[i];
  return NULL;
}

io_h5_fields io_h5_fields_in(const io_h5_header *header, const io_h5_message *message) {
  return (io_h5_fields){.next = header->bytes + message->from, .left = message->size};
}

berg_status io_h5_follow_shared(io_h5_header *other, io_h5_file *file, const io_h5_header *header,
                                const io_h5_message *message, io_h5_fields *fields, berg_error *error) {
  *fields = io_h5_fields_in(header, message);
  if (!(message->flags & IS_SHARED)) return BERG_OK;
  const uint64_t version = io_h5_number(fields, 1), place = io_h5_number(fields, 1);
  if (version == 1) io_h5_bytes(fields, 6 + file->length_size);
  const uint64_t address = io_h5_address(fields, file->offset_size);
  if (fields->is_short || version < 1 || version > 3 || (version == 3 && place != SHARED_BY_NAME))
    return io_h5_refuse(
        file, "what it is, is kept in a table of shared messages, which is not supported: h5repack rewrites the file",
        NULL, error);
  berg_status status = io_h5_header_read(other, file, address, error);
  if (status) return status;
  const io_h5_message *found = io_h5_find(other, message->kind);
  if (!found || found->flags & IS_SHARED)
    return io_h5_damaged(file, address, "it refers to an object that does not have what it shares", error);
  *fields = io_h5_fields_in(other, found);
  return BERG_OK;
}
