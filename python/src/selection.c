/* Selections and outputs between Python and berg.h. */
#include "binding.h"

#include <string.h>

/* --- Selections: [(key, names or marks), ...] --- */

void binding_selection_release(binding_selection *selection) {
  for (size_t i = 0; i < selection->count; i++) {
    PyMem_Free((void *)(uintptr_t)selection->items[i].names);
    if (selection->marks[i].obj) PyBuffer_Release(&selection->marks[i]);
  }
  PyMem_Free(selection->items);
  PyMem_Free(selection->marks);
  Py_XDECREF(selection->source);
  *selection = (binding_selection){.count = 0};
}

static bool take_names(berg_selection *item, PyObject *names) {
  const Py_ssize_t count = PyTuple_Size(names);
  const char **texts = PyMem_Calloc((size_t)count + 1, sizeof *texts);
  if (!texts) {
    PyErr_NoMemory();
    return false;
  }
  item->names = texts;
  item->count = (size_t)count;
  for (Py_ssize_t i = 0; i < count; i++) {
    Py_ssize_t length;
    texts[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(names, i), &length);
    if (!texts[i]) return false;
    if (strlen(texts[i]) == (size_t)length) continue;
    binding_fail(BERG_EPARAMETER, "a name of the selection holds a zero byte");
    return false;
  }
  return true;
}

static bool take_item(berg_selection *item, Py_buffer *marks, PyObject *pair) {
  PyObject *value;
  if (!PyTuple_Check(pair)) {
    PyErr_SetString(PyExc_TypeError, "selection: expected pairs");
    return false;
  }
  if (!PyArg_ParseTuple(pair, "sO", &item->key, &value)) return false;
  if (PyTuple_Check(value)) return take_names(item, value);
  if (PyObject_GetBuffer(value, marks, PyBUF_C_CONTIGUOUS)) return false;
  item->marks = marks->buf;
  item->length = (size_t)marks->len;
  return true;
}

bool binding_selection_take(binding_selection *selection, PyObject *pairs) {
  *selection = (binding_selection){.source = PySequence_Tuple(pairs)};
  if (!selection->source) return false;
  const Py_ssize_t count = PyTuple_Size(selection->source);
  selection->items = PyMem_Calloc((size_t)count + 1, sizeof *selection->items);
  selection->marks = PyMem_Calloc((size_t)count + 1, sizeof *selection->marks);
  if (!selection->items || !selection->marks) {
    PyErr_NoMemory();
    return false;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    selection->count = (size_t)i + 1;
    if (!take_item(&selection->items[i], &selection->marks[i], PyTuple_GetItem(selection->source, i))) return false;
  }
  return true;
}

/* --- Outputs --- */

static PyObject *labels_of(const berg_axis *axis) {
  if (!axis->labels) Py_RETURN_NONE;
  PyObject *list = PyList_New((Py_ssize_t)axis->length);
  for (size_t i = 0; list && i < axis->length; i++) {
    PyObject *text = PyUnicode_DecodeUTF8(axis->labels[i], (Py_ssize_t)strlen(axis->labels[i]), "surrogatepass");
    if (!text || PyList_SetItem(list, (Py_ssize_t)i, text)) Py_CLEAR(list);
  }
  return list;
}

/* size_t is int64 in native order: indices are far below 2^63. */
static PyObject *bytes_or_none(const void *values, size_t count) {
  _Static_assert(sizeof(size_t) == 8 && sizeof(double) == 8, "elements of eight bytes");
  if (!values) Py_RETURN_NONE;
  return PyByteArray_FromStringAndSize(values, (Py_ssize_t)(8 * count));
}

static PyObject *axis_of(const berg_axis *axis) {
  PyObject *labels = labels_of(axis), *indices = bytes_or_none(axis->indices, axis->length),
           *values = bytes_or_none(axis->values, axis->length);
  if (labels && indices && values)
    return Py_BuildValue("snNNNz", axis->name, (Py_ssize_t)axis->length, labels, indices, values, axis->unit);
  Py_XDECREF(labels);
  Py_XDECREF(indices);
  Py_XDECREF(values);
  return NULL;
}

PyObject *binding_output(const berg_output *output) {
  PyObject *axes = PyList_New(0);
  for (size_t a = 0; axes && a < output->axis_count; a++) {
    PyObject *axis = axis_of(&output->axes[a]);
    if (!axis || PyList_Append(axes, axis)) Py_CLEAR(axes);
    Py_XDECREF(axis);
  }
  if (!axes) return NULL;
  return Py_BuildValue("snnN", output->name, (Py_ssize_t)output->first, (Py_ssize_t)output->columns, axes);
}
