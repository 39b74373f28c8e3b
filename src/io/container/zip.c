/* Reads a zip archive, beginning at its end (all numbers little-endian):
 *
 *     local header   "PK\3\4" version flags method time date crc packed size name-length extra-length,
 *                    name, extra                                                                  30 + n + m
 *     data           packed bytes; a descriptor may follow, which the directory makes redundant
 *     ...            further members
 *     directory      "PK\1\2" made-by version flags method time date crc packed size name-length extra-length
 *                    comment-length disk internal external local-offset, name, extra, comment     46 + n + m + k
 *     zip64 end      "PK\6\6" size made-by version disk disk entries entries directory-size directory-offset    56
 *     zip64 locator  "PK\6\7" disk, offset of the zip64 end, disks                                20
 *     end            "PK\5\6" disk disk entries entries directory-size directory-offset comment-length,
 *                    comment                                                                      22 + k
 *
 * A size, packed size or offset of 0xffffffff (entries: 0xffff) stands for the number in the zip64 end, or in the extra
 * field of id 1. zlib inflates; the directory is read here because what matters is where in the file a stored member
 * lies. */
#include "io/container/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "io/value/value.h"

#define END_SIZE 22
#define LOCATOR_SIZE 20
#define END64_SIZE 56
#define ENTRY_SIZE 46
#define LOCAL_SIZE 30
#define MAX_COMMENT 65535
#define STORED 0
#define DEFLATED 8
/* deflate cannot compress further: a bit or two for 258 bytes */
#define MAX_RATIO 1032
/* What inflating takes in memory: more than this, and more than so many times the file, no data of an experiment do. */
#define INFLATED_FREE ((uint64_t)1 << 28)
#define INFLATED_RATIO 100

static uint16_t u16(const uint8_t *bytes) { return (uint16_t)(bytes[0] | bytes[1] << 8); }
static uint32_t u32(const uint8_t *bytes) { return u16(bytes) | (uint32_t)u16(bytes + 2) << 16; }
static uint64_t u64(const uint8_t *bytes) { return u32(bytes) | (uint64_t)u32(bytes + 4) << 32; }

static berg_status fail(const io_zip *zip, uint64_t offset, const char *item, const char *what, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EINPUT, zip->file, offset, item, what, NULL, NULL});
}

static bool find_end(const io_zip *zip, size_t *end) {
  if (zip->size < END_SIZE) return false;
  for (size_t comment = 0; comment <= MAX_COMMENT && comment <= zip->size - END_SIZE; comment++) {
    *end = zip->size - END_SIZE - comment;
    if (!memcmp(zip->bytes + *end, "PK\5\6", 4) && u16(zip->bytes + *end + 20) == comment) return true;
  }
  return false;
}

typedef struct directory {
  uint64_t entries, offset, size;
} directory;

static berg_status read_end(const io_zip *zip, directory *found, berg_error *error) {
  size_t end;
  if (!find_end(zip, &end))
    return fail(zip, zip->size, NULL, "zip directory not found: the file is damaged or truncated", error);
  const uint8_t *at = zip->bytes + end;
  *found = (directory){u16(at + 10), u32(at + 16), u32(at + 12)};
  if (end >= LOCATOR_SIZE && !memcmp(at - LOCATOR_SIZE, "PK\6\7", 4)) {
    uint64_t end64 = u64(at - LOCATOR_SIZE + 8);
    if (end64 > end - LOCATOR_SIZE || end - LOCATOR_SIZE - end64 < END64_SIZE ||
        memcmp(zip->bytes + end64, "PK\6\6", 4))
      return fail(zip, end - LOCATOR_SIZE, NULL, "zip64 directory not found", error);
    at = zip->bytes + end64;
    *found = (directory){u64(at + 32), u64(at + 48), u64(at + 40)};
    end = (size_t)end64;
  }
  if (found->offset > end || found->size > end - found->offset || found->entries > found->size / ENTRY_SIZE ||
      found->entries > IO_MAX_ENTRIES)
    return fail(zip, end, NULL, "zip directory reaches past its end", error);
  return BERG_OK;
}

/* Replaces the numbers that did not fit in 32 bits by those of the zip64 extra field, which holds only those.
 */
