#include "model/encode/batch.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "model/device/device.h"
#include "model/encode/packed.h"
#include "vit/preprocess.h"

/* From so many images on, over the life of a model, packing the network pays: it costs what some ten images cost, and an image
 * costs a tenth less afterwards (one at a time, one thread: 0.134 s instead of 0.152). A program that asks a second time will
 * ask again. */
#define PACK_FROM 48
#define PACK_FROM_CALL 2

size_t model_score_width(const model_subject *subject) { return (subject->fitted.components + 15) / 16 * 16; }

/* Packed matrices take their place; of the plain ones a mapped file's pages are let go block by block, others at the end. */
static size_t network_memory(const berg_model *model, bool packed) {
  size_t matrices = 0, own = 0, others = 0;
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    const size_t bytes = vit_tensor_count(t) * sizeof(float);
    *(vit_is_matrix(t) ? &matrices : &others) += bytes;
    if (vit_is_matrix(t) && model->backbone.weights.owned[t]) own += bytes;
  }
  if (model->device) return matrices + others;
  if (vit_network_is_packed(model->network)) return vit_network_packed_bytes(model->network) + others;
  if (!packed) return matrices + others;
  return vit_network_packed_bytes(model->network) + (own ? own : matrices / VIT_LAYERS) + others;
}

/* In float32 the file is multiplied where it lies; else what was packed, and nothing of the file. */
static size_t subject_memory(const berg_model *model, const model_subject *subject) {
  const model_fitted *fitted = &subject->fitted;
  const size_t count = subject->columns.count, k = fitted->components;
  const size_t small = 3 * fitted->features * sizeof(float) + count * (sizeof(float) + sizeof(size_t));
  if (model->gemm->precision != LA_F32 && !model->device)
    return small + la_matrix_bytes(&subject->directions) + la_matrix_bytes(&subject->coefficients);
  return small + (fitted->features * k + count * k) * sizeof(float);
}

size_t model_memory_needed(const berg_model *model, size_t images, bool packed) {
  size_t bytes = (size_t)48 << 20; /* the libraries themselves */
  bytes += network_memory(model, packed) + 2 * images * VIT_PIXELS + images * model->columns * sizeof(float);
  for (size_t i = 0; i < model->subject_count; i++) {
    const model_subject *subject = &model->subjects[i];
    bytes += subject_memory(model, subject);
    if (!model->device)
      bytes += model_projection_memory(&subject->fitted, &subject->directions, images, model->threads);
  }
  if (model->device) return bytes + model_device_pinned_memory(model->device);
  return bytes + images * VIT_LAYER_FEATURES * sizeof(float) + vit_network_workspace(model->gemm, model->threads);
}

/* Bytes of the longest row of scores as products take them. */
static size_t widest_row(const berg_model *model) {
  size_t widest = 0;
  for (size_t s = 0; s < model->subject_count; s++) {
    const size_t bytes = model->gemm->row_bytes(model->subjects[s].fitted.components);
    if (bytes > widest) widest = bytes;
  }
  return widest;
}

/* What the processor computes with. */
static berg_status init_processor(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  const size_t room = batch->room;
  batch->tokens = base_alloc_large(room * VIT_LAYER_FEATURES, sizeof(float), error);
  batch->workspace = base_alloc_large(vit_network_workspace(model->gemm, model->threads), 1, error);
  batch->projections = base_calloc(model->subject_count, sizeof *batch->projections, error);
  batch->loaded_scores = base_alloc(2 * room, widest_row(model), error);
  batch->score_scales = base_alloc(2 * room, sizeof(float), error);
  batch->balanced_scores = base_alloc(1, widest_row(model) * sizeof(float), error);
  if (!batch->tokens || !batch->workspace || !batch->projections || !batch->loaded_scores || !batch->score_scales ||
      !batch->balanced_scores)
    return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < model->subject_count && !status; i++)
    status = model_projection_init(&batch->projections[i], model->kernels, &model->subjects[i].fitted,
                                   &model->subjects[i].directions, room, model->threads, error);
  return status;
}

