/* The type berg._berg.Store, a store of scores opened for reading; and adding to one. */
#include "store_object.h"

#include <string.h>

#include "model_object.h"

typedef struct store_object {
  PyObject_HEAD berg_store *handle;
} store_object;

static PyObject *store_type;

bool binding_is_store(PyObject *object) { return PyObject_IsInstance(object, store_type) == 1; }

const berg_store *binding_store_handle(PyObject *object) {
  if (binding_is_store(object)) return ((store_object *)object)->handle;
  if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "expected a berg._berg.Store");
  return NULL;
}

static PyObject *store_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"path", NULL};
  PyObject *path = NULL;
  berg_store *handle = NULL;
  berg_error error;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", (char **)(uintptr_t)keywords, PyUnicode_FSConverter, &path))
    return NULL;
  PyThreadState *thread = PyEval_SaveThread();
  const berg_status status = berg_store_open(&handle, PyBytes_AsString(path), &error);
  PyEval_RestoreThread(thread);
  Py_DECREF(path);
  if (status) return binding_raise(&error);
  store_object *self = (store_object *)PyType_GenericAlloc(type, 0);
  if (self)
    self->handle = handle;
  else
    berg_store_free(handle);
  return (PyObject *)self;
}

static void store_dealloc(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  berg_store_free(((store_object *)object)->handle);
  PyObject_Free(object);
  Py_DECREF(type);
}

static PyObject *text_of(char *text) {
  PyObject *result = PyUnicode_DecodeFSDefault(text);
  berg_free(text);
  return result;
}

static PyObject *store_describe(PyObject *object, PyObject *none) {
  char *json;
  berg_error error;
  (void)none;
  if (berg_store_describe(&json, binding_store_handle(object), &error)) return binding_raise(&error);
  return text_of(json);
}

static PyObject *store_name(PyObject *object, PyObject *args) {
  char *name;
  Py_ssize_t image;
  berg_error error;
  if (!PyArg_ParseTuple(args, "n", &image)) return NULL;
  if (berg_store_name(&name, binding_store_handle(object), (size_t)image, &error)) return binding_raise(&error);
  return text_of(name);
}

static PyObject *store_find(PyObject *object, PyObject *args) {
  PyObject *name = NULL;
  size_t image;
  berg_error error;
  if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &name)) return NULL;
  const berg_status status = berg_store_find(binding_store_handle(object), PyBytes_AsString(name), &image, &error);
  Py_DECREF(name);
  return status ? binding_raise(&error) : PyLong_FromSize_t(image);
}

static PyObject *store_check(PyObject *object, PyObject *args) {
  int threads;
  berg_error error;
  binding_call call;
  if (!PyArg_ParseTuple(args, "i", &threads)) return NULL;
  binding_call_begin(&call, Py_None, Py_None);
  const berg_status status = berg_store_check(((store_object *)object)->handle, threads, &call.run, &error);
  binding_call_end(&call);
  return binding_outcome(status, &error);
}

static PyObject *get_images(PyObject *object, void *unused) {
  (void)unused;
  return PyLong_FromSize_t(berg_store_count(binding_store_handle(object)));
}

/* --- Adding --- */

/* Images of an array, or of files. */
static berg_status open_stimuli(berg_stimuli **stimuli, const berg_array *view, const binding_subjects *paths,
                                berg_error *error) {
  if (view) return berg_stimuli_from_array(stimuli, view, BERG_NCHW, error);
  return berg_stimuli_open(stimuli, paths->names, paths->count, NULL, error);
}

static PyObject *run_score(PyObject *models, berg_stimuli *stimuli, const char *path, PyObject *progress) {
  const Py_ssize_t count = PyTuple_Size(models);
  berg_model **handles = PyMem_Calloc((size_t)count + 1, sizeof *handles);
  PyObject *result = handles ? NULL : PyErr_NoMemory();
  Py_ssize_t taken = 0;
  for (; handles && taken < count; taken++) {
    handles[taken] = binding_model_handle(PyTuple_GetItem(models, taken));
    if (!handles[taken]) break;
    ((model_object *)PyTuple_GetItem(models, taken))->busy = true;
  }
  if (handles && taken == count) {
    char *report = NULL;
    berg_error error;
    binding_call call;
    binding_call_begin(&call, progress, Py_None);
    const berg_status status = berg_score(handles, (size_t)count, stimuli, path, NULL, &call.run, &report, &error);
    binding_call_end(&call);
    if (!status && !PyErr_Occurred())
      result = PyUnicode_FromString(report);
    else
      binding_outcome(status, &error);
    berg_free(report);
  }
  for (Py_ssize_t i = 0; i < taken; i++) ((model_object *)PyTuple_GetItem(models, i))->busy = false;
  PyMem_Free(handles);
  return result;
}

