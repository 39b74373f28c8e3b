/* What a run will need, and what an earlier one left. */
#include "train/job/plan.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/journal.h"
#include "la/rate.h"
#include "model/catalog/paths.h"
#include "train/pca/pca.h"
#include "train/job/subject.h"
#include "train/regress/regress_job.h"
#include "train/pca/store.h"
#include "train/job/work.h"

#define DEFAULT_BATCH 100
#define MAX_BATCH 4096
/* Voxels: of fewer at a time reading them would take longer than fitting them. */
#define LEAST_CHUNK 64
#define RATE_ROWS 200
/* Seconds for a measurement, in runs of so many seconds. */
#define LONG_RUN 30
#define LONG_RATE 0.3
#define SHORT_RATE 0.02
/* What the libraries and the handles take, as in model_memory_needed. */
#define PROGRAM ((size_t)48 << 20)
/* For the estimate of time alone: what a disk of today reads at least. */
#define DISK_BYTES_PER_SECOND 250e6
/* The share of the products' rate that whole stages reach. */
#define SHARE 0.85

void train_plan_fingerprint(const train_plan *plan, char *text, size_t room) {
  base_print(text, room, "features of %s of %zu images %016" PRIx64,
             plan->job.tokens == 1 ? "class tokens" : "all tokens", plan->job.images.count, plan->features_hash);
}

/* --- Memory --- */

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The largest batch that fits; packed weights, if they fit too, are the network's own choice. */
static size_t choose_batch(train_plan *plan) {
  berg_model *network = plan->network;
  const size_t memory = plan->job.memory, asked = plan->job.options->batch;
  network->memory = memory;
  network->batch = least(asked || network->device ? network->batch : DEFAULT_BATCH, plan->job.images.count);
  while (network->batch > 1 && model_memory_needed(network, network->batch, false) > memory)
    network->batch = (network->batch + 1) / 2;
  const size_t packed = model_memory_needed(network, network->batch, true);
  return packed <= memory ? packed : model_memory_needed(network, network->batch, false);
}

static size_t pca_memory(const train_plan *plan, size_t set) {
  return PROGRAM + train_pca_memory(plan->job.sets[set].count, plan->job.features, train_store_width(plan->job.tokens),
                                    plan->job.components, plan->job.threads);
}

/* What is held for all chunks: the scores and their factors. */
static size_t held_by_regression(const train_plan *plan, size_t s) {
  const size_t trials = plan->job.subjects[s].trials, k = plan->job.components;
  return PROGRAM + trials * k * sizeof(float) +
         regress_shared_memory(trials, k, &plan->job.regression, plan->job.threads);
}

/* Responses, with a part of them in double where they are stored so; coefficients, and the rows as they go to the file. */
static size_t memory_of_chunk(const train_plan *plan, size_t s, size_t voxels) {
  return voxels * (sizeof(float) * (plan->job.subjects[s].trials + 2 * plan->job.components + 4) +
                   sizeof(double) * (TRAIN_CONVERTED + 1));
}

static size_t regression_memory(const train_plan *plan, size_t s) {
  const size_t voxels = plan->job.subjects[s].voxels, chunks = plan->chunks[s];
  return held_by_regression(plan, s) + memory_of_chunk(plan, s, (voxels + chunks - 1) / chunks);
}

/* The maps of the PCA and of the coefficients, which are copied out of one file into another. */
static size_t weights_memory(const train_plan *plan, size_t s) {
  return PROGRAM + train_bytes_pca(&plan->job, plan->job.subjects[s].set) + train_bytes_regression(&plan->job, s);
}

static void choose_chunks(train_plan *plan, size_t s) {
  const train_subject *subject = &plan->job.subjects[s];
  const size_t memory = plan->job.memory;
  train_machine machine = plan->machine;
  machine.memory = memory > PROGRAM ? memory - PROGRAM : 1;
  plan->chunks[s] = plan->job.regression.chunks;
  if (!plan->chunks[s])
    plan->chunks[s] =
        train_chunks_for(subject->trials, plan->job.components, subject->voxels, &plan->job.regression, &machine);
  if (plan->chunks[s] > subject->voxels) plan->chunks[s] = subject->voxels;
}

