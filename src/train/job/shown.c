/* Names of what was shown: a concept and a stimulus, a path, or the number of a row. */
#include "train/job/shown.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/text_array.h"
#include "model/catalog/metadata.h"
#include "model/catalog/prepared.h"
#include "model/weights/fitted.h"
#include "train/run/quarters.h"

#define NUMBER_MAX 99999999.0 /* what eight digits hold */

static berg_status fail(const train_subject *subject, const char *item, const char *what, const char *expected,
                        const char *found, berg_error *error) {
  return base_fail_at(error,
                      &(base_fault){BERG_EINPUT, subject->prepared, BERG_NO_OFFSET, item, what, expected, found});
}

/* --- Texts --- */

typedef struct texts {
  char **items;
  size_t count;
} texts;

static void release(texts *t) { base_free_texts(t->items, t->count); }

/* Those of `key`, under its newer name or the older; none is no error. */
static berg_status find_texts(texts *found, const train_subject *subject, const berg_metadata *metadata,
                              const char *key, berg_error *error) {
  *found = (texts){NULL, 0};
  for (int flat = 0; flat < 2 && !found->items; flat++) {
    if (flat && subject->quarter && !subject->is_cut) break;
    char *name = model_prepared_key(key, subject->is_cut ? 0 : subject->quarter, flat, error);
    if (!name) return BERG_ELIMIT;
    berg_status status = model_metadata_texts(metadata, name, &found->items, &found->count, error);
    base_free(name);
    if (status) return status;
  }
  return BERG_OK;
}

static berg_status need_texts(texts *found, const train_subject *subject, const berg_metadata *metadata,
                              const char *key, berg_error *error) {
  char text[128] = "no entry of this name";
  berg_status status = find_texts(found, subject, metadata, key, error);
  if (status || found->items) return status;
  char *name = model_prepared_key(key, subject->is_cut ? 0 : subject->quarter, !strstr(key, "{part}"), error);
  if (!name) return BERG_ELIMIT;
  const berg_array *other = berg_metadata_find(metadata, name);
  if (other) base_array_describe(other, text, sizeof text);
  status = fail(subject, name, other ? "does not fit" : "entry missing", "one text a training trial", text, error);
  base_free(name);
  return status;
}

/* A step of a path that cannot lead out of the folder. */
static bool is_step(const char *name, size_t length) {
  return length && !(length == 1 && *name == '.') && !(length == 2 && !memcmp(name, "..", 2));
}

static bool is_name(const char *name) { return is_step(name, strlen(name)) && !strchr(name, '/'); }

static bool is_inner_path(const char *path) {
  size_t length = strcspn(path, "/");
  while (is_step(path, length) && path[length]) {
    path += length + 1;
    length = strcspn(path, "/");
  }
  return is_step(path, length);
}

static berg_status join(train_subject *subject, const texts *concepts, const texts *stimuli, berg_error *error) {
  if (concepts->count != stimuli->count) {
    char expected[64];
    base_print(expected, sizeof expected, "as many concepts as stimuli, %zu", stimuli->count);
    return base_fail_found(error, BERG_EINPUT, subject->prepared, "the training images do not fit", expected, "%zu",
                           concepts->count);
  }
  subject->names = base_calloc(stimuli->count, sizeof *subject->names, error);
  if (!subject->names) return BERG_ELIMIT;
  subject->trials = stimuli->count;
  for (size_t t = 0; t < subject->trials; t++) {
    const char *concept = concepts->items[t], *stimulus = stimuli->items[t];
    if (!is_name(concept) || !is_name(stimulus))
      return base_fail_found(error, BERG_EINPUT, subject->prepared, "a training image that is no file name",
                             "<concept> and <stimulus> without slashes", "%s and %s in trial %zu", concept, stimulus,
                             t);
    if (!(subject->names[t] = base_format(error, "%s/%s", concept, stimulus))) return BERG_ELIMIT;
  }
  return BERG_OK;
}

static berg_status take_paths(train_subject *subject, texts *paths, berg_error *error) {
  for (size_t t = 0; t < paths->count; t++)
    if (!is_inner_path(paths->items[t]))
      return base_fail_found(error, BERG_EINPUT, subject->prepared, "a training image that leads out of its folder",
                             "<concept>/<stimulus>", "%s in trial %zu", paths->items[t], t);
  subject->names = paths->items;
  subject->trials = paths->count;
  *paths = (texts){NULL, 0};
  return BERG_OK;
}

static berg_status read_texts(train_subject *subject, const model_layout *layout, const berg_metadata *metadata,
                              berg_error *error) {
  const model_layout_prepared *keys = &layout->prepared;
  texts paths = {NULL, 0}, concepts = {NULL, 0}, stimuli = {NULL, 0};
  berg_status status = keys->files ? find_texts(&paths, subject, metadata, keys->files, error) : BERG_OK;
  if (!status && paths.items) {
    status = take_paths(subject, &paths, error);
  } else if (!status) {
    status = need_texts(&stimuli, subject, metadata, keys->stimuli, error);
    if (!status) status = need_texts(&concepts, subject, metadata, keys->concepts, error);
    if (!status) status = join(subject, &concepts, &stimuli, error);
  }
  release(&paths);
  release(&concepts);
  release(&stimuli);
  subject->stored = subject->trials;
  return status;
}

