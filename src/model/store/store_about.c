/* store.json: how many images a store holds, of which subjects' models, computed with what. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_guard.h"
#include "io/value/json_print.h"
#include "model/store/store.h"

#define FORMAT "berg scores 1"

typedef struct reading {
  const char *file;
  berg_error *error;
  berg_status status;
} reading;

static void fail(reading *r, const char *key, const char *expected) {
  if (r->status) return;
  r->status = base_fail_at(r->error, &(base_fault){BERG_EINPUT, r->file, BERG_NO_OFFSET, key,
                                                   "this is no store of scores, or a damaged one", expected, NULL});
}

static void take_text(reading *r, const cJSON *tree, const char *key, char **text) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
  if (r->status) return;
  if (!cJSON_IsString(item))
    fail(r, key, "text");
  else if (!(*text = base_copy_text(item->valuestring, r->error)))
    r->status = BERG_ELIMIT;
}

static void take_size(reading *r, const cJSON *tree, const char *key, size_t *size) {
  uint64_t number = 0;
  if (r->status) return;
  if (!io_json_size(cJSON_GetObjectItemCaseSensitive(tree, key), &number)) fail(r, key, "a whole number");
  *size = number;
}

/* A name in the store's own folder. */
static void check_file(reading *r, const char *file) {
  if (!r->status && (!*file || strchr(file, '/') || !strcmp(file, ".."))) fail(r, "File", "a name without a folder");
}

static void take_part(reading *r, const cJSON *tree, model_store_part *part) {
  take_text(r, tree, "Model", &part->model);
  take_text(r, tree, "Subject", &part->subject);
  take_text(r, tree, "TrainSplits", &part->train_splits);
  take_text(r, tree, "Basis", &part->basis);
  take_text(r, tree, "File", &part->file);
  take_size(r, tree, "Scores", &part->width);
  if (!r->status) check_file(r, part->file);
  if (!r->status && (!part->width || part->width > 1 << 20)) fail(r, "Scores", "a number of scores above 0");
}

static void take_parts(reading *r, const cJSON *list, model_store_about *about) {
  const int count = cJSON_GetArraySize(list);
  if (r->status) return;
  if (!cJSON_IsArray(list) || count < 1 || count > MODEL_STORE_PARTS_MAX) {
    fail(r, "Parts", "a list of subjects");
    return;
  }
  about->parts = base_calloc((size_t)count, sizeof *about->parts, r->error);
  if (!about->parts) r->status = BERG_ELIMIT;
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    if (!r->status) take_part(r, item, &about->parts[about->part_count++]);
  }
}

static bool is_hash(const cJSON *item) {
  return cJSON_IsString(item) && strspn(item->valuestring, "0123456789abcdef") == BASE_SHA256_TEXT - 1 &&
         !item->valuestring[BASE_SHA256_TEXT - 1];
}

static void take_shard(reading *r, const cJSON *tree, model_store_shard *to) {
  const cJSON *hash = cJSON_GetObjectItemCaseSensitive(tree, "ImagesHash");
  const cJSON *run = cJSON_GetObjectItemCaseSensitive(tree, "Run");
  model_shard *shard = &to->shard;
  if (r->status || !tree) return;
  take_size(r, tree, "Number", &shard->number);
  take_size(r, tree, "Of", &shard->of);
  take_size(r, tree, "Images", &shard->images);
  to->skips_bad = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "SkipsBad"));
  to->whole = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tree, "Whole"));
  if (!shard->number || shard->number > shard->of || shard->of > shard->images || shard->of > MODEL_SHARDS_MAX ||
      !cJSON_IsString(hash) || !is_hash(run)) {
    fail(r, "Shard", "the number of a part, of how many, and its run");
    return;
  }
  model_shard_range(shard);
  base_print(to->images_hash, sizeof to->images_hash, "%s", hash->valuestring);
  base_print(to->run, sizeof to->run, "%s", run->valuestring);
}

static void take_all(reading *r, const cJSON *tree, model_store_about *about) {
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(tree, "Format");
  if (!cJSON_IsString(format) || strcmp(format->valuestring, FORMAT) != 0) fail(r, "Format", FORMAT);
  take_size(r, tree, "Images", &about->images);
  take_size(r, tree, "Aliases", &about->aliases);
  take_text(r, tree, "Version", &about->maker.version);
  take_text(r, tree, "Backbone", &about->maker.backbone);
  take_text(r, tree, "BackboneChecksum", &about->maker.backbone_checksum);
  take_text(r, tree, "Precision", &about->maker.precision);
  take_text(r, tree, "Products", &about->maker.products);
  take_text(r, tree, "InstructionSet", &about->maker.isa);
  take_shard(r, cJSON_GetObjectItemCaseSensitive(tree, "Shard"), &about->shard);
  take_parts(r, cJSON_GetObjectItemCaseSensitive(tree, "Parts"), about);
}

