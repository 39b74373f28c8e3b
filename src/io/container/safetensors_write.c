/* Writes .safetensors (layout in safetensors.c), in the order of its reference library: larger elements first, then by
 * name, so that every tensor is aligned; the header padded with spaces to a multiple of 8. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/safetensors_dtype.h"
#include "io/value/structure.h"
#include "io/container/writers.h"

#define MAX_HEADER 100000000

/* The place of each type in the library's order, from its list of types read backwards. */
static int rank(berg_dtype dtype) {
  static const berg_dtype order[] = {BERG_U64, BERG_I64, BERG_F64, BERG_F32, BERG_U32, BERG_I32, BERG_BF16,
                                     BERG_F16, BERG_U16, BERG_I16, BERG_I8,  BERG_U8,  BERG_BOOL};
  int place = 0;
  while (order[place] != dtype) place++;
  return place;
}

static int by_rank(const void *a, const void *b) {
  const berg_array *x = *(const berg_array *const *)a, *y = *(const berg_array *const *)b;
  int difference = rank(x->dtype) - rank(y->dtype);
  return difference ? difference : strcmp(x->name, y->name);
}

/* A header grown in memory. */
typedef struct text {
  char *bytes;
  size_t size, capacity;
} text;

static berg_status put_text(void *context, const void *bytes, size_t size, berg_error *error) {
  text *to = context;
  if (size > MAX_HEADER || to->size + size > MAX_HEADER)
    return base_fail(error, BERG_EINPUT, "the header would be longer than .safetensors allows: 100,000,000 bytes");
  if (!base_grow((void **)&to->bytes, &to->capacity, to->size + size + 8, 1, error)) return BERG_ELIMIT;
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
  return BERG_OK;
}

static berg_status put_pair(const io_sink *sink, const char *before, const char *key, const char *value,
                            berg_error *error) {
  berg_status status = io_put(sink, before, strlen(before), error);
  if (!status) status = io_put_quoted(sink, key, error);
  if (!status) status = io_put(sink, ":", 1, error);
  return status ? status : io_put_quoted(sink, value, error);
}

static berg_status put_metadata(const io_sink *sink, const io_content *content, const char *structure,
                                berg_error *error) {
  const io_value *metadata = content->metadata;
  bool first = true;
  berg_status status = io_put(sink, "\"__metadata__\":{", 16, error);
  for (size_t i = 0; metadata && i + 1 < metadata->count && !status; i += 2) {
    if (!strcmp(metadata->items[i]->text, IO_STRUCTURE_KEY)) continue;
    status = put_pair(sink, first ? "" : ",", metadata->items[i]->text, metadata->items[i + 1]->text, error);
    first = false;
  }
  if (!status && structure) status = put_pair(sink, first ? "" : ",", IO_STRUCTURE_KEY, structure, error);
  return status ? status : io_put(sink, "}", 1, error);
}

static berg_status put_tensor(const io_sink *sink, const berg_array *array, uint64_t *offset, berg_error *error) {
  char about[512];
  size_t count = 0;
  int used = base_print(about, sizeof about, ":{\"dtype\":\"%s\",\"shape\":[", io_safetensors_dtypes[array->dtype]);
  for (size_t d = 0; d < array->ndim; d++)
    used += base_print(about + used, sizeof about - (size_t)used, d ? ",%zu" : "%zu", array->shape[d]);
  base_array_count(array, &count);
  uint64_t end = *offset + (uint64_t)count * array->itemsize;
  used += base_print(about + used, sizeof about - (size_t)used, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}",
                     *offset, end);
  *offset = end;
  berg_status status = io_put_quoted(sink, array->name, error);
  return status ? status : io_put(sink, about, (size_t)used, error);
}

static berg_status put_header(text *header, const io_content *content, const berg_array **tensors, size_t count,
                              berg_error *error) {
  io_sink sink = {.put = put_text, .context = header};
  char *structure = NULL;
  uint64_t offset = 0;
  berg_status status =
      io_structure_is_plain(content->root) ? BERG_OK : io_structure_write(&structure, content->root, error);
  bool comma = structure || content->metadata;
  if (!status) status = io_put(&sink, "{", 1, error);
  if (!status && comma) status = put_metadata(&sink, content, structure, error);
  for (size_t i = 0; i < count && !status; i++) {
    if (comma || i) status = io_put(&sink, ",", 1, error);
    if (!status && !strcmp(tensors[i]->name, "__metadata__"))
      status = base_fail(error, BERG_EINPUT, "a tensor named __metadata__ cannot be held by .safetensors");
    if (!status) status = put_tensor(&sink, tensors[i], &offset, error);
  }
  if (!status) status = io_put(&sink, "}", 1, error);
  const size_t alignment = content->alignment ? content->alignment : 8;
  while (!status && (8 + header->size) % alignment) status = io_put(&sink, " ", 1, error);
  base_free(structure);
  return status;
}

berg_status io_write_safetensors(const io_sink *sink, const io_content *content, berg_error *error) {
  const io_entries *entries = content->entries;
  const berg_array **tensors = base_alloc(entries->count, sizeof *tensors, error);
  text header = {NULL, 0, 0};
  size_t count = 0;
  if (!tensors) return BERG_ELIMIT;
  for (size_t i = 0; i < entries->count; i++) {
    const io_value *value = entries->values[i];
    bool is_text = entries->arrays[i].dtype == BERG_STRING || entries->arrays[i].dtype == BERG_UNICODE;
    if ((value->kind == IO_ARRAY || value->kind == IO_SCALAR) && !is_text) tensors[count++] = &entries->arrays[i];
  }
  if (count) qsort(tensors, count, sizeof *tensors, by_rank);
  berg_status status = put_header(&header, content, tensors, count, error);
  uint8_t length[8];
  for (size_t i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)header.size >> 8 * i);
  if (!status) status = io_put(sink, length, sizeof length, error);
  if (!status) status = io_put(sink, header.bytes, header.size, error);
  for (size_t i = 0; i < count && !status; i++) status = io_put_array(sink, tensors[i], error);
  base_free(header.bytes);
  base_free(tensors);
  return status;
}
