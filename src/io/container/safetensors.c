/* Reads .safetensors files:
 *
 *     8 bytes   N, length of the header, little-endian, at most 100,000,000
 *     N bytes   JSON: {"name": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}, ...,
 *                      "__metadata__": {"k": "text"}}
 *     ...       data: every byte belongs to exactly one tensor; offsets count from here
 *
 * All of that is checked, so that no two readers can see different tensors in one file. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "io/value/array_value.h"
#include "io/value/json_guard.h"
#include "io/container/readers.h"
#include "io/container/safetensors_dtype.h"
#include "io/value/structure.h"

#define MAX_HEADER 100000000
static const char METADATA[] = "__metadata__";

const char *const io_safetensors_dtypes[] = {
    [BERG_BOOL] = "BOOL", [BERG_U8] = "U8",   [BERG_I8] = "I8",   [BERG_U16] = "U16",   [BERG_I16] = "I16",
    [BERG_U32] = "U32",   [BERG_I32] = "I32", [BERG_U64] = "U64", [BERG_I64] = "I64",   [BERG_F16] = "F16",
    [BERG_BF16] = "BF16", [BERG_F32] = "F32", [BERG_F64] = "F64", [BERG_STRING] = NULL, [BERG_UNICODE] = NULL,
};

typedef struct tensor_range {
  uint64_t begin, end;
  const char *name;
} tensor_range;

typedef struct header_reader {
  io_document *document;
  const uint8_t *data; /* behind the header */
  uint64_t size;       /* of them */
  const char *file;
  berg_error *error;
  tensor_range *ranges;
  size_t count;
} header_reader;

static berg_status fail(const header_reader *reader, const char *item, const char *what, const char *expected,
                        const char *found) {
  return base_fail_at(reader->error,
                      &(base_fault){BERG_EINPUT, reader->file, BERG_NO_OFFSET, item, what, expected, found});
}

static berg_status read_shape(const header_reader *reader, const cJSON *shape, const char *name, berg_array *array) {
  if (!cJSON_IsArray(shape)) return fail(reader, name, "no shape", "an array of numbers", NULL);
  const cJSON *item;
  cJSON_ArrayForEach(item, shape) {
    uint64_t size;
    if (array->ndim == BERG_MAX_DIMS) return fail(reader, name, "too many dimensions", "at most 8", NULL);
    if (!io_json_size(item, &size)) return fail(reader, name, "not a dimension", "a whole number up to 2^53", NULL);
    array->shape[array->ndim++] = (size_t)size;
  }
  return BERG_OK;
}

static berg_status read_tensor(header_reader *reader, const cJSON *about) {
  const char *name = about->string;
  const cJSON *dtype = NULL, *shape = NULL, *offsets = NULL, *item;
  cJSON_ArrayForEach(item, about) {
    const cJSON **place = !strcmp(item->string, "dtype")          ? &dtype
                          : !strcmp(item->string, "shape")        ? &shape
                          : !strcmp(item->string, "data_offsets") ? &offsets
                                                                  : NULL;
    if (!place || *place)
      return fail(reader, name, place ? "a key given twice" : "unknown key", "dtype, shape, data_offsets",
                  item->string);
    *place = item;
  }
  if (!cJSON_IsString(dtype)) return fail(reader, name, "no dtype", NULL, NULL);
  io_layout layout = {.dtype = 0};
  while (layout.dtype <= BERG_UNICODE &&
         (!io_safetensors_dtypes[layout.dtype] || strcmp(io_safetensors_dtypes[layout.dtype], dtype->valuestring)))
    layout.dtype = (berg_dtype)(layout.dtype + 1);
  if (layout.dtype > BERG_UNICODE)
    return fail(reader, name, "unsupported dtype", "BOOL, U8 to I64, F16, BF16, F32 or F64", dtype->valuestring);
  layout.itemsize = base_dtype_size(layout.dtype);
  berg_array array = {0};
  berg_status status = read_shape(reader, shape, name, &array);
  if (status) return status;
  tensor_range *range = &reader->ranges[reader->count];
  size_t bytes;
  if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !io_json_size(offsets->child, &range->begin) ||
      !io_json_size(offsets->child->next, &range->end) || range->begin > range->end || range->end > reader->size)
    return fail(reader, name, "data_offsets are not a range of the data", NULL, NULL);
  if (!io_array_bytes(&layout, &array, &bytes) || bytes != range->end - range->begin) {
    char found[40];
    base_print(found, sizeof found, "%llu bytes", (unsigned long long)(range->end - range->begin));
    return fail(reader, name, "data_offsets do not fit dtype and shape", NULL, found);
  }
  range->name = name;
  reader->count++;
  io_arena *arena = &reader->document->arena;
  berg_array *view = io_array_new(arena, &layout, &array, reader->data + range->begin, reader->error);
  return view && io_value_add_array(arena, reader->document->root, name, strlen(name), view, reader->error)
             ? BERG_OK
             : BERG_ELIMIT;
}

