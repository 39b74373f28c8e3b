/* Opening stimuli, and one image's pixels. */
#include "model/stimuli/stimuli.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "model/stimuli/picture.h"
#include "model/stimuli/stimuli_handle.h"
#include "vit/preprocess.h"

void(berg_stimuli_options_init)(berg_stimuli_options *options, size_t size) {
  const berg_stimuli_options defaults = {.layout = BERG_LAYOUT_AUTO};
  base_options_init(options, size, &defaults, sizeof defaults);
}

berg_stimuli *model_stimuli_new(bool skip_bad, berg_error *error) {
  berg_stimuli *stimuli = base_calloc(1, sizeof *stimuli, error);
  if (!stimuli) return NULL;
  stimuli->skip_bad = skip_bad;
  model_files_init(&stimuli->files, skip_bad);
  if (pthread_mutex_init(&stimuli->guard, NULL)) {
    base_free(stimuli);
    base_fail(error, BERG_ELIMIT, "no lock for the stimuli could be had");
    return NULL;
  }
  return stimuli;
}

/* Contiguous parts whose sizes differ by one at most, the longer ones first. */
static berg_status take_shard(berg_stimuli *stimuli, size_t shard, size_t shards, berg_error *error) {
  if (!shards) return BERG_OK;
  if (shard >= shards)
    return base_fail(error, BERG_EARGUMENT, "shard %zu (from 0) of %zu does not exist", shard, shards);
  if (shards > stimuli->count)
    return base_fail(error, BERG_EARGUMENT, "%zu images cannot be split into %zu shards", stimuli->count, shards);
  const size_t each = stimuli->count / shards, longer = stimuli->count % shards;
  stimuli->first = shard * each + (shard < longer ? shard : longer);
  stimuli->count = each + (shard < longer);
  return BERG_OK;
}

static berg_status add_all(berg_stimuli *stimuli, const char *const *inputs, size_t count,
                           const berg_stimuli_options *options, berg_error *error) {
  if (!count) return base_fail(error, BERG_EINPUT, "no stimuli were given");
  if ((unsigned)options->layout > BERG_LAYOUT_AUTO) return base_fail(error, BERG_EARGUMENT, "no such layout of arrays");
  for (size_t i = 0; i < count; i++) {
    berg_status status = model_stimuli_add_input(stimuli, inputs[i], options->layout, error);
    if (status) return status;
    if (stimuli->files.count && stimuli->array_count)
      return base_fail(error, BERG_EARGUMENT,
                       "%s: arrays cannot be mixed with picture files, which are resized differently", inputs[i]);
  }
  stimuli->count = stimuli->files.count;
  for (size_t a = 0; a < stimuli->array_count; a++)
    if (!base_add(stimuli->count, stimuli->arrays[a].view.shape[0], &stimuli->count))
      return base_fail(error, BERG_ESTIMULUS, "more images than can be counted");
  return take_shard(stimuli, options->shard, options->shards, error);
}

berg_status berg_stimuli_open(berg_stimuli **out, const char *const *inputs, size_t count,
                              const berg_stimuli_options *given, berg_error *error) {
  *out = NULL;
  berg_stimuli_options options;
  berg_status status = BASE_TAKE(berg_stimuli_options, &options, given, error);
  if (status) return status;
  berg_stimuli *stimuli = model_stimuli_new(options.skip_bad, error);
  if (!stimuli) return BERG_ELIMIT;
  status = add_all(stimuli, inputs, count, &options, error);
  if (status)
    berg_stimuli_free(stimuli);
  else
    *out = stimuli;
  return status;
}

void model_stimuli_set_transform(berg_stimuli *stimuli, vit_transform transform) {
  stimuli->transform = transform;
  for (size_t a = 0; a < stimuli->array_count; a++) stimuli->arrays[a].transform = transform;
}

