/* Opening a subject that is asked, and rows of its regression. */
#include "query/subject/subject.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "model/catalog/paths.h"

static berg_status check_basis(const query_subject *subject, const model_store_part *part, berg_error *error) {
  char found[MODEL_FINGERPRINT_TEXT];
  berg_status status = model_fitted_fingerprint(&subject->fitted, found, error);
  if (status) return status;
  if (!strcmp(found, part->basis)) return BERG_OK;
  return base_fail(error, BERG_EINPUT,
                   "%s: its scores of subject %s are of other principal components than those in %s: score the images "
                   "again",
                   subject->store->path, part->subject, subject->fitted.files[0].path);
}

static berg_status check_widths(query_subject *subject, const model_store_part *part, berg_error *error) {
  const model_fitted *fitted = &subject->fitted;
  for (size_t b = 0; b < fitted->basis_count; b++) subject->scores += fitted->bases[b].components;
  if (subject->scores != part->width)
    return base_fail(error, BERG_EINPUT, "%s/%s: expected %zu scores an image, as %s has components, found %zu",
                     subject->store->path, part->file, subject->scores, fitted->files[0].path, part->width);
  for (size_t r = 0; r < fitted->readout_count; r++) {
    const model_readout *readout = &fitted->readouts[r];
    const berg_output *all = berg_metadata_output(subject->metadata, r / fitted->repetitions);
    if (!all || readout->rows != all->columns)
      return base_fail(error, BERG_EMODEL, "%s: %s: expected %zu rows as in the metadata, found %zu", readout->path,
                       readout->key, all ? all->columns : 0, readout->rows);
  }
  return BERG_OK;
}

berg_status query_subject_open(query_subject *subject, const berg_store *store, size_t part, const char *berg_dir,
                               const berg_run *run, berg_error *error) {
  const model_store_part *own = &store->about.parts[part];
  *subject = (query_subject){.store = store,
                             .run = run,
                             .part = part,
                             .model = own->model,
                             .name = own->subject,
                             .layout = model_layout_of(own->model)};
  if (!subject->layout)
    return base_fail(error, BERG_ENOMODEL, "%s: its scores are of %s, a model that is not known", store->path,
                     own->model);
  const bool all = !strcmp(own->train_splits, "all");
  model_training training;
  berg_status status = model_training_named(&training, subject->layout, all ? NULL : own->train_splits, error);
  if (!status) status = berg_metadata_open(&subject->metadata, own->model, berg_dir, own->subject, error);
  if (!status) status = model_fitted_open(&subject->fitted, own->model, berg_dir, own->subject, training, error);
  if (!status) status = check_widths(subject, own, error);
  if (!status) status = check_basis(subject, own, error);
  if (!status && !(subject->label = model_subject_name(subject->layout, own->subject, error))) status = BERG_ELIMIT;
  if (status) query_subject_close(subject);
  return status;
}

void query_subject_close(query_subject *subject) {
  model_fitted_close(&subject->fitted);
  berg_metadata_free(subject->metadata);
  base_free(subject->label);
  *subject = (query_subject){.store = NULL};
}

/* --- Rows --- */

/* Which output a column belongs to, and its place there. */
static berg_status find_column(const query_subject *subject, size_t column, size_t *output, size_t *row,
                               berg_error *error) {
  for (*output = 0; *output < subject->fitted.outputs; ++*output) {
    const berg_output *all = berg_metadata_output(subject->metadata, *output);
    *row = column - all->first;
    if (column >= all->first && *row < all->columns) return BERG_OK;
  }
  return base_fail(error, BERG_EARGUMENT, "there is no column %zu", column);
}

/* The first of the scores that basis `basis` gives. */
static size_t first_score(const model_fitted *fitted, size_t basis) {
  size_t first = 0;
  for (size_t b = 0; b < basis; b++) first += fitted->bases[b].components;
  return first;
}

static void add_row(const query_subject *subject, size_t output, size_t row, float *one, double *to) {
  const model_fitted *fitted = &subject->fitted;
  const double share = 1 / (double)fitted->repetitions;
  for (size_t r = 0; r < fitted->repetitions; r++) {
    const model_readout *readout = &fitted->readouts[output * fitted->repetitions + r];
    double *scores = to + first_score(fitted, readout->basis);
    model_readout_row(readout, row, one);
    for (size_t j = 0; j < readout->components; j++) scores[j] += share * (double)one[j];
    to[subject->scores] += share * (double)model_readout_intercept(readout, row);
  }
}

berg_status query_subject_rows(const query_subject *subject, const model_list *columns, double *rows,
                               berg_error *error) {
  const size_t width = subject->scores + 1;
  float *one = base_alloc(width, sizeof *one, error);
  berg_status status = one ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < columns->count && !status; i++) {
    double *to = rows + i * width, sum = 0;
    size_t output = 0, row = 0;
    status = find_column(subject, columns->items[i], &output, &row, error);
    if (status) break;
    memset(to, 0, width * sizeof *to);
    add_row(subject, output, row, one, to);
    for (size_t j = 0; j < width; j++) sum += fabs(to[j]);
    if (!isfinite(sum))
      status = base_fail(error, BERG_EMODEL, "%s: row %zu of %s holds a value that is not finite",
                         subject->fitted.files[0].path, row, subject->fitted.readouts[output].key);
  }
  base_free(one);
  return status;
}
