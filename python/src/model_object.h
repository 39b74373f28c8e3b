/* The object behind berg._berg.Model, for what takes several of them. */
#ifndef BINDING_MODEL_OBJECT_H
#define BINDING_MODEL_OBJECT_H

#include "binding.h"

typedef struct model_object {
  PyObject_HEAD berg_model *handle;
  bool busy;
} model_object;

/* The handle of a Model, or NULL with an exception set: another type, closed, or in use by another thread. */
berg_model *binding_model_handle(PyObject *object);
/* Whether a buffer holds rows x columns float32 in C order; else an exception says so. */
bool binding_responses_fit(const Py_buffer *responses, size_t rows, size_t columns);
/* None, or NULL with an exception set: the library's, or that of a progress function after the last batch. */
PyObject *binding_outcome(berg_status status, const berg_error *error);

#endif
