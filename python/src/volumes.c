/* berg._berg.to_nifti: values of voxels to a NIfTI volume. */
#include "binding.h"

#include <string.h>

/* Buffers and paths of one call; what was not given has no obj. */
typedef struct volume_arguments {
  Py_buffer coordinates, values, voxels, affine;
  PyObject *path, *like;
} volume_arguments;

static void release(volume_arguments *arguments) {
  Py_buffer *buffers[] = {&arguments->coordinates, &arguments->values, &arguments->voxels, &arguments->affine};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
    if (buffers[i]->obj) PyBuffer_Release(buffers[i]);
  Py_XDECREF(arguments->path);
  Py_XDECREF(arguments->like);
}

static bool take_view(PyObject *object, Py_buffer *buffer, berg_array *view) {
  return !PyObject_GetBuffer(object, buffer, PyBUF_STRIDES | PyBUF_FORMAT) && binding_view(buffer, view);
}

/* None, or a buffer of `itemsize` bytes an element in C order. */
static bool take_list(PyObject *object, Py_buffer *buffer, size_t itemsize) {
  if (object == Py_None) return true;
  if (PyObject_GetBuffer(object, buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) return false;
  if ((size_t)buffer->itemsize == itemsize) return true;
  PyErr_SetString(PyExc_ValueError, "expected elements of eight bytes");
  return false;
}

PyObject *binding_to_nifti(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *coordinates, *values, *voxels, *affine, *result = NULL;
  volume_arguments arguments;
  berg_volume_options volume;
  berg_output_options options;
  berg_array where, what;
  memset(&arguments, 0, sizeof arguments);
  berg_volume_options_init(&volume);
  berg_output_options_init(&options);
  if (!PyArg_ParseTuple(args, "OOOO&O&Ozpp", &coordinates, &values, &voxels, PyUnicode_FSConverter, &arguments.path,
                        binding_path_or_none, &arguments.like, &affine, &volume.outside, &options.force,
                        &options.sidecar))
    return NULL;
  if (take_view(coordinates, &arguments.coordinates, &where) && take_view(values, &arguments.values, &what) &&
      take_list(voxels, &arguments.voxels, sizeof(size_t)) && take_list(affine, &arguments.affine, sizeof(double))) {
    berg_error error;
    volume.like = arguments.like ? PyBytes_AsString(arguments.like) : NULL;
    volume.affine = arguments.affine.buf;
    options.volume = &volume;
    binding_call call;
    binding_call_begin(&call, Py_None, Py_None);
    options.run = &call.run;
    berg_status status =
        berg_values_to_nifti(&where, &what, arguments.voxels.buf, (size_t)arguments.voxels.len / sizeof(size_t),
                             PyBytes_AsString(arguments.path), &options, &error);
    binding_call_end(&call);
    result = status ? binding_raise(&error) : Py_NewRef(Py_None);
  }
  release(&arguments);
  return result;
}