static berg_status init(model_batch *batch, berg_model *model, size_t room, berg_error *error) {
  batch->model = model;
  batch->room = room;
  batch->indices = base_alloc(room, sizeof *batch->indices, error);
  batch->scores = base_calloc(model->subject_count, sizeof *batch->scores, error);
  if (!batch->indices || !batch->scores) return BERG_ELIMIT;
  for (size_t i = 0; i < model->subject_count; i++) {
    batch->scores[i] = base_calloc(room * model_score_width(&model->subjects[i]), sizeof(float), error);
    if (!batch->scores[i]) return BERG_ELIMIT;
  }
  berg_status status = model_load_init(&batch->loads[0], room, error);
  return status || model->device ? status : init_processor(batch, error);
}

void model_batch_free(model_batch *batch) {
  if (!batch) return;
  for (size_t i = 0; i < batch->model->subject_count; i++) {
    if (batch->projections) model_projection_release(&batch->projections[i]);
    if (batch->scores) base_free(batch->scores[i]);
  }
  for (size_t i = 0; i < 2; i++) model_load_release(&batch->loads[i]);
  if (batch->own_responses) model_device_release(batch->model->device, batch->own_responses);
  base_free(batch->indices);
  base_free_large(batch->tokens);
  base_free_large(batch->workspace);
  base_free(batch->projections);
  base_free(batch->scores);
  base_free(batch->loaded_scores);
  base_free(batch->score_scales);
  base_free(batch->balanced_scores);
  base_free(batch);
}

/* A larger one takes the place of the one that is there. */
static berg_status make_room(berg_model *model, size_t room, berg_error *error) {
  if (model->kept && model->kept->room >= room) return BERG_OK;
  model_batch_free(model->kept);
  model->kept = base_calloc(1, sizeof *model->kept, error);
  if (!model->kept) return BERG_ELIMIT;
  berg_status status = init(model->kept, model, room, error);
  if (status) {
    model_batch_free(model->kept);
    model->kept = NULL;
  }
  return status;
}

berg_status model_batch_of(model_batch **out, berg_model *model, size_t room, bool several, berg_error *error) {
  *out = NULL;
  berg_status status = make_room(model, room, error);
  if (status) return status;
  model_batch *batch = model->kept;
  batch->team = NULL;
  batch->images = 0;
  batch->most = room;
  batch->take_block = NULL;
  batch->taker = NULL;
  batch->scores_alone = false;
  batch->responses = NULL;
  for (size_t i = 0; i < 2; i++) batch->loads[i].count = 0;
  if (several && !batch->loads[!batch->now].pixels)
    status = model_load_init(&batch->loads[!batch->now], batch->room, error);
  if (!status) *out = batch;
  return status;
}

berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, size_t next,
                             berg_error *error) {
  if (batch->loads[!batch->now].count)
    batch->now = !batch->now;
  else
    model_load_begin(&batch->loads[batch->now], stimuli, first, count);
  berg_status status = model_load_finish(&batch->loads[batch->now], batch->team, batch->indices, &batch->images, error);
  if (!status && next)
    model_load_begin(&batch->loads[!batch->now], stimuli, first + count, next);
  else
    batch->loads[!batch->now].count = 0;
  return status;
}

/* --- The run --- */

static void after_block(void *user, base_team *team, size_t layer, const float *tokens) {
  model_batch *batch = user;
  if (batch->take_block) {
    batch->take_block(batch->taker, batch, layer, tokens);
    return;
  }
  for (size_t s = 0; s < batch->model->subject_count; s++)
    model_projection_add(&batch->projections[s], team, layer, tokens);
}

/* Beside the blocks the next batch's images come. */
static size_t begin_beside(void *user, size_t layer) {
  model_batch *batch = user;
  return model_load_step(&batch->loads[!batch->now], layer, VIT_LAYERS);
}

static void beside(void *user, size_t index, size_t rank) {
  model_batch *batch = user;
  model_load_piece(&batch->loads[!batch->now], index, rank);
}

