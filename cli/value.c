/* Any value of a file or of metadata as text and as JSON. */
#include "value.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t cli_array_count(const berg_array *array) {
  size_t count = 1;
  for (size_t i = 0; i < array->ndim; i++)
    if (__builtin_mul_overflow(count, array->shape[i], &count)) return SIZE_MAX;
  return count;
}

const unsigned char *cli_element(const berg_array *array, size_t index) {
  const unsigned char *at = array->data;
  for (size_t i = array->ndim; i-- > 0;) {
    at += (ptrdiff_t)(index % array->shape[i]) * array->strides[i];
    index /= array->shape[i];
  }
  return at;
}

bool cli_is_text(const berg_array *array) { return array->dtype == BERG_STRING || array->dtype == BERG_UNICODE; }

bool cli_is_real(const berg_array *array) {
  return array->dtype == BERG_F16 || array->dtype == BERG_BF16 || array->dtype == BERG_F32 || array->dtype == BERG_F64;
}

bool cli_is_whole(const berg_array *array) { return !cli_is_text(array) && !cli_is_real(array); }

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
static double half(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                 : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                : ldexp(fraction, -24);
  return bits >> 15 ? -value : value;
}

static float single(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The whole-number types, by size and sign, as the widest of their sign. */
static uint64_t whole(const berg_array *array, const unsigned char *at, bool *negative) {
  uint64_t bits = 0;
  size_t size = array->itemsize > 8 ? 8 : array->itemsize;
  memcpy(&bits, at, size);
  bool is_signed =
      array->dtype == BERG_I8 || array->dtype == BERG_I16 || array->dtype == BERG_I32 || array->dtype == BERG_I64;
  *negative = is_signed && bits >> (8 * size - 1) & 1;
  if (*negative && size < 8) bits |= ~(uint64_t)0 << (8 * size);
  return bits;
}

static double real(const berg_array *array, const unsigned char *at) {
  uint16_t two;
  uint32_t four;
  double eight;
  switch (array->dtype) {
  case BERG_F16: memcpy(&two, at, 2); return half(two);
  case BERG_BF16: memcpy(&two, at, 2); return single((uint32_t)two << 16);
  case BERG_F32: memcpy(&four, at, 4); return single(four);
  default: memcpy(&eight, at, 8); return eight;
  }
}

double cli_element_number(const berg_array *array, size_t index) {
  bool negative;
  if (cli_is_text(array)) return NAN;
  const unsigned char *at = cli_element(array, index);
  if (cli_is_real(array)) return real(array, at);
  uint64_t bits = whole(array, at, &negative);
  return negative ? (double)(int64_t)bits : (double)bits;
}

static char *utf8_of_ucs4(const unsigned char *at, size_t characters) {
  char *text = cli_alloc(4 * characters + 1, 1), *to = text;
  if (!text) return NULL;
  for (size_t i = 0; i < characters; i++) {
    uint32_t code;
    memcpy(&code, at + 4 * i, 4);
    if (!code) break; /* NumPy pads with zeros */
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
    if (code < 0x80) {
      *to++ = (char)code;
    } else if (code < 0x800) {
      *to++ = (char)(0xc0 | code >> 6);
      *to++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
      *to++ = (char)(0xe0 | code >> 12);
      *to++ = (char)(0x80 | (code >> 6 & 63));
      *to++ = (char)(0x80 | (code & 63));
    } else {
      *to++ = (char)(0xf0 | code >> 18);
      *to++ = (char)(0x80 | (code >> 12 & 63));
      *to++ = (char)(0x80 | (code >> 6 & 63));
      *to++ = (char)(0x80 | (code & 63));
    }
  }
  *to = '\0';
  return text;
}

char *cli_element_text(const berg_array *array, size_t index) {
  const unsigned char *at = cli_element(array, index);
  if (array->dtype == BERG_UNICODE) return utf8_of_ucs4(at, array->itemsize / 4);
  if (array->dtype != BERG_STRING) return NULL;
  const char *text;
  memcpy(&text, at, sizeof text);
  if (!text) text = "";
  return cli_copy(text, strlen(text));
}

static void real_text(const berg_array *array, double value, char text[40]) {
  if (isnan(value)) {
    strcpy(text, "nan");
    return;
  }
  bool narrow = array->dtype != BERG_F64;
  for (int digits = narrow ? 6 : 15; digits <= 17; digits++) {
    snprintf(text, 40, "%.*g", digits, value);
    if (narrow ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) return;
  }
}

static void number_text(const berg_array *array, size_t index, char text[40]) {
  const unsigned char *at = cli_element(array, index);
  bool negative;
  if (cli_is_real(array)) {
    real_text(array, real(array, at), text);
    return;
  }
  uint64_t bits = whole(array, at, &negative);
  if (negative)
    snprintf(text, 40, "%" PRId64, (int64_t)bits);
  else
    snprintf(text, 40, "%" PRIu64, bits);
}

void cli_element_print(FILE *stream, const berg_array *array, size_t index) {
  if (cli_is_text(array)) {
    char *text = cli_element_text(array, index);
    if (text) cli_print_safe(stream, text);
    free(text);
    return;
  }
  char text[40];
  number_text(array, index, text);
  fputs(text, stream);
}

char *cli_shape_text(const berg_array *array, char text[160]) {
  int length = snprintf(text, 160, "(");
  for (size_t i = 0; i < array->ndim && length < 150; i++)
    length += snprintf(text + length, 160 - (size_t)length, i ? ", %zu" : "%zu", array->shape[i]);
  snprintf(text + length, 160 - (size_t)length, array->ndim == 1 ? ",)" : ")");
  return text;
}

static cJSON *element_json(const berg_array *array, size_t index) {
  if (cli_is_text(array)) {
    char *text = cli_element_text(array, index);
    cJSON *json = cJSON_CreateString(text ? text : "");
    free(text);
    return json;
  }
  double value = cli_element_number(array, index);
  if (!isfinite(value)) return cJSON_CreateNull();
  if (array->dtype == BERG_BOOL) return cJSON_CreateBool(value != 0);
  char text[40];
  number_text(array, index, text); /* cJSON keeps numbers as double: 64-bit integers would lose digits */
  return cJSON_CreateRaw(text);
}

static cJSON *nested_json(const berg_array *array, size_t dimension, size_t *index) {
  if (dimension == array->ndim) return element_json(array, (*index)++);
  cJSON *list = cJSON_CreateArray();
  for (size_t i = 0; i < array->shape[dimension]; i++)
    cJSON_AddItemToArray(list, nested_json(array, dimension + 1, index));
  return list;
}

cJSON *cli_array_json(const berg_array *array, size_t most) {
  size_t index = 0;
  if (cli_array_count(array) <= most) return nested_json(array, 0, &index);
  cJSON *json = cJSON_CreateObject(), *shape = cJSON_AddArrayToObject(json, "shape");
  cJSON_AddStringToObject(json, "dtype", berg_dtype_name(array->dtype));
  for (size_t i = 0; i < array->ndim; i++) cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)array->shape[i]));
  return json;
}