static berg_status read_metadata(header_reader *reader, const cJSON *metadata) {
  io_arena *arena = &reader->document->arena;
  if (reader->document->metadata || !cJSON_IsObject(metadata))
    return fail(reader, METADATA, "not one object of text", NULL, NULL);
  io_value *dict = reader->document->metadata = io_value_new(arena, IO_DICT, reader->error);
  if (!dict) return BERG_ELIMIT;
  const cJSON *item;
  cJSON_ArrayForEach(item, metadata) {
    if (!cJSON_IsString(item)) return fail(reader, METADATA, "not text", "text", item->string);
    io_value *key = io_value_text(arena, item->string, strlen(item->string), reader->error);
    io_value *text = io_value_text(arena, item->valuestring, strlen(item->valuestring), reader->error);
    if (!key || !text || !io_value_append(arena, dict, key, reader->error) ||
        !io_value_append(arena, dict, text, reader->error))
      return BERG_ELIMIT;
  }
  return BERG_OK;
}

static int by_begin(const void *a, const void *b) {
  const tensor_range *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

static berg_status check_ranges(const header_reader *reader) {
  uint64_t at = 0;
  if (reader->count) qsort(reader->ranges, reader->count, sizeof *reader->ranges, by_begin);
  for (size_t i = 0; i < reader->count; i++) {
    if (reader->ranges[i].begin != at)
      return fail(reader, reader->ranges[i].name, "a hole or an overlap before the tensor's data", NULL, NULL);
    at = reader->ranges[i].end;
  }
  if (at == reader->size) return BERG_OK;
  char expected[40], found[40];
  base_print(expected, sizeof expected, "%llu bytes of data", (unsigned long long)at);
  base_print(found, sizeof found, "%llu", (unsigned long long)reader->size);
  return fail(reader, NULL, "the file's size does not fit its tensors", expected, found);
}

static berg_status read_header(header_reader *reader, const cJSON *json) {
  io_arena *arena = &reader->document->arena;
  if (!cJSON_IsObject(json)) return fail(reader, NULL, "the header is not a JSON object", NULL, NULL);
  reader->ranges = io_arena_take(arena, (size_t)cJSON_GetArraySize(json) * sizeof *reader->ranges, reader->error);
  reader->document->root = io_value_new(arena, IO_DICT, reader->error);
  if (!reader->ranges || !reader->document->root) return BERG_ELIMIT;
  const cJSON *item;
  cJSON_ArrayForEach(item, json) {
    berg_status status = !strcmp(item->string, METADATA) ? read_metadata(reader, item)
                         : cJSON_IsObject(item)          ? read_tensor(reader, item)
                                                         : fail(reader, item->string, "not an object", NULL, NULL);
    if (status) return status;
  }
  return check_ranges(reader);
}

berg_status io_read_safetensors(io_document *document, const uint8_t *bytes, size_t size, const char *name,
                                berg_error *error) {
  header_reader reader = {.document = document, .file = name, .error = error};
  uint64_t length = 0;
  document->format = "safetensors";
  document->is_flat = true;
  for (size_t i = 0; i < 8 && i < size; i++) length |= (uint64_t)bytes[i] << 8 * i;
  if (size < 8 || length > MAX_HEADER || length > size - 8)
    return base_fail_at(error, &(base_fault){BERG_EINPUT, name, 0, NULL,
                                             length > MAX_HEADER ? "the header is longer than allowed"
                                                                 : "the file ends within its header",
                                             "at most 100,000,000 bytes", NULL});
  reader.data = bytes + 8 + length;
  reader.size = size - 8 - length;
  cJSON *json = NULL;
  berg_status status = BERG_EINPUT;
  if (length && bytes[8] == '{') status = io_json_parse(&json, (const char *)bytes + 8, (size_t)length, error);
  if (status == BERG_ELIMIT) return status;
  if (status)
    return base_fail_at(
        error, &(base_fault){BERG_EINPUT, name, 8, NULL, "the header is not JSON as safetensors has it", NULL, NULL});
  status = read_header(&reader, json);
  cJSON_Delete(json);
  const io_value *structure = !status && document->metadata ? io_value_get(document->metadata, IO_STRUCTURE_KEY) : NULL;
  if (!structure) return status;
  io_value *flat = document->root;
  document->is_flat = false;
  return io_structure_read(&document->root, &document->arena, structure->text, flat, name, error);
}
