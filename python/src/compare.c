/* Two files held against each other. */
#include <string.h>

#include "binding.h"

/* That they differ is an answer, not a failure: there is JSON whenever there was a comparison. */
static PyObject *compare(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {
      "a", "b", "atol", "rtol", "min_correlation", "min_voxel_correlation", "metadata", "threads", NULL};
  (void)module;
  PyObject *a = NULL, *b = NULL, *metadata = NULL, *result = NULL;
  berg_compare_options options;
  berg_compare_options_init(&options);
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&|$ddddO&i", (char **)(uintptr_t)keywords, PyUnicode_FSConverter,
                                  &a, PyUnicode_FSConverter, &b, &options.atol, &options.rtol, &options.min_correlation,
                                  &options.min_voxel_correlation, binding_path_or_none, &metadata, &options.threads)) {
    options.metadata = metadata ? PyBytes_AsString(metadata) : NULL;
    char *json = NULL;
    berg_error error;
    binding_call call;
    binding_call_begin(&call, Py_None, Py_None);
    berg_compare(PyBytes_AsString(a), PyBytes_AsString(b), &options, &call.run, &json, &error);
    binding_call_end(&call);
    if (!json)
      result = binding_raise(&error);
    else if (!PyErr_Occurred())
      result = PyUnicode_DecodeUTF8(json, (Py_ssize_t)strlen(json), "replace"); /* it names paths, of any bytes */
    berg_free(json);
  }
  Py_XDECREF(a);
  Py_XDECREF(b);
  Py_XDECREF(metadata);
  return result;
}

PyMethodDef binding_compare_functions[] = {
    {"compare", (PyCFunction)(void (*)(void))compare, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("compare(a, b, *, atol, rtol, min_correlation, min_voxel_correlation, metadata, threads) -> str: JSON")},
    {NULL, NULL, 0, NULL},
};
