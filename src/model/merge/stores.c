/* Merging stores: those that are shards of one run, after all of them were read; others, as they come. */
#include "model/merge/stores.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/whole_file.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/store/store.h"

static bool is_store(const char *path) {
  char *file = model_store_file(path, MODEL_STORE_ABOUT, NULL);
  const bool is = file && !access(file, F_OK);
  base_free(file);
  return is;
}

bool model_merge_are_stores(const char *const *paths, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (is_store(paths[i])) return true;
  return false;
}

/* --- Parts --- */

static berg_status take_about(model_merge_part *part, const model_store_about *about, berg_error *error) {
  const model_store_shard *is = &about->shard;
  if (!is->shard.of) return model_merge_part_fails(part, MODEL_MERGE_FOREIGN, error, "is a store, but of no shard");
  part->shard = is->shard;
  part->rows = about->images;
  base_print(part->run, sizeof part->run, "%s", is->run);
  part->family = base_format(error, "%zu %zu %s", is->shard.of, is->shard.images, is->images_hash);
  if (!part->family) return BERG_ELIMIT;
  if (is->whole) return BERG_OK;
  return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error,
                                "the run that makes it has not ended: it holds %zu "
                                "images of %zu",
                                about->images, is->shard.count);
}

static berg_status take_store(model_merge_parts *parts, const char *path, berg_error *error) {
  model_merge_part *part = &parts->list[parts->count++];
  model_store_about about;
  berg_error fault;
  *part = (model_merge_part){.path = base_copy_text(path, error), .key = base_copy_text("", error), .is_store = true};
  if (!part->path || !part->key) return BERG_ELIMIT;
  berg_status status = model_store_about_read(&about, path, &fault);
  if (status == BERG_EINPUT) return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "%s", fault.message);
  if (status) {
    if (error) *error = fault;
    return status;
  }
  status = take_about(part, &about, error);
  model_store_about_release(&about);
  return status;
}

berg_status model_merge_parts_take_stores(model_merge_parts *parts, const char *const *paths, size_t count,
                                          berg_error *error) {
  parts->list = base_calloc(count, sizeof *parts->list, error);
  berg_status status = parts->list ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) status = take_store(parts, paths[i], error);
  return status;
}

berg_status model_merge_verify_store(model_merge_part *part, int threads, const berg_run *run, berg_error *error) {
  berg_store *store;
  berg_error fault;
  const berg_run quiet = {.size = sizeof quiet, .user = run->user, .cancel = run->cancel};
  berg_status status = berg_store_open(&store, part->path, &fault);
  if (!status) {
    status = berg_store_check(store, threads, &quiet, &fault);
    berg_store_free(store);
  }
  if (status == BERG_EINPUT) return model_merge_part_fails(part, MODEL_MERGE_DAMAGED, error, "%s", fault.message);
  if (status && error) *error = fault;
  return status;
}

char *model_merge_store_difference(const model_merge_part *part, const model_merge_part *reference, berg_error *error) {
  model_store_about is, wanted;
  berg_error fault;
  char *text = NULL;
  if (part->shard.of != reference->shard.of)
    return base_format(error, "of %zu parts, expected %zu", part->shard.of, reference->shard.of);
  if (strcmp(part->family, reference->family)) return base_copy_text("other images", error);
  if (model_store_about_read(&wanted, reference->path, error)) return NULL;
  if (!model_store_about_read(&is, part->path, error)) {
    const bool same = !model_store_check_same(part->path, &is, &wanted, &fault);
    const size_t shown = strlen(part->path) + 2; /* the path is told already */
    text = same ? base_copy_text("another version, or other options of its images", error)
                : base_copy_text(fault.message + (strlen(fault.message) > shown ? shown : 0), error);
    model_store_about_release(&is);
  }
  model_store_about_release(&wanted);
  return text;
}

/* --- Adding --- */

