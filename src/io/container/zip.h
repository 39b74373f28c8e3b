/* A zip archive's directory, and its members' bytes: in place where they are stored, inflated where they are
 * deflated. */
#ifndef IO_ZIP_H
#define IO_ZIP_H

#include "io/value/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct io_zip_entry {
  const char *name;
  uint32_t crc;
  uint16_t flags, method;
  uint64_t packed, size, offset; /* offset of the local header */
} io_zip_entry;

typedef struct io_zip {
  const uint8_t *bytes;
  size_t size;
  const char *file; /* for messages */
  io_arena *arena;
  io_zip_entry *entries; /* in the archive's order */
  const io_zip_entry **sorted;
  size_t count;
} io_zip;

/* Reads the directory at the end; everything is the arena's. EINPUT: damaged, encrypted, in parts, names
 * given twice. */
berg_status io_zip_open(io_zip *zip, io_arena *arena, const uint8_t *bytes, size_t size, const char *file,
                        berg_error *error);
/* The entry of that name, or NULL. */
const io_zip_entry *io_zip_find(const io_zip *zip, const char *name);
/* The bytes of a member, and with `offset` (may be NULL) where they lie in the file (BERG_NO_OFFSET: they
 * were inflated). The checksum of stored members is compared where `check` says so: it costs reading them. */
berg_status io_zip_member(const io_zip *zip, const io_zip_entry *entry, bool check, const uint8_t **bytes, size_t *size,
                          uint64_t *offset, berg_error *error);

#endif
