/* Rankings and contrasts of the images of a store, and sheets of pictures. */
#include "store_object.h"

#include <string.h>

/* Numbers of a sequence of int; None: NULL. False with an exception set. PyMem_Free. */
static bool take_numbers(PyObject *sequence, size_t **numbers, size_t *count) {
  *numbers = NULL;
  *count = 0;
  if (sequence == Py_None) return true;
  const Py_ssize_t length = PySequence_Size(sequence);
  if (length < 0) return false;
  *numbers = PyMem_Calloc((size_t)length + 1, sizeof **numbers);
  if (!*numbers) PyErr_NoMemory();
  for (Py_ssize_t i = 0; *numbers && i < length; i++) {
    PyObject *item = PySequence_GetItem(sequence, i);
    const bool good = item && binding_size(item, *numbers + i);
    Py_XDECREF(item);
    if (!good) return false;
    *count = (size_t)i + 1;
  }
  return *numbers != NULL;
}

/* --- Ranking --- */

static PyObject *run_rank(const berg_store *store, const char *expression, const berg_rank_options *options,
                          PyObject *progress) {
  char *json = NULL;
  berg_error error;
  binding_call call;
  binding_call_begin(&call, progress, Py_None);
  const berg_status status = berg_rank(store, expression, options, &call.run, &json, &error);
  binding_call_end(&call);
  PyObject *result = NULL;
  if (status)
    binding_raise(&error);
  else if (!PyErr_Occurred())
    result = PyUnicode_DecodeUTF8(json, (Py_ssize_t)strlen(json), "replace");
  berg_free(json);
  return result;
}

static PyObject *rank(PyObject *module, PyObject *args) {
  PyObject *object, *parts, *images, *progress, *berg_dir = NULL, *result = NULL;
  const char *expression;
  size_t *part_list = NULL, *image_list = NULL;
  berg_rank_options options;
  (void)module;
  berg_rank_options_init(&options);
  if (PyArg_ParseTuple(args, "OsO&OO&O&pOiO", &object, &expression, binding_path_or_none, &berg_dir, &parts,
                       binding_size, &options.top, binding_size, &options.bottom, &options.zscore, &images,
                       &options.threads, &progress) &&
      take_numbers(parts, &part_list, &options.part_count) && take_numbers(images, &image_list, &options.image_count)) {
    const berg_store *store = binding_store_handle(object);
    options.berg_dir = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
    options.parts = part_list;
    options.images = image_list;
    if (store) result = run_rank(store, expression, &options, progress);
  }
  PyMem_Free(part_list);
  PyMem_Free(image_list);
  Py_XDECREF(berg_dir);
  return result;
}

/* --- Contrast --- */

typedef struct groups {
  berg_image_group *list;
  size_t count;
} groups;

/* From a tuple of (name, sequence of int); names live as long as it does. */
static bool take_groups(groups *taken, PyObject *pairs) {
  const Py_ssize_t count = PyTuple_Size(pairs);
  if (count < 0) return false;
  taken->list = PyMem_Calloc((size_t)count + 1, sizeof *taken->list);
  if (!taken->list) PyErr_NoMemory();
  for (Py_ssize_t i = 0; taken->list && i < count; i++) {
    berg_image_group *group = &taken->list[i];
    PyObject *sequence;
    size_t *images;
    if (!PyArg_ParseTuple(PyTuple_GetItem(pairs, i), "sO", &group->name, &sequence)) return false;
    taken->count++;
    const bool good = take_numbers(sequence, &images, &group->count);
    group->images = images;
    if (!good) return false;
  }
  return taken->list != NULL;
}

static void release_groups(groups *taken) {
  for (size_t i = 0; i < taken->count; i++) PyMem_Free((void *)(uintptr_t)taken->list[i].images);
  PyMem_Free(taken->list);
}

#define MAPS 9

/* (JSON, the maps' bytes one after the other) of one contrast. */
static PyObject *compute(const berg_contrast *contrast, const char *weights) {
  const size_t columns = berg_contrast_columns(contrast);
  PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(MAPS * columns * sizeof(double))), *result = NULL;
  if (!bytes) return NULL;
  double *values = (double *)(void *)PyByteArray_AsString(bytes);
  berg_contrast_maps maps;
  berg_contrast_maps_init(&maps);
  double **const slots[MAPS] = {&maps.e, &maps.t, &maps.df, &maps.p, &maps.log, &maps.q, &maps.d, &maps.g, &maps.sd};
  for (size_t i = 0; i < MAPS; i++) *slots[i] = values + i * columns;
  char *json = NULL;
  berg_error error;
  PyThreadState *thread = PyEval_SaveThread();
  const berg_status status = berg_contrast_compute(contrast, weights, &maps, &json, &error);
  PyEval_RestoreThread(thread);
  result = status ? binding_raise(&error) : Py_BuildValue("sO", json, bytes);
  berg_free(json);
  Py_DECREF(bytes);
  return result;
}

static PyObject *compute_all(const berg_store *store, size_t part, const groups *asked, PyObject *weights,
                             berg_contrast_options *options) {
  berg_contrast *contrast;
  berg_error error;
  binding_call call;
  binding_call_begin(&call, Py_None, Py_None);
  options->run = &call.run;
  const berg_status status = berg_contrast_open(&contrast, store, part, asked->list, asked->count, options, &error);
  binding_call_end(&call);
  if (status) return binding_raise(&error);
  PyObject *result = PyList_New(0);
  for (Py_ssize_t i = 0; result && i < PyTuple_Size(weights); i++) {
    const char *text = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(weights, i), NULL);
    PyObject *one = text ? compute(contrast, text) : NULL;
    if (!one || PyList_Append(result, one)) Py_CLEAR(result);
    Py_XDECREF(one);
  }
  berg_contrast_free(contrast);
  return result;
}