berg_status model_stimuli_pick(berg_stimuli *stimuli, const size_t *rows, size_t count, berg_error *error) {
  if (stimuli->array_count != 1 || !stimuli->arrays->hdf5)
    return base_fail(error, BERG_EARGUMENT, "rows can be picked of one HDF5 dataset alone");
  berg_status status = model_images_pick(stimuli->arrays, rows, count, error);
  if (status) return status;
  stimuli->first = 0;
  stimuli->count = count;
  return BERG_OK;
}

berg_status berg_stimuli_from_array(berg_stimuli **out, const berg_array *array, berg_layout layout,
                                    berg_error *error) {
  *out = NULL;
  berg_stimuli *stimuli = model_stimuli_new(false, error);
  if (!stimuli) return BERG_ELIMIT;
  stimuli->from_memory = true;
  stimuli->arrays = base_alloc(1, sizeof *stimuli->arrays, error);
  berg_status status = BERG_ELIMIT;
  if ((unsigned)layout > BERG_LAYOUT_AUTO)
    status = base_fail(error, BERG_EARGUMENT, "no such layout of arrays");
  else if (stimuli->arrays)
    status = model_images_from_array(stimuli->arrays, array, layout, error);
  if (status) {
    berg_stimuli_free(stimuli);
    return status;
  }
  stimuli->array_count = 1;
  stimuli->count = stimuli->arrays->view.shape[0];
  *out = stimuli;
  return BERG_OK;
}

void berg_stimuli_free(berg_stimuli *stimuli) {
  if (!stimuli) return;
  model_files_release(&stimuli->files);
  for (size_t a = 0; a < stimuli->array_count; a++) model_images_release(&stimuli->arrays[a]);
  for (size_t s = 0; s < stimuli->skipped_count; s++) base_free(stimuli->skipped[s].text);
  base_free(stimuli->arrays);
  base_free(stimuli->scores);
  base_free(stimuli->skipped);
  base_free(stimuli->prepared.pixels);
  model_ahead_release(&stimuli->ahead);
  pthread_mutex_destroy(&stimuli->guard);
  base_free(stimuli);
}

size_t berg_stimuli_count(const berg_stimuli *stimuli) { return stimuli->count; }

const char *berg_stimuli_name(const berg_stimuli *stimuli, size_t index) {
  return !stimuli->files.count || index >= stimuli->count ? NULL : stimuli->files.paths[stimuli->first + index];
}

size_t berg_stimuli_turned_count(const berg_stimuli *stimuli) {
  size_t count = 0;
  for (size_t a = 0; a < stimuli->array_count; a++) count += stimuli->arrays[a].is_turned;
  return count;
}

const char *berg_stimuli_turned(const berg_stimuli *stimuli, size_t index) {
  for (size_t a = 0; a < stimuli->array_count; a++)
    if (stimuli->arrays[a].is_turned && !index--) return stimuli->arrays[a].name;
  return NULL;
}

berg_status model_stimuli_tell_turned(const berg_stimuli *stimuli, const berg_run *run, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < berg_stimuli_turned_count(stimuli) && !status; i++)
    status = base_warn(run->warn, run->user, error,
                       "%s: read as it is seen in MATLAB, which stores it with its dimensions in reverse",
                       berg_stimuli_turned(stimuli, i));
  return status;
}

const char *model_stimuli_array_name(const berg_stimuli *stimuli, size_t index, size_t *path_length) {
  if (index >= stimuli->array_count) return NULL;
  *path_length = stimuli->arrays[index].path_length;
  return stimuli->arrays[index].name;
}

model_images *model_stimuli_array(const berg_stimuli *stimuli, size_t index, size_t *within) {
  model_images *images = stimuli->arrays;
  for (; index >= images->view.shape[0]; images++) index -= images->view.shape[0];
  *within = index;
  return images;
}

const char *model_stimuli_array_of(const berg_stimuli *stimuli, size_t index, size_t *within) {
  return model_stimuli_array(stimuli, stimuli->first + index, within)->name;
}

