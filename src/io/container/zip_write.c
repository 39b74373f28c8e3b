/* Writes a zip archive, in the layout drawn in zip.c. Numbers that do not fit in 32 bits go to the zip64 extra field;
 * the padding that aligns the data is an extra field of id 'FB', as torch writes it. */
#include "io/container/zip_write.h"

#include <string.h>
#include <zlib.h>

#include "base/memory.h"

#define ALIGNMENT 64
#define LOCAL_SIZE 30
/* 1980-01-01, the first day that zip knows: equal inputs give equal files */
#define DATE 0x21

typedef struct io_zip_record {
  char *name;
  uint64_t size, offset;
  uint32_t crc;
} io_zip_record;

typedef struct field {
  uint8_t bytes[128];
  size_t size;
} field;

static void put(field *to, uint64_t number, size_t size) {
  for (size_t i = 0; i < size; i++) to->bytes[to->size++] = (uint8_t)(number >> 8 * i);
}

typedef struct measure {
  uint64_t size;
  uLong crc;
} measure;

static berg_status put_measure(void *context, const void *bytes, size_t size, berg_error *error) {
  (void)error;
  measure *sum = context;
  sum->size += size;
  sum->crc = crc32_z(sum->crc, bytes, size);
  return BERG_OK;
}

void io_zip_writer_init(io_zip_writer *writer, const io_sink *sink) { *writer = (io_zip_writer){.sink = *sink}; }

static berg_status put_bytes(io_zip_writer *writer, const void *bytes, size_t size, berg_error *error) {
  writer->offset += size;
  return io_put(&writer->sink, bytes, size, error);
}

static bool is_large(uint64_t number) { return number >= UINT32_MAX; }

static berg_status put_local(io_zip_writer *writer, const io_zip_record *record, berg_error *error) {
  static const uint8_t filler[ALIGNMENT] = {0};
  field header = {.size = 0};
  size_t name = strlen(record->name), zip64 = is_large(record->size) ? 20 : 0;
  size_t end = (size_t)((writer->offset + LOCAL_SIZE + name + zip64 + 4) % ALIGNMENT),
         padding = (ALIGNMENT - end) % ALIGNMENT;
  put(&header, 0x04034b50, 4);
  put(&header, zip64 ? 45 : 20, 2);
  put(&header, 0x800, 2); /* names are UTF-8 */
  put(&header, 0, 2);
  put(&header, 0, 2);
  put(&header, DATE, 2);
  put(&header, record->crc, 4);
  put(&header, zip64 ? UINT32_MAX : record->size, 4);
  put(&header, zip64 ? UINT32_MAX : record->size, 4);
  put(&header, name, 2);
  put(&header, zip64 + 4 + padding, 2);
  berg_status status = put_bytes(writer, header.bytes, header.size, error);
  if (!status) status = put_bytes(writer, record->name, name, error);
  header.size = 0;
  if (zip64) {
    put(&header, 1, 2);
    put(&header, 16, 2);
    put(&header, record->size, 8);
    put(&header, record->size, 8);
  }
  put(&header, 'F' | 'B' << 8, 2);
  put(&header, padding, 2);
  if (!status) status = put_bytes(writer, header.bytes, header.size, error);
  return status ? status : put_bytes(writer, filler, padding, error);
}

berg_status io_zip_writer_add(io_zip_writer *writer, const char *name, io_produce_fn produce, void *context,
                              berg_error *error) {
  if (strlen(name) > UINT16_MAX)
    return base_fail(error, BERG_EINPUT, "a name of more than 65,535 bytes cannot be held by a zip archive");
  if (!base_grow((void **)&writer->records, &writer->capacity, writer->count + 1, sizeof *writer->records, error))
    return BERG_ELIMIT;
  measure sum = {0, crc32_z(0, NULL, 0)};
  berg_status status = produce(context, &(io_sink){.put = put_measure, .context = &sum}, error);
  if (status) return status;
  io_zip_record *record = &writer->records[writer->count];
  *record = (io_zip_record){base_copy_text(name, error), sum.size, writer->offset, (uint32_t)sum.crc};
  if (!record->name) return BERG_ELIMIT;
  writer->count++;
  status = put_local(writer, record, error);
  if (!status) status = produce(context, &writer->sink, error);
  writer->offset += sum.size;
  return status;
}

static berg_status put_record(io_zip_writer *writer, const io_zip_record *record, berg_error *error) {
  field header = {.size = 0}, extra = {.size = 0};
  bool large = is_large(record->size), far = is_large(record->offset);
  if (large || far) {
    put(&extra, 1, 2);
    put(&extra, (large ? 16 : 0) + (far ? 8 : 0), 2);
    if (large) put(&extra, record->size, 8);
    if (large) put(&extra, record->size, 8);
    if (far) put(&extra, record->offset, 8);
  }
  size_t name = strlen(record->name);
  put(&header, 0x02014b50, 4);
  put(&header, extra.size ? 45 : 20, 2);
  put(&header, extra.size ? 45 : 20, 2);
  put(&header, 0x800, 2);
  put(&header, 0, 2);
  put(&header, 0, 2);
  put(&header, DATE, 2);
  put(&header, record->crc, 4);
  put(&header, large ? UINT32_MAX : record->size, 4);
  put(&header, large ? UINT32_MAX : record->size, 4);
  put(&header, name, 2);
  put(&header, extra.size, 2);
  put(&header, 0, 2);
  put(&header, 0, 2);
  put(&header, 0, 2);
  put(&header, 0, 4);
  put(&header, far ? UINT32_MAX : record->offset, 4);
  berg_status status = put_bytes(writer, header.bytes, header.size, error);
  if (!status) status = put_bytes(writer, record->name, name, error);
  return status ? status : put_bytes(writer, extra.bytes, extra.size, error);
}

berg_status io_zip_writer_finish(io_zip_writer *writer, berg_error *error) {
  uint64_t start = writer->offset, count = writer->count;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < writer->count && !status; i++) status = put_record(writer, &writer->records[i], error);
  if (status) return status;
  uint64_t end = writer->offset, size = end - start;
  bool large = count >= UINT16_MAX || is_large(start) || is_large(size);
  field tail = {.size = 0};
  if (large) {
    put(&tail, 0x06064b50, 4);
    put(&tail, 44, 8);
    put(&tail, 45, 2);
    put(&tail, 45, 2);
    put(&tail, 0, 8);
    put(&tail, count, 8);
    put(&tail, count, 8);
    put(&tail, size, 8);
    put(&tail, start, 8);
    put(&tail, 0x07064b50, 4);
    put(&tail, 0, 4);
    put(&tail, end, 8);
    put(&tail, 1, 4);
  }
  put(&tail, 0x06054b50, 4);
  put(&tail, 0, 4);
  put(&tail, large ? UINT16_MAX : count, 2);
  put(&tail, large ? UINT16_MAX : count, 2);
  put(&tail, large ? UINT32_MAX : size, 4);
  put(&tail, large ? UINT32_MAX : start, 4);
  put(&tail, 0, 2);
  return put_bytes(writer, tail.bytes, tail.size, error);
}

void io_zip_writer_release(io_zip_writer *writer) {
  for (size_t i = 0; i < writer->count; i++) base_free(writer->records[i].name);
  base_free(writer->records);
  *writer = (io_zip_writer){.count = 0};
}
