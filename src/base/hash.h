/* FNV-1a, 64 bits: tells apart inputs that a user may have confused; not cryptographic. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BASE_HASH_START 0xcbf29ce484222325u

static inline uint64_t base_hash_bytes(uint64_t hash, const void *bytes, size_t size) {
  const uint8_t *next = bytes;
  for (size_t i = 0; i < size; i++) hash = (hash ^ next[i]) * 0x100000001b3u;
  return hash;
}

static inline uint64_t base_hash_number(uint64_t hash, uint64_t number) {
  for (int i = 0; i < 8; i++) hash = (hash ^ (number >> (8 * i) & 0xff)) * 0x100000001b3u;
  return hash;
}

/* With its terminating zero, so that "ab", "c" is not "a", "bc". */
static inline uint64_t base_hash_text(uint64_t hash, const char *text) {
  return base_hash_bytes(hash, text, strlen(text) + 1);
}

#endif
