/* The inside of a berg_stimuli handle, for stimuli*.c alone. */
#ifndef MODEL_STIMULI_HANDLE_H
#define MODEL_STIMULI_HANDLE_H

#include <pthread.h>
#include <stdbool.h>

#include "model/store/store.h"
#include "model/stimuli/stimuli.h"
#include "model/stimuli/stimuli_array.h"
#include "model/stimuli/stimuli_files.h"

typedef struct model_skipped {
  size_t index;
  char *text; /* "path: reason" */
} model_skipped;

/* Images that only one thread can read, preprocessed ahead: [count][VIT_PIXELS] from image `first`. */
typedef struct model_prepared {
  uint8_t *pixels;
  size_t capacity, first, count;
  berg_status status; /* of the image behind them, when it was read ahead: told when its turn comes */
  berg_error error;
} model_prepared;

/* Rows [within, within + count) of one array, read and not yet preprocessed; the first is image `first` of the
 * stimuli. */
typedef struct model_ahead_part {
  model_images *images;
  size_t first, within, count;
  const uint8_t *rows;
  uint8_t *bytes; /* where they are, but for rows that lie in memory anyway */
  size_t capacity;
} model_ahead_part;

typedef struct model_ahead {
  bool active;
  size_t step, steps; /* the step at hand */
  size_t next, end;   /* images that no part has had: the reading thread's */
  size_t failed_at;   /* the first image that failed; SIZE_MAX: none */
  model_ahead_part parts[2];
} model_ahead;

struct berg_stimuli {
  model_files files;    /* these ... */
  model_images *arrays; /* ... or these, one after the other */
  size_t array_count, array_capacity;
  const berg_store *store; /* or this, whose scores stand for images; its names are in `files` */
  berg_store_part *scores; /* [score_count] or these, whose arrays are the caller's */
  size_t score_count;
  bool from_memory;
  bool standard_input; /* is taken */
  size_t first, count; /* the shard, within all images */
  model_shard shard;   /* of which this is; `of` is 0: all images are taken */
  vit_transform transform;
  bool skip_bad;
  model_skipped *skipped; /* ascending by index */
  size_t skipped_count, skipped_capacity;
  model_prepared prepared;
  model_ahead ahead;
  pthread_mutex_t guard; /* of `skipped`, of rows that are loaded without having been prepared, of failures ahead */
};

/* A handle without images. NULL with ELIMIT. */
berg_stimuli *model_stimuli_new(bool skip_bad, berg_error *error);

/* Adds what one input of berg_stimuli_open names. */
berg_status model_stimuli_add_input(berg_stimuli *stimuli, const char *input, berg_layout layout, berg_error *error);

/* The array that holds image `index` (of all), and the number of that image in it. */
model_images *model_stimuli_array(const berg_stimuli *stimuli, size_t index, size_t *within);

/* Makes `first` the first image that is prepared, keeping what is there of it and those behind it. */
void model_prepared_keep(model_prepared *prepared, size_t first);
void model_ahead_release(model_ahead *ahead);

#endif
