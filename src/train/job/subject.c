/* One subject of a training: its prepared data. */
#include "train/job/subject.h"

#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5.h"
#include "io/value/text_array.h"

#define DATASET "neural_data"

/* --- Names --- */

static berg_status find_texts(const berg_file *file, const char *path, const char *name, const berg_array **array,
                              berg_error *error) {
  char found[128];
  *array = berg_file_find(file, name);
  if (!*array)
    return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, name, "entry missing",
                                             "one text a training trial", "no entry of this name"});
  bool is_text = (*array)->dtype == BERG_STRING || (*array)->dtype == BERG_UNICODE;
  if (is_text && (*array)->ndim == 1) return BERG_OK;
  base_array_describe(*array, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, name, "does not fit",
                                           "one text a training trial", found});
}

/* A name is one component of a path, so that it cannot lead out of the folder. */
static bool is_step(const char *name) { return *name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/'); }

static berg_status join(char **name, const berg_array *concepts, const berg_array *stimuli, size_t index,
                        const char *path, berg_error *error) {
  char *concept = io_text_at(concepts, index, error), *stimulus = concept ? io_text_at(stimuli, index, error) : NULL;
  berg_status status = BERG_OK;
  if (!stimulus)
    status = error ? error->status : BERG_EINPUT;
  else if (!is_step(concept) || !is_step(stimulus))
    status =
        base_fail_found(error, BERG_EINPUT, path, "a training image that is no file name",
                        "<concept> and <stimulus> without slashes", "%s and %s in trial %zu", concept, stimulus, index);
  else if (!(*name = base_format(error, "%s/%s", concept, stimulus)))
    status = BERG_ELIMIT;
  base_free(concept);
  base_free(stimulus);
  return status;
}

static berg_status read_names(train_subject *subject, const berg_file *file, berg_error *error) {
  const berg_array *stimuli, *concepts;
  berg_error local;
  if (!error) error = &local;
  berg_status status = find_texts(file, subject->prepared, "encoding_model.train_stimuli", &stimuli, error);
  if (!status) status = find_texts(file, subject->prepared, "encoding_model.train_concepts", &concepts, error);
  if (status) return status;
  if (stimuli->shape[0] != concepts->shape[0] || !stimuli->shape[0]) {
    char expected[64];
    base_print(expected, sizeof expected, "as many concepts as stimuli, %zu", stimuli->shape[0]);
    return base_fail_found(error, BERG_EINPUT, subject->prepared, "the training images do not fit", expected, "%zu",
                           concepts->shape[0]);
  }
  subject->names = base_calloc(stimuli->shape[0], sizeof *subject->names, error);
  if (!subject->names) return BERG_ELIMIT;
  subject->trials = stimuli->shape[0];
  for (size_t t = 0; t < subject->trials && !status; t++)
    status = join(&subject->names[t], concepts, stimuli, t, subject->prepared, error);
  return status;
}

static berg_status count_voxels(train_subject *subject, const berg_file *file, berg_error *error) {
  const char *const name = "fmri.voxel_coords";
  const berg_array *coordinates = berg_file_find(file, name);
  char found[128] = "no entry of this name";
  if (coordinates) base_array_describe(coordinates, found, sizeof found);
  if (!coordinates || coordinates->ndim != 2 || !coordinates->shape[0])
    return base_fail_at(error, &(base_fault){BERG_EINPUT, subject->prepared, BERG_NO_OFFSET, name,
                                             "no voxel coordinates", "int64 (voxels, 3)", found});
  subject->voxels = coordinates->shape[0];
  return BERG_OK;
}

/* --- Responses --- */

static berg_status check_responses(train_subject *subject, const io_hdf5 *dataset, berg_error *error) {
  const berg_array *about = io_hdf5_about(dataset);
  bool is_real = about->dtype == BERG_F32 || about->dtype == BERG_F64;
  subject->dtype = about->dtype;
  if (is_real && about->ndim == 2 && about->shape[0] == subject->trials && about->shape[1] == subject->voxels)
    return BERG_OK;
  char expected[128], found[128];
  base_print(expected, sizeof expected, "float32 (%zu, %zu), trials and voxels as in the metadata", subject->trials,
             subject->voxels);
  base_array_describe(about, found, sizeof found);
  return base_fail_at(
      error, &(base_fault){BERG_EINPUT, subject->responses, BERG_NO_OFFSET, DATASET, "does not fit", expected, found});
}

berg_status train_subject_read(train_subject *subject, berg_error *error) {
  berg_file *file;
  io_hdf5 *dataset = NULL;
  berg_status status = berg_file_open(&file, subject->prepared, error);
  if (status) return status;
  status = read_names(subject, file, error);
  if (!status) status = count_voxels(subject, file, error);
  if (!status) status = io_hdf5_open(&dataset, subject->responses, DATASET, error);
  if (!status) status = check_responses(subject, dataset, error);
  io_hdf5_free(dataset);
  berg_file_free(file);
  return status;
}

void train_subject_release(train_subject *subject) {
  for (size_t t = 0; subject->names && t < subject->trials; t++) base_free(subject->names[t]);
  base_free(subject->names);
  base_free(subject->rows);
  base_free(subject->prepared);
  base_free(subject->responses);
  base_free(subject->weights);
  base_free(subject->safetensors);
  base_free(subject->metadata);
  base_free(subject->name);
  base_free(subject->label);
  *subject = (train_subject){.name = NULL};
}

struct train_responses {
  io_hdf5 *dataset;
  size_t trials, voxels;
};

berg_status train_responses_open(train_responses **out, const train_subject *subject, berg_error *error) {
  *out = NULL;
  train_responses *responses = base_calloc(1, sizeof *responses, error);
  if (!responses) return BERG_ELIMIT;
  responses->trials = subject->trials;
  responses->voxels = subject->voxels;
  berg_status status = io_hdf5_open(&responses->dataset, subject->responses, DATASET, error);
  if (status)
    train_responses_close(responses);
  else
    *out = responses;
  return status;
}

void train_responses_close(train_responses *responses) {
  if (!responses) return;
  io_hdf5_free(responses->dataset);
  base_free(responses);
}

static berg_status read_converted(io_hdf5 *dataset, size_t trials, size_t first, size_t number, float *to,
                                  berg_error *error) {
  double *block = base_alloc(TRAIN_CONVERTED * number, sizeof *block, error);
  berg_status status = block ? BERG_OK : BERG_ELIMIT;
  for (size_t t = 0; t < trials && !status; t += TRAIN_CONVERTED) {
    const size_t count = trials - t < TRAIN_CONVERTED ? trials - t : TRAIN_CONVERTED;
    status = io_hdf5_read_columns(dataset, t, count, first, number, block, error);
    for (size_t i = 0; i < count * number && !status; i++) to[t * number + i] = (float)block[i];
  }
  base_free(block);
  return status;
}

static berg_status read_targets(void *user, size_t first, size_t number, float *to, berg_error *error) {
  train_responses *responses = user;
  if (io_hdf5_about(responses->dataset)->dtype == BERG_F64)
    return read_converted(responses->dataset, responses->trials, first, number, to, error);
  return io_hdf5_read_columns(responses->dataset, 0, responses->trials, first, number, to, error);
}

train_targets train_responses_targets(train_responses *responses) {
  return (train_targets){responses->trials, responses->voxels, read_targets, responses};
}
