/* Opening a file of any container by its first bytes. */
#include "io/container/container.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/flatten.h"
#include "io/value/gather.h"
#include "io/container/readers.h"

struct berg_file {
  io_map map;
  bool is_mapped;
  char *path;
  io_document document;
  io_entries entries;
  io_entries items; /* before lists of numbers were gathered; none: they are not */
};

/* The start of torch's form before 1.6: PROTO 2, LONG1 of 10 bytes, its magic number. */
static const uint8_t OLD_TORCH[] = {0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

static bool begins(const io_map *map, const void *bytes, size_t size) {
  return map->size >= size && !memcmp(map->bytes, bytes, size);
}

/* At byte 0, or behind a user block, as MATLAB's files have one. */
static bool is_hdf5(const io_map *map) {
  static const char signature[] = "\x89HDF\r\n\x1a\n";
  const size_t size = sizeof signature - 1;
  for (size_t at = 0; at + size <= map->size; at = at ? 2 * at : 512)
    if (!memcmp(map->bytes + at, signature, size)) return true;
  return false;
}

static berg_status fail_unknown(const berg_file *file, berg_error *error) {
  if (is_hdf5(&file->map))
    return base_fail(
        error, BERG_EINPUT,
        "%s: is an HDF5 file, which is read for images and responses (as FILE:DATASET by berg encode, train "
        "and compare) and shown by berg info: expected .npy, .npz, .pth (zip form) or .safetensors",
        file->path);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, file->path, file->map.size ? 0 : BERG_NO_OFFSET, NULL,
                                           file->map.size ? "unknown format" : "the file is empty",
                                           ".npy, .npz, .pth (zip form) or .safetensors", NULL});
}

static berg_status read_zip(berg_file *file, berg_error *error) {
  io_zip zip;
  berg_status status = io_zip_open(&zip, &file->document.arena, file->map.bytes, file->map.size, file->path, error);
  if (status) return status;
  return io_torch_find_pickle(&zip) ? io_read_torch(&file->document, &zip, file->path, error)
                                    : io_read_npz(&file->document, &zip, file->path, error);
}

static berg_status read_by_content(berg_file *file, berg_error *error) {
  const io_map *map = &file->map;
  if (begins(map, "\x93NUMPY", 6)) return io_read_npy(&file->document, map->bytes, map->size, file->path, error);
  if (begins(map, "PK\3\4", 4) || begins(map, "PK\5\6", 4)) return read_zip(file, error);
  if (begins(map, OLD_TORCH, sizeof OLD_TORCH))
    return base_fail(
        error, BERG_EINPUT,
        "%s: written by torch before 1.6, in a format that is not supported: load it with torch and save it again "
        "with torch.save(torch.load(path, map_location=\"cpu\"), new_path)",
        file->path);
  /* a header of at most 100 MB has zeros in the upper bytes of its length, which no other format here starts with */
  if (map->size > 8 && map->bytes[8] == '{' && begins(&(io_map){.bytes = map->bytes + 4, .size = 4}, "\0\0\0\0", 4))
    return io_read_safetensors(&file->document, map->bytes, map->size, file->path, error);
  return fail_unknown(file, error);
}

static berg_status read_all(berg_file *file, berg_error *error) {
  io_arena_init(&file->document.arena, file->map.size);
  berg_status status = read_by_content(file, error);
  if (!status) status = io_flatten(&file->document, &file->entries, file->path, error);
  return status;
}

berg_status io_container_gather(berg_file *file, berg_error *error) {
  io_value *own = file->document.root, *gathered;
  berg_status status = io_gather(&gathered, &file->document.arena, own, error);
  if (status || gathered == own) return status;
  file->items = file->entries;
  file->document.root = gathered;
  status = io_flatten(&file->document, &file->entries, file->path, error);
  file->document.root = own;
  return status;
}

static berg_status new_file(berg_file **file, const char *path, berg_error *error) {
  *file = base_calloc(1, sizeof **file, error);
  if (!*file) return BERG_ELIMIT;
  (*file)->path = base_copy_text(path, error);
  if ((*file)->path) return BERG_OK;
  base_free(*file);
  *file = NULL;
  return BERG_ELIMIT;
}

