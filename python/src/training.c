/* Simulating, preparing, training, evaluating: each a function of berg._berg with the fields of its options struct as
 * keywords. Their users are berg/training.py, which has the defaults and gives names to what comes back. */
#include "binding.h"

/* What the keywords of one call hold on to until it is over. */
typedef struct held {
  PyObject *berg_dir, *images, *backbone, *work, *scratch;
  Py_buffer subjects, alphas; /* obj is NULL: not given */
} held;

static void release(held *kept) {
  Py_XDECREF(kept->berg_dir);
  Py_XDECREF(kept->images);
  Py_XDECREF(kept->backbone);
  Py_XDECREF(kept->work);
  Py_XDECREF(kept->scratch);
  if (kept->subjects.obj) PyBuffer_Release(&kept->subjects);
  if (kept->alphas.obj) PyBuffer_Release(&kept->alphas);
}

static const char *path_of(PyObject *path) { return path ? PyBytes_AsString(path) : NULL; }

/* Text that the library made, as str. */
static PyObject *text_of(char *text) {
  PyObject *result = text ? PyUnicode_FromString(text) : Py_NewRef(Py_None);
  berg_free(text);
  return result;
}

/* What a call gave, once the GIL is back: its text (or None), or the exception. */
static PyObject *outcome(berg_status status, const berg_error *error, char *text) {
  if (!status && !PyErr_Occurred()) return text_of(text);
  if (status) {
    binding_raise(error);
    binding_add_report(status, text);
  }
  berg_free(text);
  return NULL;
}

static PyObject *simulate(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {
      "folder",      "subjects", "seed",       "voxels", "concepts", "images_per_concept",
      "test_images", "sessions", "image_size", "single", "threads",  "force",
      "progress",    "stage",    NULL};
  (void)module;
  held kept = {0};
  berg_simulate_options options;
  berg_simulate_options_init(&options);
  unsigned long long seed = options.seed;
  int single = 0;
  PyObject *folder = NULL, *progress = Py_None, *stage = Py_None, *result = NULL;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "O&y*|$KO&O&O&O&O&O&pipOO", (char **)(uintptr_t)keywords,
                                  PyUnicode_FSConverter, &folder, &kept.subjects, &seed, binding_size, &options.voxels,
                                  binding_size, &options.concepts, binding_size, &options.images_per_concept,
                                  binding_size, &options.test_images, binding_size, &options.sessions, binding_size,
                                  &options.image_size, &single, &options.threads, &options.force, &progress, &stage)) {
    options.seed = seed;
    options.subjects = kept.subjects.buf;
    options.subject_count = (size_t)kept.subjects.len / sizeof(int);
    options.dtype = single ? BERG_F32 : BERG_F64;
    berg_error error;
    binding_call call;
    binding_call_begin(&call, progress, stage);
    berg_status status = berg_simulate(PyBytes_AsString(folder), &options, &call.run, &error);
    binding_call_end(&call);
    result = outcome(status, &error, NULL);
  }
  Py_XDECREF(folder);
  release(&kept);
  return result;
}

static PyObject *simulate_prepared(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {
      "model_id",    "folder",  "subjects",   "seed",    "units", "times",    "concepts", "images_per_concept",
      "test_images", "repeats", "image_size", "threads", "force", "progress", "stage",    NULL};
  (void)module;
  binding_subjects subjects = {0};
  berg_simulate_prepared_options options;
  berg_simulate_prepared_options_init(&options);
  unsigned long long seed = options.seed;
  const char *model_id;
  PyObject *folder = NULL, *named = NULL, *progress = Py_None, *stage = Py_None, *result = NULL;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "sO&O|$KO&O&O&O&O&O&O&ipOO", (char **)(uintptr_t)keywords, &model_id,
                                  PyUnicode_FSConverter, &folder, &named, &seed, binding_size, &options.units,
                                  binding_size, &options.times, binding_size, &options.concepts, binding_size,
                                  &options.images_per_concept, binding_size, &options.test_images, binding_size,
                                  &options.repeats, binding_size, &options.image_size, &options.threads, &options.force,
                                  &progress, &stage) &&
      binding_take_subjects(&subjects, named)) {
    options.seed = seed;
    options.subjects = subjects.names;
    options.subject_count = subjects.count;
    berg_error error;
    binding_call call;
    binding_call_begin(&call, progress, stage);
    berg_status status = berg_simulate_prepared(PyBytes_AsString(folder), model_id, &options, &call.run, &error);
    binding_call_end(&call);
    result = outcome(status, &error, NULL);
  }
  Py_XDECREF(folder);
  binding_release_subjects(&subjects);
  return result;
}

static PyObject *prepare(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"raw",    "berg_dir", "subject",  "memory", "threads",
                                         "resume", "force",    "progress", "stage",  NULL};
  (void)module;
  held kept = {0};
  berg_prepare_options options;
  berg_prepare_options_init(&options);
  PyObject *raw = NULL, *progress = Py_None, *stage = Py_None, *result = NULL;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&i|$O&ippOO", (char **)(uintptr_t)keywords, PyUnicode_FSConverter,
                                  &raw, binding_path_or_none, &kept.berg_dir, &options.subject, binding_size,
                                  &options.memory, &options.threads, &options.resume, &options.force, &progress,
                                  &stage)) {
    options.berg_dir = path_of(kept.berg_dir);
    berg_error error;
    binding_call call;
    binding_call_begin(&call, progress, stage);
    berg_status status = berg_prepare(PyBytes_AsString(raw), &options, &call.run, &error);
    binding_call_end(&call);
    result = outcome(status, &error, NULL);
  }
  Py_XDECREF(raw);
  release(&kept);
  return result;
}

