/* A batch's images, one a piece. */
#include "model/encode/load.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "model/stimuli/stimuli.h"
#include "vit/preprocess.h"

/* Images that are loaded between two questions whether to go on. */
#define TOGETHER ((size_t)16)

berg_status model_load_init(model_load *load, size_t room, berg_error *error) {
  memset(load, 0, sizeof *load);
  load->pixels = base_alloc(room, VIT_PIXELS, error);
  load->statuses = base_alloc(room, sizeof *load->statuses, error);
  load->faults = base_alloc(room, sizeof *load->faults, error);
  if (load->pixels && load->statuses && load->faults) return BERG_OK;
  model_load_release(load);
  return BERG_ELIMIT;
}

void model_load_release(model_load *load) {
  base_free(load->pixels);
  base_free(load->statuses);
  base_free(load->faults);
  memset(load, 0, sizeof *load);
}

void model_load_begin(model_load *load, berg_stimuli *stimuli, size_t first, size_t count) {
  load->stimuli = stimuli;
  load->first = first;
  load->count = count;
  load->begun = load->step_first = 0;
  if (count) model_stimuli_ahead_begin(stimuli, first, count);
}

/* The file that has this place in the batch after is asked for, so that a slow disk has a batch's time to bring it. */
static void load_one(const model_load *load, size_t image) {
  model_stimuli_will_need(load->stimuli, load->first + image + load->count);
  load->statuses[image] =
      berg_stimuli_pixels(load->stimuli, load->first + image, load->pixels + image * VIT_PIXELS, &load->faults[image]);
}

size_t model_load_step(model_load *load, size_t step, size_t steps) {
  if (!load->count) return 0;
  if (model_stimuli_read_by_one(load->stimuli)) return model_stimuli_ahead_step(load->stimuli, step, steps);
  load->step_first = load->begun;
  load->begun = load->count * (step + 1) / steps;
  return load->begun - load->step_first;
}

void model_load_piece(void *user, size_t index, size_t rank) {
  model_load *load = user;
  (void)rank;
  if (model_stimuli_read_by_one(load->stimuli))
    model_stimuli_ahead_piece(load->stimuli, index);
  else
    load_one(load, load->step_first + index);
}

static berg_status keep_good(model_load *load, size_t *indices, size_t *images, berg_error *error) {
  *images = 0;
  for (size_t i = 0; i < load->count; i++) {
    /* what one pass left out no other takes, whatever became of the file: rows of all models are the same images */
    if (model_stimuli_is_bad(load->stimuli, load->first + i)) continue;
    if (load->statuses[i]) {
      if (!model_stimuli_may_skip(load->stimuli, load->statuses[i])) {
        if (error) *error = load->faults[i];
        return load->statuses[i];
      }
      berg_status status = model_stimuli_mark_bad(load->stimuli, load->first + i, &load->faults[i], error);
      if (status) return status;
      continue;
    }
    if (*images != i) memmove(load->pixels + *images * VIT_PIXELS, load->pixels + i * VIT_PIXELS, VIT_PIXELS);
    indices[(*images)++] = load->first + i;
  }
  return BERG_OK;
}

static void ask_for(void *user, size_t image, size_t rank) {
  const model_load *load = user;
  (void)rank;
  model_stimuli_will_need(load->stimuli, load->first + image);
}

static void load_rest(void *user, size_t index, size_t rank) {
  const model_load *load = user;
  (void)rank;
  load_one(load, load->begun + index);
}

berg_status model_load_finish(model_load *load, base_team *team, const berg_run *run, size_t *indices, size_t *images,
                              berg_error *error) {
  size_t some = 0;
  *images = 0;
  berg_status status = model_stimuli_prepare(load->stimuli, load->first, load->count, team, run, error);
  if (status) return status;
  if (!load->begun)
    base_team_share(team, load->count, ask_for, load); /* of the first batch no file has been asked for yet */
  for (; load->begun < load->count && !status; load->begun += some) {
    some = load->count - load->begun < TOGETHER ? load->count - load->begun : TOGETHER;
    status = base_ask_cancel(run, error);
    if (!status) base_team_share(team, some, load_rest, load);
  }
  return status ? status : keep_good(load, indices, images, error);
}
