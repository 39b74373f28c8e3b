/* Checked allocation. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void *base_alloc(size_t count, size_t size, berg_error *error) {
  size_t bytes;
  if (!base_multiply(count, size, &bytes) || bytes > PTRDIFF_MAX - BASE_ALIGNMENT) {
    base_fail_memory(error, SIZE_MAX);
    return NULL;
  }
  /* aligned_alloc requires a multiple of the alignment; at least one line, so that 0 elements have an address. */
  size_t rounded = bytes ? (bytes + BASE_ALIGNMENT - 1) / BASE_ALIGNMENT * BASE_ALIGNMENT : BASE_ALIGNMENT;
  void *block = aligned_alloc(BASE_ALIGNMENT, rounded);
  if (!block) base_fail_memory(error, bytes);
  return block;
}

void *base_calloc(size_t count, size_t size, berg_error *error) {
  void *block = base_alloc(count, size, error);
  if (block) memset(block, 0, count * size);
  return block;
}

bool base_grow(void **block, size_t *capacity, size_t count, size_t size, berg_error *error) {
  if (count <= *capacity) return true;
  size_t wanted = *capacity > SIZE_MAX / 2 ? count : *capacity * 2;
  if (wanted < count) wanted = count;
  if (wanted < 16) wanted = 16;
  void *larger = base_alloc(wanted, size, error);
  if (!larger) return false;
  if (*block) memcpy(larger, *block, *capacity * size);
  base_free(*block);
  *block = larger;
  *capacity = wanted;
  return true;
}

void base_free(void *block) { free(block); }

void berg_free(void *memory) { base_free(memory); }

char *base_copy_bytes(const char *text, size_t length, berg_error *error) {
  char *copy = length < SIZE_MAX ? base_alloc(length + 1, 1, error) : NULL;
  if (copy) {
    memcpy(copy, text, length);
    copy[length] = '\0';
  }
  return copy;
}

void base_free_texts(char **texts, size_t count) {
  for (size_t i = 0; texts && i < count; i++) base_free(texts[i]);
  base_free(texts);
}

char *base_copy_text(const char *text, berg_error *error) { return base_copy_bytes(text, strlen(text), error); }

char *base_format(berg_error *error, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int length = base_print_list(NULL, 0, format, list);
  va_end(list);
  if (length < 0) {
    base_fail(error, BERG_EINTERNAL, "a text could not be formatted");
    return NULL;
  }
  char *text = base_alloc((size_t)length + 1, 1, error);
  if (text) {
    va_start(list, format);
    base_print_list(text, (size_t)length + 1, format, list);
    va_end(list);
  }
  return text;
}
