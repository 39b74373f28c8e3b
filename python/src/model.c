/* The type berg._berg.Model: one opened model. Its handle is freed by close() or with the object. A handle
 * serves one thread at a time: a second call meanwhile raises RuntimeError here, and waits its turn in the
 * class above (Python's fMRIEncodingModel holds a lock). */
#include "model_object.h"
#include "store_object.h"

#include <string.h>

/* Everything that berg_model_options points to while the model is opened. */
typedef struct open_arguments {
  const char *model_id;
  PyObject *berg_dir;
  PyObject *backbone;
  PyObject *cache;
  const char *subject;
  binding_selection selection;
} open_arguments;

static void release(open_arguments *arguments) {
  Py_XDECREF(arguments->berg_dir);
  Py_XDECREF(arguments->backbone);
  Py_XDECREF(arguments->cache);
  binding_selection_release(&arguments->selection);
}

static bool take(PyObject *args, PyObject *kwargs, open_arguments *arguments, berg_model_options *options) {
  static const char *const keywords[] = {
      "model_id",     "berg_dir",  "subject",     "selection", "backbone", "min_noise_ceiling",
      "device",       "precision", "threads",     "batch",     "strict",   "cache",
      "train_splits", "memory",    "scores_only", "select",    "isa",      NULL};
  PyObject *selection;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sO&sO|$O&dssiO&pO&zO&pzz", (char **)(uintptr_t)keywords,
                                   &arguments->model_id, binding_path_or_none, &arguments->berg_dir,
                                   &arguments->subject, &selection, binding_path_or_none, &arguments->backbone,
                                   &options->min_noise_ceiling, &options->device, &options->precision,
                                   &options->threads, binding_size, &options->batch, &options->strict,
                                   binding_path_or_none, &arguments->cache, &options->train_splits, binding_size,
                                   &options->memory, &options->scores_only, &options->select, &options->isa))
    return false;
  options->berg_dir = arguments->berg_dir ? PyBytes_AsString(arguments->berg_dir) : NULL;
  options->backbone = arguments->backbone ? PyBytes_AsString(arguments->backbone) : NULL;
  options->cache = arguments->cache ? PyBytes_AsString(arguments->cache) : NULL;
  options->subjects = &arguments->subject;
  options->subject_count = 1;
  if (!binding_selection_take(&arguments->selection, selection)) return false;
  options->selection = arguments->selection.items;
  options->selection_count = arguments->selection.count;
  return true;
}

static PyObject *model_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  open_arguments arguments = {0};
  berg_model_options options;
  berg_model *handle = NULL;
  model_object *self = NULL;
  berg_model_options_init(&options);
  if (take(args, kwargs, &arguments, &options)) {
    berg_error error;
    binding_call call;
    binding_call_begin(&call, Py_None, Py_None);
    options.run = &call.run;
    options.warn = call.run.warn;
    options.warn_user = call.run.user;
    berg_status status = berg_model_open(&handle, arguments.model_id, &options, &error);
    binding_call_end(&call);
    if (status)
      binding_raise(&error);
    else if (!PyErr_Occurred() && !PyErr_CheckSignals())
      self = (model_object *)PyType_GenericAlloc(type, 0);
  }
  release(&arguments);
  if (self)
    self->handle = handle;
  else
    berg_model_free(handle);
  return (PyObject *)self;
}

static void model_dealloc(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  berg_model_free(((model_object *)object)->handle);
  PyObject_Free(object);
  Py_DECREF(type);
}

/* The handle, or NULL with an exception set: closed, or in use by another thread. */
static berg_model *handle_of(PyObject *object) {
  model_object *self = (model_object *)object;
  if (self->busy)
    PyErr_SetString(PyExc_RuntimeError, "the model is in use by another call");
  else if (!self->handle)
    PyErr_SetString(PyExc_RuntimeError, "the model is closed");
  else
    return self->handle;
  return NULL;
}

static PyObject *model_close(PyObject *object, PyObject *none) {
  (void)none;
  model_object *self = (model_object *)object;
  if (!self->handle) Py_RETURN_NONE;
  berg_model *handle = handle_of(object);
  if (!handle) return NULL;
  self->handle = NULL;
  PyThreadState *thread = PyEval_SaveThread();
  berg_model_free(handle);
  PyEval_RestoreThread(thread);
  Py_RETURN_NONE;
}

bool binding_responses_fit(const Py_buffer *responses, size_t rows, size_t columns) {
  const char *format = responses->format ? responses->format : "B";
  if (strchr("@=", *format)) format++;
  if (!strcmp(format, "f") && responses->ndim == 2 && (size_t)responses->shape[0] == rows &&
      (size_t)responses->shape[1] == columns)
    return true;
  PyErr_Format(PyExc_ValueError, "out: expected a float32 array of shape (%zu, %zu)", rows, columns);
  return false;
}

