/* Stage "features": the encoder's batches, with every block's tokens going to the store while they are warm. */
#include <inttypes.h>

#include "base/hash.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/whole_file.h"
#include "model/encode/encode.h"
#include "model/encode/sources.h"
#include "model/stimuli/stimuli.h"
#include "train/job/features.h"
#include "train/job/plan.h"
#include "train/job/stages.h"
#include "vit/preprocess.h"
#include "vit/shape.h"

#define DEFAULT_BATCH 100
#define FINGERPRINT_MAX 128

/* --- What it takes --- */

static size_t count(const train_plan *plan, size_t of) {
  (void)of;
  return plan->job.images.count;
}

static uint64_t hash(const train_plan *plan, size_t of) {
  const train_job *job = &plan->job;
  (void)of;
  uint64_t hash = base_hash_text(BASE_HASH_START, berg_version());
  hash = base_hash_text(hash, plan->network->products);
  hash = base_hash_text(hash, base_isa_name(base_machine_isa()));
  hash = model_hash_file(hash, plan->network->backbone.path);
  hash = base_hash_number(hash, job->tokens);
  hash = base_hash_number(hash, job->images.count);
  if (job->images.is_square) hash = base_hash_number(hash, VIT_SQUARE);
  return base_hash_number(hash, job->images.hash);
}

/* Chooses the largest batch that fits; packed weights, if they fit too, are the network's own choice. */
static size_t memory(const train_plan *plan, size_t of) {
  berg_model *network = plan->network;
  const size_t limit = plan->job.memory, asked = plan->job.options->batch, images = plan->job.images.count;
  const size_t wanted = asked || network->device ? network->batch : DEFAULT_BATCH;
  (void)of;
  network->memory = limit;
  network->batch = wanted < images ? wanted : images;
  while (network->batch > 1 && model_memory_needed(network, network->batch, false) > limit)
    network->batch = (network->batch + 1) / 2;
  const size_t packed = model_memory_needed(network, network->batch, true);
  return packed <= limit ? packed : model_memory_needed(network, network->batch, false);
}

static size_t least(const train_plan *plan, size_t of) {
  (void)of;
  return model_memory_needed(plan->network, 1, false);
}

static uint64_t disk(const train_plan *plan, size_t of) {
  (void)of;
  return train_store_bytes(plan->job.images.count, plan->job.tokens);
}

/* By the sizes of the network's matrices. */
static double flop_per_image(void) {
  const double t = VIT_TOKENS, c = VIT_CHANNELS;
  return 2 * ((t - 1) * VIT_PATCH_VALUES * c + VIT_LAYERS * (t * c * (VIT_QKV + c + 2.0 * VIT_HIDDEN) + 2 * t * t * c));
}

static train_cost cost(const train_plan *plan, size_t of, size_t images) {
  const double share = (double)images / (double)plan->job.images.count;
  return (train_cost){(double)images * flop_per_image(), share * (double)plan->job.images.bytes,
                      share * (double)disk(plan, of)};
}

/* --- The store --- */

typedef struct names {
  char *path, *journal, fingerprint[FINGERPRINT_MAX];
} names;

static void release(names *n) {
  base_free(n->path);
  base_free(n->journal);
}

static berg_status name(const train_plan *plan, names *n, berg_error *error) {
  n->path = train_stage_path(plan, &train_features_stage, 0, error);
  n->journal = base_format(error, "%s/%sjournal", plan->job.work, train_features_stage.prefix);
  base_print(n->fingerprint, sizeof n->fingerprint, "features 2 of %s of %zu images %016" PRIx64,
             plan->job.tokens == 1 ? "class tokens" : "all tokens", plan->job.images.count,
             train_plan_hash(plan, &train_features_stage, 0));
  if (n->path && n->journal) return BERG_OK;
  release(n);
  return BERG_ELIMIT;
}

berg_status train_features_open(const train_plan *plan, train_store **store, berg_error *error) {
  names n;
  *store = NULL;
  berg_status status = name(plan, &n, error);
  if (status) return status;
  status =
      train_store_open_whole(store, n.path, n.journal, n.fingerprint, plan->job.images.count, plan->job.tokens, error);
  release(&n);
  return status;
}

static berg_status done(const train_plan *plan, size_t of, io_ranges *images, bool *is_whole, berg_error *error) {
  names n;
  (void)of;
  berg_status status = name(plan, &n, error);
  if (status) return status;
  if (model_path_exists(n.path))
    status = train_stage_noted(images, n.journal, plan->job.features, n.fingerprint, plan->job.images.count, error);
  *is_whole = io_ranges_before(images) == plan->job.images.count;
  release(&n);
  return status;
}

/* The journal is removed first: it must not describe a store that no longer exists. */
static berg_status remove_store(const train_plan *plan, size_t of, berg_error *error) {
  names n;
  (void)of;
  berg_status status = name(plan, &n, error);
  if (status) return status;
  status = io_remove_file(n.journal, error);
  if (!status) status = io_remove_file(n.path, error);
  release(&n);
  return status;
}

/* --- The pass --- */

static berg_status take(void *store, model_batch *batch, const model_member *member, berg_error *error) {
  (void)member;
  return train_store_taken(store, batch->indices[0], batch->indices[batch->images - 1] + 1, error);
}

static berg_status encode(const train_step *step, train_store *store, size_t first, size_t end, berg_error *error) {
  const train_images *images = &step->plan->job.images;
  berg_stimuli *stimuli = NULL;
  /* otherwise the PCA would find a NaN hours later */
  berg_status status = model_backbone_check(&step->plan->network->backbone, error);
  if (!status) status = train_images_open(images, end, &stimuli, error);
  if (!status) status = model_sources_unchanged(&step->plan->network, 1, stimuli, error);
  const model_sink sink = {.wants = MODEL_FEATURES, .user = store, .block = train_store_take_block, .take = take};
  const model_pass pass = {.models = &step->plan->network, .sinks = &sink, .count = 1, .of = 1};
  if (!status) status = model_encode(&pass, stimuli, first, step->run, error);
  if (!status) status = model_sources_unchanged(&step->plan->network, 1, stimuli, error);
  if (!status) status = model_stimuli_pictures_unchanged(stimuli, first, end, error);
  berg_stimuli_free(stimuli);
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  const train_job *job = &step->plan->job;
  train_store *store = NULL;
  io_ranges safe;
  names n;
  berg_status status = name(step->plan, &n, error);
  if (status) return status;
  status = train_store_open(&store, n.path, n.journal, n.fingerprint, job->images.count, job->tokens, &safe, error);
  release(&n);
  if (status) return status;
  status = encode(step, store, first, end, error);
  /* also after a failure, so that computed features are kept */
  berg_status settled = train_store_settle(store, status ? NULL : error);
  train_store_close(store, status || settled ? error : NULL);
  return status ? status : settled;
}

const train_stage_kind train_features_stage = {
    .name = "features",
    .unit = "images",
    .scope = TRAIN_OF_RUN,
    .prefix = "berg-features.",
    .ending = "f32",
    .until = &train_components_stage,
    .is_kept = true,
    .has_network = true,
    .count = count,
    .hash = hash,
    .memory = memory,
    .least = least,
    .disk = disk,
    .cost = cost,
    .done = done,
    .run = run,
    .remove = remove_store,
};
