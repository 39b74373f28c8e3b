/* The inside of a berg_stimuli handle, for stimuli*.c alone. */
#ifndef MODEL_STIMULI_HANDLE_H
#define MODEL_STIMULI_HANDLE_H

#include <pthread.h>
#include <stdbool.h>

#include "model/stimuli_array.h"
#include "model/stimuli_files.h"

typedef struct model_skipped {
  size_t index;
  char *text; /* "path: reason" */
} model_skipped;

/* Images that only one thread can read, preprocessed ahead: [count][VIT_PIXELS] from image `first`. */
typedef struct model_prepared {
  uint8_t *pixels;
  size_t capacity, first, count;
} model_prepared;

struct berg_stimuli {
  model_files files;    /* these ... */
  model_images *arrays; /* ... or these, one after the other */
  size_t array_count, array_capacity;
  bool from_memory;
  bool standard_input; /* is taken */
  size_t first, count; /* the shard, within all images */
  bool skip_bad;
  model_skipped *skipped; /* ascending by index */
  size_t skipped_count, skipped_capacity;
  model_prepared prepared;
  pthread_mutex_t guard; /* of `skipped`, and of rows that are loaded without having been prepared */
};

/* Adds what one input of berg_stimuli_open names. */
berg_status model_stimuli_add_input(berg_stimuli *stimuli, const char *input, berg_layout layout, berg_error *error);

/* The array that holds image `index` (of all), and the number of that image in it. */
model_images *model_stimuli_array(const berg_stimuli *stimuli, size_t index, size_t *within);

#endif
