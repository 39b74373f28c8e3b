/* Downloading the published files of a model. */
#include "binding.h"

static PyObject *run_fetch(const char *model_id, const berg_fetch_options *options, PyObject *progress) {
  berg_error error;
  binding_call call;
  char *report = NULL;
  PyObject *result = NULL;
  binding_call_begin(&call, progress, Py_None);
  const berg_status status = berg_fetch(model_id, options, &call.run, &report, &error);
  binding_call_end(&call);
  if (status)
    binding_raise(&error);
  else if (!PyErr_Occurred())
    result = PyUnicode_FromString(report);
  berg_free(report);
  return result;
}

static PyObject *fetch(PyObject *module, PyObject *args) {
  const char *model_id, *from;
  PyObject *folder = NULL, *asked, *trainings, *progress, *result = NULL;
  binding_subjects subjects = {.source = NULL}, splits = {.source = NULL};
  berg_fetch_options options;
  (void)module;
  berg_fetch_options_init(&options);
  if (!PyArg_ParseTuple(args, "sO&OOpppppzO&ddO", &model_id, PyUnicode_FSConverter, &folder, &asked, &trainings,
                        &options.backbone, &options.metadata, &options.plots, &options.plan, &options.force, &from,
                        binding_size, &options.retries, &options.retry_seconds, &options.stall_seconds, &progress)) {
    Py_XDECREF(folder);
    return NULL;
  }
  if (binding_take_subjects(&subjects, asked) && binding_take_subjects(&splits, trainings)) {
    options.berg_dir = PyBytes_AsString(folder);
    options.subjects = subjects.names;
    options.subject_count = subjects.count;
    options.train_splits = splits.names;
    options.train_split_count = splits.count;
    options.from = from;
    result = run_fetch(model_id, &options, progress);
  }
  binding_release_subjects(&subjects);
  binding_release_subjects(&splits);
  Py_DECREF(folder);
  return result;
}

PyMethodDef binding_fetch_functions[] = {
    {"fetch", fetch, METH_VARARGS,
     PyDoc_STR("fetch(model_id, berg_dir, subjects, train_splits, backbone, metadata, plots, plan, force, from, "
               "retries, retry_seconds, stall_seconds, progress) -> str: JSON")},
    {NULL, NULL, 0, NULL},
};
