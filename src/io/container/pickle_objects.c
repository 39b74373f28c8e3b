/* The callables that a pickle may name, and what each makes of its arguments. Nothing outside this list is accepted. */
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "io/value/array_value.h"
#include "io/value/dtype.h"
#include "io/container/pickle_machine.h"

typedef enum callable {
  RECONSTRUCT, /* blank ndarray, filled by its state */
  SCALAR,
  NDARRAY, /* the class, an argument of RECONSTRUCT */
  DTYPE,
  ENCODE, /* bytes as protocol 2 spells them: text, encoded as latin1 */
  BYTES,  /* and empty bytes: bytes() */
  FROMBUFFER,
  ORDERED_DICT,
  REBUILD_TENSOR,
  REBUILD_PARAMETER,
  STORAGE,
  ESTIMATOR /* a class whose objects are read as the dict of their attributes */
} callable;

struct pickle_global {
  const char *module, *name;
  callable what;
  berg_dtype dtype; /* of STORAGE */
};

static const pickle_global globals[] = {
    {"numpy.core.multiarray", "_reconstruct", RECONSTRUCT, 0},
    {"numpy._core.multiarray", "_reconstruct", RECONSTRUCT, 0},
    {"numpy.core.multiarray", "scalar", SCALAR, 0},
    {"numpy._core.multiarray", "scalar", SCALAR, 0},
    {"numpy", "ndarray", NDARRAY, 0},
    {"numpy", "dtype", DTYPE, 0},
    {"_codecs", "encode", ENCODE, 0},
    {"__builtin__", "bytes", BYTES, 0},
    {"builtins", "bytes", BYTES, 0},
    {"numpy.core.numeric", "_frombuffer", FROMBUFFER, 0},
    {"numpy._core.numeric", "_frombuffer", FROMBUFFER, 0},
    {"collections", "OrderedDict", ORDERED_DICT, 0},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, 0},
    {"torch", "FloatStorage", STORAGE, BERG_F32},
    {"torch", "DoubleStorage", STORAGE, BERG_F64},
    {"torch", "HalfStorage", STORAGE, BERG_F16},
    {"torch", "BFloat16Storage", STORAGE, BERG_BF16},
    {"torch", "LongStorage", STORAGE, BERG_I64},
    {"torch", "IntStorage", STORAGE, BERG_I32},
    {"torch", "ShortStorage", STORAGE, BERG_I16},
    {"torch", "CharStorage", STORAGE, BERG_I8},
    {"torch", "ByteStorage", STORAGE, BERG_U8},
    {"torch", "BoolStorage", STORAGE, BERG_BOOL},
    {"sklearn.decomposition._pca", "PCA", ESTIMATOR, 0},
    {"sklearn.decomposition.pca", "PCA", ESTIMATOR, 0},
};

static bool same(const char *known, const char *text, size_t length) {
  return strlen(known) == length && !memcmp(known, text, length);
}

static bool is_other(const io_value *value, int tag) { return value->kind == IO_OTHER && value->tag == tag; }

static bool is_global(const io_value *value, callable what) {
  return is_other(value, PICKLE_GLOBAL) && ((const pickle_global *)value->other)->what == what;
}

berg_status pickle_find_global(pickle_machine *machine, const char *module, size_t module_length, const char *name,
                               size_t name_length, io_value **value) {
  for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
    if (same(globals[i].module, module, module_length) && same(globals[i].name, name, name_length)) {
      *value = pickle_new(machine, IO_OTHER, PICKLE_GLOBAL);
      if (*value) (*value)->other = (void *)(uintptr_t)&globals[i];
      return *value ? BERG_OK : BERG_ELIMIT;
    }
  char found[128];
  base_print(found, sizeof found, "%.*s.%.*s", (int)(module_length < 60 ? module_length : 60), module,
             (int)(name_length < 60 ? name_length : 60), name);
  return pickle_fail(machine, "refused, and nothing was executed: calls something that is not on the list",
                     "arrays, plain values and scikit-learn's PCA", found);
}

/* Argument `index` of a tuple of the kind wanted, or NULL. */
static io_value *argument(const io_value *tuple, size_t index, io_kind kind) {
  return tuple->kind == IO_TUPLE && index < tuple->count && tuple->items[index]->kind == kind ? tuple->items[index]
                                                                                              : NULL;
}

