/* The solver and the measures for matrices in memory: the type berg._berg.Fit, correlate, reliability. */
#include <string.h>

#include "binding.h"

typedef struct fit_object {
  PyObject_HEAD berg_fit *handle;
} fit_object;

/* A buffer and the view of it; released by release_matrix, given or not. */
typedef struct matrix {
  Py_buffer buffer;
  berg_array view;
} matrix;

static bool take_matrix(PyObject *object, matrix *taken) {
  memset(taken, 0, sizeof *taken);
  if (PyObject_GetBuffer(object, &taken->buffer, PyBUF_STRIDES | PyBUF_FORMAT)) return false;
  return binding_view(&taken->buffer, &taken->view);
}

static void release_matrix(matrix *taken) {
  if (taken->buffer.obj) PyBuffer_Release(&taken->buffer);
}

static PyObject *fit_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"features",        "responses", "components", "standardise", "method",
                                         "alphas",          "folds",     "chunks",     "memory",      "threads",
                                         "alpha_per_voxel", "isa",       "progress",   "stage",       NULL};
  PyObject *features, *responses, *progress = Py_None, *stage = Py_None;
  Py_buffer alphas = {0};
  matrix x = {0}, y = {0};
  berg_fit *handle = NULL;
  fit_object *self = NULL;
  berg_fit_options options;
  berg_fit_options_init(&options);
  berg_regression_options regression;
  berg_regression_options_init(&regression);
  options.regression = &regression;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "OO|$O&psy*O&O&O&ipzOO", (char **)(uintptr_t)keywords, &features,
                                  &responses, binding_size, &options.components, &options.standardise,
                                  &regression.method, &alphas, binding_size, &regression.folds, binding_size,
                                  &regression.chunks, binding_size, &options.memory, &options.threads,
                                  &regression.alpha_per_voxel, &options.isa, &progress, &stage) &&
      take_matrix(features, &x) && take_matrix(responses, &y)) {
    if (alphas.obj) {
      regression.alphas = alphas.buf;
      regression.alpha_count = (size_t)alphas.len / sizeof(double);
    }
    berg_error error;
    binding_call call;
    binding_call_begin(&call, progress, stage);
    berg_status status = berg_fit_open(&handle, &x.view, &y.view, &options, &call.run, &error);
    binding_call_end(&call);
    if (status)
      binding_raise(&error);
    else if (!PyErr_Occurred())
      self = (fit_object *)PyType_GenericAlloc(type, 0);
  }
  release_matrix(&x);
  release_matrix(&y);
  if (alphas.obj) PyBuffer_Release(&alphas);
  if (self)
    self->handle = handle;
  else
    berg_fit_free(handle);
  return (PyObject *)self;
}

static void fit_dealloc(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  berg_fit_free(((fit_object *)object)->handle);
  PyObject_Free(object);
  Py_DECREF(type);
}

static PyObject *fit_entries(PyObject *object, PyObject *none) {
  (void)none;
  const berg_fit *handle = ((fit_object *)object)->handle;
  PyObject *entries = PyList_New(0);
  for (size_t i = 0; entries && i < berg_fit_count(handle); i++) {
    PyObject *entry = binding_entry(berg_fit_entry(handle, i));
    if (!entry || PyList_Append(entries, entry)) Py_CLEAR(entries);
    Py_XDECREF(entry);
  }
  return entries;
}

/* `out` is float32 in C order; berg/solver.py made it. */
static PyObject *fit_predict(PyObject *object, PyObject *arguments) {
  PyObject *features, *target, *result = NULL;
  matrix x = {0};
  Py_buffer out = {0};
  if (!PyArg_ParseTuple(arguments, "OO", &features, &target)) return NULL;
  const berg_fit *handle = ((fit_object *)object)->handle;
  const size_t targets = berg_fit_find(handle, "reg_param.coef_")->shape[0];
  if (take_matrix(features, &x) && !PyObject_GetBuffer(target, &out, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS)) {
    if (x.view.ndim != 2 || (size_t)out.len != x.view.shape[0] * targets * sizeof(float)) {
      PyErr_SetString(PyExc_ValueError,
                      "features: expected two dimensions, and out one float32 row for each of theirs");
    } else {
      berg_error error;
      PyThreadState *thread = PyEval_SaveThread();
      berg_status status = berg_fit_predict(handle, &x.view, out.buf, &error);
      PyEval_RestoreThread(thread);
      result = status ? binding_raise(&error) : Py_NewRef(Py_None);
    }
  }
  release_matrix(&x);
  if (out.obj) PyBuffer_Release(&out);
  return result;
}

