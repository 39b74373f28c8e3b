/* The page and the plot of a model's accuracy. Subjects come as a buffer of C ints. */
#include "binding.h"

static PyObject *report(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *model_id;
  PyObject *berg_dir = NULL, *path = NULL, *figures = NULL, *json = NULL, *result = NULL;
  Py_buffer subjects = {0};
  berg_report_options options;
  berg_report_options_init(&options);
  if (PyArg_ParseTuple(arguments, "sy*O&O&O&O&pp", &model_id, &subjects, binding_path_or_none, &berg_dir,
                       binding_path_or_none, &path, binding_path_or_none, &figures, binding_path_or_none, &json,
                       &options.hash_weights, &options.force)) {
    berg_error error;
    options.berg_dir = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
    options.figures = figures ? PyBytes_AsString(figures) : NULL;
    options.json = json ? PyBytes_AsString(json) : NULL;
    options.subjects = subjects.buf;
    options.subject_count = (size_t)subjects.len / sizeof(int);
    const char *page = path ? PyBytes_AsString(path) : NULL;
    PyThreadState *thread = PyEval_SaveThread();
    berg_status status = berg_report(model_id, &options, page, &error);
    PyEval_RestoreThread(thread);
    result = status ? binding_raise(&error) : Py_NewRef(Py_None);
  }
  if (subjects.obj) PyBuffer_Release(&subjects);
  Py_XDECREF(berg_dir);
  Py_XDECREF(path);
  Py_XDECREF(figures);
  Py_XDECREF(json);
  return result;
}

static PyObject *plot_accuracy(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *model_id;
  PyObject *berg_dir = NULL, *result = NULL;
  Py_buffer subjects = {0};
  if (PyArg_ParseTuple(arguments, "sy*O&", &model_id, &subjects, binding_path_or_none, &berg_dir)) {
    berg_error error;
    char *svg = NULL;
    const char *folder = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
    PyThreadState *thread = PyEval_SaveThread();
    berg_status status =
        berg_plot_accuracy(&svg, model_id, folder, subjects.buf, (size_t)subjects.len / sizeof(int), &error);
    PyEval_RestoreThread(thread);
    result = status ? binding_raise(&error) : PyUnicode_FromString(svg);
    berg_free(svg);
  }
  if (subjects.obj) PyBuffer_Release(&subjects);
  Py_XDECREF(berg_dir);
  return result;
}

PyMethodDef binding_report_functions[] = {
    {"report", report, METH_VARARGS,
     PyDoc_STR("report(model_id, subjects, berg_dir, path, figures, json, hash_weights, force) -> None")},
    {"plot_accuracy", plot_accuracy, METH_VARARGS,
     PyDoc_STR("plot_accuracy(model_id, subjects, berg_dir) -> str: SVG")},
    {NULL, NULL, 0, NULL},
};