/* --- What is done --- */

/* What an earlier run left is looked for only to go on from it; what cannot be looked for for want of memory is no beginning
 * anew. */

/* Rows, `most` of them at most, that a journal says to be safe; 0 where there is none of this run. */
static berg_status find_noted(size_t *rows, const char *path, size_t columns, const char *fingerprint, size_t most,
                              berg_error *error) {
  int file;
  io_ranges noted = {.count = 0};
  *rows = 0;
  if (!path) return BERG_ELIMIT;
  berg_status status = io_journal_open(&file, path, columns, fingerprint, &noted, error);
  if (status) noted.count = 0;
  if (!status) close(file);
  *rows = least(io_ranges_before(&noted), most);
  return status == BERG_ELIMIT ? status : BERG_OK;
}

/* Takes `path`. */
static berg_status find_file(bool *there, char *path) {
  const bool has_path = path != NULL;
  *there = model_path_exists(path);
  base_free(path);
  return has_path ? BERG_OK : BERG_ELIMIT;
}

static berg_status find_images_done(train_plan *plan, const train_work *work, berg_error *error) {
  char fingerprint[IO_JOURNAL_FINGERPRINT_MAX];
  char *journal = train_work_features_journal(work, error);
  train_plan_fingerprint(plan, fingerprint, sizeof fingerprint);
  berg_status status =
      find_noted(&plan->images_done, journal, plan->job.features, fingerprint, plan->job.images.count, error);
  base_free(journal);
  return status;
}

static berg_status find_voxels_done(train_plan *plan, const train_work *work, size_t s, berg_error *error) {
  char fingerprint[32];
  const train_subject *subject = &plan->job.subjects[s];
  char *path = train_work_regression(work, subject->number, plan->regression_hash[s], error);
  if (!path) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  if (model_path_exists(path)) {
    plan->voxels_done[s] = subject->voxels;
  } else {
    char *journal = base_format(error, "%s.partial.journal", path);
    base_print(fingerprint, sizeof fingerprint, "regression %016" PRIx64, plan->regression_hash[s]);
    status = find_noted(&plan->voxels_done[s], journal, train_regression_columns(&plan->job), fingerprint,
                        subject->voxels, error);
    base_free(journal);
  }
  base_free(path);
  return status;
}

/* --- Stages --- */

static train_estimate *add(train_plan *plan, const char *stage, const char *unit, size_t total, size_t memory) {
  train_estimate *estimate = &plan->stages[plan->stage_count++];
  *estimate = (train_estimate){.stage = stage, .unit = unit, .total = total, .memory = memory};
  return estimate;
}

static void finish(train_plan *plan, train_estimate *estimate, size_t done, train_cost cost) {
  estimate->done = done;
  if (done >= estimate->total) return;
  const double left = (double)(estimate->total - done) / (double)estimate->total;
  estimate->cost = (train_cost){left * cost.flop, left * cost.bytes_read, left * cost.bytes_written};
  const double computing = plan->product_flops > 0 ? estimate->cost.flop / plan->product_flops / SHARE : 0,
               moving = (estimate->cost.bytes_read + estimate->cost.bytes_written) / DISK_BYTES_PER_SECOND;
  estimate->seconds = computing > moving ? computing : moving;
  plan->seconds += estimate->seconds;
  if (estimate->memory > plan->memory_needed) plan->memory_needed = estimate->memory;
}

static void add_pca(train_plan *plan, size_t set) {
  static const char *const stages[] = {"gram", "eigenvectors", "components"};
  const size_t panels = plan->job.features / train_store_width(plan->job.tokens);
  for (size_t i = 0; i < 3; i++) {
    const size_t total = i == 1 ? plan->job.components : panels;
    train_estimate *estimate = add(plan, stages[i], i == 1 ? "eigenvectors" : "panels", total, pca_memory(plan, set));
    finish(plan, estimate, plan->has_pca[set] ? total : 0, train_cost_pca(&plan->job, set, stages[i]));
  }
}

