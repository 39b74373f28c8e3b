/* From a berg_error to an exception. Which class it becomes is decided in Python (berg/core/failures.py). */
#include "binding.h"

#include <string.h>

/* Messages quote file names, which may hold any byte. */
static PyObject *text(const char *bytes) { return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace"); }

static PyObject *exception_of(const berg_error *error) {
  PyObject *exception = NULL;
  PyObject *module = PyImport_ImportModule("berg.core.failures");
  PyObject *make = module ? PyObject_GetAttrString(module, "exception_of") : NULL;
  PyObject *message = text(error->message), *file = text(error->file), *item = text(error->item);
  PyObject *expected = text(error->expected), *found = text(error->found);
  PyObject *offset = error->offset == BERG_NO_OFFSET ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(error->offset);
  if (make && message && file && item && expected && found && offset)
    exception = PyObject_CallFunction(make, "sOOOOOO", berg_status_name(error->status), message, file, offset, item,
                                      expected, found);
  Py_XDECREF(offset);
  Py_XDECREF(found);
  Py_XDECREF(expected);
  Py_XDECREF(item);
  Py_XDECREF(file);
  Py_XDECREF(message);
  Py_XDECREF(make);
  Py_XDECREF(module);
  return exception;
}

PyObject *binding_raise(const berg_error *error) {
  if (PyErr_Occurred()) return NULL;
  PyObject *exception = exception_of(error);
  if (exception) {
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
  }
  return NULL;
}

void binding_add_report(berg_status status, const char *report) {
  if (status != BERG_EINCOMPLETE || !report) return;
  PyObject *type, *value, *trace, *text = PyUnicode_FromString(report);
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (text && value && PyObject_SetAttrString(value, "report", text)) PyErr_Clear();
  Py_XDECREF(text);
  PyErr_Restore(type, value, trace);
}

PyObject *binding_fail(berg_status status, const char *message) {
  berg_error error;
  memset(&error, 0, sizeof error);
  error.status = status;
  error.offset = BERG_NO_OFFSET;
  strncat(error.message, message, sizeof error.message - 1);
  return binding_raise(&error);
}
