/* Opening the weights of one subject as its model's layout has them. */
#include "model/weights/fitted.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/commands.h"
#include "model/catalog/paths.h"

#define SCALER "scaler_param"
#define COMPONENTS "pca_param"

berg_status model_training_named(model_training *training, const model_layout *layout, const char *name,
                                 berg_error *error) {
  *training = MODEL_ALL;
  if (!name) return BERG_OK;
  if (!layout->splits)
    return base_fail_at(error, &(base_fault){BERG_EPARAMETER, NULL, BERG_NO_OFFSET, "train_splits",
                                             "this model has none", "nothing", name});
  if (!strcmp(name, "all") || !strcmp(name, "full")) return BERG_OK;
  if (!strcmp(name, "single")) {
    *training = MODEL_EACH_QUARTER;
    return BERG_OK;
  }
  if (!strncmp(name, "split", 5) && name[5] >= '1' && name[5] < '1' + MODEL_QUARTERS && !name[6]) {
    *training = (model_training)(name[5] - '0');
    return BERG_OK;
  }
  return base_fail_at(error, &(base_fault){BERG_EPARAMETER, NULL, BERG_NO_OFFSET, "train_splits", "not known",
                                           "all, single, or split1 to split4", name});
}

static berg_status add_file(model_fitted *fitted, const char *model_id, const char *berg_dir, const char *subject,
                            unsigned quarter, berg_error *error) {
  model_weights_file *next = &fitted->files[fitted->file_count];
  berg_status status = model_path_weights(&next->path, model_id, berg_dir, subject, quarter, error);
  if (status) return status;
  fitted->file_count++;
  status = model_blame(berg_file_open(&next->file, next->path, error), error);
  return model_tell_fetch(status, next->path, model_id, berg_dir, subject, quarter, error);
}

static berg_status open_files(model_fitted *fitted, const char *model_id, const char *berg_dir, const char *subject,
                              model_training training, berg_error *error) {
  if (training != MODEL_EACH_QUARTER) return add_file(fitted, model_id, berg_dir, subject, (unsigned)training, error);
  berg_status status = BERG_OK;
  for (unsigned quarter = 1; quarter <= MODEL_QUARTERS && !status; quarter++)
    status = add_file(fitted, model_id, berg_dir, subject, quarter, error);
  return status;
}

/* "reg_param.rep-2" for repetition 2, "reg_param" for 0. */
static void key_of(char *key, size_t size, const char *name, size_t repetition) {
  if (repetition)
    base_print(key, size, "%s.rep-%zu", name, repetition);
  else
    base_print(key, size, "%s", name);
}

static bool holds(const berg_file *file, const char *name, size_t repetition, const char *array) {
  char key[64], whole[96];
  key_of(key, sizeof key, name, repetition);
  base_print(whole, sizeof whole, "%s.%s", key, array);
  return berg_file_find(file, whole) != NULL;
}

static berg_status add_basis(model_fitted *fitted, const model_weights_file *from, size_t repetition,
                             berg_error *error) {
  char key[64];
  key_of(key, sizeof key, COMPONENTS, repetition);
  return model_basis_open(&fitted->bases[fitted->basis_count++], from->file, from->path, key, error);
}

static berg_status add_readout(model_fitted *fitted, const model_weights_file *from, const char *name,
                               size_t repetition, size_t basis, berg_error *error) {
  char key[64];
  key_of(key, sizeof key, name, repetition);
  return model_readout_open(&fitted->readouts[fitted->readout_count++], from->file, from->path, key, basis,
                            fitted->bases[basis].components, error);
}

/* Arrays `name`.rep-<anything>.`array`. */
static size_t count_parts(const berg_file *file, const char *name, const char *array) {
  const size_t prefix = strlen(name), suffix = strlen(array);
  size_t count = 0;
  for (size_t i = 0; i < berg_file_count(file); i++) {
    const char *whole = berg_file_entry(file, i)->name;
    const size_t length = whole ? strlen(whole) : 0;
    count += length > prefix + suffix && !strncmp(whole, name, prefix) && !strncmp(whole + prefix, ".rep-", 5) &&
             !strcmp(whole + length - suffix, array);
  }
  return count;
}

