/* Pickles of dicts and arrays, byte for byte as NumPy writes them. */
#include "io/container/pickle_write.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "io/value/dtype.h"
#include "io/value/text_array.h"

typedef struct pickler {
  const io_sink *sink;
  berg_error *error;
  bool for_torch;
  size_t tensors;
  berg_status status; /* of the first failure; nothing is put after it */
} pickler;

static void put(pickler *out, const void *bytes, size_t size) {
  if (!out->status) out->status = io_put(out->sink, bytes, size, out->error);
}

static void put_op(pickler *out, const char *opcodes) { put(out, opcodes, strlen(opcodes)); }

static void put_number(pickler *out, char opcode, uint64_t number, size_t size) {
  uint8_t bytes[9] = {(uint8_t)opcode};
  for (size_t i = 0; i < size; i++) bytes[1 + i] = (uint8_t)(number >> 8 * i);
  put(out, bytes, 1 + size);
}

static void put_int(pickler *out, int64_t number) {
  if (number >= INT32_MIN && number <= INT32_MAX) {
    put_number(out, 'J', (uint32_t)(int32_t)number, 4);
  } else {
    put(out, "\x8a\x08", 2);
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)number >> 8 * i);
    put(out, bytes, 8);
  }
}

static void put_text(pickler *out, const char *text) {
  put_number(out, 'X', strlen(text), 4);
  put(out, text, strlen(text));
}

static void put_bool(pickler *out, bool truth) { put_op(out, truth ? "\x88" : "\x89"); }

static void put_float(pickler *out, double real) {
  uint64_t bits;
  uint8_t bytes[9] = {'G'};
  memcpy(&bits, &real, sizeof bits);
  for (size_t i = 0; i < 8; i++) bytes[1 + i] = (uint8_t)(bits >> 8 * (7 - i));
  put(out, bytes, sizeof bytes);
}

static void put_bytes_header(pickler *out, size_t size) {
  if (size < 256)
    put_number(out, 'C', size, 1);
  else if (size <= UINT32_MAX)
    put_number(out, 'B', size, 4);
  else
    put_number(out, '\x8e', size, 8);
}

static void fail(pickler *out, const berg_array *array, const char *what) {
  char found[128] = "";
  if (array) base_array_describe(array, found, sizeof found);
  if (!out->status)
    out->status = base_fail_at(out->error, &(base_fault){BERG_EINPUT, NULL, BERG_NO_OFFSET, NULL, what, NULL, found});
}

/* dtype('f4', False, True) with its state, as ndarray.__reduce__ gives it. */
static void put_dtype(pickler *out, const berg_array *array) {
  char code[24];
  if (array->dtype == BERG_BF16) {
    fail(out, array, "NumPy has no such type: convert to .safetensors or .pth");
    return;
  }
  io_dtype_code(array->dtype, array->itemsize, code, sizeof code);
  bool is_object = array->dtype == BERG_STRING, is_text = array->dtype == BERG_UNICODE;
  put_op(out, "cnumpy\ndtype\n");
  put_text(out, is_object ? "O8" : code + 1);
  put_op(out, "\x89\x88\x87R(");
  put_int(out, 3);
  put_text(out, is_object || array->itemsize == 1 ? "|" : "<");
  put_op(out, "NNN");
  put_int(out, is_text ? (int64_t)array->itemsize : -1);
  put_int(out, is_text ? 4 : -1);
  put_int(out, is_object ? 63 : is_text ? 8 : 0);
  put_op(out, "tb");
}

/* Up to the data: _reconstruct(ndarray, (0,), b'b'), then the state's start. */
static void open_array(pickler *out, const berg_array *array) {
  put_op(out, "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n");
  put(out,
      "K\0\x85"
      "C\1b\x87R(K\1(",
      12);
  for (size_t d = 0; d < array->ndim; d++) put_int(out, (int64_t)array->shape[d]);
  put_op(out, "t");
  put_dtype(out, array);
  put_op(out, "\x89");
}

static void close_array(pickler *out) { put_op(out, "tb"); }

static void put_numpy_array(pickler *out, const berg_array *array) {
  size_t count = io_text_count(array);
  open_array(out, array);
  if (array->dtype == BERG_STRING) {
    put_op(out, "](");
    for (size_t i = 0; i < count && !out->status; i++) {
      const char *text;
      memcpy(&text, io_element_at(array, i), sizeof text);
      put_text(out, text);
    }
    put_op(out, "e");
  } else {
    put_bytes_header(out, count * array->itemsize);
    if (!out->status) out->status = io_put_array(out->sink, array, out->error);
  }
  close_array(out);
}

