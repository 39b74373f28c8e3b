/* Arrays of text: fixed width, UTF-8, UCS-4. */
#include "io/value/text_array.h"

#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/value/array_value.h"

size_t io_text_count(const berg_array *array) {
  size_t count;
  return base_array_count(array, &count) ? count : 0;
}

const uint8_t *io_element_at(const berg_array *array, size_t index) {
  const uint8_t *at = array->data;
  for (size_t d = array->ndim; d-- > 0;) {
    at += (ptrdiff_t)(index % array->shape[d]) * array->strides[d];
    index /= array->shape[d];
  }
  return at;
}

static size_t put_utf8(char *out, uint32_t point) {
  if (point < 0x80) {
    out[0] = (char)point;
    return 1;
  }
  size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
  out[0] = (char)(lead[more] | point >> 6 * more);
  for (size_t i = 1; i <= more; i++) out[i] = (char)(0x80 | (point >> 6 * (more - i) & 0x3f));
  return more + 1;
}

char *io_text_at(const berg_array *array, size_t index, berg_error *error) {
  const uint8_t *at = io_element_at(array, index);
  if (array->dtype == BERG_STRING) {
    const char *text;
    memcpy(&text, at, sizeof text);
    return base_copy_text(text, error);
  }
  size_t length = array->itemsize / 4, used = 0;
  uint32_t point = 0;
  for (; length; length--) {
    memcpy(&point, at + 4 * (length - 1), 4);
    if (point) break;
  }
  char *text = base_alloc(4 * length + 1, 1, error);
  for (size_t i = 0; text && i < length; i++) {
    memcpy(&point, at + 4 * i, 4);
    if (!point || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
      base_fail_at(error, &(base_fault){BERG_EINPUT, NULL, BERG_NO_OFFSET, array->name,
                                        "text with a code point that is not a character", NULL, NULL});
      base_free(text);
      return NULL;
    }
    used += put_utf8(text + used, point);
  }
  if (text) text[used] = '\0';
  return text;
}

bool io_text_to_ucs4(uint8_t *out, size_t width, const char *text) {
  memset(out, 0, width * 4);
  for (const uint8_t *at = (const uint8_t *)text; *at; width--, out += 4) {
    size_t more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
    uint32_t point = more ? *at & (0x3fu >> more) : *at;
    if (!width) return false;
    for (size_t i = 1; i <= more; i++) point = point << 6 | (at[i] & 0x3fu);
    memcpy(out, &point, 4);
    at += more + 1;
  }
  return true;
}

berg_array *io_text_from_json(io_arena *arena, const berg_array *about, const cJSON *list, berg_error *error) {
  io_layout layout = {about->dtype, about->itemsize, false, false};
  size_t bytes, i = 0, count = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, list) count++;
  if (!io_array_bytes(&layout, about, &bytes) || bytes / about->itemsize != count) return NULL;
  uint8_t *data = io_arena_take(arena, bytes, error);
  if (!data) return NULL;
  memset(data, 0, bytes);
  cJSON_ArrayForEach(item, list) {
    uint8_t *at = data + i++ * about->itemsize;
    if (about->dtype == BERG_UNICODE) {
      if (!io_utf8_valid(item->valuestring, strlen(item->valuestring), false) ||
          !io_text_to_ucs4(at, about->itemsize / 4, item->valuestring))
        return NULL;
    } else {
      const char *text = io_arena_text(arena, item->valuestring, strlen(item->valuestring), error);
      if (!text) return NULL;
      memcpy(at, &text, sizeof text);
    }
  }
  return io_array_new(arena, &layout, about, data, error);
}
