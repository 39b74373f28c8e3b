/* Reads what torch.save writes since torch 1.6, a zip archive with all members under one folder of any name:
 *
 *     archive/data.pkl      pickle of protocol 2; tensors refer to storages by key
 *     archive/data/<key>    a storage's elements, little-endian, stored and aligned to 64
 *     archive/byteorder     "little" (newer files)
 *     archive/version       "3\n"; newer files have more such notes, none needed
 *
 * A checksum of 0 was not computed (torch.serialization.set_crc32_options). Deflated members (where another program
 * repacked the archive) are inflated, each storage once. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/container/pickle.h"
#include "io/container/readers.h"

static const char PICKLE[] = "data.pkl";

typedef struct storages {
  const io_zip *zip;
  const char *folder;
  int folder_length;
  const uint8_t **inflated; /* [zip->count], for members met before */
} storages;

const io_zip_entry *io_torch_find_pickle(const io_zip *zip) {
  for (size_t i = 0; i < zip->count; i++) {
    const char *slash = strchr(zip->entries[i].name, '/');
    if (slash && !strcmp(slash + 1, PICKLE)) return &zip->entries[i];
  }
  return NULL;
}

static berg_status find_member(const storages *known, const char *name, const io_zip_entry **entry, berg_error *error) {
  char *path = base_format(error, "%.*s%s", known->folder_length, known->folder, name);
  if (!path) return BERG_ELIMIT;
  *entry = io_zip_find(known->zip, path);
  base_free(path);
  return BERG_OK;
}

static berg_status find_storage(void *context, const char *key, const uint8_t **bytes, size_t *size,
                                berg_error *error) {
  storages *known = context;
  const io_zip_entry *entry;
  char *name = base_format(error, "data/%s", key);
  if (!name) return BERG_ELIMIT;
  berg_status status = find_member(known, name, &entry, error);
  base_free(name);
  if (status) return status;
  if (!entry)
    return base_fail_at(error, &(base_fault){BERG_EINPUT, known->zip->file, BERG_NO_OFFSET, key,
                                             "a tensor's storage is missing", NULL, NULL});
  const uint8_t **met = &known->inflated[entry - known->zip->entries];
  *size = (size_t)entry->size;
  if (!*met) status = io_zip_member(known->zip, entry, false, met, size, NULL, error);
  *bytes = *met;
  return status;
}

static berg_status check_byte_order(const storages *known, berg_error *error) {
  const io_zip_entry *entry;
  const uint8_t *bytes = NULL;
  size_t size = 0;
  berg_status status = find_member(known, "byteorder", &entry, error);
  if (!status && entry) status = io_zip_member(known->zip, entry, entry->crc, &bytes, &size, NULL, error);
  if (status || !entry || (size == 6 && !memcmp(bytes, "little", 6))) return status;
  return base_fail_at(error,
                      &(base_fault){BERG_EINPUT, known->zip->file, entry->offset, entry->name, "unsupported byte order",
                                    "little", size == 3 && !memcmp(bytes, "big", 3) ? "big" : "something else"});
}

berg_status io_read_torch(io_document *document, const io_zip *zip, const char *name, berg_error *error) {
  const io_zip_entry *entry = io_torch_find_pickle(zip);
  document->format = "torch";
  storages known = {.zip = zip, .folder = entry->name, .folder_length = (int)(strlen(entry->name) - strlen(PICKLE))};
  known.inflated = io_arena_take(&document->arena, zip->count * sizeof *known.inflated, error);
  if (!known.inflated) return BERG_ELIMIT;
  for (size_t i = 0; i < zip->count; i++) known.inflated[i] = NULL;
  berg_status status = check_byte_order(&known, error);
  io_pickle_source source = {.name = name, .storage = find_storage, .context = &known};
  if (!status) status = io_zip_member(zip, entry, entry->crc, &source.bytes, &source.size, &source.offset, error);
  if (status) return status;
  if (source.offset == BERG_NO_OFFSET) source.offset = 0;
  return io_pickle_read(&document->root, &document->arena, &source, error);
}
