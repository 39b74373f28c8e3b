/* What one file of weights is fitted to: where its prepared data lie, and whether they fit each other. */
#include "train/job/subject.h"

#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5.h"
#include "model/catalog/metadata.h"
#include "model/catalog/paths.h"
#include "model/catalog/prepared.h"
#include "train/job/shown.h"

/* --- Files --- */

static berg_status name_label(train_subject *subject, const model_layout *layout, berg_error *error) {
  char *name = model_subject_name(layout, subject->name, error);
  if (name && subject->quarter)
    subject->label = base_format(error, "%s_split%u", name, subject->quarter);
  else if (name)
    subject->label = base_copy_text(name, error);
  base_free(name);
  return subject->label ? BERG_OK : BERG_ELIMIT;
}

/* The files of the quarter, or where it has none those of all trials, out of which it is cut. */
static berg_status find_responses(train_subject *subject, const train_job *job, size_t output, berg_error *error) {
  char **path = &subject->responses[output];
  const char *folder = job->options->berg_dir;
  berg_status status = model_path_prepared(path, job->model_id, folder, subject->name, MODEL_PREPARED_TRAIN, output,
                                           subject->quarter, error);
  if (status || !subject->quarter || model_path_exists(*path)) return status;
  base_free(*path);
  subject->is_cut = true;
  return model_path_prepared(path, job->model_id, folder, subject->name, MODEL_PREPARED_TRAIN, output, 0, error);
}

/* The weights' path with another ending. */
static char *safetensors_path(const char *weights, berg_error *error) {
  return base_format(error, "%.*s.safetensors", (int)(strlen(weights) - strlen(".npy")), weights);
}

berg_status train_subject_find(train_subject *subject, const train_job *job, berg_error *error) {
  const char *folder = job->options->berg_dir, *id = job->model_id, *name = subject->name;
  berg_status status = model_path_prepared(&subject->prepared, id, folder, name, MODEL_PREPARED_METADATA, 0, 0, error);
  if (!status) status = name_label(subject, job->layout, error);
  for (size_t o = 0; o < model_layout_outputs(job->layout) && !status; o++)
    status = find_responses(subject, job, o, error);
  if (!status) status = model_path_new_weights(&subject->weights, id, folder, name, subject->quarter, error);
  if (!status) status = model_path_metadata(&subject->metadata, id, folder, name, error);
  if (status || !job->options->safetensors) return status;
  subject->safetensors = safetensors_path(subject->weights, error);
  return subject->safetensors ? BERG_OK : BERG_ELIMIT;
}

/* --- Responses --- */

/* What their dimensions should be: trials, repetitions (any number), units, times; as many as the model has. */
typedef struct form {
  size_t sizes[4], count;
  const char *names[4];
  bool is_any[4];
} form;

static void add(form *f, const char *name, size_t size, bool is_any) {
  f->names[f->count] = name;
  f->is_any[f->count] = is_any;
  f->sizes[f->count++] = size;
}

static form form_of(const train_subject *subject, const model_layout *layout, const berg_metadata *metadata,
                    size_t output) {
  form f = {.count = 0};
  add(&f, "trials", subject->stored, false);
  if (layout->repeats) add(&f, "repetitions", 0, true);
  add(&f, "units", model_metadata_units(metadata, output), false);
  if (layout->times) add(&f, "times", model_metadata_times(metadata), false);
  return f;
}

static bool fits(const form *f, const berg_array *about) {
  bool good = (about->dtype == BERG_F32 || about->dtype == BERG_F64) && about->ndim == f->count;
  for (size_t d = 0; d < f->count && good; d++)
    good = f->is_any[d] ? about->shape[d] > 0 : about->shape[d] == f->sizes[d];
  return good;
}

static berg_status refuse(const train_subject *subject, const model_layout *layout, size_t output, const form *f,
                          const berg_array *about, berg_error *error) {
  char expected[192], names[96], found[128];
  size_t used = (size_t)base_print(expected, sizeof expected, "float32 ("), named = 0;
  for (size_t d = 0; d < f->count; d++) {
    const char *comma = d ? ", " : "", *name = strcmp(f->names[d], "units") ? f->names[d] : layout->unit;
    used += (size_t)(f->is_any[d] ? base_print(expected + used, sizeof expected - used, "%sany", comma)
                                  : base_print(expected + used, sizeof expected - used, "%s%zu", comma, f->sizes[d]));
    named += (size_t)base_print(names + named, sizeof names - named, "%s%s", comma, name);
  }
  base_print(expected + used, sizeof expected - used, "): %s as in the metadata", names);
  base_array_describe(about, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, subject->responses[output], BERG_NO_OFFSET,
                                           layout->prepared.dataset, "does not fit", expected, found});
}

static berg_status check_responses(train_subject *subject, const model_layout *layout, const berg_metadata *metadata,
                                   size_t output, berg_error *error) {
  io_hdf5 *dataset;
  berg_status status = io_hdf5_open(&dataset, subject->responses[output], layout->prepared.dataset, error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(dataset);
  const form f = form_of(subject, layout, metadata, output);
  if (!fits(&f, about)) {
    status = refuse(subject, layout, output, &f, about, error);
  } else {
    subject->repeats = layout->repeats ? about->shape[1] : 1;
    subject->columns[output] = 1;
    for (size_t d = 1; d < about->ndim; d++) subject->columns[output] *= about->shape[d];
    subject->targets += subject->columns[output];
    if (about->dtype == BERG_F64 || !output) subject->dtype = about->dtype;
  }
  io_hdf5_free(dataset);
  return status;
}

berg_status train_subject_read(train_subject *subject, const train_job *job, berg_error *error) {
  berg_metadata *metadata;
  berg_status status = model_metadata_open_prepared(&metadata, job->model_id, subject->prepared, error);
  if (status) model_tell_prepare(subject->prepared, job->model_id, subject->name, error);
  if (status) return status;
  status = train_shown_read(subject, job->layout, metadata, error);
  for (size_t o = 0; o < model_layout_outputs(job->layout) && !status; o++)
    status = check_responses(subject, job->layout, metadata, o, error);
  berg_metadata_free(metadata);
  return status;
}

void train_subject_release(train_subject *subject) {
  base_free_texts(subject->names, subject->trials);
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++) base_free(subject->responses[o]);
  base_free(subject->rows);
  base_free(subject->places);
  base_free(subject->prepared);
  base_free(subject->weights);
  base_free(subject->safetensors);
  base_free(subject->metadata);
  base_free(subject->name);
  base_free(subject->label);
  *subject = (train_subject){.name = NULL};
}
