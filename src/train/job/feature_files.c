/* Names and fingerprints of the files of features. */
#include "train/job/feature_files.h"

#include <inttypes.h>

#include "base/machine.h"
#include "base/memory.h"
#include "train/job/parts.h"
#include "train/job/plan.h"
#include "train/job/stages.h"

#define STORE ".f32"
#define JOURNAL ".journal"

/* What a journal says of the images of its file, so that one can read whose they are. */
static char *fingerprint_of(const train_plan *plan, io_range images, uint64_t hash, berg_error *error) {
  const size_t count = plan->job.images.count;
  const char *tokens = plan->job.tokens == 1 ? "class tokens" : "all tokens";
  return base_format(error, "features 3 of %s of images %zu to %zu of %zu by %s (%s) %016" PRIx64, tokens, images.first,
                     images.end, count, plan->products, base_isa_name(plan->machine.isa), hash);
}

static char *stem_of(uint64_t hash, berg_error *error) {
  return base_format(error, "%s%016" PRIx64, train_features_stage.prefix, hash);
}

static char *path_of(const train_plan *plan, const char *folder, io_range images, bool is_whole, const char *ending,
                     berg_error *error) {
  if (is_whole) return base_format(error, "%s/%s%s", folder, train_features_stage.prefix, ending + 1);
  char *stem = stem_of(train_plan_hash(plan, &train_features_stage, 0), error);
  char *path = stem ? train_part_path(folder, stem, images, ending, error) : NULL;
  base_free(stem);
  return path;
}

berg_status train_feature_file_name(train_store_file *file, const train_plan *plan, const char *folder, io_range images,
                                    bool is_alone, berg_error *error) {
  const uint64_t hash = train_plan_hash(plan, &train_features_stage, 0);
  const bool is_whole = is_alone && !images.first && images.end == plan->job.images.count;
  *file = (train_store_file){.path = path_of(plan, folder, images, is_whole, STORE, error),
                             .journal = path_of(plan, folder, images, is_whole, JOURNAL, error),
                             .fingerprint = fingerprint_of(plan, images, hash, error),
                             .run = hash,
                             .first = images.first,
                             .end = images.end,
                             .tokens = plan->job.tokens};
  if (file->path && file->journal && file->fingerprint) return BERG_OK;
  train_feature_file_release(file);
  return BERG_ELIMIT;
}

void train_feature_file_release(train_store_file *file) {
  base_free((void *)(uintptr_t)file->path);
  base_free((void *)(uintptr_t)file->journal);
  base_free((void *)(uintptr_t)file->fingerprint);
  file->path = file->journal = file->fingerprint = NULL;
}

static berg_status name_all(train_feature_files *files, const train_plan *plan, const char *folder,
                            const io_range *ranges, size_t count, berg_error *error) {
  const io_range all = {0, plan->job.images.count};
  files->list = base_calloc(1 + count, sizeof *files->list, error);
  berg_status status = files->list ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < 1 + count && !status; i++) {
    if (i && ranges[i - 1].end > all.end) continue;
    status = train_feature_file_name(&files->list[files->count], plan, folder, i ? ranges[i - 1] : all, !i, error);
    files->count += !status;
  }
  return status;
}

/* A range is known by its journal: that is what makes a file count. */
berg_status train_feature_files_find(train_feature_files *files, const train_plan *plan, const char *folder,
                                     berg_error *error) {
  io_range *ranges = NULL;
  size_t count = 0;
  *files = (train_feature_files){.count = 0};
  char *stem = stem_of(train_plan_hash(plan, &train_features_stage, 0), error);
  berg_status status = stem ? train_parts_list(&ranges, &count, folder, stem, JOURNAL, error) : BERG_ELIMIT;
  if (!status) status = name_all(files, plan, folder, ranges, count, error);
  if (status) train_feature_files_release(files);
  base_free(ranges);
  base_free(stem);
  return status;
}

void train_feature_files_release(train_feature_files *files) {
  for (size_t i = 0; i < files->count; i++) train_feature_file_release(&files->list[i]);
  base_free(files->list);
  *files = (train_feature_files){.count = 0};
}