static const pickle_dtype *as_dtype(const io_value *value) {
  return value && is_other(value, PICKLE_DTYPE) ? value->other : NULL;
}

static berg_status wrong(pickle_machine *machine, const char *what) {
  return pickle_fail(machine, "not as NumPy, torch and scikit-learn write it", what, NULL);
}

/* A tuple of sizes; -1 where it is not one. */
static bool read_sizes(const io_value *tuple, int64_t *sizes, size_t *count) {
  if (!tuple || (tuple->kind != IO_TUPLE && tuple->kind != IO_LIST) || tuple->count > BERG_MAX_DIMS) return false;
  for (*count = 0; *count < tuple->count; ++*count) {
    const io_value *size = tuple->items[*count];
    if (size->kind != IO_INT || size->integer < 0) return false;
    sizes[*count] = size->integer;
  }
  return true;
}

static bool read_shape(const io_value *tuple, berg_array *array) {
  int64_t sizes[BERG_MAX_DIMS];
  if (!read_sizes(tuple, sizes, &array->ndim)) return false;
  for (size_t d = 0; d < array->ndim; d++) array->shape[d] = (size_t)sizes[d];
  return true;
}

/* Gives `value` the array that dtype, shape and bytes make; the bytes stay in place unless their order must be
 * swapped. */
static berg_status set_array(pickle_machine *machine, io_value *value, const pickle_dtype *dtype,
                             const berg_array *shape, bool fortran, const uint8_t *bytes, size_t size) {
  io_layout layout = {dtype->dtype, dtype->itemsize, dtype->big_endian, fortran};
  size_t needed;
  if (!io_array_bytes(&layout, shape, &needed))
    return pickle_fail(machine, "a shape does not fit in memory", NULL, NULL);
  if (needed != size) {
    char expected[32], found[32];
    base_print(expected, sizeof expected, "%zu bytes", needed);
    base_print(found, sizeof found, "%zu", size);
    return pickle_fail(machine, "an array's data do not fit its shape", expected, found);
  }
  value->array = io_array_new(machine->arena, &layout, shape, bytes, machine->error);
  value->kind = IO_ARRAY;
  return value->array ? BERG_OK : BERG_ELIMIT;
}

static berg_status make_scalar(pickle_machine *machine, const io_value *arguments, io_value **result) {
  const pickle_dtype *dtype =
      arguments->kind == IO_TUPLE && arguments->count == 2 ? as_dtype(arguments->items[0]) : NULL;
  const io_value *data = argument(arguments, 1, IO_BYTES);
  if (!dtype || dtype->dtype == BERG_STRING || !data) return wrong(machine, "scalar(dtype, bytes)");
  *result = pickle_new(machine, IO_SCALAR, 0);
  if (!*result) return BERG_ELIMIT;
  berg_status status = set_array(machine, *result, dtype, &(berg_array){0}, false, data->bytes, data->size);
  (*result)->kind = IO_SCALAR;
  return status;
}

static berg_status make_dtype(pickle_machine *machine, const io_value *arguments, io_value **result) {
  const io_value *code = argument(arguments, 0, IO_TEXT);
  if (!code) return wrong(machine, "dtype(code, False, True)");
  pickle_dtype *dtype = io_arena_take(machine->arena, sizeof *dtype, machine->error);
  *result = dtype ? pickle_new(machine, IO_OTHER, PICKLE_DTYPE) : NULL;
  if (!*result) return BERG_ELIMIT;
  (*result)->other = dtype;
  /* bfloat16 has a byte order only in .npy headers; here 'V2' is two bytes of anything */
  if (!io_dtype_parse(code->text, code->text_length, &dtype->dtype, &dtype->itemsize, &dtype->big_endian))
    return pickle_fail(machine, "unsupported array type", "bool, int, float, unicode or object", code->text);
  return BERG_OK;
}

/* Text that can be shown and compared as a `char *`: a pickle's text may hold zeros (protocol 2 spells bytes as
 * text). */
static bool is_plain(const io_value *text) { return strlen(text->text) == text->text_length; }

