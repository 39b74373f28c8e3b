/* The type berg._berg.Model: one opened model. Its handle is freed by close() or with the object. A handle
 * serves one thread at a time: a second call meanwhile raises RuntimeError here, and waits its turn in the
 * class above (Python's fMRIEncodingModel holds a lock). */
#include "binding.h"

#include <string.h>

typedef struct model_object {
  PyObject_HEAD berg_model *handle;
  bool busy;
} model_object;

/* Everything that berg_model_options points to while the model is opened. */
typedef struct open_arguments {
  const char *model_id;
  PyObject *berg_dir;
  PyObject *backbone;
  PyObject *cache;
  PyObject *names; /* tuple of str: the ROIs */
  const char **rois;
  Py_buffer voxel_index; /* obj is NULL: none given */
} open_arguments;

static void release(open_arguments *arguments) {
  Py_XDECREF(arguments->berg_dir);
  Py_XDECREF(arguments->backbone);
  Py_XDECREF(arguments->cache);
  Py_XDECREF(arguments->names);
  PyMem_Free((void *)arguments->rois);
  if (arguments->voxel_index.obj) PyBuffer_Release(&arguments->voxel_index);
}

static bool take_rois(PyObject *rois, open_arguments *arguments, berg_model_options *options) {
  arguments->names = PySequence_Tuple(rois);
  if (!arguments->names) return false;
  Py_ssize_t count = PyTuple_Size(arguments->names);
  arguments->rois = PyMem_Calloc((size_t)count + 1, sizeof *arguments->rois);
  if (!arguments->rois) {
    PyErr_NoMemory();
    return false;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *name = PyTuple_GetItem(arguments->names, i);
    Py_ssize_t length;
    arguments->rois[i] = PyUnicode_AsUTF8AndSize(name, &length);
    if (!arguments->rois[i]) return false;
    if (strlen(arguments->rois[i]) != (size_t)length) {
      binding_fail(BERG_EPARAMETER, "roi: a name holds a zero byte");
      return false;
    }
  }
  options->rois = arguments->rois;
  options->roi_count = (size_t)count;
  return true;
}

static bool take_voxel_index(PyObject *voxel_index, open_arguments *arguments, berg_model_options *options) {
  if (voxel_index == Py_None) return true;
  if (PyObject_GetBuffer(voxel_index, &arguments->voxel_index, PyBUF_C_CONTIGUOUS)) return false;
  options->voxel_index = arguments->voxel_index.buf;
  options->voxel_index_length = (size_t)arguments->voxel_index.len;
  return true;
}

/* `subject` outlives the options. */
static bool take(PyObject *args, PyObject *kwargs, open_arguments *arguments, berg_model_options *options,
                 int *subject) {
  static const char *const keywords[] = {
      "model_id", "berg_dir",  "subject", "rois",  "voxel_index", "backbone", "min_noise_ceiling",
      "device",   "precision", "threads", "batch", "strict",      "cache",    NULL};
  PyObject *rois, *voxel_index;
  if (!PyArg_ParseTupleAndKeywords(
          args, kwargs, "sO&iOO|$O&dssiO&pO&", (char **)(uintptr_t)keywords, &arguments->model_id, binding_path_or_none,
          &arguments->berg_dir, subject, &rois, &voxel_index, binding_path_or_none, &arguments->backbone,
          &options->min_noise_ceiling, &options->device, &options->precision, &options->threads, binding_size,
          &options->batch, &options->strict, binding_path_or_none, &arguments->cache))
    return false;
  options->berg_dir = arguments->berg_dir ? PyBytes_AsString(arguments->berg_dir) : NULL;
  options->backbone = arguments->backbone ? PyBytes_AsString(arguments->backbone) : NULL;
  options->cache = arguments->cache ? PyBytes_AsString(arguments->cache) : NULL;
  options->subjects = subject;
  options->subject_count = 1;
  return take_rois(rois, arguments, options) && take_voxel_index(voxel_index, arguments, options);
}