static berg_status add_store(const char *to, const char *path, int threads, const berg_run *run, size_t *images,
                             berg_error *error) {
  berg_store *store;
  berg_status status = berg_store_open(&store, path, error);
  if (status) return status;
  *images += berg_store_count(store);
  status = berg_store_add(to, store, threads, run, error);
  berg_store_free(store);
  return status;
}

static berg_status print_counts(char **report, size_t images, size_t held, size_t parts, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_bool(tree, "whole", true);
  io_json_add_number(tree, "parts", (double)parts);
  io_json_add_number(tree, "images", (double)images);
  io_json_add_number(tree, "held", (double)held);
  berg_status status = io_json_print(tree, report, error);
  cJSON_Delete(tree);
  return status;
}

static berg_status report_added(char **report, const char *path, size_t images, size_t parts, berg_error *error) {
  berg_store *store;
  berg_status status = berg_store_open(&store, path, error);
  if (status) return status;
  const size_t held = berg_store_count(store);
  berg_store_free(store);
  return print_counts(report, images, held, parts, error);
}

static berg_status add_in_order(const model_merge_parts *parts, const char *made, int threads, const berg_run *run,
                                size_t *images, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < parts->reference->shard.of && !status; i++)
    status = add_store(made, parts->groups[0].members[i]->path, threads, run, images, error);
  return status;
}

static berg_status merge_shards(const model_merge_parts *parts, const char *path, int threads, const berg_run *run,
                                size_t *images, berg_error *error) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  char *whole = base_copy_bytes(path, length, error);
  /* a new store gets its name when it is whole; a merge of this run that was killed goes on with what it had made */
  const bool is_new = whole && access(whole, F_OK);
  char *made = is_new  ? base_format(error, "%s.%.8s.merging", whole, parts->reference->run)
               : whole ? base_copy_text(whole, error)
                       : NULL;
  berg_status status = made ? add_in_order(parts, made, threads, run, images, error) : BERG_ELIMIT;
  if (!status && is_new) status = io_place_file(made, whole, false, error);
  base_free(made);
  base_free(whole);
  return status;
}

static bool any_shard(const model_merge_parts *parts) {
  for (size_t i = 0; i < parts->count; i++)
    if (parts->list[i].shard.of) return true;
  return false;
}

static berg_status check_shards(model_merge_parts *parts, const char *path, int threads, const berg_run *run,
                                char **report, berg_error *error) {
  berg_status status = model_merge_parts_sort(parts, error);
  if (!status) status = model_merge_parts_name(parts, path, error);
  if (!status) status = model_merge_parts_verify(parts, threads, run, error);
  if (!status) status = model_merge_parts_place(parts, error);
  return status ? status : model_merge_report(report, parts, path, error);
}

/* Stores that need no others: each is whole or damaged. */
static berg_status check_stores(model_merge_parts *parts, int threads, const berg_run *run, char **report,
                                berg_error *error) {
  size_t images = 0;
  for (size_t i = 0; i < parts->count; i++) {
    berg_store *store;
    berg_status status = berg_store_open(&store, parts->list[i].path, error);
    if (status) return status;
    status = berg_store_check(store, threads, run, error);
    images += berg_store_count(store);
    berg_store_free(store);
    if (status) return status;
  }
  return print_counts(report, images, images, parts->count, error);
}

berg_status model_merge_stores(model_merge_parts *parts, const char *const *paths, size_t count, const char *path,
                               int threads, bool check, const berg_run *run, char **report, berg_error *error) {
  size_t images = 0;
  berg_status status = model_merge_parts_take_stores(parts, paths, count, error);
  const bool shards = !status && any_shard(parts);
  if (shards) status = check_shards(parts, path, threads, run, report, error);
  if (check && !shards && !status) status = check_stores(parts, threads, run, report, error);
  if (status || check) return status;
  if (run->stage) run->stage(run->user, "merging", "images");
  if (shards)
    status = merge_shards(parts, path, threads, run, &images, error);
  else
    for (size_t i = 0; i < count && !status; i++) status = add_store(path, paths[i], threads, run, &images, error);
  if (status) return status;
  base_free(*report);
  *report = NULL;
  return report_added(report, path, images, count, error);
}