/* Text whose code points are the bytes. */
static berg_status encode(pickle_machine *machine, const io_value *arguments, io_value **result) {
  const io_value *text = argument(arguments, 0, IO_TEXT), *codec = argument(arguments, 1, IO_TEXT);
  if (!text || !codec ||
      (!same("latin1", codec->text, codec->text_length) && !same("latin-1", codec->text, codec->text_length)))
    return wrong(machine, "encode(text, 'latin1')");
  uint8_t *bytes = io_arena_take(machine->arena, text->text_length, machine->error);
  *result = bytes ? pickle_new(machine, IO_BYTES, 0) : NULL;
  if (!*result) return BERG_ELIMIT;
  size_t size = 0;
  for (size_t i = 0; i < text->text_length; i++) {
    uint8_t c = (uint8_t)text->text[i];
    if (c >= 0xc4) return wrong(machine, "encode(text, 'latin1')");
    if (c >= 0xc0) c = (uint8_t)((c & 3) << 6 | ((uint8_t)text->text[++i] & 0x3f));
    bytes[size++] = c;
  }
  (*result)->bytes = bytes;
  (*result)->size = size;
  return BERG_OK;
}

static berg_status from_buffer(pickle_machine *machine, const io_value *arguments, io_value **result) {
  const io_value *data = argument(arguments, 0, IO_BYTES), *order = argument(arguments, 3, IO_TEXT);
  const pickle_dtype *dtype = data && order ? as_dtype(arguments->items[1]) : NULL;
  berg_array shape = {0};
  if (!dtype || dtype->dtype == BERG_STRING || !read_shape(arguments->items[2], &shape))
    return wrong(machine, "_frombuffer(bytes, dtype, shape, order)");
  *result = pickle_new(machine, IO_ARRAY, 0);
  return *result ? set_array(machine, *result, dtype, &shape, *order->text == 'F', data->bytes, data->size)
                 : BERG_ELIMIT;
}

static berg_status ordered_dict(pickle_machine *machine, const io_value *arguments, io_value **result) {
  const io_value *pairs = argument(arguments, 0, IO_LIST);
  *result = pickle_new(machine, IO_DICT, 0);
  if (!*result) return BERG_ELIMIT;
  if (arguments->kind != IO_TUPLE || arguments->count > 1 || (arguments->count && !pairs))
    return wrong(machine, "OrderedDict()");
  for (size_t i = 0; pairs && i < pairs->count; i++) {
    const io_value *pair = pairs->items[i];
    if ((pair->kind != IO_LIST && pair->kind != IO_TUPLE) || pair->count != 2)
      return wrong(machine, "OrderedDict([[key, value]])");
    for (size_t k = 0; k < 2; k++)
      if (!io_value_append(machine->arena, *result, pair->items[k], machine->error)) return BERG_ELIMIT;
  }
  return BERG_OK;
}

/* (storage, offset, size, stride, requires_grad, hooks): numbers in elements. */
static berg_status rebuild_tensor(pickle_machine *machine, const io_value *arguments, io_value **result) {
  const io_value *offset = argument(arguments, 1, IO_INT);
  int64_t strides[BERG_MAX_DIMS];
  size_t stride_count;
  berg_array array = {0};
  if (!offset || offset->integer < 0 || arguments->count < 4 || !is_other(arguments->items[0], PICKLE_STORAGE) ||
      !read_shape(arguments->items[2], &array) || !read_sizes(arguments->items[3], strides, &stride_count) ||
      stride_count != array.ndim)
    return wrong(machine, "_rebuild_tensor_v2(storage, offset, size, stride, ...)");
  const pickle_storage *storage = arguments->items[0]->other;
  array.dtype = storage->dtype;
  array.itemsize = base_dtype_size(storage->dtype);
  *result = pickle_new(machine, IO_ARRAY, 0);
  if (!*result) return BERG_ELIMIT;
  switch (io_array_place(&array, strides, (size_t)offset->integer, storage->bytes, storage->count)) {
  case IO_PLACE_OUTSIDE: return pickle_fail(machine, "a tensor reaches past the end of its storage", NULL, NULL);
  case IO_PLACE_REPEATED: return pickle_fail(machine, "a tensor repeats its elements too often", NULL, NULL);
  case IO_PLACE_OK: break;
  }
  berg_array *kept = io_arena_take(machine->arena, sizeof *kept, machine->error);
  if (!kept) return BERG_ELIMIT;
  *kept = array;
  (*result)->array = kept;
  return BERG_OK;
}

