/* Python pickles, protocols 2 to 5, parsed and never executed: a stream may name only the few callables that
 * NumPy and torch use to rebuild arrays, and scikit-learn's PCA; what those would do is done here. Array data stay
 * where they are in the stream. */
#ifndef IO_PICKLE_H
#define IO_PICKLE_H

#include "io/value/value.h"

/* The bytes of a torch storage; `key` as the stream names it. */
typedef berg_status (*io_storage_fn)(void *context, const char *key, const uint8_t **bytes, size_t *size,
                                     berg_error *error);

typedef struct io_pickle_source {
  const uint8_t *bytes; /* must outlive the values read */
  size_t size;
  uint64_t offset;       /* of `bytes` in the file, for messages */
  const char *name;      /* of the file, for messages */
  io_storage_fn storage; /* NULL: the stream may not refer to storages */
  void *context;
} io_pickle_source;

/* Reads up to STOP; what follows is not looked at. EINPUT: damaged, refused, or unsupported; ELIMIT. */
berg_status io_pickle_read(io_value **root, io_arena *arena, const io_pickle_source *source, berg_error *error);

#endif
