/* Long calls: without the GIL, with Ctrl-C. */
#include "binding.h"

static int between_batches(void *user, size_t done, size_t total, double seconds) {
  binding_call *call = user;
  PyEval_RestoreThread(call->thread);
  int cancel = PyErr_CheckSignals();
  if (!cancel && call->progress) {
    PyObject *result = PyObject_CallFunction(call->progress, "nnd", (Py_ssize_t)done, (Py_ssize_t)total, seconds);
    cancel = result == NULL;
    Py_XDECREF(result);
  }
  call->thread = PyEval_SaveThread();
  return cancel != 0;
}

void binding_call_begin(binding_call *call, PyObject *progress) {
  call->progress = progress == Py_None ? NULL : progress;
  call->run.progress = between_batches;
  call->run.user = call;
  call->thread = PyEval_SaveThread();
}

void binding_call_end(binding_call *call) { PyEval_RestoreThread(call->thread); }
