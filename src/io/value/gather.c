/* Lists of numbers in a tree as arrays of it. */
#include "io/value/gather.h"

#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"

static bool is_list(const io_value *value) { return value->kind == IO_LIST || value->kind == IO_TUPLE; }

/* --- Whether it is an array --- */

/* Truth values are no numbers here: a list of them marks, and does not count. */
static bool is_number(const io_value *value, bool *whole) {
  if (value->kind == IO_INT) return true;
  if (value->kind == IO_FLOAT) {
    *whole = false;
    return true;
  }
  if (value->kind != IO_SCALAR || value->array->dtype == BERG_BOOL || !base_is_numeric(value->array->dtype))
    return false;
  *whole = *whole && base_is_whole(value->array->dtype);
  return true;
}

/* Takes the shape of the first item and those in it. */
static bool take_shape(const io_value *value, berg_array *shape) {
  size_t count = 1;
  for (; is_list(value); value = value->items[0]) {
    if (shape->ndim == BERG_MAX_DIMS || !base_multiply(count, value->count, &count) || count > IO_MAX_VALUES)
      return false;
    shape->shape[shape->ndim++] = value->count;
    if (!value->count) return shape->ndim == 1;
  }
  return true;
}

static bool fits(const io_value *value, const berg_array *shape, size_t d, bool *whole) {
  if (d == shape->ndim) return is_number(value, whole);
  bool good = is_list(value) && value->count == shape->shape[d];
  for (size_t i = 0; good && i < value->count; i++) good = fits(value->items[i], shape, d + 1, whole);
  return good;
}

/* --- Making it --- */

static void put(const io_value *value, bool whole, void *at) {
  const bool is_scalar = value->kind == IO_SCALAR;
  if (whole) {
    const int64_t number = is_scalar ? base_read_whole(value->array->dtype, value->array->data) : value->integer;
    memcpy(at, &number, sizeof number);
  } else {
    const double number = is_scalar                 ? base_read_number(value->array->dtype, value->array->data)
                          : value->kind == IO_FLOAT ? value->real
                                                    : (double)value->integer;
    memcpy(at, &number, sizeof number);
  }
}

static char *put_all(const io_value *value, bool whole, char *at) {
  if (!is_list(value)) {
    put(value, whole, at);
    return at + sizeof(int64_t);
  }
  for (size_t i = 0; i < value->count; i++) at = put_all(value->items[i], whole, at);
  return at;
}

static berg_status gather_list(io_value **out, io_arena *arena, io_value *list, berg_error *error) {
  berg_array array = {.ndim = 0};
  bool whole = true;
  size_t count;
  if (!take_shape(list, &array) || !fits(list, &array, 0, &whole)) return BERG_OK;
  array.dtype = whole ? BERG_I64 : BERG_F64;
  array.itemsize = sizeof(int64_t);
  base_array_set_strides(&array, false);
  base_array_count(&array, &count);
  char *values = io_arena_take(arena, count * array.itemsize, error);
  if (!values) return BERG_ELIMIT;
  put_all(list, whole, values);
  array.data = values;
  io_value *made = io_value_array(arena, &array, error);
  if (!made) return BERG_ELIMIT;
  *out = made;
  return BERG_OK;
}

/* --- All of a tree --- */

/* A copy of the dict or box whose items may be replaced. */
static io_value *copy_of(io_arena *arena, const io_value *value, berg_error *error) {
  io_value *copy = io_value_new(arena, value->kind, error);
  io_value **items = copy ? io_arena_take(arena, value->count * sizeof *items, error) : NULL;
  if (!items) return NULL;
  *copy = *value;
  memcpy(items, value->items, value->count * sizeof *items);
  copy->items = items;
  copy->capacity = value->count;
  return copy;
}

berg_status io_gather(io_value **gathered, io_arena *arena, io_value *root, berg_error *error) {
  *gathered = root;
  if (is_list(root)) return gather_list(gathered, arena, root, error);
  if (root->kind != IO_DICT && root->kind != IO_BOX) return BERG_OK;
  const size_t step = root->kind == IO_DICT ? 2 : 1;
  for (size_t i = step - 1; i < root->count; i += step) {
    io_value *item;
    berg_status status = io_gather(&item, arena, root->items[i], error);
    if (status) return status;
    if (item == root->items[i]) continue;
    if (*gathered == root && !(*gathered = copy_of(arena, root, error))) return BERG_ELIMIT;
    (*gathered)->items[i] = item;
  }
  return BERG_OK;
}
