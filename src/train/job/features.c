/* Stage "features": the encoder's batches, with every block's tokens going to the store while they are warm. */
#include <errno.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/machine.h"
#include "base/memory.h"
#include "io/file/copy.h"
#include "io/file/folders.h"
#include "io/file/journal.h"
#include "io/file/whole_file.h"
#include "io/value/json_build.h"
#include "model/encode/encode.h"
#include "model/encode/sources.h"
#include "model/stimuli/stimuli.h"
#include "train/job/features.h"
#include "train/job/parts.h"
#include "train/job/plan.h"
#include "train/job/stages.h"
#include "vit/preprocess.h"
#include "vit/shape.h"

#define DEFAULT_BATCH 100

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
  hash = base_hash_text(hash, base_isa_name(plan->machine.isa));
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

/* --- The files --- */

berg_status train_features_open(train_features *features, const train_plan *plan, berg_error *error) {
  features->reader = NULL;
  berg_status status = train_feature_files_find(&features->files, plan, plan->job.work, error);
  if (status) return status;
  status = train_store_reader_open(&features->reader, features->files.list, features->files.count,
                                   plan->job.images.count, error);
  if (status) train_features_close(features);
  return status;
}

void train_features_close(train_features *features) {
  train_store_reader_close(features->reader);
  train_feature_files_release(&features->files);
  features->reader = NULL;
}

static berg_status done(const train_plan *plan, size_t of, io_ranges *images, bool *is_whole, berg_error *error) {
  train_feature_files files;
  (void)of;
  berg_status status = train_feature_files_find(&files, plan, plan->job.work, error);
  for (size_t f = 0; f < files.count && !status; f++) {
    io_ranges safe;
    status = train_store_find(&files.list[f], &safe, NULL, error);
    for (size_t i = 0; i < safe.count; i++) io_ranges_add(images, safe.list[i].first, safe.list[i].end);
  }
  *is_whole = io_ranges_before(images) == plan->job.images.count;
  train_feature_files_release(&files);
  return status;
}

/* Where two hold an image, either will do: both were made of the same, and are compared with their checksums. */
static berg_status check(const train_plan *plan, size_t of, cJSON *faults, berg_error *error) {
  train_feature_files files;
  (void)of;
  berg_status status = train_feature_files_find(&files, plan, plan->job.work, error);
  for (size_t f = 0; f < files.count && !status; f++) {
    io_ranges safe, changed = {.count = 0};
    berg_error why;
    status = train_store_find(&files.list[f], &safe, &why, error);
    if (!status && why.status) io_json_add_text(faults, NULL, why.message);
    if (!status) status = train_store_check(&files.list[f], &changed, error);
    if (status || !changed.count) continue;
    base_fail(&why, BERG_EINPUT, "%s: %zu of its images, image %zu (from 0) first, are not what was written",
              files.list[f].path, io_ranges_total(&changed), changed.list[0].first);
    io_json_add_text(faults, NULL, why.message);
  }
  train_feature_files_release(&files);
  return status;
}

/* The journal is removed first: it must not describe a store that no longer exists. */
static berg_status remove_file(const train_store_file *file, berg_error *error) {
  berg_status status = io_remove_file(file->journal, error);
  return status ? status : io_remove_file(file->path, error);
}

