/* Several models in one pass over the images. */
#include "binding.h"
#include "model_object.h"
#include "store_object.h"

#include <string.h>

typedef struct many {
  model_object **models; /* [count] those before `busy` are ours */
  berg_model **handles;
  Py_buffer *buffers; /* obj is NULL: not taken */
  float **responses;
  Py_ssize_t count, busy;
  PyObject *models_source, *outs_source;
} many;

static void release(many *m) {
  for (Py_ssize_t i = 0; i < m->busy; i++) m->models[i]->busy = false;
  for (Py_ssize_t i = 0; m->buffers && i < m->count; i++)
    if (m->buffers[i].obj) PyBuffer_Release(&m->buffers[i]);
  PyMem_Free(m->models);
  PyMem_Free(m->handles);
  PyMem_Free(m->buffers);
  PyMem_Free(m->responses);
  Py_XDECREF(m->models_source);
  Py_XDECREF(m->outs_source);
}

static bool allocate(many *m, PyObject *models, PyObject *outs) {
  m->models_source = PySequence_Tuple(models);
  m->outs_source = m->models_source ? PySequence_Tuple(outs) : NULL;
  if (!m->outs_source) return false;
  m->count = PyTuple_Size(m->models_source);
  if (PyTuple_Size(m->outs_source) != m->count) {
    PyErr_SetString(PyExc_ValueError, "encode_many: expected an array for each model");
    return false;
  }
  m->models = PyMem_Calloc((size_t)m->count + 1, sizeof *m->models);
  m->handles = PyMem_Calloc((size_t)m->count + 1, sizeof *m->handles);
  m->buffers = PyMem_Calloc((size_t)m->count + 1, sizeof *m->buffers);
  m->responses = PyMem_Calloc((size_t)m->count + 1, sizeof *m->responses);
  if (m->models && m->handles && m->buffers && m->responses) return true;
  PyErr_NoMemory();
  return false;
}

/* A model is busy from when it is taken: taking a buffer may run Python code. */
static bool take(many *m, size_t images) {
  for (Py_ssize_t i = 0; i < m->count; i++) {
    m->handles[i] = binding_model_handle(PyTuple_GetItem(m->models_source, i));
    if (!m->handles[i]) return false;
    m->models[i] = (model_object *)PyTuple_GetItem(m->models_source, i);
    m->models[i]->busy = true;
    m->busy = i + 1;
    Py_buffer *buffer = &m->buffers[i];
    if (PyObject_GetBuffer(PyTuple_GetItem(m->outs_source, i), buffer,
                           PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) ||
        !binding_responses_fit(buffer, images, berg_model_columns(m->handles[i])))
      return false;
    m->responses[i] = buffer->buf;
  }
  return true;
}

static PyObject *run(many *m, berg_stimuli *stimuli, PyObject *progress) {
  berg_error error;
  binding_call call;
  binding_call_begin(&call, progress, Py_None);
  berg_status status = berg_encode_many(m->handles, (size_t)m->count, stimuli, m->responses, &call.run, &error);
  binding_call_end(&call);
  return binding_outcome(status, &error);
}

PyObject *binding_encode_many(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"models", "stimulus", "outs", "progress", NULL};
  PyObject *models, *stimulus, *outs, *progress = Py_None, *result = NULL;
  Py_buffer buffer = {.obj = NULL};
  berg_array view;
  berg_stimuli *stimuli = NULL;
  berg_error error;
  many m = {.count = 0};
  (void)module;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO|$O", (char **)(uintptr_t)keywords, &models, &stimulus, &outs,
                                   &progress))
    return NULL;
  const bool stored = binding_is_store(stimulus);
  if (!stored && PyObject_GetBuffer(stimulus, &buffer, PyBUF_STRIDES | PyBUF_FORMAT)) return NULL;
  if ((stored || binding_view(&buffer, &view)) && allocate(&m, models, outs)) {
    if (stored ? berg_stimuli_from_store(&stimuli, binding_store_handle(stimulus), &error)
               : berg_stimuli_from_array(&stimuli, &view, BERG_NCHW, &error))
      binding_raise(&error);
    else if (take(&m, berg_stimuli_count(stimuli)))
      result = run(&m, stimuli, progress);
    berg_stimuli_free(stimuli);
  }
  release(&m);
  if (buffer.obj) PyBuffer_Release(&buffer);
  return result;
}
