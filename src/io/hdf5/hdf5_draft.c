/* Describing a new HDF5 file: what is added, copied into lists that are laid out in the end. */
#include "io/hdf5/hdf5_draft.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/hdf5/hdf5_draft_parts.h"
#include "io/hdf5/hdf5_links.h"

#define NOTE_MAX ((size_t)UINT16_MAX - 7) /* bytes of a message, a multiple of 8 */
#define NOTE_FRAME 40                     /* of them for its fields, its type and its shape */

io_hdf5_type io_hdf5_number(berg_dtype dtype) {
  const bool is_real = dtype == BERG_F32 || dtype == BERG_F64;
  return (io_hdf5_type){
      .class = is_real ? IO_HDF5_REAL : IO_HDF5_WHOLE, .size = base_dtype_size(dtype), .is_signed = dtype == BERG_I64};
}

io_hdf5_type io_hdf5_text(size_t bytes) {
  return (io_hdf5_type){.class = IO_HDF5_TEXT, .size = bytes ? bytes : 1, .is_utf8 = true};
}

/* Makes room in a list for `more` entries. False: something is missing already, or now. */
static bool grow(io_hdf5_draft *draft, void **list, size_t *room, size_t count, size_t more, size_t size) {
  size_t needed;
  if (draft->status) return false;
  if (!base_add(count, more, &needed) || !base_grow(list, room, needed, size, draft->error))
    draft->status = BERG_ELIMIT;
  return !draft->status;
}

/* A copy, known by where it lies. */
static size_t keep(io_hdf5_draft *draft, const void *bytes, size_t size) {
  if (!grow(draft, (void **)&draft->bytes, &draft->byte_room, draft->byte_count, size, 1)) return 0;
  if (size) memcpy(draft->bytes + draft->byte_count, bytes, size);
  draft->byte_count += size;
  return draft->byte_count - size;
}

static size_t add_object(io_hdf5_draft *draft, const char *name, const io_h5_object *like) {
  const size_t kept = keep(draft, name, strlen(name) + 1);
  if (!grow(draft, (void **)&draft->objects, &draft->object_room, draft->object_count, 1, sizeof *draft->objects))
    return IO_HDF5_ROOT;
  io_h5_object *object = &draft->objects[draft->object_count];
  *object = *like;
  object->name = kept;
  object->first_note = IO_H5_NO_NOTE;
  return draft->object_count++;
}

/* A name with a slash would be a way through groups, "." the group itself. */
bool io_hdf5_is_name(const char *name) {
  return *name && strcmp(name, ".") && !strchr(name, '/') && strlen(name) < IO_H5_NAME_MAX;
}

/* In a group. */
static size_t add_member(io_hdf5_draft *draft, const char *name, const io_h5_object *like) {
  if (!draft->status && !io_hdf5_is_name(name))
    draft->status = base_fail(draft->error, BERG_EARGUMENT, "%s: \"%s\" cannot be the name of a dataset or group",
                              draft->path, name);
  return add_object(draft, name, like);
}

/* Bytes of the global heap. */
static size_t add_piece(io_hdf5_draft *draft, const void *bytes, size_t size) {
  if (!draft->status && (size > UINT32_MAX || draft->piece_count == UINT16_MAX))
    draft->status = base_fail(draft->error, BERG_EARGUMENT,
                              "%s: texts of variable length that are too long or too many", draft->path);
  const io_h5_piece piece = {keep(draft, bytes, size), size};
  if (!grow(draft, (void **)&draft->pieces, &draft->piece_room, draft->piece_count, 1, sizeof *draft->pieces)) return 0;
  draft->pieces[draft->piece_count] = piece;
  return draft->piece_count++;
}

void io_hdf5_draft_begin(io_hdf5_draft *draft, const char *path, berg_error *error) {
  *draft = (io_hdf5_draft){.path = path, .error = error};
  add_object(draft, "", &(io_h5_object){.is_group = true});
}

size_t io_hdf5_add_group(io_hdf5_draft *draft, size_t group, const char *name) {
  return add_member(draft, name, &(io_h5_object){.group = group, .is_group = true});
}