/* score(models, stimulus, path, progress): the stimulus is an array, or a tuple of paths */
static PyObject *score(PyObject *module, PyObject *args) {
  PyObject *models, *stimulus, *path = NULL, *progress, *result = NULL;
  Py_buffer buffer = {.obj = NULL};
  binding_subjects paths = {.source = NULL};
  berg_array view;
  berg_stimuli *stimuli = NULL;
  berg_error error;
  (void)module;
  if (!PyArg_ParseTuple(args, "O!OO&O", &PyTuple_Type, &models, &stimulus, PyUnicode_FSConverter, &path, &progress))
    return NULL;
  const bool files = PyTuple_Check(stimulus);
  const bool ready =
      files ? binding_take_subjects(&paths, stimulus)
            : !PyObject_GetBuffer(stimulus, &buffer, PyBUF_STRIDES | PyBUF_FORMAT) && binding_view(&buffer, &view);
  if (ready) {
    if (open_stimuli(&stimuli, files ? NULL : &view, &paths, &error))
      binding_raise(&error);
    else
      result = run_score(models, stimuli, PyBytes_AsString(path), progress);
    berg_stimuli_free(stimuli);
  }
  if (buffer.obj) PyBuffer_Release(&buffer);
  binding_release_subjects(&paths);
  Py_DECREF(path);
  return result;
}

static PyObject *run_merge(const binding_subjects *parts, const char *path, const berg_merge_options *options,
                           PyObject *progress) {
  berg_error error;
  binding_call call;
  char *report = NULL;
  PyObject *result = NULL;
  binding_call_begin(&call, progress, Py_None);
  const berg_status status = berg_merge(parts->names, parts->count, path, options, &call.run, &report, &error);
  binding_call_end(&call);
  if (!status && !PyErr_Occurred()) {
    result = PyUnicode_FromString(report);
  } else {
    binding_outcome(status, &error);
    binding_add_report(status, report);
  }
  berg_free(report);
  return result;
}

/* merge(parts, path, force, check, progress) */
static PyObject *merge(PyObject *module, PyObject *args) {
  PyObject *path = NULL, *given, *progress, *result = NULL;
  binding_subjects parts = {.source = NULL};
  berg_merge_options options;
  (void)module;
  berg_merge_options_init(&options);
  if (!PyArg_ParseTuple(args, "OO&ppO", &given, PyUnicode_FSConverter, &path, &options.force, &options.check,
                        &progress))
    return NULL;
  if (binding_take_subjects(&parts, given)) result = run_merge(&parts, PyBytes_AsString(path), &options, progress);
  binding_release_subjects(&parts);
  Py_DECREF(path);
  return result;
}

PyMethodDef binding_store_functions[] = {
    {"merge", merge, METH_VARARGS, PyDoc_STR("merge(parts, path, force, check, progress) -> str: JSON")},
    {"score", score, METH_VARARGS, PyDoc_STR("score(models, stimulus, path, progress) -> str: JSON")},
    {NULL, NULL, 0, NULL},
};

/* --- The type --- */

static PyMethodDef methods[] = {
    {"describe", store_describe, METH_NOARGS, PyDoc_STR("describe() -> str: JSON")},
    {"name", store_name, METH_VARARGS, PyDoc_STR("name(image) -> str")},
    {"find", store_find, METH_VARARGS, PyDoc_STR("find(name) -> int")},
    {"check", store_check, METH_VARARGS, PyDoc_STR("check(threads): reads all of it")},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"images", get_images, NULL, PyDoc_STR("how many images it holds"), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(intptr_t)PyDoc_STR("Store(path)")},
    {Py_tp_new, (void *)(intptr_t)store_new},
    {Py_tp_dealloc, (void *)(intptr_t)store_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "berg._berg.Store",
    .basicsize = sizeof(store_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int binding_add_store_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (!type) return -1;
  store_type = type;
  int status = PyModule_AddType(module, (PyTypeObject *)type);
  Py_DECREF(type);
  return status;
}
