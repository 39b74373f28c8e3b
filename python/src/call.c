/* Long calls: without the GIL, with Ctrl-C. */
#include "binding.h"

#include <string.h>

static int between_batches(void *user, size_t done, size_t total, double seconds) {
  binding_call *call = user;
  PyEval_RestoreThread(call->thread);
  int cancel = PyErr_Occurred() ? -1 : PyErr_CheckSignals();
  if (!cancel && call->progress) {
    PyObject *result = PyObject_CallFunction(call->progress, "nnd", (Py_ssize_t)done, (Py_ssize_t)total, seconds);
    cancel = result == NULL;
    Py_XDECREF(result);
  }
  call->thread = PyEval_SaveThread();
  return cancel != 0;
}

static int within_batch(void *user) {
  binding_call *call = user;
  PyEval_RestoreThread(call->thread);
  const int cancel = PyErr_Occurred() ? -1 : PyErr_CheckSignals();
  call->thread = PyEval_SaveThread();
  return cancel != 0;
}

/* Cannot cancel by itself: an exception stays pending until the next between_batches finds it. */
static void at_stage(void *user, const char *stage, const char *unit) {
  binding_call *call = user;
  if (!call->stage) return;
  PyEval_RestoreThread(call->thread);
  if (!PyErr_Occurred()) Py_XDECREF(PyObject_CallFunction(call->stage, "ss", stage, unit));
  call->thread = PyEval_SaveThread();
}

/* To the package's logger. As above, an exception waits. */
static void warned(void *user, const char *message) {
  binding_call *call = user;
  PyEval_RestoreThread(call->thread);
  if (!PyErr_Occurred()) {
    PyObject *logging = PyImport_ImportModule("logging");
    PyObject *logger = logging ? PyObject_CallMethod(logging, "getLogger", "s", "berg") : NULL;
    PyObject *text = PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
    if (logger && text) Py_XDECREF(PyObject_CallMethod(logger, "warning", "sO", "%s", text));
    Py_XDECREF(text);
    Py_XDECREF(logger);
    Py_XDECREF(logging);
  }
  call->thread = PyEval_SaveThread();
}

void binding_call_begin(binding_call *call, PyObject *progress, PyObject *stage) {
  call->progress = progress == Py_None ? NULL : progress;
  call->stage = stage == Py_None ? NULL : stage;
  berg_run_init(&call->run);
  call->run.progress = between_batches;
  call->run.cancel = within_batch;
  call->run.user = call;
  call->run.stage = at_stage;
  call->run.warn = warned;
  call->thread = PyEval_SaveThread();
}

void binding_call_end(binding_call *call) { PyEval_RestoreThread(call->thread); }