berg_status pickle_reduce(pickle_machine *machine, const io_value *what, const io_value *arguments, io_value **result) {
  if (!is_other(what, PICKLE_GLOBAL) || arguments->kind != IO_TUPLE)
    return pickle_fail(machine, "calls something that is not callable", NULL, NULL);
  switch (((const pickle_global *)what->other)->what) {
  case RECONSTRUCT:
    if (!arguments->count || !is_global(arguments->items[0], NDARRAY))
      return wrong(machine, "_reconstruct(ndarray, (0,), b'b')");
    *result = pickle_new(machine, IO_OTHER, PICKLE_BLANK_ARRAY);
    return *result ? BERG_OK : BERG_ELIMIT;
  case SCALAR: return make_scalar(machine, arguments, result);
  case DTYPE: return make_dtype(machine, arguments, result);
  case ENCODE: return encode(machine, arguments, result);
  case BYTES:
    if (arguments->count) return wrong(machine, "bytes()");
    *result = pickle_new(machine, IO_BYTES, 0);
    return *result ? BERG_OK : BERG_ELIMIT;
  case FROMBUFFER: return from_buffer(machine, arguments, result);
  case ORDERED_DICT: return ordered_dict(machine, arguments, result);
  case REBUILD_TENSOR: return rebuild_tensor(machine, arguments, result);
  case REBUILD_PARAMETER:
    *result = argument(arguments, 0, IO_ARRAY);
    return *result ? BERG_OK : wrong(machine, "_rebuild_parameter(tensor, ...)");
  case NDARRAY:
  case ESTIMATOR:
  case STORAGE: break;
  }
  return pickle_fail(machine, "calls something that is not callable", NULL, NULL);
}

berg_status pickle_new_object(pickle_machine *machine, const io_value *class, const io_value *arguments,
                              io_value **result) {
  if (!is_global(class, ESTIMATOR))
    return pickle_fail(machine, "makes an object of something that is not a known class", "scikit-learn's PCA", NULL);
  if (arguments->kind != IO_TUPLE || arguments->count) return wrong(machine, "PCA()");
  *result = pickle_new(machine, IO_OTHER, PICKLE_BLANK_OBJECT);
  return *result ? BERG_OK : BERG_ELIMIT;
}

/* (3, byte order, None, None, None, item size, alignment, flags), as version 4 with a ninth element. */
static berg_status build_dtype(pickle_machine *machine, io_value *object, const io_value *state) {
  pickle_dtype *dtype = object->other;
  const io_value *order = argument(state, 1, IO_TEXT), *size = argument(state, 5, IO_INT);
  if (!order || order->text_length != 1 || !strchr("<>|=", *order->text) || !argument(state, 2, IO_NONE) ||
      !argument(state, 3, IO_NONE) || !argument(state, 4, IO_NONE) || !size ||
      (size->integer > 0 && (uint64_t)size->integer != dtype->itemsize))
    return wrong(machine, "the state of a plain dtype");
  dtype->big_endian = *order->text == '>' && dtype->itemsize > 1 && dtype->dtype != BERG_STRING;
  return BERG_OK;
}

/* An object array: all text, or one value of any kind without dimensions. */
static berg_status build_objects(pickle_machine *machine, io_value *object, berg_array *array, const io_value *list,
                                 bool fortran) {
  size_t count, bytes;
  io_layout layout = {BERG_STRING, sizeof(char *), false, fortran};
  if (!io_array_bytes(&layout, array, &bytes))
    return pickle_fail(machine, "a shape does not fit in memory", NULL, NULL);
  count = bytes / sizeof(char *);
  if (list->count != count) {
    char expected[32], found[32];
    base_print(expected, sizeof expected, "%zu objects", count);
    base_print(found, sizeof found, "%zu", list->count);
    return pickle_fail(machine, "an array's data do not fit its shape", expected, found);
  }
  if (!array->ndim && list->items[0]->kind != IO_TEXT) {
    object->kind = IO_BOX;
    object->items = list->items;
    object->count = 1;
    object->capacity = 1;
    return BERG_OK;
  }
  const char **texts = io_arena_take(machine->arena, bytes, machine->error);
  if (!texts) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) {
    if (list->items[i]->kind != IO_TEXT)
      return pickle_fail(machine, "an object array holds more than text", NULL, NULL);
    if (!is_plain(list->items[i])) return pickle_fail(machine, "text with a zero byte", NULL, NULL);
    texts[i] = list->items[i]->text;
  }
  object->kind = IO_ARRAY;
  object->array = io_array_new(machine->arena, &layout, array, (const uint8_t *)texts, machine->error);
  return object->array ? BERG_OK : BERG_ELIMIT;
}