static PyObject *contrast(PyObject *module, PyObject *args) {
  PyObject *object, *pairs, *weights, *berg_dir = NULL, *result = NULL;
  groups asked = {NULL, 0};
  size_t part;
  berg_contrast_options options;
  (void)module;
  berg_contrast_options_init(&options);
  if (PyArg_ParseTuple(args, "OO&O!O!O&zppppdi", &object, binding_size, &part, &PyTuple_Type, &pairs, &PyTuple_Type,
                       &weights, binding_path_or_none, &berg_dir, &options.select, &options.paired, &options.pooled,
                       &options.one_sided, &options.any_dependence, &options.fdr, &options.threads) &&
      take_groups(&asked, pairs)) {
    const berg_store *store = binding_store_handle(object);
    options.berg_dir = berg_dir ? PyBytes_AsString(berg_dir) : NULL;
    if (store) result = compute_all(store, part, &asked, weights, &options);
  }
  release_groups(&asked);
  Py_XDECREF(berg_dir);
  return result;
}

/* --- Lists and pictures --- */

static PyObject *find_listed(PyObject *module, PyObject *args) {
  PyObject *object, *path = NULL, *result = NULL;
  size_t *images = NULL, count = 0;
  berg_error error;
  (void)module;
  if (!PyArg_ParseTuple(args, "OO&", &object, PyUnicode_FSConverter, &path)) return NULL;
  const berg_store *store = binding_store_handle(object);
  if (store && berg_store_find_listed(store, PyBytes_AsString(path), &images, &count, &error))
    binding_raise(&error);
  else if (store)
    result = PyList_New(0);
  for (size_t i = 0; result && i < count; i++) {
    PyObject *image = PyLong_FromSize_t(images[i]);
    if (!image || PyList_Append(result, image)) Py_CLEAR(result);
    Py_XDECREF(image);
  }
  berg_free(images);
  Py_DECREF(path);
  return result;
}

/* One (title, names, captions) of texts. */
static bool take_pictures(berg_picture_group *group, PyObject *triple, binding_subjects *names,
                          binding_subjects *captions) {
  PyObject *name_list, *caption_list;
  if (!PyArg_ParseTuple(triple, "sOO", &group->title, &name_list, &caption_list) ||
      !binding_take_subjects(names, name_list) || !binding_take_subjects(captions, caption_list))
    return false;
  group->names = names->names;
  group->captions = captions->names;
  group->count = names->count;
  if (captions->count == names->count) return true;
  PyErr_SetString(PyExc_ValueError, "expected a caption for each picture");
  return false;
}

static PyObject *draw(const berg_picture_group *list, size_t count, const char *path,
                      const berg_picture_options *options) {
  size_t missing = 0;
  berg_error error;
  PyThreadState *thread = PyEval_SaveThread();
  const berg_status status = berg_draw_pictures(list, count, path, options, &missing, &error);
  PyEval_RestoreThread(thread);
  return status ? binding_raise(&error) : PyLong_FromSize_t(missing);
}

static PyObject *draw_pictures(PyObject *module, PyObject *args) {
  PyObject *triples, *path = NULL, *folder = NULL, *result = NULL;
  berg_picture_options options;
  (void)module;
  berg_picture_options_init(&options);
  if (!PyArg_ParseTuple(args, "O!O&O&zp", &PyTuple_Type, &triples, PyUnicode_FSConverter, &path, binding_path_or_none,
                        &folder, &options.heading, &options.force)) {
    Py_XDECREF(path);
    Py_XDECREF(folder);
    return NULL;
  }
  const size_t count = (size_t)PyTuple_Size(triples);
  berg_picture_group *list = PyMem_Calloc(count + 1, sizeof *list);
  binding_subjects *texts = PyMem_Calloc(2 * count + 1, sizeof *texts);
  bool good = list && texts;
  if (!good) PyErr_NoMemory();
  for (size_t i = 0; i < count && good; i++)
    good = take_pictures(&list[i], PyTuple_GetItem(triples, (Py_ssize_t)i), &texts[2 * i], &texts[2 * i + 1]);
  options.folder = folder ? PyBytes_AsString(folder) : NULL;
  if (good) result = draw(list, count, PyBytes_AsString(path), &options);
  for (size_t i = 0; texts && i < 2 * count; i++) binding_release_subjects(&texts[i]);
  PyMem_Free(texts);
  PyMem_Free(list);
  Py_DECREF(path);
  Py_XDECREF(folder);
  return result;
}

PyMethodDef binding_asking_functions[] = {
    {"rank", rank, METH_VARARGS,
     PyDoc_STR(
         "rank(store, expression, berg_dir, parts, top, bottom, zscore, images, threads, progress) -> str: JSON")},
    {"contrast", contrast, METH_VARARGS,
     PyDoc_STR(
         "contrast(store, part, groups, weights, berg_dir, select, paired, pooled, one_sided, any_dependence, fdr, "
         "threads) -> list of (JSON, bytearray: e, t, df, p, log, q, d, g, sd)")},
    {"find_listed", find_listed, METH_VARARGS, PyDoc_STR("find_listed(store, path) -> list of int")},
    {"draw_pictures", draw_pictures, METH_VARARGS,
     PyDoc_STR("draw_pictures(groups, path, folder, heading, force) -> int: pictures that are missing")},
    {NULL, NULL, 0, NULL},
};
