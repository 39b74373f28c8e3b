/* Scores in the caller's memory as stimuli: images that have neither names nor pixels. */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_handle.h"

static const char *splits_of(const berg_store_part *part) { return model_splits_name(part->train_splits); }

static berg_status check_rows(const berg_store_part *part, berg_error *error) {
  const berg_array *scores = &part->scores;
  for (size_t i = 0; i < scores->shape[0]; i++)
    for (size_t k = 0; k < scores->shape[1]; k++) {
      float score;
      memcpy(&score, (const char *)scores->data + (ptrdiff_t)i * scores->strides[0] + k * sizeof score, sizeof score);
      if (!isfinite(score))
        return base_fail(error, BERG_ESTIMULUS,
                         "scores of subject %s of %s: image %zu, score %zu (from 0) is not "
                         "finite",
                         part->subject, part->model_id, i, k);
    }
  return BERG_OK;
}

static berg_status check_part(const berg_store_part *parts, size_t index, berg_error *error) {
  const berg_store_part *part = &parts[index];
  const berg_array *scores = &part->scores;
  char found[128];
  if (!part->model_id || !part->subject)
    return base_fail(error, BERG_EARGUMENT, "scores %zu (from 0): of which model and subject is not said", index);
  if (scores->ndim != 2 || scores->dtype != BERG_F32 || scores->itemsize != sizeof(float) || !scores->data ||
      !scores->shape[0] || scores->strides[1] != sizeof(float)) {
    base_array_describe(scores, found, sizeof found);
    return base_fail(
        error, BERG_ESTIMULUS,
        "scores of subject %s of %s: expected float32 (images, components), those of an image side by side, found %s",
        part->subject, part->model_id, found);
  }
  if (scores->shape[0] != parts->scores.shape[0])
    return base_fail(error, BERG_ESTIMULUS, "scores of subject %s of %s: %zu images, where subject %s of %s has %zu",
                     part->subject, part->model_id, scores->shape[0], parts->subject, parts->model_id,
                     parts->scores.shape[0]);
  for (size_t p = 0; p < index; p++)
    if (!strcmp(parts[p].model_id, part->model_id) && !strcmp(parts[p].subject, part->subject) &&
        !strcmp(splits_of(&parts[p]), splits_of(part)))
      return base_fail(error, BERG_EARGUMENT, "scores of subject %s of %s are given twice", part->subject,
                       part->model_id);
  return check_rows(part, error);
}

berg_status berg_stimuli_from_scores(berg_stimuli **out, const berg_store_part *parts, size_t count,
                                     berg_error *error) {
  *out = NULL;
  berg_status status = count ? BERG_OK : base_fail(error, BERG_EARGUMENT, "no scores were given");
  for (size_t p = 0; p < count && !status; p++) status = check_part(parts, p, error);
  if (status) return status;
  berg_stimuli *stimuli = model_stimuli_new(false, error);
  if (!stimuli) return BERG_ELIMIT;
  stimuli->scores = base_calloc(count, sizeof *stimuli->scores, error);
  if (!stimuli->scores) {
    berg_stimuli_free(stimuli);
    return BERG_ELIMIT;
  }
  memcpy(stimuli->scores, parts, count * sizeof *parts);
  stimuli->score_count = count;
  stimuli->count = parts->scores.shape[0];
  *out = stimuli;
  return BERG_OK;
}

bool model_stimuli_scored(const berg_stimuli *stimuli) { return stimuli->store || stimuli->scores; }

bool model_stimuli_scores_given(const berg_stimuli *stimuli) { return stimuli->scores != NULL; }

const berg_array *model_stimuli_scores_of(const berg_stimuli *stimuli, const char *model_id, const char *subject,
                                          const char *train_splits) {
  for (size_t p = 0; p < stimuli->score_count; p++) {
    const berg_store_part *part = &stimuli->scores[p];
    if (!strcmp(part->model_id, model_id) && !strcmp(part->subject, subject) && !strcmp(splits_of(part), train_splits))
      return &part->scores;
  }
  return NULL;
}