size_t io_hdf5_add_dataset(io_hdf5_draft *draft, size_t group, const char *name, io_hdf5_type type, const size_t *shape,
                           size_t ndim, uint64_t *offset) {
  io_h5_object dataset = {.group = group, .type = type, .ndim = ndim, .size = type.size, .offset = offset};
  bool fits = type.size <= UINT32_MAX;
  for (size_t d = 0; d < ndim; d++) {
    dataset.shape[d] = shape[d];
    fits &= base_multiply(dataset.size, shape[d], &dataset.size);
  }
  if (!fits && !draft->status)
    draft->status = base_fail_errno(draft->error, BERG_EWRITE, draft->path, "cannot be written", EFBIG);
  return add_member(draft, name, &dataset);
}

size_t io_hdf5_add_list(io_hdf5_draft *draft, size_t group, const char *name, const void *bytes, size_t size) {
  const io_h5_object list = {.group = group,
                             .is_list = true,
                             .type = {.class = IO_HDF5_LIST, .size = IO_H5_REFERENCE_BYTES},
                             .shape = {1},
                             .ndim = 1,
                             .piece = add_piece(draft, bytes, size)};
  return add_member(draft, name, &list);
}

/* Behind the object's others, whose order readers see. */
static void add_note(io_hdf5_draft *draft, size_t object, const io_h5_note *note) {
  if (!grow(draft, (void **)&draft->notes, &draft->note_room, draft->note_count, 1, sizeof *draft->notes)) return;
  io_h5_object *of = &draft->objects[object];
  draft->notes[draft->note_count] = *note;
  if (of->first_note == IO_H5_NO_NOTE)
    of->first_note = draft->note_count;
  else
    draft->notes[of->last_note].next = draft->note_count;
  of->last_note = draft->note_count++;
  of->note_count++;
}

static void check_note(io_hdf5_draft *draft, size_t object, const char *name, size_t size) {
  const size_t taken = (strlen(name) + 8) / 8 * 8 + NOTE_FRAME;
  if (draft->status) return;
  if (taken > NOTE_MAX || size > NOTE_MAX - taken)
    draft->status =
        base_fail(draft->error, BERG_EARGUMENT, "%s: the attribute %.40s takes more than 64 KiB", draft->path, name);
  else if (draft->objects[object].note_count == IO_HDF5_NOTES_MAX)
    draft->status = base_fail(draft->error, BERG_EARGUMENT, "%s: more than %d attributes of one dataset or group",
                              draft->path, IO_HDF5_NOTES_MAX);
}

void io_hdf5_add_note(io_hdf5_draft *draft, size_t object, const char *name, io_hdf5_type type, const void *value) {
  const size_t size = value ? type.size : 0;
  check_note(draft, object, name, size);
  const io_h5_note note = {.name = keep(draft, name, strlen(name) + 1),
                           .value = keep(draft, value, size),
                           .size = size,
                           .type = type,
                           .has_value = value,
                           .next = IO_H5_NO_NOTE};
  add_note(draft, object, &note);
}

void io_hdf5_add_number_note(io_hdf5_draft *draft, size_t object, const char *name, int64_t value) {
  io_hdf5_add_note(draft, object, name, io_hdf5_number(BERG_I64), &value);
}

void io_hdf5_add_text_note(io_hdf5_draft *draft, size_t object, const char *name, const char *text) {
  io_hdf5_add_note(draft, object, name, io_hdf5_text(strlen(text)), text);
}

void io_hdf5_add_string_note(io_hdf5_draft *draft, size_t object, const char *name, const char *text) {
  check_note(draft, object, name, IO_H5_REFERENCE_BYTES);
  const io_h5_note note = {.name = keep(draft, name, strlen(name) + 1),
                           .size = IO_H5_REFERENCE_BYTES,
                           .type = {.class = IO_HDF5_LIST, .size = IO_H5_REFERENCE_BYTES, .is_utf8 = true},
                           .has_value = true,
                           .piece = add_piece(draft, text, strlen(text)),
                           .next = IO_H5_NO_NOTE};
  add_note(draft, object, &note);
}