static void put_numpy_scalar(pickler *out, const berg_array *array) {
  put_op(out, "cnumpy.core.multiarray\nscalar\n");
  put_dtype(out, array);
  put_bytes_header(out, array->itemsize);
  if (!out->status) out->status = io_put_array(out->sink, array, out->error);
  put_op(out, "\x86R");
}

static const char *storage_class(berg_dtype dtype) {
  switch (dtype) {
  case BERG_F32: return "ctorch\nFloatStorage\n";
  case BERG_F64: return "ctorch\nDoubleStorage\n";
  case BERG_F16: return "ctorch\nHalfStorage\n";
  case BERG_BF16: return "ctorch\nBFloat16Storage\n";
  case BERG_I64: return "ctorch\nLongStorage\n";
  case BERG_I32: return "ctorch\nIntStorage\n";
  case BERG_I16: return "ctorch\nShortStorage\n";
  case BERG_I8: return "ctorch\nCharStorage\n";
  case BERG_U8: return "ctorch\nByteStorage\n";
  case BERG_BOOL: return "ctorch\nBoolStorage\n";
  default: return NULL;
  }
}

/* _rebuild_tensor_v2(('storage', class, key, 'cpu', count), 0, size, stride, False, OrderedDict()) */
static void put_tensor(pickler *out, const berg_array *array) {
  char key[24];
  size_t step = 1, strides[BERG_MAX_DIMS];
  const char *class = storage_class(array->dtype);
  if (!class) {
    fail(out, array, "cannot be held by a torch checkpoint: convert to .npy");
    return;
  }
  base_print(key, sizeof key, "%zu", out->tensors++);
  put_op(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
  put_text(out, "storage");
  put_op(out, class);
  put_text(out, key);
  put_text(out, "cpu");
  put_int(out, (int64_t)io_text_count(array));
  put(out, "tQK\0(", 5);
  for (size_t d = 0; d < array->ndim; d++) put_int(out, (int64_t)array->shape[d]);
  put_op(out, "t(");
  for (size_t d = array->ndim; d-- > 0; step *= array->shape[d] ? array->shape[d] : 1) strides[d] = step;
  for (size_t d = 0; d < array->ndim; d++) put_int(out, (int64_t)strides[d]);
  put_op(out, "t\x89"
              "ccollections\nOrderedDict\n)RtR");
}

static void put_value(pickler *out, const io_value *value);

static void put_items(pickler *out, const io_value *value, const char *before, const char *after) {
  put_op(out, before);
  for (size_t i = 0; i < value->count && !out->status; i++) put_value(out, value->items[i]);
  put_op(out, after);
}

static void put_box(pickler *out, const io_value *content) {
  open_array(out, &(berg_array){.dtype = BERG_STRING, .itemsize = sizeof(char *)});
  put_op(out, "]");
  put_value(out, content);
  put_op(out, "a");
  close_array(out);
}

/* The tree was walked by io_flatten before, which bounds its depth. */
static void put_value(pickler *out, const io_value *value) {
  switch (value->kind) {
  case IO_NONE: put_op(out, "N"); return;
  case IO_BOOL: put_bool(out, value->truth); return;
  case IO_INT: put_int(out, value->integer); return;
  case IO_FLOAT: put_float(out, value->real); return;
  case IO_TEXT: put_text(out, value->text); return;
  case IO_LIST: put_items(out, value, "](", "e"); return;
  case IO_TUPLE: put_items(out, value, "(", "t"); return;
  case IO_DICT: put_items(out, value, "}(", "u"); return;
  case IO_BYTES:
    if (out->for_torch) break;
    put_bytes_header(out, value->size);
    put(out, value->bytes, value->size);
    return;
  case IO_ARRAY:
  case IO_SCALAR:
    if (out->for_torch)
      put_tensor(out, value->array);
    else if (value->kind == IO_SCALAR)
      put_numpy_scalar(out, value->array);
    else
      put_numpy_array(out, value->array);
    return;
  case IO_BOX:
    if (out->for_torch) break;
    put_box(out, value->items[0]);
    return;
  case IO_OTHER: break;
  }
  fail(out, NULL, "a value that the target cannot hold");
}

berg_status io_pickle_write_numpy(const io_sink *sink, const io_value *root, berg_error *error) {
  pickler out = {.sink = sink, .error = error};
  put(&out, "\x80\4", 2);
  if (root->kind == IO_ARRAY && root->array->dtype == BERG_STRING)
    put_value(&out, root);
  else
    put_box(&out, root);
  put_op(&out, ".");
  return out.status;
}

berg_status io_pickle_write_torch(const io_sink *sink, const io_value *root, berg_error *error) {
  pickler out = {.sink = sink, .error = error, .for_torch = true};
  put(&out, "\x80\2", 2);
  put_value(&out, root);
  put_op(&out, ".");
  return out.status;
}
