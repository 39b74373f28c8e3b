/* The variance of a prediction b + sum of w_k s_k: the sum of w_k^2 times the variance of score k. */
#include "model/trials/variance.h"

#include <math.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/text.h"
#include "model/catalog/metadata.h"

#define VARIANCES "explained_variance_"
#define TOGETHER ((size_t)256) /* rows that a thread takes at a time */

static const berg_array *find(const model_basis *basis) {
  char name[96];
  base_print(name, sizeof name, "%s." VARIANCES, basis->key);
  return berg_file_find(basis->file, name);
}

bool model_has_variances(const berg_model *model, const char **path) {
  for (size_t s = 0; s < model->scorer_count; s++) {
    *path = model->scorers[s].basis->path;
    if (!find(model->scorers[s].basis)) return false;
  }
  return true;
}

/* Of the scores of one basis, [components], base_free. */
static berg_status read_scores(double **variances, const model_basis *basis, berg_error *error) {
  const berg_array *array;
  *variances = NULL;
  berg_status status = model_weights_find(basis->file, basis->path, basis->key, VARIANCES, 1, &basis->components,
                                          "float (components,)", &array, error);
  if (status) return status;
  double *values = base_alloc(basis->components, sizeof *values, error);
  if (!values) return BERG_ELIMIT;
  base_convert_to_double(array, values);
  for (size_t k = 0; k < basis->components && !status; k++)
    if (!(values[k] >= 0 && isfinite(values[k])))
      status = base_fail_found(error, BERG_EMODEL, basis->path, array->name, "finite numbers from 0 up",
                               "%g at index %zu", values[k], k);
  if (status)
    base_free(values);
  else
    *variances = values;
  return status;
}

/* The rows of a responder. Packing may have let go of its own copies: they are read from the file. */
typedef struct task {
  const model_responder *responder;
  const model_list *units, *times;
  size_t all_times;
  const double *scores; /* [components] */
  float *rows;          /* [threads][components] */
  double *variances;    /* [rows] */
} task;

static void compute(void *user, size_t index, size_t rank) {
  const task *t = user;
  const model_readout *readout = t->responder->readout;
  const size_t first = index * TOGETHER, left = t->responder->rows.count - first,
               end = first + (left < TOGETHER ? left : TOGETHER), k = readout->components, each = t->times->count;
  float *row = t->rows + rank * k;
  for (size_t i = first; i < end; i++) {
    double sum = 0;
    model_readout_row(readout, t->units->items[i / each] * t->all_times + t->times->items[i % each], row);
    for (size_t c = 0; c < k; c++) sum += (double)row[c] * row[c] * t->scores[c];
    t->variances[i] = sum;
  }
}

static berg_status compute_responder(const berg_model *model, const model_subject *subject, size_t r, double *variances,
                                     berg_error *error) {
  const model_responder *responder = &model->responders[subject->first_responder + r];
  const model_selection *selection = &subject->selection;
  task t = {.responder = responder,
            .units = &selection->units[r / subject->fitted.repetitions],
            .times = &selection->times,
            .all_times = model_metadata_times(subject->metadata),
            .variances = variances + responder->first_column};
  double *scores;
  berg_status status = read_scores(&scores, model->scorers[responder->scorer].basis, error);
  if (status) return status;
  t.scores = scores;
  t.rows = base_alloc((size_t)model->threads * responder->readout->components, sizeof *t.rows, error);
  if (t.rows)
    base_share(model->threads, (responder->rows.count + TOGETHER - 1) / TOGETHER, compute, &t);
  else
    status = BERG_ELIMIT;
  base_free(t.rows);
  base_free(scores);
  return status;
}

berg_status model_prediction_variances(const berg_model *model, double *variances, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t s = 0; s < model->subject_count && !status; s++)
    for (size_t r = 0; r < model->subjects[s].responder_count && !status; r++)
      status = compute_responder(model, &model->subjects[s], r, variances, error);
  return status;
}
