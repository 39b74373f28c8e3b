/* The files that were left out, and why. */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_handle.h"
#include "vit/preprocess.h"

bool model_stimuli_skips_bad(const berg_stimuli *stimuli) { return stimuli->skip_bad && !stimuli->array_count; }

bool model_stimuli_may_skip(const berg_stimuli *stimuli, berg_status status) {
  return model_stimuli_skips_bad(stimuli) && (status == BERG_EINPUT || status == BERG_ESTIMULUS);
}

/* Where `index` is or would be among the skipped. */
static size_t place_of(const berg_stimuli *stimuli, size_t index) {
  size_t low = 0, high = stimuli->skipped_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (stimuli->skipped[middle].index < index)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

bool model_stimuli_is_bad(const berg_stimuli *stimuli, size_t index) {
  size_t place = place_of(stimuli, index);
  return place < stimuli->skipped_count && stimuli->skipped[place].index == index;
}

/* Messages begin with the path as far as it fits the error record; the list gives it whole. */
static char *describe(const char *path, const berg_error *reason, berg_error *error) {
  size_t shown = strlen(reason->file), whole = strlen(path);
  const char *text = reason->message;
  if (shown && !strncmp(text, reason->file, shown) && !strncmp(text + shown, ": ", 2))
    text += shown + 2;
  else if (!strncmp(text, path, whole) && !strncmp(text + whole, ": ", 2))
    text += whole + 2;
  return base_format(error, "%s: %s", path, text);
}

static berg_status insert(berg_stimuli *stimuli, size_t index, const berg_error *reason, berg_error *error) {
  size_t place = place_of(stimuli, index);
  if (place < stimuli->skipped_count && stimuli->skipped[place].index == index) return BERG_OK;
  if (!base_grow((void **)&stimuli->skipped, &stimuli->skipped_capacity, stimuli->skipped_count + 1,
                 sizeof *stimuli->skipped, error))
    return BERG_ELIMIT;
  char *text = describe(stimuli->files.paths[stimuli->first + index], reason, error);
  if (!text) return BERG_ELIMIT;
  memmove(stimuli->skipped + place + 1, stimuli->skipped + place,
          (stimuli->skipped_count - place) * sizeof *stimuli->skipped);
  stimuli->skipped[place] = (model_skipped){index, text};
  stimuli->skipped_count++;
  return BERG_OK;
}

berg_status model_stimuli_mark_bad(berg_stimuli *stimuli, size_t index, const berg_error *reason, berg_error *error) {
  if (!model_stimuli_skips_bad(stimuli) || index >= stimuli->count)
    return base_fail(error, BERG_EARGUMENT, "image %zu cannot be left out", index);
  pthread_mutex_lock(&stimuli->guard);
  berg_status status = insert(stimuli, index, reason, error);
  pthread_mutex_unlock(&stimuli->guard);
  return status;
}

size_t berg_stimuli_others_count(const berg_stimuli *stimuli) { return stimuli->files.other_count; }

const char *berg_stimuli_other(const berg_stimuli *stimuli, size_t index) {
  return index < stimuli->files.other_count ? stimuli->files.others[index] : NULL;
}

size_t berg_stimuli_skipped_count(const berg_stimuli *stimuli) { return stimuli->skipped_count; }

const char *berg_stimuli_skipped(const berg_stimuli *stimuli, size_t index) {
  return index < stimuli->skipped_count ? stimuli->skipped[index].text : NULL;
}

/* Whether one image is good. */
static berg_status look_at(berg_stimuli *stimuli, size_t index, uint8_t *pixels, bool *is_good, berg_error *error) {
  berg_error fault;
  berg_status status = model_stimuli_prepare(stimuli, index, 1, NULL, NULL, error);
  *is_good = false;
  if (status || model_stimuli_is_bad(stimuli, index)) return status;
  status = berg_stimuli_pixels(stimuli, index, pixels, &fault);
  *is_good = !status;
  if (status && model_stimuli_may_skip(stimuli, status)) return model_stimuli_mark_bad(stimuli, index, &fault, error);
  if (status && error) *error = fault;
  return status;
}

berg_status model_stimuli_look(berg_stimuli *stimuli, size_t least, const berg_run *run, size_t *images, size_t *good,
                               berg_error *error) {
  uint8_t *pixels = base_alloc(VIT_PIXELS, 1, error);
  berg_status status = pixels ? BERG_OK : BERG_ELIMIT;
  *images = *good = 0;
  for (; *good < least && *images < berg_stimuli_count(stimuli) && !status; (*images)++) {
    bool is_good = false;
    status = base_ask_cancel(run, error);
    if (!status) status = look_at(stimuli, *images, pixels, &is_good, error);
    *good += is_good;
  }
  base_free(pixels);
  return status;
}

size_t model_stimuli_of_row(const berg_stimuli *stimuli, size_t row) {
  if (!model_stimuli_skips_bad(stimuli)) return row;
  for (size_t i = 0; i < berg_stimuli_count(stimuli); i++)
    if (!model_stimuli_is_bad(stimuli, i) && !row--) return i;
  return SIZE_MAX;
}
