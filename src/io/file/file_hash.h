/* What identifies the bytes of a file, for provenance. */
#ifndef IO_FILE_HASH_H
#define IO_FILE_HASH_H

#include <stdbool.h>

#include "base/error.h"
#include "base/sha256.h"

/* Files above this size are sampled: hashing 1 GB of weights takes seconds, longer than many a run. */
#define IO_HASH_WHOLE_MAX ((uint64_t)64 << 20)
#define IO_HASH_SAMPLES 64
#define IO_HASH_SAMPLE_BYTES ((uint64_t)65536)

typedef struct io_file_hash {
  uint64_t size;
  bool sampled; /* SHA-256 not of the whole file, but of 64 blocks of 64 KiB: block i begins at byte
                   i * (size - 65536) / 63, rounded down; together with the size it tells files of weights apart */
  char text[BASE_SHA256_TEXT];
} io_file_hash;

/* `whole`: of all bytes, however large the file. EINPUT: missing, unreadable, no regular file. */
berg_status io_hash_file(io_file_hash *hash, const char *path, bool whole, berg_error *error);

#endif
