/* Arrays that one thread must read (HDF5, standard input) on their way to be prepared, while something else is
 * computed: in each step one piece reads the rows of a part, and the others preprocess the part that the step before
 * has read. */
#include <string.h>

#include "base/memory.h"
#include "io/file/map.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_handle.h"
#include "vit/preprocess.h"

/* Of both parts together. */
#define ROWS_BYTES ((size_t)64 << 20)

bool model_stimuli_read_by_one(const berg_stimuli *stimuli) {
  for (size_t a = 0; a < stimuli->array_count; a++)
    if (!stimuli->arrays[a].view.data) return true;
  return false;
}

bool model_stimuli_read_once(const berg_stimuli *stimuli) {
  for (size_t a = 0; a < stimuli->array_count; a++)
    if (stimuli->arrays[a].stream) return true;
  return false;
}

void model_prepared_keep(model_prepared *prepared, size_t first) {
  const bool follows = first >= prepared->first && first - prepared->first <= prepared->count;
  const size_t skipped = first - prepared->first, kept = follows ? prepared->count - skipped : 0;
  if (kept && skipped) memmove(prepared->pixels, prepared->pixels + skipped * VIT_PIXELS, kept * VIT_PIXELS);
  if (!follows) prepared->status = BERG_OK;
  prepared->first = first;
  prepared->count = kept;
}

/* Mapped arrays: what lies before the batch leaves this process's memory, what lies in it is fetched. */
static void advise(const berg_stimuli *stimuli, size_t first, size_t count) {
  size_t within;
  const model_images *images = model_stimuli_array(stimuli, stimuli->first + first, &within);
  if (!images->row_offset) return;
  const size_t row_bytes = model_images_row_bytes(images), there = images->view.shape[0] - within;
  io_map_drop(&images->map, images->row_offset, within * row_bytes);
  io_map_will_need(&images->map, images->row_offset + within * row_bytes, (count < there ? count : there) * row_bytes);
}

void model_stimuli_ahead_begin(berg_stimuli *stimuli, size_t first, size_t count) {
  if (!stimuli->array_count) return;
  if (!model_stimuli_read_by_one(stimuli)) {
    advise(stimuli, first, count);
    return;
  }
  model_prepared *prepared = &stimuli->prepared;
  model_ahead *ahead = &stimuli->ahead;
  model_prepared_keep(prepared, first);
  ahead->next = ahead->end = first + prepared->count;
  ahead->failed_at = SIZE_MAX;
  ahead->parts[0].count = ahead->parts[1].count = 0;
  ahead->active = true;
  /* without memory, or after a failure, nothing comes ahead: the batch's own turn tells */
  if (!prepared->status && base_grow((void **)&prepared->pixels, &prepared->capacity, count, VIT_PIXELS, NULL) &&
      first + count > ahead->end)
    ahead->end = first + count;
}

/* The failure of the first image counts, whatever thread came first. */
static void note_failure(berg_stimuli *stimuli, size_t index, berg_status status, const berg_error *error) {
  model_ahead *ahead = &stimuli->ahead;
  pthread_mutex_lock(&stimuli->guard);
  if (index < ahead->failed_at) {
    ahead->failed_at = index;
    stimuli->prepared.status = status;
    stimuli->prepared.error = *error;
  }
  pthread_mutex_unlock(&stimuli->guard);
}

static bool has_failed(berg_stimuli *stimuli) {
  pthread_mutex_lock(&stimuli->guard);
  const bool failed = stimuli->ahead.failed_at != SIZE_MAX;
  pthread_mutex_unlock(&stimuli->guard);
  return failed;
}

/* As many of the images that are left as one of `steps` parts has, if they lie in one array and fit the memory. */
static void read_part(berg_stimuli *stimuli, model_ahead_part *part, size_t steps) {
  model_ahead *ahead = &stimuli->ahead;
  berg_error error;
  berg_status status = BERG_OK;
  part->count = 0;
  if (ahead->next == ahead->end || !steps || has_failed(stimuli)) return;
  model_images *images = model_stimuli_array(stimuli, stimuli->first + ahead->next, &part->within);
  const size_t row_bytes = model_images_row_bytes(images), there = images->view.shape[0] - part->within;
  size_t count = (ahead->end - ahead->next + steps - 1) / steps, room = ROWS_BYTES / 2 / row_bytes;
  if (room < 1) room = 1;
  if (count > room) count = room;
  if (count > there) count = there;
  if (images->view.data) {
    part->rows = (const uint8_t *)images->view.data + (ptrdiff_t)part->within * images->view.strides[0];
  } else if (base_grow((void **)&part->bytes, &part->capacity, count * row_bytes, 1, NULL)) {
    part->rows = part->bytes;
    status = model_images_load(images, part->within, count, part->bytes, &error);
  } else {
    ahead->end = ahead->next;
    return;
  }
  if (status) {
    note_failure(stimuli, ahead->next, status, &error);
    return;
  }
  part->images = images;
  part->first = ahead->next;
  part->count = count;
  ahead->next += count;
}

static void preprocess_row(berg_stimuli *stimuli, const model_ahead_part *part, size_t i) {
  const model_prepared *prepared = &stimuli->prepared;
  berg_error error;
  berg_status status =
      model_images_pixels(part->images, part->within + i, part->rows + (ptrdiff_t)i * part->images->view.strides[0],
                          prepared->pixels + (part->first - prepared->first + i) * VIT_PIXELS, &error);
  if (status) note_failure(stimuli, part->first + i, status, &error);
}

static model_ahead_part *part_before(model_ahead *ahead) { return &ahead->parts[(ahead->step + 1) % 2]; }

size_t model_stimuli_ahead_step(berg_stimuli *stimuli, size_t step, size_t steps) {
  model_ahead *ahead = &stimuli->ahead;
  ahead->step = step;
  ahead->steps = steps;
  return 1 + (step ? part_before(ahead)->count : 0);
}

void model_stimuli_ahead_piece(berg_stimuli *stimuli, size_t index) {
  model_ahead *ahead = &stimuli->ahead;
  if (index)
    preprocess_row(stimuli, part_before(ahead), index - 1);
  else
    read_part(stimuli, &ahead->parts[ahead->step % 2], ahead->steps - 1 - ahead->step);
}

void model_stimuli_ahead_end(berg_stimuli *stimuli) {
  model_ahead *ahead = &stimuli->ahead;
  if (!ahead->active) return;
  ahead->active = false;
  stimuli->prepared.count = (ahead->failed_at < ahead->next ? ahead->failed_at : ahead->next) - stimuli->prepared.first;
}

void model_stimuli_will_need(const berg_stimuli *stimuli, size_t index) {
  if (stimuli->files.count && index < stimuli->count) io_file_will_need(stimuli->files.paths[stimuli->first + index]);
}

void model_ahead_release(model_ahead *ahead) {
  base_free(ahead->parts[0].bytes);
  base_free(ahead->parts[1].bytes);
}
