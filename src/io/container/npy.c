/* Reads and writes the header of a .npy file:
 *
 *     offset  bytes
 *     0       6      0x93 'N' 'U' 'M' 'P' 'Y'
 *     6       1      major version: 1, 2 or 3
 *     7       1      minor version: 0
 *     8       2 | 4  length of the text, uint16 (version 1) or uint32 (2 and 3), little-endian
 *     10|12   length text: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, spaces, a newline
 *     ...            the data; NumPy pads the text so that they begin at a multiple of 64
 *
 * The text is a Python literal. It is parsed by its grammar, with any order and spacing of the three keys. */
#include "io/container/npy.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "io/value/dtype.h"
#include "io/value/extent.h"

static const uint8_t MAGIC[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* NumPy writes about 120 bytes and reads at most 10,000 by default; version 1 cannot hold more than this. */
#define MAX_TEXT 65535

/* NumPy >= 1.24 leaves room for a first axis of this many digits, so that appending can rewrite the header in
 * place. */
#define AXIS_DIGITS 21
#define DATA_ALIGNMENT 64

typedef struct literal {
  const uint8_t *bytes;
  size_t at, end; /* offsets in the file */
  const char *name;
  berg_error *error;
} literal;

static berg_status fail(const literal *text, const char *what, const char *expected) {
  char found[32];
  if (text->at >= text->end)
    base_print(found, sizeof found, "the end of the header");
  else
    base_print(found, sizeof found, "'%c'", text->bytes[text->at]);
  return base_fail_at(text->error,
                      &(base_fault){BERG_EINPUT, text->name, text->at, "npy header", what, expected, found});
}

static void skip_space(literal *text) {
  while (text->at < text->end && strchr(" \t\n\r\f", text->bytes[text->at]) && text->bytes[text->at]) text->at++;
}

static bool take(literal *text, char wanted) {
  skip_space(text);
  if (text->at >= text->end || text->bytes[text->at] != (uint8_t)wanted) return false;
  text->at++;
  return true;
}

/* A quoted string without escapes; NumPy needs none for what is read here. */
static berg_status read_string(literal *text, const char **string, size_t *length) {
  skip_space(text);
  if (text->at >= text->end || (text->bytes[text->at] != '\'' && text->bytes[text->at] != '"'))
    return fail(text, "not as NumPy writes it", "a quoted string");
  uint8_t quote = text->bytes[text->at++];
  *string = (const char *)text->bytes + text->at;
  size_t start = text->at;
  for (; text->at < text->end && text->bytes[text->at] != quote; text->at++)
    if (text->bytes[text->at] == '\\' || text->bytes[text->at] < 0x20)
      return fail(text, "not as NumPy writes it", "plain text");
  if (text->at >= text->end) return fail(text, "string without an end", "a closing quote");
  *length = text->at - start;
  text->at++;
  return BERG_OK;
}

static berg_status read_bool(literal *text, bool *value) {
  skip_space(text);
  size_t left = text->end - text->at;
  const char *at = (const char *)text->bytes + text->at;
  if (left >= 4 && !memcmp(at, "True", 4)) {
    *value = true;
    text->at += 4;
  } else if (left >= 5 && !memcmp(at, "False", 5)) {
    *value = false;
    text->at += 5;
  } else {
    return fail(text, "fortran_order is not a truth value", "True or False");
  }
  return BERG_OK;
}

static berg_status read_size(literal *text, size_t *value) {
  skip_space(text);
  *value = 0;
  size_t digits = 0;
  for (; text->at < text->end && text->bytes[text->at] >= '0' && text->bytes[text->at] <= '9'; text->at++, digits++)
    if (!base_multiply(*value, 10, value) || !base_add(*value, text->bytes[text->at] - '0', value))
      return fail(text, "a dimension does not fit in 64 bits", NULL);
  return digits ? BERG_OK : fail(text, "not a dimension", "a number from 0");
}

static berg_status read_shape(literal *text, io_npy_header *header) {
  if (!take(text, '(')) return fail(text, "shape is not a tuple", "'('");
  bool comma = false;
  while (!take(text, ')')) {
    if (header->ndim && !comma) return fail(text, "shape is not a tuple", "',' or ')'");
    if (header->ndim == BERG_MAX_DIMS) return fail(text, "too many dimensions", "at most 8");
    berg_status status = read_size(text, &header->shape[header->ndim]);
    if (status) return status;
    header->ndim++;
    comma = take(text, ',');
  }
  /* (3) is a number in Python, not a tuple */
  return header->ndim == 1 && !comma ? fail(text, "shape is not a tuple", "(n,)") : BERG_OK;
}

static berg_status read_descr(literal *text, io_npy_header *header) {
  skip_space(text);
  size_t start = text->at;
  if (start < text->end && text->bytes[start] == '[') return fail(text, "records are not supported", "one plain type");
  const char *code;
  size_t length;
  berg_status status = read_string(text, &code, &length);
  if (status) return status;
  if (!io_dtype_parse(code, length, &header->dtype, &header->itemsize, &header->big_endian)) {
    char found[40];
    base_print(found, sizeof found, "'%.*s'", (int)(length < 30 ? length : 30), code);
    return base_fail_at(text->error, &(base_fault){BERG_EINPUT, text->name, start, "npy header", "unsupported type",
                                                   "bool, int, float, unicode or object", found});
  }
  return BERG_OK;
}

static berg_status read_dict(literal *text, io_npy_header *header) {
  bool seen[3] = {false, false, false}, comma = true;
  if (!take(text, '{')) return fail(text, "not as NumPy writes it", "'{'");
  while (!take(text, '}')) {
    if (!comma) return fail(text, "not as NumPy writes it", "',' or '}'");
    const char *key;
    size_t length, at = text->at;
    berg_status status = read_string(text, &key, &length);
    if (status) return status;
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    size_t k = 0;
    while (k < 3 && (strlen(keys[k]) != length || memcmp(keys[k], key, length))) k++;
    if (k == 3 || seen[k]) {
      text->at = at;
      return fail(text, k == 3 ? "unknown key" : "key given twice", "descr, fortran_order and shape");
    }
    seen[k] = true;
    if (!take(text, ':')) return fail(text, "not as NumPy writes it", "':'");
    status = k == 0 ? read_descr(text, header) : k == 1 ? read_bool(text, &header->fortran) : read_shape(text, header);
    if (status) return status;
    comma = take(text, ',');
  }
  if (!seen[0] || !seen[1] || !seen[2]) return fail(text, "a key is missing", "descr, fortran_order and shape");
  skip_space(text);
  return text->at < text->end ? fail(text, "text after the dict", "spaces") : BERG_OK;
}

berg_status io_npy_read_header(io_npy_header *header, const uint8_t *bytes, size_t size, size_t total, const char *name,
                               berg_error *error) {
  *header = (io_npy_header){0};
  size_t compared = size < sizeof MAGIC ? size : sizeof MAGIC;
  if (!size || memcmp(bytes, MAGIC, compared)) {
    char start[48] = "an empty file";
    for (size_t i = 0, used = 0; i < compared; i++)
      used += (size_t)base_print(start + used, sizeof start - used,
                                 bytes[i] < 0x20 || bytes[i] > 0x7e ? "\\x%02x" : "%c", bytes[i]);
    return base_fail_at(error, &(base_fault){BERG_EINPUT, name, 0, NULL, "not a .npy file", "\\x93NUMPY", start});
  }
  base_fault cut = {BERG_EINPUT, name, size, "npy header", "the file is truncated", NULL, NULL};
  if (size < 10) return base_fail_at(error, &cut);
  if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0) {
    char found[16];
    base_print(found, sizeof found, "%d.%d", bytes[6], bytes[7]);
    return base_fail_at(error,
                        &(base_fault){BERG_EINPUT, name, 6, "npy header", "unknown version", "1.0, 2.0 or 3.0", found});
  }
  size_t start = bytes[6] == 1 ? 10 : 12;
  if (size < start) return base_fail_at(error, &cut);
  size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
  if (bytes[6] > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (length > MAX_TEXT) {
    char found[32];
    base_print(found, sizeof found, "%zu bytes", length);
    return base_fail_at(
        error, &(base_fault){BERG_EINPUT, name, 8, "npy header", "header too long", "at most 65,535 bytes", found});
  }
  if (length > size - start) return base_fail_at(error, &cut);
  literal text = {bytes, start, start + length, name, error};
  berg_status status = read_dict(&text, header);
  if (status) return status;
  header->data_offset = start + length;
  size_t count, needed;
  if (!io_extent(header->shape, header->ndim, header->itemsize, &count, &needed))
    return base_fail_at(
        error, &(base_fault){BERG_EINPUT, name, start, "npy header", "shape does not fit in memory", NULL, NULL});
  if (total && header->dtype != BERG_STRING && (total < header->data_offset || needed > total - header->data_offset)) {
    char expected[48], found[32];
    base_print(expected, sizeof expected, "%zu bytes of data", needed);
    base_print(found, sizeof found, "%zu", total < header->data_offset ? 0 : total - header->data_offset);
    return base_fail_at(error,
                        &(base_fault){BERG_EINPUT, name, total, "npy data", "the file is truncated", expected, found});
  }
  return BERG_OK;
}

/* Appends to a text whose length is counted even where the buffer is full. */
static void append(char *text, size_t capacity, size_t *length, const char *format, ...) BASE_PRINTF(4, 5);
static void append(char *text, size_t capacity, size_t *length, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int written = base_print_list(*length < capacity ? text + *length : NULL, *length < capacity ? capacity - *length : 0,
                                format, list);
  va_end(list);
  *length += written > 0 ? (size_t)written : 0;
}

size_t io_npy_write_header(uint8_t *out, size_t capacity, berg_dtype dtype, size_t itemsize, const size_t *shape,
                           size_t ndim) {
  char text[512], code[24];
  size_t used = 0;
  io_dtype_code(dtype, itemsize, code, sizeof code);
  append(text, sizeof text, &used, "{'descr': '%s', 'fortran_order': False, 'shape': (", code);
  for (size_t d = 0; d < ndim; d++) append(text, sizeof text, &used, "%s%zu", d ? ", " : "", shape[d]);
  append(text, sizeof text, &used, "%s), }", ndim == 1 ? "," : "");
  if (ndim) append(text, sizeof text, &used, "%*s", AXIS_DIGITS - base_print(NULL, 0, "%zu", shape[0]), "");
  /* at least one space before the newline: where the length is already a multiple of 64, NumPy adds a whole line of
   * padding */
  size_t total = (10 + used + 1) / DATA_ALIGNMENT * DATA_ALIGNMENT + DATA_ALIGNMENT;
  if (!out) return total;
  if (capacity < total) return 0;
  memcpy(out, MAGIC, sizeof MAGIC);
  out[6] = 1;
  out[7] = 0;
  out[8] = (uint8_t)(total - 10);
  out[9] = (uint8_t)((total - 10) >> 8);
  memcpy(out + 10, text, used);
  memset(out + 10 + used, ' ', total - 10 - used);
  out[total - 1] = '\n';
  return total;
}
