/* Reads .npz: a zip archive of .npy files, "<name>.npy" each, stored (np.savez) or deflated (np.savez_compressed). */
#include <string.h>

#include "io/container/readers.h"

berg_status io_read_npz(io_document *document, const io_zip *zip, const char *name, berg_error *error) {
  document->format = "npz";
  document->is_flat = true;
  document->root = io_value_new(&document->arena, IO_DICT, error);
  if (!document->root) return BERG_ELIMIT;
  for (size_t i = 0; i < zip->count; i++) {
    const io_zip_entry *entry = &zip->entries[i];
    size_t length = strlen(entry->name), size;
    const uint8_t *bytes;
    uint64_t offset;
    if (length < 4 || strcmp(entry->name + length - 4, ".npy"))
      return base_fail_at(error, &(base_fault){BERG_EINPUT, name, entry->offset, entry->name, "not a member of an .npz",
                                               "names that end in .npy, or a torch checkpoint", NULL});
    berg_status status = io_zip_member(zip, entry, false, &bytes, &size, &offset, error);
    if (status) return status;
    io_value *key = io_value_text(&document->arena, entry->name, length - 4, error), *value;
    if (!key) return BERG_ELIMIT;
    /* messages about an inflated member count from its own start */
    status = io_read_npy_value(&value, NULL, &document->arena, bytes, size, offset == BERG_NO_OFFSET ? 0 : offset, name,
                               error);
    if (status) return status;
    if (!io_value_append(&document->arena, document->root, key, error) ||
        !io_value_append(&document->arena, document->root, value, error))
      return BERG_ELIMIT;
  }
  return BERG_OK;
}