static void add_subject(train_plan *plan, size_t s) {
  const train_job *job = &plan->job;
  train_estimate *estimate = add(plan, "regression", "voxels", job->subjects[s].voxels, regression_memory(plan, s));
  estimate->subject = job->subjects[s].number;
  finish(plan, estimate, plan->voxels_done[s], train_cost_regression(job, s, job->subjects[s].voxels));
  estimate = add(plan, "weights", "files", job->options->safetensors ? 2 : 1, weights_memory(plan, s));
  estimate->subject = job->subjects[s].number;
  finish(plan, estimate, 0, train_cost_weights(job, s));
}

static void add_stages(train_plan *plan) {
  const train_job *job = &plan->job;
  bool has_all = true;
  plan->stage_count = 0;
  plan->seconds = 0;
  for (size_t set = 0; set < job->set_count; set++) has_all &= plan->has_pca[set];
  train_estimate *features = add(plan, "features", "images", job->images.count, choose_batch(plan));
  finish(plan, features, has_all ? job->images.count : plan->images_done, train_cost_features(job, job->images.count));
  for (size_t set = 0; set < job->set_count; set++) add_pca(plan, set);
  for (size_t s = 0; s < job->subject_count; s++) add_subject(plan, s);

  plan->memory_least = model_memory_needed(plan->network, 1, false);
  for (size_t set = 0; set < job->set_count; set++)
    if (pca_memory(plan, set) > plan->memory_least) plan->memory_least = pca_memory(plan, set);
  for (size_t s = 0; s < job->subject_count; s++) {
    const size_t regression = job->regression.chunks
                                  ? regression_memory(plan, s)
                                  : held_by_regression(plan, s) + memory_of_chunk(plan, s, LEAST_CHUNK);
    if (regression > plan->memory_least) plan->memory_least = regression;
    if (weights_memory(plan, s) > plan->memory_least) plan->memory_least = weights_memory(plan, s);
  }
}

/* --- Disk --- */

/* The store and a Gram matrix being replaced lie there at the same time; afterwards what is between the stages and the
 * weights. Bytes that an earlier run left in the work folder are had already, or are freed first. */
static void add_disk(train_plan *plan) {
  const train_job *job = &plan->job;
  uint64_t pcas = 0, later = 0, beside = 0;
  bool has_all = true;
  for (size_t set = 0; set < job->set_count; set++) {
    const uint64_t gram = 2 * train_bytes_gram(job, set), pca = train_bytes_pca(job, set);
    if (pcas + (gram > pca ? gram : pca) > beside) beside = pcas + (gram > pca ? gram : pca);
    has_all &= plan->has_pca[set];
    pcas += pca;
  }
  for (size_t s = 0; s < job->subject_count; s++)
    later += train_bytes_regression(job, s) + train_bytes_weights(job, s) * (job->options->safetensors ? 2 : 1);
  const uint64_t store = train_store_bytes(job->images.count, job->tokens);
  uint64_t peak = pcas + later;
  if (!has_all && store + beside > peak) peak = store + beside;
  if (!has_all && job->options->keep_work) peak = store + beside + pcas + later;
  plan->disk_needed = peak > plan->leftover_bytes ? peak - plan->leftover_bytes : 0;
  plan->disk_free = io_disk_free(job->work);
}

/* --- All of it --- */

berg_status train_plan_rate(const train_plan *plan, double *flops, berg_error *error) {
  la_rate *rate;
  berg_status status = la_rate_new(&rate, plan->machine.floats->engine, RATE_ROWS, plan->job.threads, error);
  if (status) return status;
  *flops = la_rate_products(rate, plan->seconds > LONG_RUN ? LONG_RATE : SHORT_RATE);
  la_rate_free(rate);
  return BERG_OK;
}