static berg_status finish(berg_file **out, berg_file *file, berg_error *error) {
  berg_status status = read_all(file, error);
  if (status)
    berg_file_free(file);
  else
    *out = file;
  return status;
}

berg_status io_container_from_memory(berg_file **out, const uint8_t *bytes, size_t size, const char *name,
                                     berg_error *error) {
  berg_file *file;
  *out = NULL;
  berg_status status = new_file(&file, name, error);
  if (status) return status;
  file->map = (io_map){.bytes = bytes, .size = size};
  return finish(out, file, error);
}

berg_status berg_file_open(berg_file **out, const char *path, berg_error *error) {
  bool is_read;
  if (!out) return base_fail(error, BERG_EARGUMENT, "berg_file_open: no pointer for the handle");
  *out = NULL;
  if (!path) return base_fail(error, BERG_EARGUMENT, "berg_file_open: no path");
  return io_container_open(out, path, &is_read, error);
}

berg_status io_container_open(berg_file **out, const char *path, bool *is_read, berg_error *error) {
  berg_file *file;
  *out = NULL;
  *is_read = false;
  berg_status status = new_file(&file, path, error);
  if (status) return status;
  status = io_map_open(&file->map, path, error);
  if (status) {
    berg_file_free(file);
    return status;
  }
  *is_read = file->is_mapped = true;
  return finish(out, file, error);
}

void berg_file_free(berg_file *file) {
  if (!file) return;
  io_arena_release(&file->document.arena);
  if (file->is_mapped) io_map_close(&file->map);
  base_free(file->path);
  base_free(file);
}

const char *berg_file_format(const berg_file *file) { return file->document.format; }

size_t berg_file_count(const berg_file *file) { return file->entries.count; }

const berg_array *berg_file_entry(const berg_file *file, size_t index) {
  return index < file->entries.count ? &file->entries.arrays[index] : NULL;
}

static const berg_array *find(const berg_file *file, const char *name) {
  const berg_array *entry = io_entries_find(&file->entries, name);
  return entry ? entry : io_entries_find(&file->items, name);
}

/* Training scripts save {'state_dict': {...}, 'epoch': 3}, and what wraps a network puts its own name before those of
 * the tensors (DataParallel, torch.compile, a module that holds it): what is asked for by its own name is found there
 * too. */
const berg_array *berg_file_find(const berg_file *file, const char *name) {
  if (!name) return NULL;
  static const char *const folders[] = {"", "state_dict.", "model_state_dict.", "model."};
  static const char *const wraps[] = {"", "module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module."};
  const size_t ways = sizeof folders / sizeof *folders * (sizeof wraps / sizeof *wraps);
  const bool torch = !strcmp(file->document.format, "torch"), flat = !strcmp(file->document.format, "safetensors");
  const berg_array *entry = find(file, name);
  char path[512];
  for (size_t i = 1; !entry && (torch || flat) && i < ways; i++) {
    const char *folder = folders[i / (sizeof wraps / sizeof *wraps)], *wrap = wraps[i % (sizeof wraps / sizeof *wraps)];
    const int length = base_print(path, sizeof path, "%s%s%s", folder, wrap, name);
    if (length > 0 && (size_t)length < sizeof path) entry = find(file, path);
  }
  return entry;
}

const io_map *io_container_map(const berg_file *file) {
  static const io_map none = {.bytes = NULL};
  return file->is_mapped ? &file->map : &none; /* the memory belongs to the caller */
}

berg_status io_container_unchanged(const berg_file *file, berg_error *error) {
  return file->is_mapped ? io_stamp_unchanged(&file->map.stamp, file->path, error) : BERG_OK;
}

bool io_container_offset(const berg_file *file, const berg_array *entry, size_t *offset) {
  uintptr_t data = (uintptr_t)entry->data, start = (uintptr_t)file->map.bytes;
  if (data < start || data - start >= file->map.size) return false;
  *offset = data - start;
  return true;
}

const io_document *io_container_document(const berg_file *file) { return &file->document; }

const io_entries *io_container_entries(const berg_file *file) { return &file->entries; }
