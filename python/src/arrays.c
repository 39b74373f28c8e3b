/* Python buffers as berg_array views, and berg_array values as Python objects. */
#include "binding.h"

#include <stdio.h>
#include <string.h>

static const char *const type_codes[] = {
#define X(name, bytes, code) [BERG_##name] = code,
    BERG_DTYPE_MAP(X)
#undef X
};

/* The struct module's letters (PEP 3118). Sizes come with the buffer, as those of 'l' differ between
 * prefixes. */
static bool dtype_of(char letter, Py_ssize_t itemsize, berg_dtype *dtype) {
  static const berg_dtype is_signed[] = {[1] = BERG_I8, [2] = BERG_I16, [4] = BERG_I32, [8] = BERG_I64};
  static const berg_dtype is_unsigned[] = {[1] = BERG_U8, [2] = BERG_U16, [4] = BERG_U32, [8] = BERG_U64};
  bool sized = itemsize == 1 || itemsize == 2 || itemsize == 4 || itemsize == 8;
  if (!letter || !sized) return false;
  if (strchr("bhilqn", letter))
    *dtype = is_signed[itemsize];
  else if (strchr("BHILQN", letter))
    *dtype = is_unsigned[itemsize];
  else if (letter == '?')
    *dtype = BERG_BOOL;
  else if (letter == 'e')
    *dtype = BERG_F16;
  else if (letter == 'f')
    *dtype = BERG_F32;
  else if (letter == 'd')
    *dtype = BERG_F64;
  else
    return false;
  return true;
}

bool binding_view(const Py_buffer *buffer, berg_array *view) {
  static const union {
    uint16_t word;
    unsigned char first;
  } probe = {1};
  const char foreign = probe.first ? '>' : '<';
  const char *format = buffer->format ? buffer->format : "B";
  bool swapped = *format == foreign || (*format == '!' && foreign == '>');
  if (strchr("@=<>!", *format)) format++;
  memset(view, 0, sizeof *view);
  if ((swapped && buffer->itemsize > 1) || !*format || format[1] || buffer->ndim > BERG_MAX_DIMS ||
      !dtype_of(*format, buffer->itemsize, &view->dtype)) {
    binding_fail(BERG_ESTIMULUS,
                 "expected an array of numbers in this machine's byte order, found another type of element");
    return false;
  }
  view->itemsize = (size_t)buffer->itemsize;
  view->ndim = (size_t)buffer->ndim;
  for (int i = 0; i < buffer->ndim; i++) {
    view->shape[i] = (size_t)buffer->shape[i];
    view->strides[i] = buffer->strides[i];
  }
  view->data = buffer->buf;
  return true;
}

static Py_ssize_t count_of(const berg_array *array) {
  size_t count = 1;
  for (size_t i = 0; i < array->ndim; i++) count *= array->shape[i];
  return (Py_ssize_t)count;
}

/* The element after `element` in C order; `index` counts along. */
static const char *next_element(const berg_array *array, size_t *index, const char *element) {
  for (size_t dim = array->ndim; dim-- > 0;) {
    element += array->strides[dim];
    if (++index[dim] < array->shape[dim]) return element;
    element -= array->strides[dim] * (ptrdiff_t)array->shape[dim];
    index[dim] = 0;
  }
  return element;
}

static bool in_c_order(const berg_array *array) {
  ptrdiff_t stride = (ptrdiff_t)array->itemsize;
  for (size_t dim = array->ndim; dim-- > 0; stride *= (ptrdiff_t)array->shape[dim])
    if (array->shape[dim] > 1 && array->strides[dim] != stride) return false;
  return true;
}

static PyObject *bytes_of(const berg_array *array) {
  Py_ssize_t count = count_of(array);
  PyObject *values = PyByteArray_FromStringAndSize(NULL, count * (Py_ssize_t)array->itemsize);
  if (!values || !count) return values;
  char *to = PyByteArray_AsString(values);
  const char *element = array->data;
  size_t index[BERG_MAX_DIMS] = {0};
  if (in_c_order(array)) {
    memcpy(to, element, (size_t)count * array->itemsize);
    return values;
  }
  for (Py_ssize_t i = 0; i < count; i++, element = next_element(array, index, element), to += array->itemsize)
    memcpy(to, element, array->itemsize);
  return values;
}