berg_status model_store_about_read(model_store_about *about, const char *path, berg_error *error) {
  *about = (model_store_about){.images = 0};
  char *file = model_store_file(path, MODEL_STORE_ABOUT, error);
  io_map map = {.bytes = NULL};
  cJSON *tree = NULL;
  reading r = {.file = file, .error = error, .status = file ? io_map_open(&map, file, error) : BERG_ELIMIT};
  if (!r.status) {
    berg_status parsed = io_json_parse(&tree, (const char *)map.bytes, map.size, error);
    if (parsed == BERG_ELIMIT)
      r.status = parsed;
    else if (parsed)
      fail(&r, NULL, "JSON");
  }
  if (!r.status) take_all(&r, tree, about);
  if (r.status) model_store_about_release(about);
  cJSON_Delete(tree);
  io_map_close(&map);
  base_free(file);
  return r.status;
}

/* What scores are made with, and whose they are. */
static void add_contents(cJSON *tree, const model_store_about *about) {
  io_json_add_text(tree, "Version", about->maker.version);
  io_json_add_text(tree, "Backbone", about->maker.backbone);
  io_json_add_text(tree, "BackboneChecksum", about->maker.backbone_checksum);
  io_json_add_text(tree, "Precision", about->maker.precision);
  io_json_add_text(tree, "Products", about->maker.products);
  io_json_add_text(tree, "InstructionSet", about->maker.isa);
  cJSON *parts = io_json_add_list(tree, "Parts");
  for (size_t p = 0; p < about->part_count; p++) {
    const model_store_part *part = &about->parts[p];
    cJSON *item = io_json_add_object(parts, NULL);
    io_json_add_text(item, "Model", part->model);
    io_json_add_text(item, "Subject", part->subject);
    io_json_add_text(item, "TrainSplits", part->train_splits);
    io_json_add_number(item, "Scores", (double)part->width);
    io_json_add_text(item, "Basis", part->basis);
    io_json_add_text(item, "File", part->file);
  }
}

static void add_shard(cJSON *tree, const model_store_shard *is) {
  cJSON *to = io_json_add_object(tree, "Shard");
  io_json_add_number(to, "Number", (double)is->shard.number);
  io_json_add_number(to, "Of", (double)is->shard.of);
  io_json_add_number(to, "First", (double)is->shard.first);
  io_json_add_number(to, "Count", (double)is->shard.count);
  io_json_add_number(to, "Images", (double)is->shard.images);
  io_json_add_text(to, "ImagesHash", is->images_hash);
  io_json_add_bool(to, "SkipsBad", is->skips_bad);
  io_json_add_bool(to, "Whole", is->whole);
  io_json_add_text(to, "Run", is->run);
}

berg_status model_store_hash_run(model_store_about *about, berg_error *error) {
  model_store_shard *is = &about->shard;
  cJSON *tree = io_json_object();
  char *text = NULL;
  add_contents(tree, about);
  io_json_add_number(tree, "Of", (double)is->shard.of);
  io_json_add_number(tree, "Images", (double)is->shard.images);
  io_json_add_text(tree, "ImagesHash", is->images_hash);
  io_json_add_bool(tree, "SkipsBad", is->skips_bad);
  berg_status status = io_json_print(tree, &text, error);
  cJSON_Delete(tree);
  if (status) return status;
  base_sha256 sum;
  base_sha256_start(&sum);
  base_sha256_add(&sum, text, strlen(text));
  base_sha256_end(&sum, is->run);
  base_free(text);
  return BERG_OK;
}

berg_status model_store_about_print(const model_store_about *about, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_text(tree, "Format", FORMAT);
  io_json_add_number(tree, "Images", (double)about->images);
  io_json_add_number(tree, "Aliases", (double)about->aliases);
  add_contents(tree, about);
  if (about->shard.shard.of) add_shard(tree, &about->shard);
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

void model_store_about_release(model_store_about *about) {
  for (size_t p = 0; p < about->part_count; p++) {
    model_store_part *part = &about->parts[p];
    io_map_close(&part->map);
    base_free(part->model);
    base_free(part->subject);
    base_free(part->train_splits);
    base_free(part->basis);
    base_free(part->file);
  }
  base_free(about->parts);
  base_free(about->maker.backbone);
  base_free(about->maker.backbone_checksum);
  base_free(about->maker.precision);
  base_free(about->maker.products);
  base_free(about->maker.isa);
  base_free(about->maker.version);
  *about = (model_store_about){.images = 0};
}
