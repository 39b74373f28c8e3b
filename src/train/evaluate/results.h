/* What an evaluation found, as entries of the metadata: written into them, and told as JSON. */
#ifndef TRAIN_RESULTS_H
#define TRAIN_RESULTS_H

#include <cjson/cJSON.h>

#include "io/value/value.h"

#define TRAIN_RESULTS_MAX 8

typedef struct train_result {
  const char *key;
  bool shared; /* beside the part's dict, not in it */
  size_t ndim, shape[3];
  double *values; /* base_free */
} train_result;

typedef struct train_results {
  const char *dict; /* of the metadata: "encoding_model" */
  const char *part; /* the dict within it that is of the training trials' part; NULL: none */
  train_result items[TRAIN_RESULTS_MAX];
  size_t count;
} train_results;

/* Room for a result of this shape. NULL with ELIMIT. */
double *train_results_add(train_results *results, const char *key, const size_t *shape, size_t ndim, berg_error *error);
void train_results_release(train_results *results);

/* Replaces or adds the results in the metadata at `path`, everything else as it was. EINPUT: no such dict; EWRITE. */
berg_status train_results_write(const train_results *results, const char *path, berg_error *error);
/* Adds {"figures": {key: {"mean", "median", "without_number"}}}. ELIMIT. */
berg_status train_results_report(const train_results *results, cJSON *report, berg_error *error);

/* --- For what writes more than that --- */

/* A dict of the same items, so that the file's own tree stays as it was read. NULL with ELIMIT. */
io_value *train_copy_dict(io_arena *arena, const io_value *dict, berg_error *error);
/* In the place of `key` where it is there, else behind all others. False with ELIMIT, also where `value` is NULL. */
bool train_set_value(io_arena *arena, io_value *dict, const char *key, io_value *value, berg_error *error);
bool train_set_array(io_arena *arena, io_value *dict, const char *key, const double *values, const size_t *shape,
                     size_t ndim, berg_error *error);
/* Whole, over what is there. EWRITE. */
berg_status train_write_metadata(const io_value *root, const char *path, berg_error *error);

#endif
