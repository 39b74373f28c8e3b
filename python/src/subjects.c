/* Subjects from a sequence of str. */
#include "binding.h"

bool binding_take_subjects(binding_subjects *taken, PyObject *sequence) {
  taken->source = PySequence_Tuple(sequence);
  if (!taken->source) return false;
  const Py_ssize_t count = PyTuple_Size(taken->source);
  taken->names = PyMem_Calloc((size_t)count + 1, sizeof *taken->names);
  if (!taken->names) {
    PyErr_NoMemory();
    return false;
  }
  for (Py_ssize_t i = 0; i < count; i++)
    if (!(taken->names[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(taken->source, i), NULL))) return false;
  taken->count = (size_t)count;
  return true;
}

void binding_release_subjects(binding_subjects *taken) {
  PyMem_Free(taken->names);
  Py_XDECREF(taken->source);
}
