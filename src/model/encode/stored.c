/* Batches whose scores are given: by a store, or in the caller's memory. */
#include "model/encode/stored.h"

#include <string.h>

#include "base/progress.h"
#include "model/stimuli/stimuli.h"
#include "model/store/store.h"

static size_t part_of(const berg_store *store, const berg_model *model, const model_subject *subject) {
  return model_store_find_part(store, model->id, subject->name, model->train_splits);
}

static berg_status check_subject(const berg_store *store, const berg_model *model, const model_subject *subject,
                                 berg_error *error) {
  const size_t part = part_of(store, model, subject);
  char fingerprint[MODEL_FINGERPRINT_TEXT];
  if (part == SIZE_MAX)
    return base_fail(error, BERG_EINPUT, "%s holds no scores of subject %s of %s (train_splits %s)", store->path,
                     subject->name, model->id, model->train_splits);
  berg_status status = model_fitted_fingerprint(&subject->fitted, fingerprint, error);
  if (status || !strcmp(fingerprint, store->about.parts[part].basis)) return status;
  return base_fail(error, BERG_EINPUT,
                   "%s: its scores of subject %s are of other principal components than those in %s: score the images "
                   "again",
                   store->path, subject->name, subject->fitted.files[0].path);
}

static berg_status check_store(const berg_store *store, const berg_model *model, const berg_run *run,
                               berg_error *error) {
  const char *computed = store->about.maker.precision, *now = model->precision;
  if (!strcmp(computed, now)) computed = store->about.maker.isa, now = base_isa_name(model->isa);
  berg_status status = BERG_OK;
  for (size_t s = 0; s < model->subject_count && !status; s++)
    status = check_subject(store, model, &model->subjects[s], error);
  if (!status && run && strcmp(computed, now) != 0)
    status = base_warn(run->warn, run->user, error,
                       "%s: its scores were computed in %s, and become responses in %s: not the bytes of either alone",
                       store->path, computed, now);
  return status;
}

static const berg_array *given_to(const berg_stimuli *stimuli, const berg_model *model, const model_subject *subject) {
  return model_stimuli_scores_of(stimuli, model->id, subject->name, model->train_splits);
}

static berg_status check_given(const berg_stimuli *stimuli, const berg_model *model, berg_error *error) {
  for (size_t s = 0; s < model->subject_count; s++) {
    const berg_array *scores = given_to(stimuli, model, &model->subjects[s]);
    const size_t components = berg_model_components(model, s);
    if (!scores)
      return base_fail(error, BERG_ESTIMULUS, "no scores of subject %s of %s (train_splits %s) were given",
                       model->subjects[s].name, model->id, model->train_splits);
    if (scores->shape[1] != components)
      return base_fail(error, BERG_ESTIMULUS, "scores of subject %s of %s: expected %zu an image, found %zu",
                       model->subjects[s].name, model->id, components, scores->shape[1]);
  }
  return BERG_OK;
}

static berg_status check_model(const berg_stimuli *stimuli, const berg_model *model, const berg_run *run,
                               berg_error *error) {
  const berg_store *store = model_stimuli_store(stimuli);
  if (model->device)
    return base_fail(error, BERG_EARGUMENT, "%s: scores of %s become responses on the processor alone", model->id,
                     store ? "a store" : "the caller's");
  return store ? check_store(store, model, run, error) : check_given(stimuli, model, error);
}

berg_status model_stored_check(const model_pass *pass, const berg_stimuli *stimuli, const berg_run *run,
                               berg_error *error) {
  const bool scored = model_stimuli_scored(stimuli);
  berg_status status = BERG_OK;
  if (!scored && model_pass_network(pass)->scores_only)
    return base_fail(error, BERG_EARGUMENT,
                     "%s: a model opened with scores_only encodes images that come with scores alone",
                     model_pass_network(pass)->id);
  for (size_t m = 0; m < pass->count && scored && !status; m++)
    status = check_model(stimuli, pass->models[m], run, error);
  return status;
}

/* Scores of all bases of a subject lie in one row. */
static void take_subject(model_scores *scores, const model_subject *subject, const char *rows, ptrdiff_t stride,
                         size_t images) {
  size_t column = 0;
  for (size_t s = subject->first_scorer; s < subject->first_scorer + subject->scorer_count; s++) {
    const size_t components = scores->model->scorers[s].basis->components;
    for (size_t i = 0; i < images; i++)
      memcpy(scores->values[s] + i * scores->widths[s], rows + (ptrdiff_t)i * stride + column * sizeof(float),
             components * sizeof(float));
    column += components;
  }
}

static berg_status take_stored(const model_batch *batch, const model_member *member, const model_subject *subject,
                               const berg_store *store, size_t first, size_t count, berg_error *error) {
  const size_t part = part_of(store, member->model, subject);
  const float *rows;
  berg_status status = model_store_rows(store, part, first, count, batch->team, &rows, error);
  if (!status)
    take_subject(member->scores, subject, (const char *)rows,
                 (ptrdiff_t)(store->about.parts[part].width * sizeof *rows), count);
  model_store_drop(store, part, first, count);
  return status;
}

static berg_status take_member(const model_batch *batch, const model_member *member, const berg_stimuli *stimuli,
                               size_t first, size_t count, berg_error *error) {
  const berg_model *model = member->model;
  const berg_store *store = model_stimuli_store(stimuli);
  berg_status status = BERG_OK;
  for (size_t s = 0; s < model->subject_count && !status; s++) {
    const model_subject *subject = &model->subjects[s];
    const berg_array *given = store ? NULL : given_to(stimuli, model, subject);
    if (given)
      take_subject(member->scores, subject, (const char *)given->data + (ptrdiff_t)first * given->strides[0],
                   given->strides[0], count);
    else
      status = take_stored(batch, member, subject, store, first, count, error);
  }
  return status;
}

berg_status model_batch_take_stored(model_batch *batch, const berg_stimuli *stimuli, size_t first, size_t count,
                                    berg_error *error) {
  berg_status status = BERG_OK;
  batch->images = count;
  batch->stored = stimuli;
  batch->are_identified = false;
  for (size_t i = 0; i < count; i++) batch->indices[i] = first + i;
  for (size_t m = 0; m < batch->member_count && !status; m++)
    status = take_member(batch, &batch->members[m], stimuli, first, count, error);
  return status;
}

berg_status model_batch_identify_stored(model_batch *batch, berg_error *error) {
  berg_status status = BERG_OK;
  if (!model_stimuli_store(batch->stored))
    return base_fail(error, BERG_EARGUMENT,
                     "scores in memory do not say which images they are of, as trials need to know");
  for (size_t i = 0; i < batch->images && !status; i++) {
    model_store_line line;
    status = model_store_line_at(model_stimuli_store(batch->stored), batch->indices[i], &line, error);
    if (status) break;
    memcpy(batch->digests[i], line.digest, BASE_SHA256_TEXT - 1);
    batch->digests[i][BASE_SHA256_TEXT - 1] = '\0';
  }
  return status;
}
