/* What this machine and build can do, and which files are where: for people, and for reports of what went wrong. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/isa.h"
#include "base/memory.h"
#include "base/memory_limit.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "la/gemm.h"
#include "model/weights/converted.h"
#include "model/device/device.h"
#include "model/catalog/commands.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"

/* "found, 352950000 bytes", "not there", ... */
static void add_place(cJSON *to, const char *key, const char *path) {
  char state[64] = "not there";
  struct stat about;
  if (path && stat(path, &about) == 0) base_print(state, sizeof state, "found, %lld bytes", (long long)about.st_size);
  cJSON *place = io_json_add_object(to, key);
  io_json_add_text(place, "path", path ? path : "");
  io_json_add_text(place, "state", state);
}

static void add_precisions(cJSON *products, base_isa isa) {
  for (la_precision p = LA_F32; p < LA_PRECISIONS; p++) {
    const la_gemm *gemm = la_gemm_for(isa, p);
    io_json_add_text(products, la_precision_name(p), gemm ? gemm->name : "not on this processor");
  }
}

/* What each would multiply with, or why it is not to be had. */
static void add_isas(cJSON *tree) {
  cJSON *isas = io_json_add_object(tree, "instruction_sets");
  const char *name;
  for (size_t i = 0; (name = base_isa_listed(i)); i++) {
    base_isa isa;
    berg_error why;
    cJSON *entry = io_json_add_object(isas, name);
    if (base_isa_choose(&isa, name, &why))
      io_json_add_text(entry, "problem", why.message);
    else
      add_precisions(entry, isa);
  }
}

static void add_products(cJSON *tree) {
  cJSON *libraries = io_json_add_object(tree, "libraries");
  io_json_add_text(libraries, "cjson", cJSON_Version());
  add_precisions(io_json_add_object(tree, "products"), base_machine_isa());
  add_isas(tree);
  io_json_add_bool(tree, "same_bits_for_any_batch", 1);
}

static berg_status add_backbone(cJSON *tree, const char *berg_dir, const char *named, bool *has, berg_error *error) {
  cJSON *backbone = io_json_add_object(tree, "backbone");
  cJSON *searched = io_json_list(); /* put behind what was found */
  const char *found = NULL;
  uint64_t seed;
  berg_status status = BERG_OK;
  char *path;
  if (named && model_backbone_is_random(named, &seed)) {
    found = named;
  } else if (named) {
    add_place(searched, NULL, named);
    if (model_path_exists(named)) found = named;
  }
  char *first = NULL;
  for (size_t i = 0; !named && !status; i++) {
    status = model_path_backbone(&path, berg_dir, i, error);
    if (!path) break;
    add_place(searched, NULL, path);
    if (!first && model_path_exists(path)) {
      first = path;
      continue;
    }
    base_free(path);
  }
  if (first) found = first;
  if (found)
    io_json_add_text(backbone, "found", found);
  else
    io_json_add_null(backbone, "found");
  *has = found != NULL;
  io_json_add(backbone, "searched", searched);
  base_free(first);
  return status;
}