/* --- A quarter out of all trials --- */

static berg_status cut_quarter(train_subject *subject, berg_error *error) {
  const size_t all = subject->trials, count = all / MODEL_QUARTERS, first = (subject->quarter - 1) * count;
  size_t *order = base_alloc(all, sizeof *order, error);
  char **names = base_calloc(count, sizeof *names, error);
  subject->places = base_alloc(all, sizeof *subject->places, error);
  berg_status status = order && names && subject->places ? BERG_OK : BERG_ELIMIT;
  if (!status) {
    train_permutation(order, all);
    for (size_t t = 0; t < all; t++) subject->places[t] = TRAIN_NOWHERE;
  }
  for (size_t i = 0; i < count && !status; i++) {
    const size_t trial = order[first + i];
    subject->places[trial] = i;
    names[i] = subject->names[trial];
    subject->names[trial] = NULL;
  }
  base_free(order);
  if (status) {
    base_free(names);
    return status;
  }
  base_free_texts(subject->names, all);
  subject->names = names;
  subject->trials = count;
  return BERG_OK;
}

/* --- Numbers --- */

/* Whole numbers, one row of them, as the entry `key` has them. */
static berg_status read_numbers(const train_subject *subject, const berg_metadata *metadata, const char *key,
                                size_t **out, size_t *count, berg_error *error) {
  const berg_array *array = berg_metadata_find(metadata, key);
  char found[128] = "no entry of this name";
  *out = NULL;
  if (array) base_array_describe(array, found, sizeof found);
  if (!array || array->ndim != 1 || !array->shape[0] || !base_is_numeric(array->dtype))
    return fail(subject, key, array ? "does not fit" : "entry missing", "numbers of images (n,)", found, error);
  *count = array->shape[0];
  *out = base_alloc(*count, sizeof **out, error);
  if (!*out) return BERG_ELIMIT;
  for (size_t i = 0; i < *count; i++) {
    const double number = base_read_number(array->dtype, io_element_at(array, i));
    if (!(number >= 0 && number <= NUMBER_MAX) || number != (double)(size_t)number) {
      base_print(found, sizeof found, "%g at index %zu", number, i);
      return fail(subject, key, "not the number of an image", "whole numbers from 0", found, error);
    }
    (*out)[i] = (size_t)number;
  }
  return BERG_OK;
}

static int ascending(const void *a, const void *b) {
  const size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

/* Where each stored row goes: to the image that it showed, if that is one of those trained on. */
static berg_status find_places(train_subject *subject, const char *key, const size_t *numbers, const size_t *order,
                               berg_error *error) {
  bool *seen = base_calloc(subject->trials, sizeof *seen, error);
  subject->places = base_alloc(subject->stored, sizeof *subject->places, error);
  berg_status status = seen && subject->places ? BERG_OK : BERG_ELIMIT;
  for (size_t row = 0; row < subject->stored && !status; row++) {
    const size_t *image = bsearch(&order[row], numbers, subject->trials, sizeof *numbers, ascending);
    subject->places[row] = image ? (size_t)(image - numbers) : TRAIN_NOWHERE;
    if (image) seen[image - numbers] = true;
  }
  for (size_t i = 0; i < subject->trials && !status; i++) {
    char found[64];
    base_print(found, sizeof found, "none of image %zu", numbers[i]);
    if (!seen[i]) status = fail(subject, key, "an image that no trial showed", "at least one trial", found, error);
  }
  base_free(seen);
  return status;
}

static berg_status name_numbers(train_subject *subject, const char *key, const size_t *numbers, berg_error *error) {
  subject->names = base_calloc(subject->trials, sizeof *subject->names, error);
  if (!subject->names) return BERG_ELIMIT;
  for (size_t i = 0; i < subject->trials; i++) {
    char found[64];
    base_print(found, sizeof found, "%zu behind %zu", numbers[i], numbers[i ? i - 1 : 0]);
    if (i && numbers[i] <= numbers[i - 1])
      return fail(subject, key, "not in order", "ascending numbers, each once", found, error);
    if (!(subject->names[i] = base_format(error, "%08zu", numbers[i]))) return BERG_ELIMIT;
  }
  return BERG_OK;
}

static berg_status read_averages(train_subject *subject, const model_layout *layout, const berg_metadata *metadata,
                                 berg_error *error) {
  const char *key = layout->prepared.numbers, *order_key = layout->prepared.order;
  size_t *numbers = NULL, *order = NULL, count = 0;
  subject->averages = true;
  berg_status status = read_numbers(subject, metadata, key, &numbers, &count, error);
  subject->trials = status ? 0 : count;
  if (!status) status = name_numbers(subject, key, numbers, error);
  if (!status) status = read_numbers(subject, metadata, order_key, &order, &subject->stored, error);
  if (!status) status = find_places(subject, order_key, numbers, order, error);
  base_free(numbers);
  base_free(order);
  return status;
}

berg_status train_shown_read(train_subject *subject, const model_layout *layout, const berg_metadata *metadata,
                             berg_error *error) {
  if (layout->prepared.numbers) return read_averages(subject, layout, metadata, error);
  berg_status status = read_texts(subject, layout, metadata, error);
  return status || !subject->is_cut ? status : cut_quarter(subject, error);
}
