/* The page and the plot of a model's accuracy. Subjects come as a sequence of str. */
#include "binding.h"

static PyObject *report(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *model_id;
  PyObject *berg_dir = NULL, *path = NULL, *figures = NULL, *json = NULL, *surfaces[2] = {NULL, NULL}, *result = NULL,
           *pictures = NULL, *sequence, *files;
  binding_subjects asked = {0}, added = {0};
  berg_report_options options;
  berg_report_options_init(&options);
  if (PyArg_ParseTuple(arguments, "sOO&O&O&zO&ppO&O&OO&", &model_id, &sequence, binding_path_or_none, &berg_dir,
                       binding_path_or_none, &path, binding_path_or_none, &figures, &options.formats,
                       binding_path_or_none, &json, &options.hash_weights, &options.force, binding_path_or_none,
                       &surfaces[0], binding_path_or_none, &surfaces[1], &files, binding_path_or_none, &pictures) &&
      binding_take_subjects(&asked, sequence) && binding_take_subjects(&added, files)) {
    berg_error error;
    options.berg_dir = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
    options.figures = figures ? PyBytes_AsString(figures) : NULL;
    options.json = json ? PyBytes_AsString(json) : NULL;
    for (int i = 0; i < 2; i++) options.surfaces[i] = surfaces[i] ? PyBytes_AsString(surfaces[i]) : NULL;
    options.subjects = asked.names;
    options.subject_count = asked.count;
    options.added = added.names;
    options.added_count = added.count;
    options.pictures = pictures ? PyBytes_AsString(pictures) : NULL;
    const char *page = path ? PyBytes_AsString(path) : NULL;
    binding_call call;
    binding_call_begin(&call, Py_None, Py_None);
    options.run = &call.run;
    berg_status status = berg_report(model_id, &options, page, &error);
    binding_call_end(&call);
    result = status ? binding_raise(&error) : Py_NewRef(Py_None);
  }
  binding_release_subjects(&asked);
  binding_release_subjects(&added);
  Py_XDECREF(pictures);
  Py_XDECREF(berg_dir);
  Py_XDECREF(path);
  Py_XDECREF(figures);
  Py_XDECREF(json);
  for (int i = 0; i < 2; i++) Py_XDECREF(surfaces[i]);
  return result;
}

static PyObject *plot_accuracy(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *model_id;
  PyObject *berg_dir = NULL, *result = NULL, *sequence;
  binding_subjects asked = {0};
  if (PyArg_ParseTuple(arguments, "sOO&", &model_id, &sequence, binding_path_or_none, &berg_dir) &&
      binding_take_subjects(&asked, sequence)) {
    berg_error error;
    char *svg = NULL;
    const char *folder = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
    binding_call call;
    binding_call_begin(&call, Py_None, Py_None);
    berg_status status = berg_plot_accuracy(&svg, model_id, folder, asked.names, asked.count, &call.run, &error);
    binding_call_end(&call);
    result = status ? binding_raise(&error) : PyUnicode_FromString(svg);
    berg_free(svg);
  }
  binding_release_subjects(&asked);
  Py_XDECREF(berg_dir);
  return result;
}

PyMethodDef binding_report_functions[] = {
    {"report", report, METH_VARARGS,
     PyDoc_STR(
         "report(model_id, subjects, berg_dir, path, figures, formats, json, hash_weights, force, left, right, added, "
         "pictures) -> None")},
    {"plot_accuracy", plot_accuracy, METH_VARARGS,
     PyDoc_STR("plot_accuracy(model_id, subjects, berg_dir) -> str: SVG")},
    {NULL, NULL, 0, NULL},
};
