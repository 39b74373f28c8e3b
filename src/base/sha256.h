/* SHA-256 (FIPS 180-4): which bytes a result was made from. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct base_sha256 {
  uint32_t state[8];
  uint64_t size; /* bytes so far */
  uint8_t block[64];
} base_sha256;

#define BASE_SHA256_TEXT 65

void base_sha256_start(base_sha256 *hash);
void base_sha256_add(base_sha256 *hash, const void *bytes, size_t size);
/* The digest as 64 hexadecimal digits, zero-terminated. */
void base_sha256_end(base_sha256 *hash, char text[BASE_SHA256_TEXT]);

#endif
