#include "model/load.h"

#include <string.h>

#include "base/memory.h"
#include "model/stimuli.h"
#include "vit/preprocess.h"

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
  atomic_store_explicit(&load->taken, 0, memory_order_relaxed);
  if (count) model_stimuli_ahead_begin(stimuli, first, count);
}

/* An image before `end` that nobody has taken yet, or false. */
static bool take(model_load *load, size_t end, size_t *image) {
  *image = atomic_load_explicit(&load->taken, memory_order_relaxed);
  while (*image < end)
    if (atomic_compare_exchange_weak_explicit(&load->taken, image, *image + 1, memory_order_relaxed,
                                              memory_order_relaxed))
      return true;
  return false;
}

/* The file that has this place in the batch after is asked for, so that a slow disk has a batch's time to bring it. */
static void load_one(model_load *load, size_t image) {
  model_stimuli_will_need(load->stimuli, load->first + image + load->count);
  load->statuses[image] =
      berg_stimuli_pixels(load->stimuli, load->first + image, load->pixels + image * VIT_PIXELS, &load->faults[image]);
}

void model_load_ahead(model_load *load, size_t step, size_t steps) {
  if (!load->count) return;
  if (model_stimuli_read_by_one(load->stimuli)) {
    model_stimuli_ahead(load->stimuli, step, steps);
    return;
  }
  for (size_t image; take(load, load->count * (step + 1) / steps, &image);) load_one(load, image);
}

static berg_status keep_good(model_load *load, size_t *indices, size_t *images, berg_error *error) {
  *images = 0;
  for (size_t i = 0; i < load->count; i++) {
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

berg_status model_load_finish(model_load *load, int threads, size_t *indices, size_t *images, berg_error *error) {
  const size_t taken = atomic_load_explicit(&load->taken, memory_order_relaxed);
  *images = 0;
  berg_status status = model_stimuli_prepare(load->stimuli, load->first, load->count, error);
  if (status) return status;
  if (taken < load->count) {
#pragma omp parallel num_threads(threads)
    {
      /* of the first batch no file has been asked for yet */
      if (!taken) {
#pragma omp for schedule(static)
        for (size_t image = 0; image < load->count; image++)
          model_stimuli_will_need(load->stimuli, load->first + image);
      }
      for (size_t image; take(load, load->count, &image);) load_one(load, image);
    }
  }
  return keep_good(load, indices, images, error);
}
