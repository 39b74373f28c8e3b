/* Images that only one thread can read are read in slabs of bounded size, and preprocessed by all threads.
 * What is kept is the network's 150 kB an image, so that a batch of large pictures costs no more than one of
 * small ones. */
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_handle.h"
#include "vit/preprocess.h"

#define SLAB_BYTES ((size_t)64 << 20)
#define STREAMED ((size_t)256) /* images of a stream between two looks at whether the caller asks for the end */

/* Rows of one array on their way to pixels. */
typedef struct slab {
  const model_images *images;
  size_t first;
  const uint8_t *rows; /* the first element of the first */
  uint8_t *pixels;
  pthread_mutex_t guard; /* of what went wrong with the first bad row */
  size_t bad;
  berg_status status;
  berg_error error;
  base_asking asking;
} slab;

static void preprocess_row(void *user, size_t i, size_t rank) {
  slab *s = user;
  berg_error error;
  if (base_asking_ended(&s->asking, rank)) return;
  berg_status status = model_images_pixels(s->images, s->first + i, s->rows + (ptrdiff_t)i * s->images->view.strides[0],
                                           s->pixels + i * VIT_PIXELS, &error);
  if (!status) return;
  pthread_mutex_lock(&s->guard);
  if (!s->status || i < s->bad) {
    s->bad = i;
    s->status = status;
    s->error = error;
  }
  pthread_mutex_unlock(&s->guard);
}

/* Rows [first, first + count). The error is that of the first bad image, whatever thread came first. */
static berg_status preprocess(const model_images *images, size_t first, size_t count, const uint8_t *rows,
                              uint8_t *pixels, base_team *team, const berg_run *run, berg_error *error) {
  slab s = {.images = images,
            .first = first,
            .rows = rows,
            .pixels = pixels,
            .asking = {.run = images->stream ? NULL : run, .error = error}}; /* what a stream gave is not lost */
  pthread_mutex_init(&s.guard, NULL);
  base_team_share(team, count, preprocess_row, &s);
  pthread_mutex_destroy(&s.guard);
  if (s.asking.status) return (berg_status)s.asking.status;
  if (s.status && error) *error = s.error;
  return s.status;
}

/* Up to `count` images from image `index` (of all), as many as lie in one array and one slab; `*done` says
 * how many. */
static berg_status prepare_slab(berg_stimuli *stimuli, size_t index, size_t count, uint8_t *pixels, size_t *done,
                                base_team *team, const berg_run *run, berg_error *error) {
  size_t within;
  model_images *images = model_stimuli_array(stimuli, index, &within);
  const size_t row_bytes = model_images_row_bytes(images), there = images->view.shape[0] - within;
  size_t part = SLAB_BYTES / row_bytes ? SLAB_BYTES / row_bytes : 1;
  if (part > count) part = count;
  if (part > there) part = there;
  if (images->stream && part > STREAMED) part = STREAMED;
  *done = part;
  if (images->view.data)
    return preprocess(images, within, part,
                      (const uint8_t *)images->view.data + (ptrdiff_t)within * images->view.strides[0], pixels, team,
                      run, error);
  uint8_t *rows = base_alloc(part, row_bytes, error);
  berg_status status = rows ? model_images_load(images, within, part, rows, error) : BERG_ELIMIT;
  if (!status) status = preprocess(images, within, part, rows, pixels, team, run, error);
  base_free(rows);
  return status;
}

berg_status model_stimuli_prepare(berg_stimuli *stimuli, size_t first, size_t count, base_team *team,
                                  const berg_run *run, berg_error *error) {
  if (first > stimuli->count || count > stimuli->count - first)
    return base_fail(error, BERG_EARGUMENT, "there are no images %zu to %zu among %zu", first, first + count,
                     stimuli->count);
  if (!stimuli->array_count || !count) return BERG_OK;
  if (!model_stimuli_read_by_one(stimuli)) return BERG_OK;
  model_stimuli_ahead_end(stimuli);
  model_prepared *prepared = &stimuli->prepared;
  /* Images that were read before are kept: a stream cannot be read twice. */
  model_prepared_keep(prepared, first);
  if (prepared->count < count && prepared->status) {
    berg_status status = prepared->status;
    if (error) *error = prepared->error;
    prepared->status = BERG_OK;
    return status;
  }
  if (!base_grow((void **)&prepared->pixels, &prepared->capacity, count, VIT_PIXELS, error)) return BERG_ELIMIT;
  while (prepared->count < count) {
    size_t done, at = prepared->count;
    berg_status status = base_ask_cancel(run, error);
    if (!status)
      status = prepare_slab(stimuli, stimuli->first + first + at, count - at, prepared->pixels + at * VIT_PIXELS, &done,
                            team, run, error);
    if (status) return status;
    prepared->count += done;
  }
  return BERG_OK;
}
