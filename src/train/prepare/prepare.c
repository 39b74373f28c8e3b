/* The walk of berg_prepare: one pass through the responses by blocks of voxels. */
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/memory_limit.h"
#include "base/options.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/hdf5/hdf5_filters.h"
#include "model/catalog/paths.h"
#include "model/catalog/prepared.h"
#include "model/catalog/registry.h"
#include "train/prepare/betas.h"
#include "train/prepare/prepared.h"
#include "train/run/run.h"
#include "train/prepare/voxels.h"

#define MEMORY_DEFAULT ((size_t)4 << 30)
#define PROGRAM_BYTES ((size_t)32 << 20) /* the program and its libraries, resident: 21 MB */
#define TRIAL_BYTES 512                  /* the table of trials, its texts and lists */
/* Larger blocks gain nothing: rows of one are written 32 kB at a time at full size. */
#define BLOCK_BYTES_MAX ((size_t)1 << 30)

void(berg_prepare_options_init)(berg_prepare_options *options, size_t size) {
  const berg_prepare_options defaults = {.subject = 1};
  base_options_init(options, size, &defaults, sizeof defaults);
}

enum { BETAS, STIMULI, VOXELS, INPUTS };

typedef struct preparation {
  const berg_prepare_options *options;
  char *paths[INPUTS];
  io_hdf5 *betas;
  size_t voxels, voxel_bytes; /* of a voxel's betas */
  train_trials trials;
  io_csv *voxel_table;
  int threads;
  size_t block; /* voxels at a time */
  train_prepared *files;
} preparation;

/* Either the folder that the download unpacks to or the one around it. */
static berg_status find_inputs(preparation *p, const char *raw, berg_error *error) {
  static const char *const names[INPUTS] = {"ResponseData.h5", "StimulusMetadata.csv", "VoxelMetadata.csv"};
  static const char *const folders[] = {"", "betas_csv/"};
  for (size_t f = 0; f < 2; f++) {
    bool any = false;
    for (int i = 0; i < INPUTS; i++) {
      base_free(p->paths[i]);
      p->paths[i] = base_format(error, "%s/%ssub-%02d_%s", raw, folders[f], p->options->subject, names[i]);
      if (!p->paths[i]) return BERG_ELIMIT;
      any = any || model_path_exists(p->paths[i]);
    }
    if (any) return BERG_OK;
  }
  return base_fail(error, BERG_EINPUT,
                   "%s: neither in it nor in its folder betas_csv is sub-%02d_ResponseData.h5 (THINGS-fMRI1 alone is "
                   "prepared here; NSD, THINGS EEG2, THINGS MEG1 and TVSD by upstream's scripts)",
                   raw, p->options->subject);
}

/* As many voxels as memory allows, in whole groups and chunks. */
static berg_status plan_memory(preparation *p, size_t trials, berg_error *error) {
  const size_t budget = p->options->memory ? p->options->memory : base_memory_default(MEMORY_DEFAULT);
  const size_t *chunk = io_hdf5_chunk(p->betas);
  const size_t item = io_hdf5_about(p->betas)->itemsize;
  /* averaged responses are at most as many as trials */
  const size_t per_voxel = trials * (item + 2 * sizeof(float));
  const size_t group = p->voxels < TRAIN_SESSION_LANES ? p->voxels : TRAIN_SESSION_LANES;
  size_t held = PROGRAM_BYTES + trials * TRIAL_BYTES;
  held += train_sessions_scratch(&(train_trials){.count = trials}, p->threads);
  if (chunk) held += 2 * io_filters_room(chunk[0] * chunk[1] * item);
  /* blocks come after the tables have been let go */
  const size_t tables = PROGRAM_BYTES + trials * TRIAL_BYTES + p->voxels * TRAIN_VOXEL_BYTES;
  const size_t least = held + group * per_voxel > tables ? held + group * per_voxel : tables;
  if (least > budget) {
    char expected[48];
    base_print(expected, sizeof expected, "at least %zu bytes", least);
    return base_fail_found(error, BERG_ELIMIT, p->paths[BETAS], "does not fit the memory allowed", expected, "%zu",
                           budget);
  }
  size_t room = budget - held < BLOCK_BYTES_MAX ? budget - held : BLOCK_BYTES_MAX;
  p->block = room / per_voxel;
  if (p->block >= p->voxels) {
    p->block = p->voxels;
  } else {
    if (p->block > TRAIN_SESSION_LANES) p->block -= p->block % TRAIN_SESSION_LANES;
    if (chunk && p->block > chunk[0]) p->block -= p->block % chunk[0];
    if (p->block < group) p->block = group;
  }
  return BERG_OK;
}