static berg_status add_kept(cJSON *files, const char *path, berg_error *error) {
  model_converted converted;
  berg_error fault;
  cJSON *file = io_json_add_object(files, NULL);
  add_place(file, "file", path);
  berg_status status = model_converted_check(&converted, path, &fault);
  io_json_add_text(file, "whole", status ? fault.message : "yes");
  model_converted_close(&converted);
  return status == BERG_ELIMIT ? base_fail(error, status, "%s", fault.message) : BERG_OK;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Converted weights that are kept; damaged ones are made again when they are wanted. */
static berg_status add_cache(cJSON *tree, berg_error *error) {
  cJSON *cache = io_json_add_object(tree, "cache");
  char *folder;
  berg_status status = model_path_cache(&folder, error);
  io_json_add_text(cache, "path", folder ? folder : "");
  cJSON *files = io_json_add_list(cache, "files");
  char **names = NULL;
  size_t count = 0;
  if (folder) status = model_converted_list(folder, &names, &count, error);
  if (count) qsort(names, count, sizeof *names, by_text);
  for (size_t i = 0; i < count; i++) {
    if (!status) status = add_kept(files, names[i], error);
    base_free(names[i]);
  }
  base_free(names);
  base_free(folder);
  return status;
}

/* Subjects of the first model are listed even without files, to show which names were looked for. */
static berg_status add_subject(cJSON *models, const char *berg_dir, const char *id, const char *subject, bool always,
                               berg_error *error) {
  char *weights, *metadata = NULL;
  berg_status status = model_path_weights(&weights, id, berg_dir, subject, 0, error);
  if (!status) status = model_path_metadata(&metadata, id, berg_dir, subject, error);
  if (!status && (always || model_path_exists(weights) || model_path_exists(metadata))) {
    cJSON *model = io_json_add_object(models, NULL);
    io_json_add_text(model, "id", id);
    model_add_subject(model, "subject", subject);
    add_place(model, "weights", weights);
    add_place(model, "metadata", metadata);
  }
  base_free(metadata);
  base_free(weights);
  return status;
}

static berg_status add_model(cJSON *models, const char *berg_dir, size_t index, berg_error *error) {
  const char *id = berg_catalog_id(index);
  char **subjects;
  size_t count;
  berg_status status = model_subjects(id, &subjects, &count, error);
  for (size_t s = 0; s < count && !status; s++)
    status = add_subject(models, berg_dir, id, subjects[s], !strcmp(id, MODEL_FIRST), error);
  base_free_texts(subjects, count);
  return status;
}

static berg_status add_models(cJSON *tree, const char *berg_dir, berg_error *error) {
  cJSON *folder = io_json_add_object(tree, "berg_dir");
  if (!berg_dir) {
    io_json_add_null(folder, "path");
    return BERG_OK;
  }
  io_json_add_text(folder, "path", berg_dir);
  cJSON *models = io_json_add_list(folder, "models");
  berg_status status = BERG_OK;
  for (size_t i = 0; i < berg_catalog_count() && !status; i++) status = add_model(models, berg_dir, i, error);
  return status;
}

/* The device, or why there is none; and where the plug-in was looked for. */
static berg_status add_cuda(cJSON *tree, berg_error *error) {
  model_device *device;
  model_device_search search;
  berg_status status = model_device_find(&device, NULL, &search, error);
  if (status == BERG_ELIMIT) return status;
  cJSON *cuda = io_json_add_object(io_json_add_object(tree, "devices"), "cuda");
  if (device) {
    char capability[32];
    base_print(capability, sizeof capability, "%d.%d", search.major, search.minor);
    io_json_add_text(cuda, "found", search.device);
    io_json_add_text(cuda, "compute_capability", capability);
    io_json_add_number(cuda, "memory_bytes", (double)search.memory);
  } else {
    io_json_add_null(cuda, "found");
    io_json_add_text(cuda, "problem", search.problem);
  }
  cJSON *searched = io_json_add_list(cuda, "searched");
  for (size_t i = 0; i < search.count; i++) {
    cJSON *place = io_json_add_object(searched, NULL);
    io_json_add_text(place, "path", search.places[i].path);
    io_json_add_text(place, "state", search.places[i].found);
  }
  model_device_free(device);
  return BERG_OK;
}

/* The first subject that has weights and metadata. base_free both. */
static berg_status find_subject(char **id, char **subject, const char *berg_dir, berg_error *error) {
  berg_status status = BERG_OK;
  *id = *subject = NULL;
  for (size_t i = 0; i < berg_catalog_count() && !status && !*id; i++) {
    char **subjects;
    size_t count;
    bool has = false;
    status = model_subjects(berg_catalog_id(i), &subjects, &count, error);
    for (size_t s = 0; s < count && !status && !has; s++) {
      status = model_has_subject(&has, berg_catalog_id(i), berg_dir, subjects[s], error);
      if (!status && has) *subject = base_copy_text(subjects[s], error);
    }
    if (has) *id = base_copy_text(berg_catalog_id(i), error);
    if (has && (!*id || !*subject)) status = BERG_ELIMIT;
    base_free_texts(subjects, count);
  }
  return status;
}

/* What to type now: to download what is missing, or to encode. */
static berg_status add_next(cJSON *tree, const char *berg_dir, bool has_backbone, const char *named,
                            berg_error *error) {
  char *id = NULL, *subject = NULL;
  berg_status status = berg_dir ? find_subject(&id, &subject, berg_dir, error) : BERG_OK;
  char *command = NULL;
  if (!status && id && has_backbone)
    command = model_command_encode(id, subject, named, berg_dir, error);
  else if (!status)
    command = model_command_fetch(id ? id : MODEL_FIRST, id ? NULL : "1", 0, !has_backbone, berg_dir, error);
  if (command) io_json_add_text(tree, "next", command);
  base_free(id);
  base_free(subject);
  base_free(command);
  return status ? status : command ? BERG_OK : BERG_ELIMIT;
}

berg_status berg_doctor(char **json, const char *berg_dir, const char *backbone, berg_error *error) {
  char name[128];
  bool has_backbone = false;
  *json = NULL;
  base_machine_name(name, sizeof name);
  cJSON *tree = io_json_object();
  io_json_add_text(tree, "version", berg_version());
  io_json_add_text(tree, "cpu", name);
  io_json_add_text(tree, "isa", base_isa_name(base_machine_isa()));
  const base_threads threads = base_threads_usual();
  io_json_add_number(tree, "threads", threads.count);
  io_json_add_text(tree, "threads_by", threads.because);
  io_json_add_number(tree, "memory_bytes", (double)base_machine_memory());
  const base_memory_limit limit = base_memory_allowed();
  io_json_add_number(tree, "memory_limit_bytes", (double)(limit.bytes ? limit.bytes : base_machine_memory()));
  io_json_add_text(tree, "memory_limit_by", limit.because);
  berg_status status = add_cuda(tree, error);
  add_products(tree);
  if (!status) status = add_backbone(tree, berg_dir, backbone, &has_backbone, error);
  if (!status) status = add_models(tree, berg_dir, error);
  if (!status) status = add_cache(tree, error);
  if (!status) status = add_next(tree, berg_dir, has_backbone, backbone, error);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}
