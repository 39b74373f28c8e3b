/* One reader a format, each from bytes that outlive the document. They fill `document->root` and `format`;
 * the caller has started the arena and releases it, also after a failure. `name` is the file's, for messages.
 */
#ifndef IO_READERS_H
#define IO_READERS_H

#include "io/value/value.h"
#include "io/container/zip.h"

/* .npy, plain or with a pickle. */
berg_status io_read_npy(io_document *document, const uint8_t *bytes, size_t size, const char *name, berg_error *error);
/* One .npy's array or pickled value; `offset` of `bytes` in the file, `is_pickled` (may be NULL) says which.
 */
berg_status io_read_npy_value(io_value **value, bool *is_pickled, io_arena *arena, const uint8_t *bytes, size_t size,
                              uint64_t offset, const char *name, berg_error *error);
/* A zip archive, torch's or NumPy's. */
berg_status io_read_torch(io_document *document, const io_zip *zip, const char *name, berg_error *error);
berg_status io_read_npz(io_document *document, const io_zip *zip, const char *name, berg_error *error);
/* The member "<folder>/data.pkl" that makes a zip archive torch's; NULL: it is not. */
const io_zip_entry *io_torch_find_pickle(const io_zip *zip);
berg_status io_read_safetensors(io_document *document, const uint8_t *bytes, size_t size, const char *name,
                                berg_error *error);

#endif