static berg_status find_own_files(train_plan *plan, berg_error *error) {
  const train_job *job = &plan->job;
  const train_work work = {job->work, -1};
  plan->hash = BASE_HASH_START;
  plan->features_hash = train_hash_features(job, plan->network->products, plan->network->backbone.path);
  const bool resumes = job->options->resume != 0;
  berg_status status = resumes ? find_images_done(plan, &work, error) : BERG_OK;
  for (size_t set = 0; set < job->set_count; set++) {
    plan->pca_hash[set] = train_hash_pca(job, set, plan->features_hash);
    if (resumes && !status) status = find_file(&plan->has_pca[set], train_work_pca(&work, plan->pca_hash[set], error));
  }
  bool has_outputs = true;
  for (size_t s = 0; s < job->subject_count; s++) {
    const train_subject *subject = &job->subjects[s];
    choose_chunks(plan, s);
    plan->regression_hash[s] = train_hash_regression(job, s, plan->chunks[s], plan->pca_hash[subject->set]);
    plan->hash = base_hash_number(plan->hash, plan->regression_hash[s]);
    if (resumes && !status) status = find_voxels_done(plan, &work, s, error);
    has_outputs &= model_path_exists(subject->weights) && model_path_exists(subject->metadata) &&
                   (!subject->safetensors || model_path_exists(subject->safetensors));
  }
  if (!status) status = train_work_leftovers(job->work, &plan->leftovers, &plan->leftover_bytes, error);
  if (resumes && has_outputs && !status)
    status = find_file(&plan->is_finished, train_work_finished(&work, plan->hash, error));
  return status;
}

/* The device outlives the network, whose memory the PCA needs: it multiplies the Gram matrix. */
static berg_status open_network(train_plan *plan, const berg_train_options *options, berg_error *error) {
  berg_model_options network;
  berg_model_options_init(&network);
  network.berg_dir = options->berg_dir;
  network.backbone = options->backbone;
  network.device = options->device;
  network.threads = plan->job.threads;
  network.batch = options->batch;
  berg_status status = model_open_network(&plan->network, &network, error);
  if (!status && plan->network->device) status = model_device_find(&plan->device, NULL, NULL, error);
  return status;
}

berg_status train_plan_open(train_plan *plan, const char *model_id, const berg_train_options *options,
                            berg_error *error) {
  memset(plan, 0, sizeof *plan);
  if (options->batch > MAX_BATCH)
    return base_fail(error, BERG_EPARAMETER, "batch: expected 1 to %d, or 0 to let it be chosen, found %zu", MAX_BATCH,
                     options->batch);
  berg_status status = train_job_open(&plan->job, model_id, options, error);
  if (status) return status;
  status = open_network(plan, options, error);
  plan->machine = train_machine_for(plan->job.threads, plan->job.memory);
  plan->machine.device = plan->device;
  if (!status) status = find_own_files(plan, error);
  if (!status) status = train_plan_rate(plan, &plan->product_flops, error);
  if (!status) add_stages(plan);
  if (!status && plan->seconds > LONG_RUN) {
    status = train_plan_rate(plan, &plan->product_flops, error);
    add_stages(plan);
  }
  if (status) {
    train_plan_close(plan);
    return status;
  }
  add_disk(plan);
  return BERG_OK;
}

void train_plan_drop_network(train_plan *plan) {
  berg_model_free(plan->network);
  plan->network = NULL;
}

void train_plan_close(train_plan *plan) {
  train_plan_drop_network(plan);
  model_device_free(plan->device);
  plan->device = NULL;
  train_job_close(&plan->job);
}

berg_status train_plan_check(const train_plan *plan, berg_error *error) {
  const size_t memory = plan->job.memory;
  if (plan->memory_needed > memory)
    return base_fail(error, BERG_ELIMIT,
                     "%zu MB of memory are not enough for this training: %zu MB is the least that would do (--memory)",
                     memory >> 20, (plan->memory_least >> 20) + 1);
  if (plan->disk_needed > plan->disk_free)
    return base_fail(error, BERG_ELIMIT, "%s: the disk is too small: expected %" PRIu64 " bytes free, found %" PRIu64,
                     plan->job.work, plan->disk_needed, plan->disk_free);
  return BERG_OK;
}