static bool read_extra(io_zip_entry *entry, const uint8_t *extra, size_t length) {
  uint64_t *wanted[3];
  size_t count = 0;
  if (entry->size == UINT32_MAX) wanted[count++] = &entry->size;
  if (entry->packed == UINT32_MAX) wanted[count++] = &entry->packed;
  if (entry->offset == UINT32_MAX) wanted[count++] = &entry->offset;
  while (count && length >= 4) {
    size_t id = u16(extra), size = u16(extra + 2);
    if (size > length - 4) return false;
    if (id == 1) {
      if (size < 8 * count) return false;
      for (size_t i = 0; i < count; i++) *wanted[i] = u64(extra + 4 + 8 * i);
      return true;
    }
    extra += 4 + size;
    length -= 4 + size;
  }
  return true;
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(const io_zip_entry *const *)a)->name, (*(const io_zip_entry *const *)b)->name);
}

static berg_status read_entry(io_zip *zip, uint64_t *at, uint64_t end, io_zip_entry *entry, berg_error *error) {
  const uint8_t *bytes = zip->bytes + *at;
  if (end - *at < ENTRY_SIZE || memcmp(bytes, "PK\1\2", 4))
    return fail(zip, *at, NULL, "zip directory is damaged", error);
  size_t name = u16(bytes + 28), extra = u16(bytes + 30), comment = u16(bytes + 32);
  if (name + extra + comment > end - *at - ENTRY_SIZE) return fail(zip, *at, NULL, "zip directory is damaged", error);
  if (!io_utf8_valid((const char *)bytes + ENTRY_SIZE, name, false))
    return fail(zip, *at, NULL, "a member's name is not UTF-8", error);
  *entry = (io_zip_entry){
      NULL, u32(bytes + 16), u16(bytes + 8), u16(bytes + 10), u32(bytes + 20), u32(bytes + 24), u32(bytes + 42)};
  entry->name = io_arena_text(zip->arena, (const char *)bytes + ENTRY_SIZE, name, error);
  if (!entry->name) return BERG_ELIMIT;
  if (!read_extra(entry, bytes + ENTRY_SIZE + name, extra))
    return fail(zip, *at, entry->name, "zip64 field is damaged", error);
  *at += ENTRY_SIZE + name + extra + comment;
  return BERG_OK;
}

berg_status io_zip_open(io_zip *zip, io_arena *arena, const uint8_t *bytes, size_t size, const char *file,
                        berg_error *error) {
  *zip = (io_zip){.bytes = bytes, .size = size, .file = file, .arena = arena};
  directory found = {0};
  berg_status status = read_end(zip, &found, error);
  if (status) return status;
  zip->count = (size_t)found.entries;
  zip->entries = io_arena_take(arena, zip->count * sizeof *zip->entries, error);
  zip->sorted = io_arena_take(arena, zip->count * sizeof *zip->sorted, error);
  if (!zip->entries || !zip->sorted) return BERG_ELIMIT;
  uint64_t at = found.offset, packed = 0, inflated = 0;
  for (size_t i = 0; i < zip->count; i++) {
    io_zip_entry *entry = &zip->entries[i];
    status = read_entry(zip, &at, found.offset + found.size, entry, error);
    if (status) return status;
    /* overlapping members would let a small file expand to a huge one */
    if (entry->packed > size - packed) return fail(zip, at, entry->name, "members are larger than the file", error);
    packed += entry->packed;
    if (entry->method == DEFLATED)
      inflated += entry->size < UINT64_MAX - inflated ? entry->size : UINT64_MAX - inflated;
    if (inflated > INFLATED_FREE && inflated / INFLATED_RATIO > size)
      return fail(zip, at, entry->name, "the members inflate to more than 256 MB and 100 times the file: refused",
                  error);
    zip->sorted[i] = entry;
  }
  if (zip->count) qsort(zip->sorted, zip->count, sizeof *zip->sorted, by_name);
  for (size_t i = 1; i < zip->count; i++)
    if (!strcmp(zip->sorted[i - 1]->name, zip->sorted[i]->name))
      return fail(zip, BERG_NO_OFFSET, zip->sorted[i]->name, "a member occurs twice", error);
  return BERG_OK;
}

