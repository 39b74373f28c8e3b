/* Lists and arrays of metadata as C arrays. */
#include "train/evaluate/entries.h"

#include <math.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/container.h"
#include "io/value/text_array.h"

/* By the keys between dots, or NULL. */
static const io_value *find(const io_value *value, const char *key) {
  while (value && *key) {
    const size_t length = strcspn(key, ".");
    const io_value *found = NULL;
    for (size_t i = 0; value->kind == IO_DICT && i + 1 < value->count; i += 2) {
      const io_value *name = value->items[i];
      if (name->kind == IO_TEXT && name->text_length == length && !memcmp(name->text, key, length))
        found = value->items[i + 1];
    }
    value = found;
    key += length + (key[length] == '.');
  }
  return value;
}

static berg_status no_entry(const char *path, const char *key, const char *what, const char *expected,
                            const io_value *value, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, key, what, expected,
                                           value ? "something else" : "no entry of this name"});
}

/* Elements of a list or of an array of one dimension; 0: neither. */
static size_t length_of(const io_value *value) {
  if (!value) return 0;
  if (value->kind == IO_LIST || value->kind == IO_TUPLE) return value->count;
  return value->kind == IO_ARRAY && value->array->ndim == 1 ? value->array->shape[0] : 0;
}

/* --- Texts --- */

static bool holds_texts(const io_value *value) {
  if (value->kind == IO_ARRAY) return value->array->dtype == BERG_STRING || value->array->dtype == BERG_UNICODE;
  for (size_t i = 0; i < value->count; i++)
    if (value->items[i]->kind != IO_TEXT) return false;
  return true;
}

static char *text_of(const io_value *value, size_t index, berg_error *error) {
  return value->kind == IO_ARRAY ? io_text_at(value->array, index, error)
                                 : base_copy_text(value->items[index]->text, error);
}

berg_status train_entry_texts(char ***texts, size_t *count, const berg_file *metadata, const char *path,
                              const char *key, berg_error *error) {
  const io_value *value = find(io_container_document(metadata)->root, key);
  berg_error local;
  if (!error) error = &local; /* its status is read below */
  const size_t length = length_of(value);
  *texts = NULL;
  *count = 0;
  if (!length || !holds_texts(value))
    return no_entry(path, key, "is not a list of names", "texts, a list or an array (n,)", value, error);
  char **all = base_calloc(length, sizeof *all, error);
  if (!all) return BERG_ELIMIT;
  for (size_t i = 0; i < length; i++) {
    if ((all[i] = text_of(value, i, error))) continue;
    base_free_texts(all, length);
    return error->status;
  }
  *texts = all;
  *count = length;
  return BERG_OK;
}

/* --- Numbers --- */

/* NaN where it is none. */
static double number_of(const io_value *value, size_t index) {
  if (value->kind == IO_ARRAY)
    return base_is_numeric(value->array->dtype)
               ? base_read_number(value->array->dtype, io_element_at(value->array, index))
               : NAN;
  const io_value *item = value->items[index];
  if (item->kind == IO_SCALAR && base_is_numeric(item->array->dtype))
    return base_read_number(item->array->dtype, item->array->data);
  return item->kind == IO_INT ? (double)item->integer : item->kind == IO_FLOAT ? item->real : NAN;
}

berg_status train_entry_numbers(size_t **numbers, size_t *count, const berg_file *metadata, const char *path,
                                const char *key, berg_error *error) {
  const io_value *value = find(io_container_document(metadata)->root, key);
  const size_t length = length_of(value);
  *numbers = NULL;
  *count = 0;
  if (!length) return no_entry(path, key, "is not a list of numbers", "numbers, a list or an array (n,)", value, error);
  size_t *all = base_alloc(length, sizeof *all, error);
  if (!all) return BERG_ELIMIT;
  for (size_t i = 0; i < length; i++) {
    const double number = number_of(value, i);
    if (!(number >= 0 && number < 9e15 && number == floor(number))) {
      base_free(all);
      return base_fail_found(error, BERG_EINPUT, path, key, "whole numbers from 0 on", "%g at place %zu", number, i);
    }
    all[i] = (size_t)number;
  }
  *numbers = all;
  *count = length;
  return BERG_OK;
}