static berg_status remove_files(const train_plan *plan, size_t of, berg_error *error) {
  train_feature_files files;
  (void)of;
  berg_status status = train_feature_files_find(&files, plan, plan->job.work, error);
  for (size_t f = 0; f < files.count && !status; f++) status = remove_file(&files.list[f], error);
  train_feature_files_release(&files);
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

/* Images [first, end) of those that the file has a place for, but for the safe ones. */
static berg_status fill_gaps(const train_step *step, train_store *store, size_t first, size_t end, berg_error *error) {
  const io_ranges safe = *train_store_safe(store);
  berg_status status = BERG_OK;
  for (io_range gap = {first, first}; !status && io_ranges_gap(&safe, gap.end, end, &gap);)
    status = encode(step, store, gap.first, gap.end, error);
  return status;
}

static berg_status fill(const train_step *step, const train_store_file *file, size_t first, size_t end, io_ranges *safe,
                        berg_error *error) {
  train_store *store = NULL;
  berg_status status = train_store_open(&store, file, error);
  if (status) return status;
  status = fill_gaps(step, store, first, end, error);
  /* also after a failure, so that computed features are kept */
  berg_status settled = train_store_settle(store, status ? NULL : error);
  *safe = *train_store_safe(store);
  train_store_close(store, status || settled ? error : NULL);
  return status ? status : settled;
}

/* From a node's own disk to the work folder. */
static berg_status place(const train_plan *plan, const train_store_file *file, const io_ranges *safe,
                         berg_error *error) {
  train_store_file placed;
  int journal = -1;
  berg_status status =
      train_feature_file_name(&placed, plan, plan->job.work, (io_range){file->first, file->end}, false, error);
  if (!status) status = io_remove_file(placed.journal, error);
  if (!status) status = io_copy_file(file->path, placed.path, error);
  if (!status) status = io_journal_create(&journal, placed.journal, plan->job.features, placed.fingerprint, error);
  if (!status && !io_journal_note(journal, safe))
    status = base_fail_errno(error, BERG_EWRITE, placed.journal, "cannot be written", errno);
  if (journal >= 0) close(journal);
  train_feature_file_release(&placed);
  return status ? status : remove_file(file, error);
}

/* Which of the files, `ranges` for each, has a place for the image, and room in its journal. */
static berg_status choose(const train_step *step, const train_feature_files *files, io_range *ranges, size_t image,
                          size_t *chosen, berg_error *error) {
  const io_range all = {0, step->plan->job.images.count};
  berg_status status = BERG_OK;
  for (size_t f = 0; f < files->count && !status; f++) {
    io_ranges safe;
    berg_error why;
    status = train_store_find(&files->list[f], &safe, &why, error);
    const bool is_there = !access(files->list[f].journal, F_OK) && !why.status;
    if (is_there && safe.count < IO_JOURNAL_RANGES) ranges[f] = (io_range){files->list[f].first, files->list[f].end};
  }
  *chosen = train_part_choose(ranges, files->count, step->share.end ? step->share : all, image);
  return status;
}

/* The name of a new file. What stands under that of a part without being one is replaced; another run's file of all
 * images is not. */
static berg_status begin_file(const train_step *step, const char *folder, io_range images, train_store_file *file,
                              berg_error *error) {
  const train_plan *plan = step->plan;
  const bool is_alone = !step->share.end && !plan->job.options->scratch,
             is_all = !images.first && images.end == plan->job.images.count;
  berg_status status = train_feature_file_name(file, plan, folder, images, is_alone, error);
  return status || (is_alone && is_all) ? status : remove_file(file, error);
}

/* Images from `*first` on, before `end`, as far as one file goes. */
static berg_status run_in_files(const train_step *step, const train_feature_files *files, const char *folder,
                                size_t *first, size_t end, berg_error *error) {
  io_range *ranges = base_calloc(files->count, sizeof *ranges, error);
  train_store_file fresh = {.path = NULL};
  io_ranges safe;
  size_t chosen = 0;
  berg_status status = ranges ? choose(step, files, ranges, *first, &chosen, error) : BERG_ELIMIT;
  const bool is_new = chosen == files->count;
  const train_store_file *file = is_new ? &fresh : &files->list[chosen];
  if (!status && is_new) status = begin_file(step, folder, (io_range){*first, end}, &fresh, error);
  if (!status) status = fill(step, file, *first, end < file->end ? end : file->end, &safe, error);
  if (!status && step->plan->job.options->scratch) status = place(step->plan, file, &safe, error);
  if (!status) *first = file->end;
  train_feature_file_release(&fresh);
  base_free(ranges);
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  const train_job *job = &step->plan->job;
  const char *folder = job->options->scratch ? job->options->scratch : job->work;
  berg_status status = io_make_folders(folder, error);
  while (!status && first < end) {
    train_feature_files files;
    status = train_feature_files_find(&files, step->plan, folder, error);
    if (!status) status = run_in_files(step, &files, folder, &first, end, error);
    train_feature_files_release(&files);
  }
  return status;
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
    .check = check,
    .run = run,
    .remove = remove_files,
};