const io_zip_entry *io_zip_find(const io_zip *zip, const char *name) {
  io_zip_entry key = {.name = name};
  const io_zip_entry *pointer = &key;
  const io_zip_entry *const *found =
      zip->count ? bsearch(&pointer, zip->sorted, zip->count, sizeof *zip->sorted, by_name) : NULL;
  return found ? *found : NULL;
}

static berg_status inflate_member(const io_zip *zip, const io_zip_entry *entry, size_t start, const uint8_t **bytes,
                                  berg_error *error) {
  if (entry->size / MAX_RATIO > entry->packed + 1)
    return fail(zip, start, entry->name, "said to be larger than deflate can make it", error);
  zip->arena->limit += (size_t)entry->size;
  uint8_t *out = io_arena_take(zip->arena, (size_t)entry->size, error);
  if (!out) return BERG_ELIMIT;
  z_stream stream = {0};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return base_fail_memory(error, sizeof stream);
  const uint8_t *in = zip->bytes + start;
  size_t left = (size_t)entry->packed, space = (size_t)entry->size;
  int result = Z_OK;
  stream.next_out = out;
  stream.next_in = (Bytef *)(uintptr_t)in;
  do { /* zlib counts in 32 bits */
    if (!stream.avail_in) left -= stream.avail_in = left < (1u << 30) ? (uInt)left : 1u << 30;
    if (!stream.avail_out) space -= stream.avail_out = space < (1u << 30) ? (uInt)space : 1u << 30;
    result = inflate(&stream, Z_NO_FLUSH);
  } while (result == Z_OK && ((!stream.avail_in && left) || (!stream.avail_out && space)));
  bool whole = result == Z_STREAM_END && stream.total_out == entry->size;
  /* the buffer holds exactly the result: the end mark may need one more call */
  if (result == Z_OK && !space && !stream.avail_out) {
    uint8_t spare;
    stream.next_out = &spare;
    stream.avail_out = 1;
    whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == entry->size;
  }
  inflateEnd(&stream);
  if (result == Z_MEM_ERROR) return base_fail_memory(error, 0);
  if (!whole) return fail(zip, start, entry->name, "deflated data are damaged", error);
  *bytes = out;
  return BERG_OK;
}

static uint32_t checksum(const uint8_t *bytes, size_t size) {
  return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, size);
}

berg_status io_zip_member(const io_zip *zip, const io_zip_entry *entry, bool check, const uint8_t **bytes, size_t *size,
                          uint64_t *offset, berg_error *error) {
  if (entry->offset > zip->size || zip->size - entry->offset < LOCAL_SIZE ||
      memcmp(zip->bytes + entry->offset, "PK\3\4", 4))
    return fail(zip, entry->offset, entry->name, "no member there", error);
  if (entry->flags & 1) return fail(zip, entry->offset, entry->name, "the member is encrypted", error);
  const uint8_t *local = zip->bytes + entry->offset;
  size_t name = u16(local + 26), extra = u16(local + 28), left = zip->size - (size_t)entry->offset - LOCAL_SIZE;
  if (name + extra > left || entry->packed > left - name - extra)
    return fail(zip, entry->offset, entry->name, "the member reaches past the end of the file", error);
  if (name != strlen(entry->name) || memcmp(local + LOCAL_SIZE, entry->name, name) || u16(local + 8) != entry->method)
    return fail(zip, entry->offset, entry->name, "the member is not what the directory says", error);
  size_t start = (size_t)entry->offset + LOCAL_SIZE + name + extra;
  *size = (size_t)entry->size;
  if (offset) *offset = entry->method == STORED ? start : BERG_NO_OFFSET;
  if (entry->method == STORED) {
    if (entry->packed != entry->size)
      return fail(zip, entry->offset, entry->name, "a stored member of two sizes", error);
    *bytes = zip->bytes + start;
  } else if (entry->method == DEFLATED) {
    berg_status status = inflate_member(zip, entry, start, bytes, error);
    if (status) return status;
  } else {
    return fail(zip, entry->offset, entry->name, "unsupported compression method (only stored and deflated are read)",
                error);
  }
  if ((check || entry->method == DEFLATED) && checksum(*bytes, *size) != entry->crc)
    return fail(zip, start, entry->name, "checksum mismatch: the data are damaged", error);
  return BERG_OK;
}
