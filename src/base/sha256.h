/* SHA-256 (FIPS 180-4), for provenance: which bytes a result was made from, in the form that sha256sum prints. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/sha256_blocks.h"

#define BASE_SHA256_TEXT 65 /* 64 hexadecimal digits and the terminating zero */

typedef struct base_sha256 {
  base_sha256_blocks *take; /* chosen at the start */
  uint32_t state[8];
  uint64_t bytes; /* so far */
  uint8_t block[64];
} base_sha256;

void base_sha256_start(base_sha256 *hash);
void base_sha256_add(base_sha256 *hash, const void *bytes, size_t size);
/* The digest; `hash` must be restarted before further use. */
void base_sha256_end(base_sha256 *hash, char text[BASE_SHA256_TEXT]);

#endif