PyObject *binding_outcome(berg_status status, const berg_error *error) {
  if (status) return binding_raise(error);
  return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* Whatever `trials` are, NULL: predictions. */
static berg_status encode_or_try(model_object *self, berg_stimuli *stimuli, const berg_trials_options *trials,
                                 float *responses, const berg_run *run, berg_error *error) {
  return trials ? berg_encode_trials(self->handle, stimuli, trials, responses, run, error)
                : berg_encode(self->handle, stimuli, responses, run, error);
}

static PyObject *encode_into(model_object *self, berg_stimuli *stimuli, PyObject *target,
                             const berg_trials_options *trials, PyObject *progress) {
  Py_buffer responses;
  PyObject *result = NULL;
  berg_error error;
  const size_t rows = berg_stimuli_count(stimuli) * (trials ? trials->trials : 1);
  if (PyObject_GetBuffer(target, &responses, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) return NULL;
  bool ready = binding_responses_fit(&responses, rows, berg_model_columns(self->handle));
  if (ready) {
    binding_call call;
    binding_call_begin(&call, progress, Py_None);
    berg_status status = encode_or_try(self, stimuli, trials, responses.buf, &call.run, &error);
    binding_call_end(&call);
    result = binding_outcome(status, &error);
  }
  PyBuffer_Release(&responses);
  return result;
}

static PyObject *encode_to_path(model_object *self, berg_stimuli *stimuli, PyObject *target,
                                const berg_output_options *options, PyObject *progress) {
  PyObject *path = NULL;
  berg_error error;
  binding_call call;
  if (!PyUnicode_FSConverter(target, &path)) return NULL;
  binding_call_begin(&call, progress, Py_None);
  berg_status status = berg_encode_to_file(self->handle, stimuli, PyBytes_AsString(path), options, &call.run, &error);
  binding_call_end(&call);
  Py_DECREF(path);
  return binding_outcome(status, &error);
}

/* (trials, seed, mode, common, average), or None. */
static bool take_trials(PyObject *given, berg_trials_options *trials, berg_output_options *options) {
  Py_ssize_t count, average;
  unsigned long long seed;
  berg_trials_options_init(trials);
  if (given == Py_None) return true;
  if (!PyArg_ParseTuple(given, "nKsdn", &count, &seed, &trials->mode, &trials->common, &average)) return false;
  trials->trials = (size_t)count;
  trials->seed = seed;
  trials->average = (size_t)average;
  options->trials = trials;
  return true;
}

static PyObject *model_encode(PyObject *object, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"stimulus", "out",        "progress", "force", "resume",
                                         "sidecar",  "long_table", "trials",   NULL};
  PyObject *stimulus, *target, *progress = Py_None, *asked_trials = Py_None, *result = NULL;
  berg_output_options options;
  berg_trials_options trials;
  berg_output_options_init(&options);
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|$OppppO", (char **)(uintptr_t)keywords, &stimulus, &target,
                                   &progress, &options.force, &options.resume, &options.sidecar, &options.long_table,
                                   &asked_trials) ||
      !take_trials(asked_trials, &trials, &options))
    return NULL;
  if (!handle_of(object)) return NULL;

  /* Busy from here: taking a buffer may run Python code, which must not close the model. */
  model_object *self = (model_object *)object;
  Py_buffer buffer = {.obj = NULL};
  berg_array view;
  berg_stimuli *stimuli = NULL;
  berg_error error;
  self->busy = true;
  const bool stored = binding_is_store(stimulus);
  if (stored ||
      (!PyObject_GetBuffer(stimulus, &buffer, PyBUF_STRIDES | PyBUF_FORMAT) && binding_view(&buffer, &view))) {
    if (stored ? berg_stimuli_from_store(&stimuli, binding_store_handle(stimulus), &error)
               : berg_stimuli_from_array(&stimuli, &view, BERG_NCHW, &error))
      binding_raise(&error);
    else if (PyObject_CheckBuffer(target))
      result = encode_into(self, stimuli, target, options.trials, progress);
    else
      result = encode_to_path(self, stimuli, target, &options, progress);
    berg_stimuli_free(stimuli);
  }
  if (buffer.obj) PyBuffer_Release(&buffer);
  self->busy = false;
  return result;
}

static PyObject *model_metadata(PyObject *object, PyObject *none) {
  (void)none;
  berg_model *handle = handle_of(object);
  return handle ? binding_metadata(berg_model_metadata(handle, 0)) : NULL;
}

static PyObject *model_outputs(PyObject *object, PyObject *none) {
  (void)none;
  berg_model *handle = handle_of(object);
  PyObject *outputs = handle ? PyList_New(0) : NULL;
  for (size_t i = 0; outputs && i < berg_model_outputs(handle, 0); i++) {
    PyObject *output = binding_output(berg_model_output(handle, 0, i));
    if (!output || PyList_Append(outputs, output)) Py_CLEAR(outputs);
    Py_XDECREF(output);
  }
  return outputs;
}