/* A row that was not prepared: HDF5 and standard input are one thread's at a time. */
static berg_status load_one(berg_stimuli *stimuli, model_images *images, size_t index, void **row, berg_error *error) {
  *row = base_alloc(model_images_row_bytes(images), 1, error);
  if (!*row) return BERG_ELIMIT;
  pthread_mutex_lock(&stimuli->guard);
  berg_status status = model_images_load(images, index, 1, *row, error);
  pthread_mutex_unlock(&stimuli->guard);
  return status;
}

static berg_status array_pixels(berg_stimuli *stimuli, size_t index, uint8_t *pixels, berg_error *error) {
  size_t within;
  void *row = NULL;
  model_images *images = model_stimuli_array(stimuli, stimuli->first + index, &within);
  const void *image =
      images->view.data ? (const uint8_t *)images->view.data + (ptrdiff_t)within * images->view.strides[0] : NULL;
  berg_status status = BERG_OK;
  if (!image) {
    status = load_one(stimuli, images, within, &row, error);
    image = row;
  }
  if (!status) status = model_images_pixels(images, within, image, pixels, error);
  base_free(row);
  return status;
}

berg_status berg_stimuli_pixels(berg_stimuli *stimuli, size_t index, uint8_t *pixels, berg_error *error) {
  if (index >= stimuli->count)
    return base_fail(error, BERG_EARGUMENT, "there is no image %zu among %zu", index, stimuli->count);
  if (stimuli->store)
    return base_fail(error, BERG_ESTIMULUS, "%s keeps scores of the images, not their pixels", stimuli->store->path);
  if (stimuli->scores) return base_fail(error, BERG_ESTIMULUS, "scores are given, not the pixels of the images");
  const model_prepared *prepared = &stimuli->prepared;
  if (index >= prepared->first && index - prepared->first < prepared->count) {
    memcpy(pixels, prepared->pixels + (index - prepared->first) * VIT_PIXELS, VIT_PIXELS);
    return BERG_OK;
  }
  if (stimuli->array_count) return array_pixels(stimuli, index, pixels, error);
  return model_picture_read(stimuli->files.paths[stimuli->first + index], stimuli->transform, pixels, error);
}

/* Arrays in memory may change without any file's time changing, so their pixels are what counts. */
static berg_status hash_pixels(const model_images *images, uint64_t *hash, berg_error *error) {
  const size_t bytes = 3 * images->view.shape[2] * images->view.shape[3];
  uint8_t *planes = base_alloc(bytes, 1, error);
  berg_status status = planes ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < images->view.shape[0] && !status; i++) {
    const uint8_t *image = (const uint8_t *)images->view.data + (ptrdiff_t)i * images->view.strides[0];
    status = model_images_planes(images, i, image, planes, error);
    if (!status) *hash = base_hash_bytes(*hash, planes, bytes);
  }
  base_free(planes);
  return status;
}

berg_status model_stimuli_fingerprint(berg_stimuli *stimuli, char text[MODEL_FINGERPRINT_ROOM], berg_error *error) {
  uint64_t hash = stimuli->files.hash;
  for (size_t a = 0; a < stimuli->array_count; a++) hash = base_hash_number(hash, stimuli->arrays[a].hash);
  if (stimuli->from_memory) {
    berg_status status = hash_pixels(stimuli->arrays, &hash, error);
    if (status) return status;
  }
  if (stimuli->transform != VIT_CROP) hash = base_hash_number(hash, stimuli->transform);
  hash = base_hash_number(hash, stimuli->first);
  hash = base_hash_number(hash, stimuli->count);
  base_print(text, MODEL_FINGERPRINT_ROOM, "%016llx", (unsigned long long)hash);
  return BERG_OK;
}

berg_status model_stimuli_unchanged(const berg_stimuli *stimuli, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < stimuli->array_count && !status; i++)
    status = model_images_unchanged(&stimuli->arrays[i], error);
  return status;
}

berg_status model_stimuli_pictures_unchanged(const berg_stimuli *stimuli, size_t first, size_t end, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = first; stimuli->files.count && i < end && !status; i++)
    status = model_files_unchanged(&stimuli->files, stimuli->first + i, error);
  return status;
}
