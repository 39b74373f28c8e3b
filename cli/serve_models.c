/* Requests to calls of the library. */
#include "serve_models.h"

#include <stdlib.h>

#include "memory.h"

static size_t components_of(const berg_model *model) {
  size_t components = 0;
  for (size_t s = 0; s < berg_model_subjects(model); s++) components += berg_model_components(model, s);
  return components;
}

/* Everything about the scores of a subject but where they lie. */
static void describe_parts(serve_models *models) {
  berg_store_part *part = models->parts;
  for (size_t m = 0; m < models->count; m++)
    for (size_t s = 0; s < berg_model_subjects(models->handles[m]); s++)
      *part++ = (berg_store_part){.model_id = berg_model_id(models->handles[m]),
                                  .subject = berg_model_subject(models->handles[m], s),
                                  .train_splits = models->opened->list[m].splits,
                                  .scores = {.dtype = BERG_F32,
                                             .itemsize = sizeof(float),
                                             .ndim = 2,
                                             .shape = {0, berg_model_components(models->handles[m], s)},
                                             .strides = {0, sizeof(float)}}};
}

int serve_models_take(serve_models *models, const cli_encode_models *opened) {
  *models = (serve_models){.opened = opened, .count = opened->count};
  models->handles = cli_alloc(models->count, sizeof *models->handles);
  models->components = cli_alloc(models->count, sizeof *models->components);
  models->rows = cli_alloc(models->count, sizeof *models->rows);
  if (!models->handles || !models->components || !models->rows) return cli_fail_memory();
  for (size_t m = 0; m < models->count; m++) {
    const berg_model *model = models->handles[m] = opened->list[m].handle;
    models->components[m] = components_of(model);
    models->all_components += models->components[m];
    models->all_columns += berg_model_columns(model);
    models->part_count += berg_model_subjects(model);
  }
  models->parts = cli_alloc(models->part_count, sizeof *models->parts);
  if (!models->parts) return cli_fail_memory();
  describe_parts(models);
  return CLI_GO_ON;
}

void serve_models_release(serve_models *models) {
  free(models->handles);
  free(models->components);
  free(models->rows);
  free(models->parts);
  *models = (serve_models){.handles = NULL};
}

static void place_rows(const serve_models *models, bool scores, size_t images, size_t done, float *answer) {
  for (size_t m = 0; m < models->count; m++) {
    const size_t width = scores ? models->components[m] : berg_model_columns(models->handles[m]);
    models->rows[m] = answer + done * width;
    answer += images * width;
  }
}

static berg_status open_images(berg_stimuli **stimuli, const serve_message *request, const uint8_t *payload,
                               size_t done, berg_error *error) {
  const uint32_t *sizes = request->sizes;
  berg_array array = {.name = "images", .dtype = BERG_U8, .itemsize = 1, .ndim = 4};
  ptrdiff_t stride = 1;
  for (size_t i = 4; i-- > 0; stride *= (ptrdiff_t)sizes[i]) {
    array.shape[i] = sizes[i];
    array.strides[i] = stride;
  }
  array.shape[0] -= done;
  array.data = payload + (ptrdiff_t)done * array.strides[0];
  return berg_stimuli_from_array(stimuli, &array, request->layout == 1 ? BERG_NHWC : BERG_NCHW, error);
}

/* Of each model an array, in which the scores of its subjects lie side by side. */
static berg_status open_scores(berg_stimuli **stimuli, const serve_models *models, size_t images,
                               const uint8_t *payload, size_t done, berg_error *error) {
  berg_store_part *part = models->parts;
  for (size_t m = 0; m < models->count; m++) {
    const size_t row = models->components[m] * sizeof(float);
    const uint8_t *scores = payload + done * row;
    for (size_t s = 0; s < berg_model_subjects(models->handles[m]); s++, part++) {
      part->scores.shape[0] = images - done;
      part->scores.strides[0] = (ptrdiff_t)row;
      part->scores.data = scores;
      scores += part->scores.shape[1] * sizeof(float);
    }
    payload += images * row;
  }
  return berg_stimuli_from_scores(stimuli, models->parts, models->part_count, error);
}

berg_status serve_models_answer(const serve_models *models, const serve_message *request, const uint8_t *payload,
                                size_t done, uint8_t *answer, const berg_run *run, berg_error *error) {
  const size_t images = request->sizes[0];
  const bool scores = request->kind == SERVE_SCORES;
  berg_stimuli *stimuli;
  berg_status status = request->kind == SERVE_RESPOND ? open_scores(&stimuli, models, images, payload, done, error)
                                                      : open_images(&stimuli, request, payload, done, error);
  if (status) return status;
  place_rows(models, scores, images, done, (float *)(void *)answer);
  status = scores ? berg_encode_many_scores(models->handles, models->count, stimuli, models->rows, run, error)
                  : berg_encode_many(models->handles, models->count, stimuli, models->rows, run, error);
  berg_stimuli_free(stimuli);
  return status;
}