static PyObject *model_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  open_arguments arguments = {0};
  berg_model_options options;
  berg_model *handle = NULL;
  model_object *self = NULL;
  int subject = 0;
  berg_model_options_init(&options);
  if (take(args, kwargs, &arguments, &options, &subject)) {
    berg_error error;
    binding_call call;
    binding_call_begin(&call, Py_None, Py_None);
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

/* `responses` has room for rows x columns float32 in C order, or says why not. */
static bool fits(const Py_buffer *responses, size_t rows, size_t columns) {
  const char *format = responses->format ? responses->format : "B";
  if (strchr("@=", *format)) format++;
  if (!strcmp(format, "f") && responses->ndim == 2 && (size_t)responses->shape[0] == rows &&
      (size_t)responses->shape[1] == columns)
    return true;
  PyErr_Format(PyExc_ValueError, "out: expected a float32 array of shape (%zu, %zu)", rows, columns);
  return false;
}

/* None, or NULL with an exception set: the library's, or that of a progress function after the last batch. */
static PyObject *outcome(berg_status status, const berg_error *error) {
  if (status) return binding_raise(error);
  return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *encode_into(model_object *self, berg_stimuli *stimuli, PyObject *target, PyObject *progress) {
  Py_buffer responses;
  PyObject *result = NULL;
  berg_error error;
  if (PyObject_GetBuffer(target, &responses, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) return NULL;
  bool ready = fits(&responses, berg_stimuli_count(stimuli), berg_model_columns(self->handle));
  if (ready) {
    binding_call call;
    binding_call_begin(&call, progress, Py_None);
    berg_status status = berg_encode(self->handle, stimuli, responses.buf, &call.run, &error);
    binding_call_end(&call);
    result = outcome(status, &error);
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
  return outcome(status, &error);
}

static PyObject *model_encode(PyObject *object, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"stimulus", "out", "progress", "force", "resume", "sidecar", NULL};
  PyObject *stimulus, *target, *progress = Py_None, *result = NULL;
  berg_output_options options;
  berg_output_options_init(&options);
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|$Oppp", (char **)(uintptr_t)keywords, &stimulus, &target,
                                   &progress, &options.force, &options.resume, &options.sidecar))
    return NULL;
  if (!handle_of(object)) return NULL;

  /* Busy from here: taking a buffer may run Python code, which must not close the model. */
  model_object *self = (model_object *)object;
  Py_buffer buffer;
  berg_array view;
  berg_stimuli *stimuli = NULL;
  berg_error error;
  self->busy = true;
  if (PyObject_GetBuffer(stimulus, &buffer, PyBUF_STRIDES | PyBUF_FORMAT)) {
    self->busy = false;
    return NULL;
  }
  if (binding_view(&buffer, &view)) {
    if (berg_stimuli_from_array(&stimuli, &view, BERG_NCHW, &error))
      binding_raise(&error);
    else if (PyObject_CheckBuffer(target))
      result = encode_into(self, stimuli, target, progress);
    else
      result = encode_to_path(self, stimuli, target, &options, progress);
    berg_stimuli_free(stimuli);
  }
  PyBuffer_Release(&buffer);
  self->busy = false;
  return result;
}

static PyObject *model_metadata(PyObject *object, PyObject *none) {
  (void)none;
  berg_model *handle = handle_of(object);
  return handle ? binding_metadata_entries(berg_model_metadata(handle, 0)) : NULL;
}

/* int64 in native order, by way of the entry form: (name, type code, shape, bytearray). */
static PyObject *model_voxels(PyObject *object, PyObject *none) {
  (void)none;
  berg_model *handle = handle_of(object);
  if (!handle) return NULL;
  const size_t *voxels = berg_model_voxels(handle, 0);
  size_t count = berg_model_columns(handle);
  PyObject *values = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(int64_t)));
  for (size_t i = 0; values && i < count; i++) {
    int64_t voxel = (int64_t)voxels[i];
    memcpy(PyByteArray_AsString(values) + i * sizeof voxel, &voxel, sizeof voxel);
  }
  return values;
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
     PyDoc_STR("encode(stimulus, out, *, progress=None, force=False, resume=False, sidecar=False): responses of NCHW "
               "integers 0..255 into "
               "a writable float32 buffer of shape (images, columns), or to a file where out is a path")},
    {"metadata", model_metadata, METH_NOARGS, PyDoc_STR("metadata() -> as berg._berg.metadata")},
    {"voxels", model_voxels, METH_NOARGS, PyDoc_STR("voxels() -> bytearray of int64: the voxel behind each column")},
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
    {"backbone", get_backbone, NULL, PyDoc_STR("where the backbone came from"), NULL},
    {"busy", get_busy, NULL, PyDoc_STR("whether a call is using it"), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(intptr_t)PyDoc_STR(
                    "Model(model_id, berg_dir, subject, rois, voxel_index, *, backbone=None, "
                    "min_noise_ceiling=nan, device, precision, threads=0, batch=0, strict=False, cache=None)")},
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

int binding_add_model_type(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (!type) return -1;
  int status = PyModule_AddType(module, (PyTypeObject *)type);
  Py_DECREF(type);
  return status;
}
