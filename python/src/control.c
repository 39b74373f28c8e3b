/* Control: images out of a store of scores, and the figure of what was found. */
#include <string.h>

#include "model_object.h"
#include "store_object.h"

static const char *bytes_or_null(PyObject *object) { return object ? PyBytes_AsString(object) : NULL; }

static PyObject *run_control(const berg_store *store, const berg_control_options *options, PyObject *progress) {
  PyObject *result = NULL;
  char *json = NULL;
  berg_error error;
  binding_call call;
  binding_call_begin(&call, progress, Py_None);
  const berg_status status = berg_control(store, options, &call.run, &json, &error);
  binding_call_end(&call);
  if (!status && !PyErr_Occurred())
    result = PyUnicode_DecodeUTF8(json, (Py_ssize_t)strlen(json), "replace"); /* it names files, of any bytes */
  else
    binding_outcome(status, &error);
  berg_free(json);
  return result;
}

/* Names are sequences of str, or None for all. */
static PyObject *control(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"store",        "regions",      "subjects",    "berg_dir", "model_id",
                                         "multivariate", "cv",           "images",      "margin",   "min_ceiling",
                                         "draws",        "permutations", "generations", "seed",     "grand_mean",
                                         "responses",    "threads",      "progress",    NULL};
  (void)module;
  PyObject *store, *regions, *subjects, *berg_dir = NULL, *progress = Py_None, *result = NULL;
  unsigned long long seed = 1;
  binding_subjects places = {0}, people = {0};
  berg_control_options options;
  berg_control_options_init(&options);
  const bool parsed = PyArg_ParseTupleAndKeywords(
      args, kwargs, "OOOO&|$zppO&ddO&O&O&KppiO", (char **)(uintptr_t)keywords, &store, &regions, &subjects,
      binding_path_or_none, &berg_dir, &options.model_id, &options.multivariate, &options.cross_validate, binding_size,
      &options.images, &options.margin, &options.min_ceiling, binding_size, &options.draws, binding_size,
      &options.permutations, binding_size, &options.generations, &seed, &options.grand_mean, &options.responses,
      &options.threads, &progress);
  const berg_store *handle = parsed ? binding_store_handle(store) : NULL;
  if (handle && (regions == Py_None || binding_take_subjects(&places, regions)) &&
      (subjects == Py_None || binding_take_subjects(&people, subjects))) {
    options.berg_dir = bytes_or_null(berg_dir);
    options.seed = seed;
    options.regions = regions == Py_None ? NULL : places.names;
    options.region_count = places.count;
    options.subjects = subjects == Py_None ? NULL : people.names;
    options.subject_count = people.count;
    result = run_control(handle, &options, progress);
  }
  binding_release_subjects(&places);
  binding_release_subjects(&people);
  Py_XDECREF(berg_dir);
  return result;
}

static PyObject *plot_control(PyObject *module, PyObject *args) {
  const char *json;
  Py_ssize_t pair;
  int force;
  PyObject *path = NULL;
  berg_error error;
  (void)module;
  if (!PyArg_ParseTuple(args, "snO&p", &json, &pair, PyUnicode_FSConverter, &path, &force)) return NULL;
  PyThreadState *thread = PyEval_SaveThread();
  const berg_status status = berg_plot_control(json, (size_t)pair, PyBytes_AsString(path), force, &error);
  PyEval_RestoreThread(thread);
  Py_DECREF(path);
  return binding_outcome(status, &error);
}

PyMethodDef binding_control_functions[] = {
    {"control", (PyCFunction)(void (*)(void))control, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("control(store, regions, subjects, berg_dir, *, ...) -> str: JSON")},
    {"plot_control", plot_control, METH_VARARGS, PyDoc_STR("plot_control(json, pair, path, force)")},
    {NULL, NULL, 0, NULL},
};
