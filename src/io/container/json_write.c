/* Values as JSON, for people and for programs without NumPy. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/array.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/text_array.h"
#include "io/container/writers.h"

#define MAX_ELEMENTS 1000

typedef struct printer {
  const io_sink *sink;
  berg_error *error;
  berg_status status;
} printer;

static void put(printer *out, const char *text) {
  if (!out->status) out->status = io_put(out->sink, text, strlen(text), out->error);
}

static void put_quoted(printer *out, const char *text) {
  if (!out->status) out->status = io_put_quoted(out->sink, text, out->error);
}

static void put_line(printer *out, size_t depth) {
  put(out, "\n");
  for (size_t i = 0; i < depth; i++) put(out, "  ");
}

static void put_real(printer *out, double real, bool is_single) {
  char text[BASE_DECIMAL_ROOM];
  if (!isfinite(real)) {
    put(out, isnan(real) ? "\"NaN\"" : real > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    return;
  }
  put(out, base_decimal(real, is_single, text));
  if (!strpbrk(text, ".e")) put(out, ".0");
}

static double half(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                : exponent     ? ldexp(1024 + fraction, exponent - 25)
                               : ldexp(fraction, -24);
  return bits & 0x8000 ? -size : size;
}

static void put_element(printer *out, const berg_array *array, size_t index) {
  const uint8_t *at = io_element_at(array, index);
  uint64_t bits = 0;
  char text[32];
  if (array->itemsize <= 8) memcpy(&bits, at, array->itemsize);
  switch (array->dtype) {
  case BERG_BOOL: put(out, bits ? "true" : "false"); return;
  case BERG_U8:
  case BERG_U16:
  case BERG_U32:
  case BERG_U64: base_print(text, sizeof text, "%" PRIu64, bits); break;
  case BERG_I8: base_print(text, sizeof text, "%d", (int8_t)bits); break;
  case BERG_I16: base_print(text, sizeof text, "%d", (int16_t)bits); break;
  case BERG_I32: base_print(text, sizeof text, "%" PRId32, (int32_t)bits); break;
  case BERG_I64: base_print(text, sizeof text, "%" PRId64, (int64_t)bits); break;
  case BERG_F16: put_real(out, half((uint16_t)bits), true); return;
  case BERG_BF16: bits <<= 16; /* fall through */
  case BERG_F32: {
    float real;
    uint32_t word = (uint32_t)bits;
    memcpy(&real, &word, sizeof real);
    put_real(out, real, true);
    return;
  }
  case BERG_F64: {
    double real;
    memcpy(&real, &bits, sizeof real);
    put_real(out, real, false);
    return;
  }
  case BERG_STRING:
  case BERG_UNICODE: {
    char *string = io_text_at(array, index, out->error);
    if (!string && !out->status) out->status = out->error ? out->error->status : BERG_EINPUT;
    if (string) put_quoted(out, string);
    base_free(string);
    return;
  }
  }
  put(out, text);
}

static void put_elements(printer *out, const berg_array *array, size_t dimension, size_t *index) {
  if (dimension == array->ndim) {
    put_element(out, array, (*index)++);
    return;
  }
  put(out, "[");
  for (size_t i = 0; i < array->shape[dimension] && !out->status; i++) {
    if (i) put(out, ", ");
    put_elements(out, array, dimension + 1, index);
  }
  put(out, "]");
}

static void put_array(printer *out, const berg_array *array) {
  size_t count = io_text_count(array), span = 1, index = 0;
  char size[32];
  /* an empty array can still have a million empty rows */
  for (size_t d = 0; d < array->ndim && span <= MAX_ELEMENTS; d++)
    span *= array->shape[d] < MAX_ELEMENTS ? array->shape[d] + !array->shape[d] : MAX_ELEMENTS + 1;
  if (count <= MAX_ELEMENTS && span <= MAX_ELEMENTS) {
    put_elements(out, array, 0, &index);
    return;
  }
  put(out, "{\"dtype\": ");
  put_quoted(out, berg_dtype_name(array->dtype));
  put(out, ", \"shape\": [");
  for (size_t d = 0; d < array->ndim; d++) {
    base_print(size, sizeof size, "%s%zu", d ? ", " : "", array->shape[d]);
    put(out, size);
  }
  put(out, "]}");
}

static void put_value(printer *out, const io_value *value, size_t depth);

static void put_dict(printer *out, const io_value *dict, size_t depth) {
  char number[32];
  put(out, "{");
  for (size_t i = 0; i + 1 < dict->count && !out->status; i += 2) {
    const io_value *key = dict->items[i];
    if (key->kind == IO_INT) base_print(number, sizeof number, "%" PRId64, key->integer);
    if (i) put(out, ",");
    put_line(out, depth + 1);
    put_quoted(out, key->kind == IO_INT ? number : key->text);
    put(out, ": ");
    put_value(out, dict->items[i + 1], depth + 1);
  }
  if (dict->count) put_line(out, depth);
  put(out, "}");
}

static void put_value(printer *out, const io_value *value, size_t depth) {
  char number[32];
  switch (value->kind) {
  case IO_NONE: put(out, "null"); return;
  case IO_BOOL: put(out, value->truth ? "true" : "false"); return;
  case IO_INT:
    base_print(number, sizeof number, "%" PRId64, value->integer);
    put(out, number);
    return;
  case IO_FLOAT: put_real(out, value->real, false); return;
  case IO_TEXT: put_quoted(out, value->text); return;
  case IO_ARRAY:
  case IO_SCALAR: put_array(out, value->array); return;
  case IO_BOX: put_value(out, value->items[0], depth); return;
  case IO_DICT: put_dict(out, value, depth); return;
  case IO_LIST:
  case IO_TUPLE:
    put(out, "[");
    for (size_t i = 0; i < value->count && !out->status; i++) {
      if (i) put(out, ", ");
      put_value(out, value->items[i], depth + 1);
    }
    put(out, "]");
    return;
  case IO_BYTES:
  case IO_OTHER: break;
  }
  if (!out->status) out->status = base_fail(out->error, BERG_EINPUT, "Python bytes cannot be held by .json");
}

berg_status io_write_json(const io_sink *sink, const io_content *content, berg_error *error) {
  printer out = {sink, error, BERG_OK};
  put_value(&out, content->root, 0);
  put(&out, "\n");
  return out.status;
}