/* Finite weights give finite scores: so this costs nothing until something is wrong, and then says what. */
static berg_status check_scores(const model_batch *batch, size_t s, berg_error *error) {
  const model_fitted *fitted = &batch->model->subjects[s].fitted;
  const size_t count = batch->images * model_score_width(&batch->model->subjects[s]);
  bool finite = true;
  for (size_t i = 0; i < count; i++) finite &= isfinite(batch->scores[s][i]) != 0;
  if (finite) return BERG_OK;
  berg_status status = model_backbone_check(&batch->model->backbone, error);
  if (!status) status = model_fitted_check_components(fitted, error);
  if (status) return status;
  return base_fail(error, BERG_EMODEL, "%s with %s: scores overflow, or the backbone held a NaN", fitted->path,
                   batch->model->backbone.path);
}

static berg_status pack_when_it_pays(berg_model *model, size_t images, berg_error *error) {
  if (vit_network_is_packed(model->network)) return BERG_OK;
  if (model->images_done + images < PACK_FROM && model->calls < PACK_FROM_CALL) return BERG_OK;
  if (model->memory && model_memory_needed(model, model->batch, true) > model->memory) return BERG_OK;
  return model_pack_network(model, error);
}

/* --- On a device: a thread waits for it, all others bring the next batch's images --- */

typedef struct device_run {
  model_batch *batch;
  berg_error *error;
  berg_status status;
} device_run;

static void *run_device(void *user) {
  device_run *run = user;
  run->status = model_device_run(run->batch->model->device, run->batch, run->error);
  return NULL;
}

static berg_status place_responses(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  if (batch->take_block || batch->scores_alone || batch->responses) return BERG_OK;
  const size_t bytes = batch->room * model->columns * sizeof(float);
  if (!batch->own_responses) batch->own_responses = model_device_alloc(model->device, bytes);
  batch->responses = batch->own_responses;
  if (batch->responses) return BERG_OK;
  return base_fail(error, BERG_ELIMIT, "%s: no %zu MB of pinned memory are to be had: smaller batches need less",
                   model_device_name(model->device), (bytes >> 20) + 1);
}

static berg_status run_on_device(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  device_run run = {batch, error, place_responses(batch, error)};
  base_thread waiting;
  if (run.status) return run.status;
  if (base_thread_start(&waiting, run_device, &run)) {
    for (size_t step = 0; step < VIT_LAYERS; step++)
      base_team_share(batch->team, begin_beside(batch, step), beside, batch);
    base_thread_join(&waiting);
  } else {
    run_device(&run);
  }
  for (size_t s = 0; s < model->subject_count && !run.status && !batch->take_block; s++)
    run.status = check_scores(batch, s, error);
  return run.status;
}

berg_status model_batch_run(model_batch *batch, berg_error *error) {
  berg_model *model = batch->model;
  if (!batch->images) return BERG_OK;
  if (model->device) return run_on_device(batch, error);
  berg_status status = pack_when_it_pays(model, batch->images, error);
  if (status) return status;
  for (size_t s = 0; s < model->subject_count; s++) model_projection_start(&batch->projections[s], batch->images);
  const vit_hooks hooks = {.after_block = after_block, .begin_beside = begin_beside, .beside = beside, .user = batch};
  vit_network_run(model->network, batch->loads[batch->now].pixels, batch->images, batch->team, batch->workspace,
                  batch->tokens, &hooks);
  model->images_done += batch->images;
  for (size_t s = 0; s < model->subject_count && !status && !batch->take_block; s++) {
    model_projection_finish(&batch->projections[s], batch->scores[s], model_score_width(&model->subjects[s]));
    status = check_scores(batch, s, error);
  }
  return status;
}

