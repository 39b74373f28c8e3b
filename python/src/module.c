/* The module berg._berg: what the library knows without a loaded model, and all the other parts put together. Its users
 * are the Python files of this package; they check types and give names to things, this side only carries them over. */
#include "binding.h"

int binding_path_or_none(PyObject *object, void *slot) {
  PyObject **path = slot;
  if (object && object != Py_None) return PyUnicode_FSConverter(object, path);
  Py_CLEAR(*path); /* None, or (NULL) the parser gives back what it had converted */
  return Py_CLEANUP_SUPPORTED;
}

int binding_size(PyObject *object, void *slot) {
  size_t value = PyLong_AsSize_t(object);
  if (value == (size_t)-1 && PyErr_Occurred()) return 0;
  *(size_t *)slot = value;
  return 1;
}

static PyObject *version(PyObject *module, PyObject *none) {
  (void)module;
  (void)none;
  return PyUnicode_FromString(berg_version());
}

static PyObject *cache_folder(PyObject *module, PyObject *none) {
  (void)module;
  (void)none;
  char *folder = berg_cache_folder();
  PyObject *path = folder ? PyUnicode_DecodeFSDefault(folder) : Py_NewRef(Py_None);
  berg_free(folder);
  return path;
}

static PyObject *model_ids(PyObject *module, PyObject *none) {
  (void)module;
  (void)none;
  PyObject *ids = PyList_New(0);
  for (size_t i = 0; ids && i < berg_catalog_count(); i++) {
    PyObject *id = PyUnicode_FromString(berg_catalog_id(i));
    if (!id || PyList_Append(ids, id)) Py_CLEAR(ids);
    Py_XDECREF(id);
  }
  return ids;
}

static PyObject *card(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *model_id;
  if (!PyArg_ParseTuple(arguments, "s", &model_id)) return NULL;
  const char *json = berg_catalog_card(model_id);
  return json ? PyUnicode_FromString(json) : Py_NewRef(Py_None);
}

/* Opens the metadata of one subject and gives `convert` of it. */
static PyObject *with_metadata(PyObject *arguments, PyObject *(*convert)(const berg_metadata *)) {
  const char *model_id;
  PyObject *berg_dir = NULL, *result = NULL;
  const char *subject;
  if (!PyArg_ParseTuple(arguments, "sO&s", &model_id, binding_path_or_none, &berg_dir, &subject)) return NULL;
  berg_metadata *metadata = NULL;
  berg_error error;
  const char *directory = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
  PyThreadState *thread = PyEval_SaveThread();
  berg_status status = berg_metadata_open(&metadata, model_id, directory, subject, &error);
  PyEval_RestoreThread(thread);
  Py_XDECREF(berg_dir);
  if (status) return binding_raise(&error);
  result = convert(metadata);
  berg_metadata_free(metadata);
  return result;
}

static PyObject *metadata_entries(PyObject *module, PyObject *arguments) {
  (void)module;
  return with_metadata(arguments, binding_metadata);
}

static PyObject *outputs_of(const berg_metadata *metadata) {
  PyObject *outputs = PyList_New(0);
  for (size_t i = 0; outputs && i < berg_metadata_outputs(metadata); i++) {
    PyObject *output = binding_output(berg_metadata_output(metadata, i));
    if (!output || PyList_Append(outputs, output)) Py_CLEAR(outputs);
    Py_XDECREF(output);
  }
  return outputs;
}

static PyObject *metadata_outputs(PyObject *module, PyObject *arguments) {
  (void)module;
  return with_metadata(arguments, outputs_of);
}

static PyMethodDef functions[] = {
    {"version", version, METH_NOARGS, PyDoc_STR("version() -> str: of the library that runs")},
    {"model_ids", model_ids, METH_NOARGS, PyDoc_STR("model_ids() -> list of str: the models known")},
    {"card", card, METH_VARARGS, PyDoc_STR("card(model_id) -> str or None: the model's card as JSON")},
    {"metadata", metadata_entries, METH_VARARGS,
     PyDoc_STR("metadata(model_id, berg_dir, subject) -> (structure as JSON, list of (dotted name, type code, shape, "
               "bytearray))")},
    {"cache_folder", cache_folder, METH_NOARGS,
     PyDoc_STR("cache_folder() -> str or None: the user's folder of converted weights")},
    {"metadata_outputs", metadata_outputs, METH_VARARGS,
     PyDoc_STR("metadata_outputs(model_id, berg_dir, subject) -> as Model.outputs: what the whole subject gives")},
    {"encode_many", (PyCFunction)(void (*)(void))binding_encode_many, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("encode_many(models, stimulus, outs, *, progress=None): responses of several models in one pass, each "
               "into a writable "
               "float32 buffer of shape (images, columns)")},
    {"to_nifti", binding_to_nifti, METH_VARARGS,
     PyDoc_STR("to_nifti(coordinates, values, voxels, path, like, affine, outside, force, sidecar)")},
    {NULL, NULL, 0, NULL},
};

static int add_functions(PyObject *module) {
  return PyModule_AddFunctions(module, binding_training_functions) ||
                 PyModule_AddFunctions(module, binding_matrix_functions) ||
                 PyModule_AddFunctions(module, binding_report_functions) ||
                 PyModule_AddFunctions(module, binding_asking_functions) ||
                 PyModule_AddFunctions(module, binding_compare_functions) ||
                 PyModule_AddFunctions(module, binding_control_functions) ||
                 PyModule_AddFunctions(module, binding_store_functions) ||
                 PyModule_AddFunctions(module, binding_fetch_functions) ||
                 PyModule_AddFunctions(module, binding_similarity_functions)
             ? -1
             : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)(intptr_t)binding_add_model_type},
    {Py_mod_exec, (void *)(intptr_t)binding_add_fit_type},
    {Py_mod_exec, (void *)(intptr_t)binding_add_store_type},
    {Py_mod_exec, (void *)(intptr_t)add_functions},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_berg",
    .m_doc = PyDoc_STR("libberg, by way of berg.h alone."),
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__berg(void);
PyMODINIT_FUNC PyInit__berg(void) { return PyModuleDef_Init(&definition); }