/* (1, shape, dtype, is Fortran order, data) */
static berg_status build_array(pickle_machine *machine, io_value *object, const io_value *state) {
  static const char form[] = "the state of an ndarray";
  if (state->kind != IO_TUPLE || state->count != 5) return wrong(machine, form);
  const io_value *order = state->items[3], *data = state->items[4];
  const pickle_dtype *dtype = as_dtype(state->items[2]);
  berg_array array = {0};
  if (!dtype || !read_shape(state->items[1], &array) || (order->kind != IO_BOOL && order->kind != IO_INT))
    return wrong(machine, form);
  bool fortran = order->kind == IO_BOOL ? order->truth : order->integer != 0;
  if (dtype->dtype == BERG_STRING)
    return data->kind == IO_LIST ? build_objects(machine, object, &array, data, fortran) : wrong(machine, form);
  return data->kind == IO_BYTES ? set_array(machine, object, dtype, &array, fortran, data->bytes, data->size)
                                : wrong(machine, form);
}

/* The attributes are the object: it becomes a dict of its own, so that items set in the state later are not its. */
static berg_status build_object(pickle_machine *machine, io_value *object, const io_value *state) {
  if (state->kind != IO_DICT) return wrong(machine, "a dict of attributes");
  object->kind = IO_DICT;
  object->items = state->items;
  object->count = object->capacity = state->count;
  return BERG_OK;
}

berg_status pickle_build(pickle_machine *machine, io_value *object, const io_value *state) {
  if (is_other(object, PICKLE_BLANK_ARRAY)) return build_array(machine, object, state);
  if (is_other(object, PICKLE_DTYPE)) return build_dtype(machine, object, state);
  if (is_other(object, PICKLE_BLANK_OBJECT)) return build_object(machine, object, state);
  /* a state_dict carries its modules' versions as an attribute `_metadata`; they say nothing about the
   * tensors */
  if (object->kind == IO_DICT && state->kind == IO_DICT) return BERG_OK;
  return pickle_fail(machine, "sets the state of an object that has none", NULL, NULL);
}

/* ('storage', class, key, device, elements) */
berg_status pickle_persistent(pickle_machine *machine, const io_value *id, io_value **result) {
  const io_value *word = argument(id, 0, IO_TEXT), *type = argument(id, 1, IO_OTHER), *key = argument(id, 2, IO_TEXT);
  const io_value *count = argument(id, 4, IO_INT);
  if (!machine->source->storage)
    return pickle_fail(machine, "refers to storages that this file cannot have", NULL, NULL);
  if (!word || !same("storage", word->text, word->text_length) || !type || !is_global(type, STORAGE) || !key ||
      !is_plain(key) || !count || count->integer < 0)
    return wrong(machine, "('storage', class, key, device, elements)");
  pickle_storage *storage = io_arena_take(machine->arena, sizeof *storage, machine->error);
  *result = storage ? pickle_new(machine, IO_OTHER, PICKLE_STORAGE) : NULL;
  if (!*result) return BERG_ELIMIT;
  size_t size;
  berg_status status =
      machine->source->storage(machine->source->context, key->text, &storage->bytes, &size, machine->error);
  if (status) return status;
  storage->dtype = ((const pickle_global *)type->other)->dtype;
  storage->count = (size_t)count->integer;
  (*result)->other = storage;
  if (storage->count > size / base_dtype_size(storage->dtype)) {
    char expected[48], found[32];
    base_print(expected, sizeof expected, "%zu elements", storage->count);
    base_print(found, sizeof found, "%zu bytes", size);
    return pickle_fail(machine, "a storage is shorter than said", expected, found);
  }
  return BERG_OK;
}