/* Scores as products take them: in int8 two rows each, since every step of a score would be one of all voxels. */
static la_product score_rows(const model_batch *batch, size_t s, size_t first, size_t count) {
  const berg_model *model = batch->model;
  const model_subject *subject = &model->subjects[s];
  const la_gemm *gemm = model->gemm;
  const size_t width = model_score_width(subject), k = subject->fitted.components, bytes = gemm->row_bytes(k);
  if (!gemm->load)
    return (la_product){.rows = count,
                        .x = batch->scores[s] + first * width,
                        .row_bytes = width * sizeof(float),
                        .finish = model->kernels->store};
  const size_t rows = gemm->load_fine ? 2 : 1; /* of each image */
  for (size_t i = 0; i < count; i++) {
    float *scores = batch->scores[s] + (first + i) * width;
    void *to = batch->loaded_scores + i * rows * bytes;
    if (subject->coefficient_gain) model_balance_scores(subject, scores, batch->balanced_scores);
    if (gemm->load_fine)
      gemm->load_fine(batch->balanced_scores, k, to, batch->score_scales + 2 * i);
    else
      gemm->load(scores, k, to, batch->score_scales + i);
  }
  return (la_product){.rows = rows * count,
                      .x = batch->loaded_scores,
                      .row_bytes = bytes,
                      .scale = batch->score_scales,
                      .finish = gemm->load_fine ? model->kernels->store_pairs : model->kernels->store};
}

/* Rows that have come back with the scores. */
typedef struct copies {
  const float *from;
  float *to;
  size_t columns;
} copies;

static void copy_row(void *user, size_t i, size_t rank) {
  const copies *c = user;
  (void)rank;
  memcpy(c->to + i * c->columns, c->from + i * c->columns, c->columns * sizeof *c->to);
}

static void hand_over(const model_batch *batch, size_t from, size_t images, float *responses) {
  copies c = {batch->responses + from * batch->model->columns, responses, batch->model->columns};
  if (c.to != c.from) base_team_share(batch->team, images, copy_row, &c);
}

/* Panels of a subject's coefficients that a thread takes at a time. */
#define RUN ((size_t)16)

typedef struct regression {
  const model_batch *batch;
  const model_subject *subject;
  la_product rows;
  float *responses;
} regression;

static void multiply_panel(const regression *r, size_t panel, size_t panels, float *buffer) {
  const berg_model *model = r->batch->model;
  const la_matrix *coefficients = &r->subject->coefficients;
  const size_t first = panel * LA_PANEL, left = r->subject->columns.count - first;
  la_output to = {r->responses + r->subject->first_column + first, model->columns, left < LA_PANEL ? left : LA_PANEL,
                  r->subject->columns.intercepts + first};
  la_product product = r->rows;
  product.buffer = buffer;
  product.user = &to;
  for (size_t b = 0; b < la_matrix_blocks(coefficients); b++) { /* one, up to 768 components */
    if (panel + 1 < panels) product.next = la_matrix_fetch(coefficients, b, panel + 1);
    product.x = (const char *)r->rows.x + b * model->gemm->row_bytes(LA_DEPTH);
    if (b) to.bias = NULL;
    la_matrix_multiply(coefficients, b, panel, &product);
  }
}

static void multiply_run(void *user, size_t index, size_t rank) {
  const regression *r = user;
  const size_t panels = la_matrix_panels(&r->subject->coefficients), first = index * RUN,
               end = panels - first < RUN ? panels : first + RUN;
  const la_gemm *gemm = r->subject->coefficients.gemm;
  float *buffer = (float *)(void *)((char *)r->batch->workspace + rank * gemm->thread_bytes);
  la_gemm_begin(gemm);
  for (size_t panel = first; panel < end; panel++) multiply_panel(r, panel, panels, buffer);
  la_gemm_end(gemm);
}

void model_batch_respond(const model_batch *batch, size_t from, size_t images, float *responses) {
  const berg_model *model = batch->model;
  if (model->device) {
    hand_over(batch, from, images, responses);
    return;
  }
  for (size_t s = 0; s < model->subject_count; s++) {
    regression r = {batch, &model->subjects[s], score_rows(batch, s, from, images), responses};
    base_team_share(batch->team, (la_matrix_panels(&r.subject->coefficients) + RUN - 1) / RUN, multiply_run, &r);
  }
}