static PyObject *model_output_path(PyObject *object, PyObject *args) {
  PyObject *given = NULL, *result = NULL;
  Py_ssize_t index;
  if (!PyArg_ParseTuple(args, "O&n", PyUnicode_FSConverter, &given, &index)) return NULL;
  berg_model *handle = handle_of(object);
  char *path = handle ? berg_model_output_path(handle, PyBytes_AsString(given), 0, (size_t)index) : NULL;
  if (path)
    result = PyUnicode_DecodeFSDefault(path);
  else if (handle)
    PyErr_NoMemory();
  berg_free(path);
  Py_DECREF(given);
  return result;
}

static PyObject *get_columns(PyObject *object, void *unused) {
  (void)unused;
  berg_model *handle = handle_of(object);
  return handle ? PyLong_FromSize_t(berg_model_columns(handle)) : NULL;
}

static PyObject *get_device(PyObject *object, void *unused) {
  (void)unused;
  berg_model *handle = handle_of(object);
  return handle ? PyUnicode_FromString(berg_model_device(handle)) : NULL;
}

static PyObject *get_precision(PyObject *object, void *unused) {
  (void)unused;
  berg_model *handle = handle_of(object);
  return handle ? PyUnicode_FromString(berg_model_precision(handle)) : NULL;
}

static PyObject *get_isa(PyObject *object, void *unused) {
  (void)unused;
  berg_model *handle = handle_of(object);
  return handle ? PyUnicode_FromString(berg_model_isa(handle)) : NULL;
}

static PyObject *get_backbone(PyObject *object, void *unused) {
  (void)unused;
  berg_model *handle = handle_of(object);
  if (!handle) return NULL;
  const char *path = berg_model_backbone_path(handle);
  return path ? PyUnicode_DecodeFSDefault(path) : Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"close", model_close, METH_NOARGS, PyDoc_STR("close(): frees the model; closing twice is fine")},
    {"encode", (PyCFunction)(void (*)(void))model_encode, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR(
         "encode(stimulus, out, *, progress=None, force=False, resume=False, sidecar=False, long_table=False, "
         "trials=None): responses of NCHW integers 0..255, or of a Store, into a writable float32 buffer of shape "
         "(images, "
         "columns), or to a file where out is a path; with trials=(trials, seed, mode, common, average) simulated "
         "trials, (images * trials, columns)")},
    {"output_path", model_output_path, METH_VARARGS,
     PyDoc_STR("output_path(path, index) -> str: the file that output `index` of an encode to `path` goes to")},
    {"metadata", model_metadata, METH_NOARGS, PyDoc_STR("metadata() -> as berg._berg.metadata")},
    {"outputs", model_outputs, METH_NOARGS,
     PyDoc_STR("outputs() -> list of (name, first column, columns, axes); an axis is (name, length, list of labels, "
               "bytearray of "
               "int64 indices, bytearray of float64 values, unit of the values), each of the last four or None")},
    {NULL, NULL, 0, NULL},
};

static PyObject *get_busy(PyObject *object, void *closure) {
  (void)closure;
  return PyBool_FromLong(((model_object *)object)->busy);
}

static PyGetSetDef properties[] = {
    {"columns", get_columns, NULL, PyDoc_STR("number of columns of the responses"), NULL},
    {"device", get_device, NULL, PyDoc_STR("device that computes: \"cpu\""), NULL},
    {"precision", get_precision, NULL, PyDoc_STR("precision that is computed in: \"f32\", \"bf16\", \"int8\""), NULL},
    {"isa", get_isa, NULL, PyDoc_STR("the processor's instructions that compute: \"avx512\""), NULL},
    {"backbone", get_backbone, NULL, PyDoc_STR("where the backbone came from"), NULL},
    {"busy", get_busy, NULL, PyDoc_STR("whether a call is using it"), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc,
     (void *)(intptr_t)PyDoc_STR(
         "Model(model_id, berg_dir, subject, selection, *, backbone=None, min_noise_ceiling=nan, device, precision, "
         "threads=0, batch=0, strict=False, cache=None, train_splits=None, memory=0, scores_only=False, select=None); "
         "selection is "
         "a list of "
         "(key, tuple of str or buffer of uint8)")},
    {Py_tp_new, (void *)(intptr_t)model_new},
    {Py_tp_dealloc, (void *)(intptr_t)model_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "berg._berg.Model",
    .basicsize = sizeof(model_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

/* Kept for the check of types: the module has it as long as the process runs. */
static PyObject *model_type;

berg_model *binding_model_handle(PyObject *object) {
  if (PyObject_IsInstance(object, model_type) == 1) return handle_of(object);
  if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "expected a berg._berg.Model");
  return NULL;
}

int binding_add_model_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (!type) return -1;
  model_type = type;
  int status = PyModule_AddType(module, (PyTypeObject *)type);
  Py_DECREF(type);
  return status;
}