static PyObject *fit_save(PyObject *object, PyObject *arguments) {
  PyObject *path = NULL;
  int force;
  if (!PyArg_ParseTuple(arguments, "O&p", PyUnicode_FSConverter, &path, &force)) return NULL;
  berg_error error;
  PyThreadState *thread = PyEval_SaveThread();
  berg_status status = berg_fit_save(((fit_object *)object)->handle, PyBytes_AsString(path), force, &error);
  PyEval_RestoreThread(thread);
  Py_DECREF(path);
  return status ? binding_raise(&error) : Py_NewRef(Py_None);
}

/* `out` is float64 [columns]; berg/solver.py made it. */
static PyObject *correlate(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *first, *second, *target, *result = NULL;
  int threads;
  matrix a = {0}, b = {0};
  Py_buffer out = {0};
  if (!PyArg_ParseTuple(arguments, "OOOi", &first, &second, &target, &threads)) return NULL;
  if (take_matrix(first, &a) && take_matrix(second, &b) &&
      !PyObject_GetBuffer(target, &out, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS)) {
    if (a.view.ndim != 2 || (size_t)out.len != a.view.shape[1] * sizeof(double)) {
      PyErr_SetString(PyExc_ValueError, "expected matrices of two dimensions, and out one float64 for each column");
    } else {
      berg_error error;
      PyThreadState *thread = PyEval_SaveThread();
      berg_status status = berg_correlate(&a.view, &b.view, threads, out.buf, &error);
      PyEval_RestoreThread(thread);
      result = status ? binding_raise(&error) : Py_NewRef(Py_None);
    }
  }
  release_matrix(&a);
  release_matrix(&b);
  if (out.obj) PyBuffer_Release(&out);
  return result;
}

/* `out` is float64 [4][voxels], in the order of berg_reliability. */
static PyObject *reliability(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *responses, *target, *result = NULL;
  int threads;
  matrix data = {0};
  Py_buffer out = {0};
  if (!PyArg_ParseTuple(arguments, "OOi", &responses, &target, &threads)) return NULL;
  if (take_matrix(responses, &data) && !PyObject_GetBuffer(target, &out, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS)) {
    const size_t voxels = data.view.ndim == 3 ? data.view.shape[2] : 0;
    if (data.view.ndim != 3 || (size_t)out.len != 4 * voxels * sizeof(double)) {
      PyErr_SetString(PyExc_ValueError, "responses: expected three dimensions, (repeats, stimuli, voxels)");
    } else {
      double *values = out.buf;
      const berg_reliability parts = {.size = sizeof parts,
                                      .noise_ceiling_singletrial = values,
                                      .noise_ceiling_testset = values + voxels,
                                      .splithalf_uncorrected = values + 2 * voxels,
                                      .splithalf_corrected = values + 3 * voxels};
      berg_error error;
      PyThreadState *thread = PyEval_SaveThread();
      berg_status status = berg_estimate_reliability(&data.view, threads, &parts, &error);
      PyEval_RestoreThread(thread);
      result = status ? binding_raise(&error) : Py_NewRef(Py_None);
    }
  }
  release_matrix(&data);
  if (out.obj) PyBuffer_Release(&out);
  return result;
}

static PyMethodDef methods[] = {
    {"entries", fit_entries, METH_NOARGS,
     PyDoc_STR("entries() -> list of (dotted name, type code, shape, bytearray or list of str)")},
    {"predict", fit_predict, METH_VARARGS, PyDoc_STR("predict(features, out): into float32 (m, targets)")},
    {"save", fit_save, METH_VARARGS, PyDoc_STR("save(path, force)")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t) "Fit(features, responses, *, ...): as berg_fit_open of berg.h"},
    {Py_tp_new, (void *)(intptr_t)fit_new},
    {Py_tp_dealloc, (void *)(intptr_t)fit_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "berg._berg.Fit",
    .basicsize = sizeof(fit_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int binding_add_fit_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (!type) return -1;
  int status = PyModule_AddType(module, (PyTypeObject *)type);
  Py_DECREF(type);
  return status;
}

PyMethodDef binding_matrix_functions[] = {
    {"correlate", correlate, METH_VARARGS, PyDoc_STR("correlate(a, b, out, threads): into float64 (columns,)")},
    {"reliability", reliability, METH_VARARGS,
     PyDoc_STR("reliability(responses, out, threads): into float64 (4, voxels)")},
    {NULL, NULL, 0, NULL},
};