static PyObject *strings_of(const berg_array *array) {
  Py_ssize_t count = count_of(array);
  PyObject *values = PyList_New(count);
  const char *element = array->data;
  size_t index[BERG_MAX_DIMS] = {0};
  for (Py_ssize_t i = 0; values && i < count; i++, element = next_element(array, index, element)) {
    const char *bytes;
    memcpy(&bytes, element, sizeof bytes);
    /* Pickles write lone surrogates as UTF-8 too. */
    PyObject *string = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "surrogatepass");
    if (!string || PyList_SetItem(values, i, string)) Py_CLEAR(values);
  }
  return values;
}

static PyObject *shape_of(const berg_array *array) {
  PyObject *shape = PyTuple_New((Py_ssize_t)array->ndim);
  for (size_t i = 0; shape && i < array->ndim; i++) {
    PyObject *size = PyLong_FromSize_t(array->shape[i]);
    if (!size || PyTuple_SetItem(shape, (Py_ssize_t)i, size)) Py_CLEAR(shape);
  }
  return shape;
}

PyObject *binding_entry(const berg_array *array) {
  char code[32];
  if (array->dtype == BERG_UNICODE)
    snprintf(code, sizeof code, "<U%zu", array->itemsize / 4);
  else
    snprintf(code, sizeof code, "%s", type_codes[array->dtype]);
  PyObject *shape = shape_of(array);
  PyObject *values = array->dtype == BERG_STRING ? strings_of(array) : bytes_of(array);
  if (!shape || !values) {
    Py_XDECREF(shape);
    Py_XDECREF(values);
    return NULL;
  }
  return Py_BuildValue("zsNN", array->name, code, shape, values);
}

/* Texts are whole in the structure. */
static bool add_entry(PyObject *entries, const berg_array *array) {
  if (array->dtype == BERG_STRING || array->dtype == BERG_UNICODE) return true;
  PyObject *entry = binding_entry(array);
  const bool added = entry && !PyList_Append(entries, entry);
  Py_XDECREF(entry);
  return added;
}

/* The items of a list that is shown as one entry, `place` of it so far: NumPy's scalars among them are entries by their
 * own names, and of others there is nothing to say. */
static bool add_items(PyObject *entries, const berg_metadata *metadata, const berg_array *list, const char *place,
                      size_t d) {
  if (d == list->ndim) {
    const berg_array *item = berg_metadata_find(metadata, place);
    return !item || add_entry(entries, item);
  }
  bool good = true;
  for (size_t i = 0; good && i < list->shape[d]; i++) {
    PyObject *name = PyBytes_FromFormat("%s.%zu", place, i);
    const char *text = name ? PyBytes_AsString(name) : NULL;
    good = text && add_items(entries, metadata, list, text, d + 1);
    Py_XDECREF(name);
  }
  return good;
}

/* Whether the entry is a list whose items have entries of their own. */
static int is_list(const berg_metadata *metadata, const berg_array *entry) {
  char zeros[2 * BERG_MAX_DIMS + 1] = "";
  for (size_t d = 0; d < entry->ndim; d++) strcat(zeros, ".0");
  PyObject *name = PyBytes_FromFormat("%s%s", entry->name, zeros);
  const char *text = name ? PyBytes_AsString(name) : NULL;
  const int is = !text ? -1 : entry->ndim && berg_metadata_find(metadata, text);
  Py_XDECREF(name);
  return is;
}

static bool add_entries(PyObject *entries, const berg_metadata *metadata) {
  const size_t count = berg_metadata_count(metadata);
  for (size_t i = 0; i < count; i++) {
    const berg_array *entry = berg_metadata_entry(metadata, i);
    const int list = is_list(metadata, entry);
    if (list < 0 || !(list ? add_items(entries, metadata, entry, entry->name, 0) : add_entry(entries, entry)))
      return false;
  }
  return true;
}

PyObject *binding_metadata(const berg_metadata *metadata) {
  char *json;
  berg_error error;
  if (berg_metadata_structure(&json, metadata, &error)) return binding_raise(&error);
  PyObject *entries = PyList_New(0);
  if (entries && !add_entries(entries, metadata)) Py_CLEAR(entries);
  PyObject *structure = entries ? PyUnicode_DecodeUTF8(json, (Py_ssize_t)strlen(json), "surrogatepass") : NULL;
  berg_free(json);
  if (structure) return Py_BuildValue("NN", structure, entries);
  Py_XDECREF(entries);
  return NULL;
}
