/* The memory of a batch, and its images. */
#include "model/encode/batch.h"

#include <string.h>

#include "base/memory.h"
#include "model/encode/stored.h"
#include "vit/preprocess.h"

static berg_status init(model_batch *batch, berg_model *model, size_t room, berg_error *error) {
  *batch = (model_batch){.model = model, .room = room};
  batch->indices = base_alloc(room, sizeof *batch->indices, error);
  if (!batch->indices) return BERG_ELIMIT;
  berg_status status = model->scores_only ? BERG_OK : model_load_init(&batch->loads[0], room, error);
  if (status || model->device) return status;
  batch->workspace = base_alloc_large(vit_network_workspace(model->gemm, model->threads), 1, error);
  if (!batch->workspace) return BERG_ELIMIT;
  if (!model->scores_only) batch->tokens = base_alloc_large(room * VIT_LAYER_FEATURES, sizeof(float), error);
  return batch->tokens || model->scores_only ? BERG_OK : BERG_ELIMIT;
}

void model_batch_free(model_batch *batch) {
  if (!batch) return;
  for (size_t i = 0; i < 2; i++) model_load_release(&batch->loads[i]);
  base_free(batch->indices);
  base_free(batch->digests);
  base_free_large(batch->tokens);
  base_free_large(batch->workspace);
  base_free(batch->members);
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

static berg_status take_members(model_batch *batch, berg_model *const *models, const model_sink *sinks, size_t count,
                                berg_error *error) {
  void *block = batch->members;
  const bool grown = base_grow(&block, &batch->member_capacity, count, sizeof *batch->members, error);
  batch->members = block;
  berg_status status = grown ? BERG_OK : BERG_ELIMIT;
  batch->member_count = 0;
  for (size_t m = 0; m < count && !status; m++) {
    model_member *member = &batch->members[m];
    *member = (model_member){.model = models[m], .sink = &sinks[m]};
    status = model_scores_of(&member->scores, models[m], batch->room, batch->model->threads, error);
    if (!status) batch->member_count = m + 1;
  }
  return status;
}

berg_status model_batch_of(model_batch **out, berg_model *network, berg_model *const *models, const model_sink *sinks,
                           size_t count, size_t room, bool several, berg_error *error) {
  *out = NULL;
  berg_status status = make_room(network, room, error);
  if (status) return status;
  model_batch *batch = network->kept;
  batch->team = NULL;
  batch->images = 0;
  batch->stored = NULL;
  batch->most = room;
  for (size_t i = 0; i < 2; i++) batch->loads[i].count = 0;
  status = take_members(batch, models, sinks, count, error);
  if (!status && several && !network->scores_only && !batch->loads[!batch->now].pixels)
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
  batch->are_identified = false;
  berg_status status =
      model_load_finish(&batch->loads[batch->now], batch->team, batch->run, batch->indices, &batch->images, error);
  if (!status && next)
    model_load_begin(&batch->loads[!batch->now], stimuli, first + count, next);
  else
    batch->loads[!batch->now].count = 0;
  return status;
}

void model_batch_keep(model_batch *batch, const bool *keep) {
  uint8_t *pixels = batch->loads[batch->now].pixels;
  size_t kept = 0;
  for (size_t i = 0; i < batch->images; i++) {
    if (!keep[i]) continue;
    if (kept < i) memcpy(pixels + kept * VIT_PIXELS, pixels + i * VIT_PIXELS, VIT_PIXELS);
    if (batch->are_identified) memmove(batch->digests[kept], batch->digests[i], sizeof *batch->digests);
    batch->indices[kept++] = batch->indices[i];
  }
  batch->images = kept;
}

static void identify_one(void *user, size_t i, size_t rank) {
  model_batch *batch = user;
  base_sha256 hash;
  (void)rank;
  base_sha256_start(&hash);
  base_sha256_add(&hash, batch->loads[batch->now].pixels + i * VIT_PIXELS, VIT_PIXELS);
  base_sha256_end(&hash, batch->digests[i]);
}

berg_status model_batch_identify(model_batch *batch, berg_error *error) {
  if (batch->are_identified) return BERG_OK;
  if (!batch->digests && !(batch->digests = base_alloc(batch->room, sizeof *batch->digests, error))) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  if (batch->stored)
    status = model_batch_identify_stored(batch, error);
  else
    base_team_share(batch->team, batch->images, identify_one, batch);
  batch->are_identified = !status;
  return status;
}

size_t model_batch_beside_begin(model_batch *batch, size_t step) {
  return model_load_step(&batch->loads[!batch->now], step, VIT_LAYERS);
}

void model_batch_beside(void *user, size_t index, size_t rank) {
  model_batch *batch = user;
  model_load_piece(&batch->loads[!batch->now], index, rank);
}