static berg_status open_inputs(preparation *p, berg_error *error) {
  berg_status status = train_betas_open(&p->betas, p->paths[BETAS], error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(p->betas);
  p->voxels = about->shape[0];
  p->voxel_bytes = about->shape[1] * about->itemsize;
  status = plan_memory(p, about->shape[1], error);
  if (!status) status = train_trials_read(&p->trials, p->paths[STIMULI], about->shape[1], error);
  if (!status) status = train_voxels_read(&p->voxel_table, p->paths[VOXELS], p->voxels, error);
  return status;
}

/* What decides the bytes: the tables' contents, and of the responses what tells one file from another. */
static void fingerprint(const preparation *p, char *text, size_t room) {
  struct stat about = {0};
  stat(p->paths[BETAS], &about);
  uint64_t hash = base_hash_number(BASE_HASH_START, io_csv_hash(p->trials.csv));
  hash = base_hash_number(hash, io_csv_hash(p->voxel_table));
  hash = base_hash_text(hash, berg_version());
  base_print(text, room, "prepare sub-%02d responses %lld bytes of %lld.%09ld tables %016llx", p->options->subject,
             (long long)about.st_size, (long long)about.st_mtim.tv_sec, (long)about.st_mtim.tv_nsec,
             (unsigned long long)hash);
}

static berg_status open_outputs(preparation *p, size_t *done, berg_error *error) {
  char text[256];
  fingerprint(p, text, sizeof text);
  const train_prepared_options how = {.berg_dir = p->options->berg_dir,
                                      .subject = p->options->subject,
                                      .voxels = p->voxels,
                                      .trials = &p->trials,
                                      .voxel_table = p->voxel_table,
                                      .fingerprint = text,
                                      .force = p->options->force,
                                      .resume = p->options->resume};
  berg_status status = train_prepared_open(&p->files, &how, done, error);
  io_csv_free(p->voxel_table);
  p->voxel_table = NULL;
  return status;
}

typedef struct buffers {
  void *betas, *scratch;
  float *scores; /* train, test and averaged, one after the other */
} buffers;

static void release(buffers *b) {
  base_free_large(b->betas);
  base_free_large(b->scratch);
  base_free_large(b->scores);
}

/* Also of what cannot be used, to be able to say how much of it there is: nothing is then written any more. */
static berg_status prepare_block(const preparation *p, const buffers *b, size_t first, size_t voxels,
                                 train_unfit *unfit, berg_error *error) {
  const train_trials *trials = &p->trials;
  berg_status status = io_hdf5_read(p->betas, first, voxels, b->betas, error);
  if (status) return status;
  train_block block = {.betas = b->betas, .dtype = io_hdf5_about(p->betas)->dtype, .voxels = voxels};
  block.train = b->scores;
  block.test = block.train + trials->train_count * voxels;
  block.averaged = block.test + trials->test_count * voxels;
  train_unfit found;
  train_sessions(trials, &block, b->scratch, p->threads, &found);
  if (found.count && !unfit->count) *unfit = (train_unfit){0, first + found.voxel, found.trial};
  unfit->count += found.count;
  return unfit->count ? BERG_OK : train_prepared_append(p->files, &block, error);
}

static berg_status fail_unfit(const preparation *p, const train_unfit *unfit, berg_error *error) {
  char found[96];
  base_print(found, sizeof found, "%zu, the first of voxel %zu in trial %zu (from 0)", unfit->count, unfit->voxel,
             unfit->trial);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, p->paths[BETAS], BERG_NO_OFFSET, "ResponseData",
                                           "responses that are not finite float32 numbers", NULL, found});
}

static berg_status prepare_all(preparation *p, size_t done, const berg_run *run, bool *discard, berg_error *error) {
  buffers b = {base_alloc_large(p->block, p->voxel_bytes, error),
               base_alloc_large(train_sessions_scratch(&p->trials, p->threads), 1, error),
               base_alloc_large(p->trials.count + p->trials.averaged_count, p->block * sizeof(float), error)};
  train_unfit unfit = {0};
  train_stage stage;
  train_stage_begin(&stage, run, "responses", "voxels", p->voxels);
  berg_status status = b.betas && b.scratch && b.scores ? train_stage_progress(&stage, done, error) : BERG_ELIMIT;
  while (!status && done < p->voxels) {
    size_t voxels = p->voxels - done < p->block ? p->voxels - done : p->block;
    status = prepare_block(p, &b, done, voxels, &unfit, error);
    done += voxels;
    if (!status) status = train_stage_progress(&stage, done, error);
  }
  release(&b);
  if (status || !unfit.count) return status;
  *discard = true;
  return fail_unfit(p, &unfit, error);
}

static berg_status prepare(preparation *p, const char *raw, const berg_run *run, berg_error *error) {
  size_t done = 0;
  bool discard = false;
  berg_status status = find_inputs(p, raw, error);
  if (!status) status = open_inputs(p, error);
  if (!status) status = open_outputs(p, &done, error);
  if (!status) status = prepare_all(p, done, run, &discard, error);
  if (!status) status = train_prepared_finish(p->files, error);
  train_prepared_free(p->files, discard, status ? error : NULL);
  return status;
}

berg_status berg_prepare(const char *raw, const berg_prepare_options *given, const berg_run *given_run,
                         berg_error *error) {
  berg_prepare_options options;
  berg_run run;
  berg_status status = BASE_TAKE(berg_prepare_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  if (!raw) return base_fail(error, BERG_EARGUMENT, "berg_prepare: no folder of raw data");
  preparation p = {.options = &options};
  char *path, subject[TRAIN_SUBJECT_TEXT];
  train_subject_text(p.options->subject, subject);
  status = model_path_prepared(&path, MODEL_FIRST, p.options->berg_dir, subject, MODEL_PREPARED_METADATA, 0, 0, error);
  if (status) return status;
  base_free(path);
  p.threads = base_threads_for(p.options->threads);
  status = prepare(&p, raw, &run, error);
  train_trials_release(&p.trials);
  io_csv_free(p.voxel_table);
  io_hdf5_free(p.betas);
  for (int i = 0; i < INPUTS; i++) base_free(p.paths[i]);
  return status;
}
