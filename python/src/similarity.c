/* Matrices of similarity, and sides compared by them. Regions come as a sequence of str, images as a buffer of size_t
 * or None. */
#include "store_object.h"

#include <string.h>

/* Images from a buffer of unsigned whole numbers of size_t's size; false with an exception set. */
static bool take_images(PyObject *object, Py_buffer *buffer, const size_t **images, size_t *count) {
  if (object == Py_None) return true;
  if (PyObject_GetBuffer(object, buffer, PyBUF_SIMPLE)) return false;
  *images = buffer->buf;
  *count = (size_t)buffer->len / sizeof **images;
  return true;
}

static PyObject *as_text(char *json) {
  PyObject *text = PyUnicode_DecodeUTF8(json, (Py_ssize_t)strlen(json), "replace"); /* it names paths, of any bytes */
  berg_free(json);
  return text;
}

static PyObject *make_rsm(PyObject *store, const char *path, const berg_rsm_options *options, PyObject *progress) {
  char *json = NULL;
  berg_error error;
  binding_call call;
  const berg_store *handle = binding_store_handle(store);
  if (!handle) return NULL;
  binding_call_begin(&call, progress, Py_None);
  const berg_status status = berg_rsm(handle, path, options, &call.run, &json, &error);
  binding_call_end(&call);
  if (status || PyErr_Occurred()) {
    berg_free(json);
    return status ? binding_raise(&error) : NULL;
  }
  return as_text(json);
}

static PyObject *rsm(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"store",   "path",         "regions", "images",  "berg_dir", "model_id",
                                         "subject", "train_splits", "metric",  "adjust",  "form",     "distance",
                                         "float64", "sidecar",      "force",   "threads", "progress", NULL};
  PyObject *store, *path = NULL, *regions, *images = Py_None, *folder = NULL, *progress = Py_None, *result = NULL;
  binding_subjects names = {.source = NULL};
  Py_buffer buffer = {.obj = NULL};
  berg_rsm_options options;
  (void)module;
  berg_rsm_options_init(&options);
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "OO&O|$OO&zzzsssppppiO", (char **)(uintptr_t)keywords, &store,
                                  PyUnicode_FSConverter, &path, &regions, &images, binding_path_or_none, &folder,
                                  &options.model_id, &options.subject, &options.train_splits, &options.metric,
                                  &options.adjust, &options.form, &options.distance, &options.f64, &options.sidecar,
                                  &options.force, &options.threads, &progress) &&
      binding_take_subjects(&names, regions) && take_images(images, &buffer, &options.images, &options.image_count)) {
    options.regions = names.names;
    options.region_count = names.count;
    options.berg_dir = folder ? PyBytes_AsString(folder) : NULL;
    result = make_rsm(store, PyBytes_AsString(path), &options, progress);
  }
  if (buffer.obj) PyBuffer_Release(&buffer);
  binding_release_subjects(&names);
  Py_XDECREF(path);
  Py_XDECREF(folder);
  return result;
}

/* --- Sides --- */

/* From (model id, subject, train splits, region, matrix), None for what is not said. */
static bool take_side(PyObject *tuple, berg_rsa_side *side) {
  return PyArg_ParseTuple(tuple, "zzzzz", &side->model_id, &side->subject, &side->train_splits, &side->region,
                          &side->matrix) != 0;
}

static PyObject *compare_sides(PyObject *store, PyObject *sides, const berg_rsa_options *options, PyObject *progress) {
  const Py_ssize_t count = PyTuple_Size(sides);
  const berg_store *handle = binding_store_handle(store);
  berg_rsa_side *list = handle ? PyMem_Calloc((size_t)count + 1, sizeof *list) : NULL;
  PyObject *result = NULL;
  Py_ssize_t taken = 0;
  if (handle && !list) PyErr_NoMemory();
  while (list && taken < count && take_side(PyTuple_GetItem(sides, taken), &list[taken])) taken++;
  if (list && taken == count) {
    char *json = NULL;
    berg_error error;
    binding_call call;
    binding_call_begin(&call, progress, Py_None);
    const berg_status status = berg_rsa(handle, list, (size_t)count, options, &call.run, &json, &error);
    binding_call_end(&call);
    if (status)
      binding_raise(&error);
    else if (PyErr_Occurred())
      berg_free(json);
    else
      result = as_text(json);
  }
  PyMem_Free(list);
  return result;
}

static PyObject *rsa(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"store",  "sides",  "images",       "berg_dir",   "measure",
                                         "metric", "adjust", "permutations", "bootstraps", "seed",
                                         "memory", "exact",  "threads",      "progress",   NULL};
  PyObject *store, *sides, *images = Py_None, *folder = NULL, *progress = Py_None, *result = NULL;
  unsigned long long seed = 1;
  Py_buffer buffer = {.obj = NULL};
  berg_rsa_options options;
  (void)module;
  berg_rsa_options_init(&options);
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "OO!|$OO&sssO&O&KO&piO", (char **)(uintptr_t)keywords, &store,
                                  &PyTuple_Type, &sides, &images, binding_path_or_none, &folder, &options.measure,
                                  &options.metric, &options.adjust, binding_size, &options.permutations, binding_size,
                                  &options.bootstraps, &seed, binding_size, &options.memory, &options.exact,
                                  &options.threads, &progress) &&
      take_images(images, &buffer, &options.images, &options.image_count)) {
    options.berg_dir = folder ? PyBytes_AsString(folder) : NULL;
    options.seed = seed;
    result = compare_sides(store, sides, &options, progress);
  }
  if (buffer.obj) PyBuffer_Release(&buffer);
  Py_XDECREF(folder);
  return result;
}

PyMethodDef binding_similarity_functions[] = {
    {"rsm", (PyCFunction)(void (*)(void))rsm, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("rsm(store, path, regions, *, images, berg_dir, model_id, subject, train_splits, metric, adjust, form, "
               "distance, float64, sidecar, force, threads, progress) -> str: JSON")},
    {"rsa", (PyCFunction)(void (*)(void))rsa, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR(
         "rsa(store, sides, *, images, berg_dir, measure, metric, adjust, permutations, bootstraps, seed, memory, "
         "exact, threads, progress) -> str: JSON")},
    {NULL, NULL, 0, NULL},
};
