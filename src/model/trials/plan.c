/* What each column of a prediction becomes, by its noise ceiling and by how much predictions vary. */
#include <math.h>

#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "model/trials/ceiling.h"
#include "model/trials/trials.h"
#include "model/trials/variance.h"

/* Without noise ceiling (0) "signal" and "matched" are noise about the mean prediction, as strong as a trial varies or
 * as predictions vary; the others keep the prediction. */
static model_trials_column column_of(const model_trials *t, double ceiling, double variance, float mean) {
  const double average = (double)t->average, noise = sqrt((1 - ceiling) / average);
  switch (t->mode) {
  case MODEL_PREDICTION: return (model_trials_column){0, 1, 0, (float)noise};
  case MODEL_SIGNAL: {
    const double gain = variance > 0 ? sqrt(ceiling / variance) : 1;
    return (model_trials_column){mean, (float)fmin(gain, MODEL_TRIALS_GAIN), 0, (float)noise};
  }
  case MODEL_MATCHED:
    if (ceiling == 0) return (model_trials_column){mean, 0, 0, (float)sqrt(variance / average)};
    return (model_trials_column){0, 1, 0, (float)(sqrt(variance / ceiling) * noise)};
  case MODEL_COMPLETE: break;
  }
  return (model_trials_column){0, 1, (float)sqrt(fmax(0, ceiling - variance)), (float)noise};
}

static void count(const model_trials *t, model_trials_counts *counts, double ceiling, double variance) {
  const double share = isnan(ceiling) ? 0 : ceiling;
  counts->columns++;
  counts->unknown += isnan(ceiling) != 0;
  counts->unreliable += share == 0;
  counts->beyond += t->uses_variances && variance > share;
  counts->capped += t->mode == MODEL_SIGNAL && share > MODEL_TRIALS_GAIN * MODEL_TRIALS_GAIN * variance;
}

typedef struct source {
  const model_subject *subject;
  size_t output, repetition, times;
  const double *ceilings;  /* of all units and times */
  const double *variances; /* [columns of the model]; NULL: not used */
} source;

static void plan_responder(model_trials *t, const model_responder *responder, const source *from,
                           model_trials_counts *counts) {
  const model_list *units = &from->subject->selection.units[from->output], *times = &from->subject->selection.times;
  for (size_t i = 0; i < responder->rows.count; i++) {
    const size_t column = responder->first_column + i,
                 place = units->items[i / times->count] * from->times + times->items[i % times->count];
    const double ceiling = from->ceilings[place], variance = from->variances ? from->variances[column] : 0;
    count(t, counts, ceiling, variance);
    t->places[column] = place;
    t->columns[column] = column_of(t, isnan(ceiling) ? 0 : ceiling, variance, responder->rows.intercepts[i]);
  }
}

static berg_status add_span(model_trials *t, size_t subject, const model_responder *responder, const source *from,
                            berg_error *error) {
  void *block = t->spans;
  const bool grown = base_grow(&block, &t->span_capacity, t->span_count + 1, sizeof *t->spans, error);
  t->spans = block;
  if (!grown) return BERG_ELIMIT;
  t->spans[t->span_count++] =
      (model_trials_span){.first = responder->first_column,
                          .count = responder->rows.count,
                          .subject = subject,
                          .part = (uint32_t)(from->repetition * MODEL_OUTPUTS_MAX + from->output)};
  return BERG_OK;
}

static berg_status plan_output(model_trials *t, size_t subject, size_t output, const double *variances,
                               berg_error *error) {
  const model_subject *of = &t->model->subjects[subject];
  const size_t repetitions = of->fitted.repetitions;
  double *ceilings;
  source from = {.subject = of, .output = output, .times = model_metadata_times(of->metadata), .variances = variances};
  berg_status status = model_ceilings_read(&ceilings, of->metadata, output, error);
  from.ceilings = ceilings;
  for (; from.repetition < repetitions && !status; from.repetition++) {
    const model_responder *responder =
        &t->model->responders[of->first_responder + output * repetitions + from.repetition];
    plan_responder(t, responder, &from, &t->counts[subject * MODEL_OUTPUTS_MAX + output]);
    status = add_span(t, subject, responder, &from, error);
  }
  base_free(ceilings);
  return status;
}

/* A subject of whom nothing is known would be noise alone. */
static berg_status check_known(const model_trials *t, size_t subject, berg_error *error) {
  const model_trials_counts *counts = &t->counts[subject * MODEL_OUTPUTS_MAX];
  size_t columns = 0, unknown = 0;
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++) {
    columns += counts[o].columns;
    unknown += counts[o].unknown;
  }
  if (!columns || unknown < columns) return BERG_OK;
  return base_fail(error, BERG_EMODEL, "%s: no column selected has a noise ceiling, which its trials need: all are NaN",
                   berg_metadata_path(t->model->subjects[subject].metadata));
}

berg_status model_trials_plan(model_trials *t, berg_error *error) {
  double *variances = t->uses_variances ? base_alloc(t->model->columns, sizeof *variances, error) : NULL;
  berg_status status = t->uses_variances && !variances ? BERG_ELIMIT : BERG_OK;
  if (!status && variances) status = model_prediction_variances(t->model, variances, error);
  for (size_t s = 0; s < t->model->subject_count && !status; s++) {
    for (size_t o = 0; o < t->model->subjects[s].fitted.outputs && !status; o++)
      status = plan_output(t, s, o, variances, error);
    if (!status) status = check_known(t, s, error);
  }
  base_free(variances);
  return status;
}