/* Training and its plan take the same keywords. */
static PyObject *train(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {
      "model_id",     "subjects",  "berg_dir", "images",  "plan_only", "backbone",        "features",
      "components",   "method",    "alphas",   "folds",   "chunks",    "alpha_per_voxel", "work",
      "safetensors",  "keep_work", "memory",   "threads", "batch",     "resume",          "force",
      "train_splits", "only",      "shard",    "shards",  "merge",     "scratch",         "eigenvectors",
      "isa",          "progress",  "stage",    NULL};
  (void)module;
  held kept = {0};
  binding_subjects subjects = {0};
  berg_train_options options;
  berg_train_options_init(&options);
  berg_regression_options regression;
  berg_regression_options_init(&regression);
  options.regression = &regression;
  const char *model_id;
  int plan_only = 0;
  PyObject *sequence, *progress = Py_None, *stage = Py_None, *result = NULL;
  if (PyArg_ParseTupleAndKeywords(
          args, kwargs, "sOO&O&p|$O&sO&sy*O&O&pO&ppO&iO&ppzzO&O&zO&zzOO", (char **)(uintptr_t)keywords, &model_id,
          &sequence, binding_path_or_none, &kept.berg_dir, binding_path_or_none, &kept.images, &plan_only,
          binding_path_or_none, &kept.backbone, &options.features, binding_size, &options.components,
          &regression.method, &kept.alphas, binding_size, &regression.folds, binding_size, &regression.chunks,
          &regression.alpha_per_voxel, binding_path_or_none, &kept.work, &options.safetensors, &options.keep_work,
          binding_size, &options.memory, &options.threads, binding_size, &options.batch, &options.resume,
          &options.force, &options.train_splits, &options.stage, binding_size, &options.shard, binding_size,
          &options.shards, &options.merge, binding_path_or_none, &kept.scratch, &options.eigenvectors, &options.isa,
          &progress, &stage) &&
      binding_take_subjects(&subjects, sequence)) {
    options.subjects = subjects.names;
    options.subject_count = subjects.count;
    options.berg_dir = path_of(kept.berg_dir);
    options.images = path_of(kept.images);
    options.backbone = path_of(kept.backbone);
    options.work = path_of(kept.work);
    options.scratch = path_of(kept.scratch);
    if (kept.alphas.obj) {
      regression.alphas = kept.alphas.buf;
      regression.alpha_count = (size_t)kept.alphas.len / sizeof(double);
    }
    berg_error error;
    char *json = NULL;
    binding_call call;
    binding_call_begin(&call, progress, stage);
    berg_status status = plan_only ? berg_train_plan(&json, model_id, &options, &error)
                                   : berg_train(model_id, &options, &call.run, &json, &error);
    binding_call_end(&call);
    result = outcome(status, &error, json);
  }
  release(&kept);
  binding_release_subjects(&subjects);
  return result;
}

static PyObject *evaluate(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const keywords[] = {"model_id", "subject", "berg_dir", "images",       "backbone", "memory",
                                         "threads",  "force",   "sidecar",  "train_splits", "shard",    "shards",
                                         "merge",    "isa",     "progress", "stage",        NULL};
  (void)module;
  held kept = {0};
  berg_evaluate_options options;
  berg_evaluate_options_init(&options);
  const char *model_id;
  PyObject *progress = Py_None, *stage = Py_None, *result = NULL;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "ssO&O&|$O&O&ippzO&O&O&zOO", (char **)(uintptr_t)keywords, &model_id,
                                  &options.subject, binding_path_or_none, &kept.berg_dir, binding_path_or_none,
                                  &kept.images, binding_path_or_none, &kept.backbone, binding_size, &options.memory,
                                  &options.threads, &options.force, &options.sidecar, &options.train_splits,
                                  binding_size, &options.shard, binding_size, &options.shards, binding_size,
                                  &options.merge, &options.isa, &progress, &stage)) {
    options.berg_dir = path_of(kept.berg_dir);
    options.images = path_of(kept.images);
    options.backbone = path_of(kept.backbone);
    berg_error error;
    char *json = NULL;
    binding_call call;
    binding_call_begin(&call, progress, stage);
    berg_status status = berg_evaluate(model_id, &options, &call.run, &json, &error);
    binding_call_end(&call);
    result = outcome(status, &error, json);
  }
  release(&kept);
  return result;
}

#define WITH_KEYWORDS(function) (PyCFunction)(void (*)(void)) function, METH_VARARGS | METH_KEYWORDS

PyMethodDef binding_training_functions[] = {
    {"simulate", WITH_KEYWORDS(simulate), PyDoc_STR("simulate(folder, subjects, *, ...): as berg_simulate of berg.h")},
    {"simulate_prepared", WITH_KEYWORDS(simulate_prepared),
     PyDoc_STR("simulate_prepared(model_id, folder, subjects, *, ...): as berg_simulate_prepared")},
    {"prepare", WITH_KEYWORDS(prepare), PyDoc_STR("prepare(raw, berg_dir, subject, *, ...): as berg_prepare")},
    {"train", WITH_KEYWORDS(train),
     PyDoc_STR(
         "train(model_id, subjects, berg_dir, images, plan_only, *, ...) -> str: the report or the plan, as JSON")},
    {"evaluate", WITH_KEYWORDS(evaluate),
     PyDoc_STR("evaluate(model_id, subject, berg_dir, images, *, ...) -> str: the report as JSON")},
    {NULL, NULL, 0, NULL},
};