/* "rep-1" to the last one: where one is missing, fewer would pass for all. */
static berg_status count_repetitions(const model_weights_file *from, const char *name, size_t *count,
                                     berg_error *error) {
  char missing[64];
  *count = 0;
  while (holds(from->file, name, *count + 1, "coef_")) ++*count;
  const size_t parts = count_parts(from->file, name, ".coef_");
  if (parts == *count) return BERG_OK;
  key_of(missing, sizeof missing, name, *count + 1);
  return base_fail_found(error, BERG_EMODEL, from->path, missing, "repetitions counted from 1 without a gap",
                         "%zu others, but not this one", parts);
}

/* One file: one regression an output, or a dictionary of repetitions on the same components or on their own. */
static berg_status take_one(model_fitted *fitted, const model_layout *layout, berg_error *error) {
  const model_weights_file *from = &fitted->files[0];
  const char *first = layout->outputs[0].regression;
  size_t repetitions = 0;
  berg_status status = layout->repeats ? count_repetitions(from, first, &repetitions, error) : BERG_OK;
  if (status) return status;
  const bool own_components = repetitions && holds(from->file, COMPONENTS, 1, "components_");
  fitted->is_repeated = layout->repeats;
  fitted->repetitions = repetitions ? repetitions : 1;
  fitted->bases = base_calloc(fitted->repetitions, sizeof *fitted->bases, error);
  fitted->readouts = base_calloc(fitted->repetitions * fitted->outputs, sizeof *fitted->readouts, error);
  if (!fitted->bases || !fitted->readouts) return BERG_ELIMIT;
  for (size_t r = 0; r < (own_components ? repetitions : 1) && !status; r++)
    status = add_basis(fitted, from, own_components ? r + 1 : 0, error);
  for (size_t o = 0; o < fitted->outputs; o++)
    for (size_t r = 0; r < fitted->repetitions && !status; r++)
      status = add_readout(fitted, from, layout->outputs[o].regression, repetitions ? r + 1 : 0, own_components ? r : 0,
                           error);
  return status;
}

/* Several files: each has everything of its own, and is a repetition. */
static berg_status take_each(model_fitted *fitted, const model_layout *layout, berg_error *error) {
  fitted->is_repeated = true;
  fitted->repetitions = fitted->file_count;
  fitted->bases = base_calloc(fitted->file_count, sizeof *fitted->bases, error);
  fitted->readouts = base_calloc(fitted->file_count * fitted->outputs, sizeof *fitted->readouts, error);
  if (!fitted->bases || !fitted->readouts) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t f = 0; f < fitted->file_count && !status; f++) status = add_basis(fitted, &fitted->files[f], 0, error);
  for (size_t o = 0; o < fitted->outputs; o++)
    for (size_t f = 0; f < fitted->file_count && !status; f++)
      status = add_readout(fitted, &fitted->files[f], layout->outputs[o].regression, 0, f, error);
  return status;
}

/* Repetitions of an output are one array of the responses. */
static berg_status check_rows(const model_fitted *fitted, berg_error *error) {
  for (size_t i = 0; i < fitted->readout_count; i++) {
    const model_readout *first = &fitted->readouts[i - i % fitted->repetitions], *readout = &fitted->readouts[i];
    if (readout->rows == first->rows) continue;
    char expected[64];
    base_print(expected, sizeof expected, "%zu rows, as %s has", first->rows, first->coefficients->name);
    return base_fail_found(error, BERG_EMODEL, readout->path, readout->coefficients->name, expected, "%zu",
                           readout->rows);
  }
  return BERG_OK;
}

berg_status model_fitted_open(model_fitted *fitted, const char *model_id, const char *berg_dir, const char *subject,
                              model_training training, berg_error *error) {
  const model_layout *layout = model_layout_of(model_id);
  memset(fitted, 0, sizeof *fitted);
  fitted->outputs = model_layout_outputs(layout);
  berg_status status = open_files(fitted, model_id, berg_dir, subject, training, error);
  if (!status) status = (training == MODEL_EACH_QUARTER ? take_each : take_one)(fitted, layout, error);
  if (!status) status = check_rows(fitted, error);
  if (status) model_fitted_close(fitted);
  return status;
}

void model_fitted_close(model_fitted *fitted) {
  for (size_t i = 0; i < fitted->basis_count; i++) model_basis_close(&fitted->bases[i]);
  for (size_t i = 0; i < fitted->readout_count; i++) model_readout_close(&fitted->readouts[i]);
  for (size_t i = 0; i < fitted->file_count; i++) {
    berg_file_free(fitted->files[i].file);
    base_free(fitted->files[i].path);
  }
  base_free(fitted->bases);
  base_free(fitted->readouts);
  memset(fitted, 0, sizeof *fitted);
}
