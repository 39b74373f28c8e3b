/* What the files of the extension berg._berg share. It sees berg.h and Python's limited API of 3.11 (where
 * buffers joined it), so that one binary serves every later Python; arrays come and go as buffers, never
 * through NumPy's C API. */
#ifndef BINDING_H
#define BINDING_H

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#include "berg.h"

/* Raises the exception that berg.core.failures makes of the record. An exception that is pending already (a
 * signal handler's, a progress function's: the cause of ECANCELLED) stays. Always NULL, so that a failure is
 * one statement. */
PyObject *binding_raise(const berg_error *error);
/* After a failure: what the report of parts that do not make a whole says goes with the exception. NULL is fine. */
void binding_add_report(berg_status status, const char *report);
/* The same for a failure found here. */
PyObject *binding_fail(berg_status status, const char *message);

/* A Python buffer of any strides as a view. False, with StimulusError set, for element types that berg.h does
 * not know and for byte orders that are not this machine's. The view lives as long as `buffer`. */
bool binding_view(const Py_buffer *buffer, berg_array *view);
/* (name, NumPy's type code, shape, values): a bytearray in C order, or a list of str for STRING. */
PyObject *binding_entry(const berg_array *array);
/* (structure, entries): berg_metadata_structure as a str, and a list of the above of all entries that are not text. */
PyObject *binding_metadata(const berg_metadata *metadata);

/* What a model is asked for, as berg_model_options takes it; everything lives until it is released. */
typedef struct binding_selection {
  berg_selection *items; /* [count] */
  size_t count;
  Py_buffer *marks; /* [count] obj is NULL: names */
  PyObject *source; /* that the names belong to */
} binding_selection;

/* From a sequence of (key, tuple of str or buffer of uint8). False with an exception set; release it in any case. */
bool binding_selection_take(binding_selection *selection, PyObject *pairs);
void binding_selection_release(binding_selection *selection);

/* (name, first column, columns, [(name, length, labels, indices, values, unit), ...]), None for what an axis lacks. */
PyObject *binding_output(const berg_output *output);

/* One long call into the library without the GIL. Between batches the GIL is taken again to let signal handlers run and
 * to call `progress(done, total, seconds)` and, of a run of several stages, `stage(name, unit)`, unless these are None;
 * an exception from any of them cancels the call. What the library warns of goes to the logger "berg". */
typedef struct binding_call {
  PyThreadState *thread;
  PyObject *progress, *stage; /* NULL: none */
  berg_run run;
} binding_call;

void binding_call_begin(binding_call *call, PyObject *progress, PyObject *stage);
void binding_call_end(binding_call *call);

/* O& converters: a path or None (bytes object or NULL in *slot; Py_CLEANUP_SUPPORTED), a size that is not
 * negative. */
int binding_path_or_none(PyObject *object, void *slot);
int binding_size(PyObject *object, void *slot);

/* Texts of subjects, which live as long as the sequence that they are of. */
typedef struct binding_subjects {
  PyObject *source;
  const char **names;
  size_t count;
} binding_subjects;

/* False with an exception set; to be released either way. */
bool binding_take_subjects(binding_subjects *taken, PyObject *sequence);
void binding_release_subjects(binding_subjects *taken);

/* to_nifti(coordinates, values, voxels, path, like, affine, outside, force, sidecar) */
PyObject *binding_to_nifti(PyObject *module, PyObject *args);

/* Each adds a type to the module; -1 with an exception set. */
int binding_add_model_type(PyObject *module);
int binding_add_fit_type(PyObject *module);
int binding_add_store_type(PyObject *module);

/* encode_many(models, stimulus, outs, *, progress=None) */
PyObject *binding_encode_many(PyObject *module, PyObject *args, PyObject *kwargs);

extern PyMethodDef binding_training_functions[], binding_matrix_functions[];

extern PyMethodDef binding_report_functions[], binding_compare_functions[], binding_control_functions[],
    binding_store_functions[], binding_fetch_functions[];

extern PyMethodDef binding_asking_functions[];
extern PyMethodDef binding_similarity_functions[];

extern PyMethodDef binding_asking_functions[];

#endif
