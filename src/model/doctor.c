/* What this machine and build can do, and which files are where: for people, and for reports of what went wrong. */
#include <cjson/cJSON.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/json_print.h"
#include "la/gemm.h"
#include "model/converted.h"
#include "model/device.h"
#include "model/paths.h"

/* "found, 352950000 bytes", "not there", ... */
static void add_place(cJSON *to, const char *key, const char *path) {
  char state[64] = "not there";
  struct stat about;
  if (path && stat(path, &about) == 0) base_print(state, sizeof state, "found, %lld bytes", (long long)about.st_size);
  cJSON *place = key ? cJSON_AddObjectToObject(to, key) : cJSON_CreateObject();
  if (!key) cJSON_AddItemToArray(to, place);
  cJSON_AddStringToObject(place, "path", path ? path : "");
  cJSON_AddStringToObject(place, "state", state);
}

static void add_products(cJSON *tree) {
  unsigned major = 0, minor = 0, patch = 0;
  char hdf5[32];
  H5get_libversion(&major, &minor, &patch);
  base_print(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, patch);
  cJSON *libraries = cJSON_AddObjectToObject(tree, "libraries");
  cJSON_AddStringToObject(libraries, "hdf5", hdf5);
  cJSON_AddStringToObject(libraries, "cjson", cJSON_Version());
  cJSON *products = cJSON_AddObjectToObject(tree, "products");
  for (la_precision p = LA_F32; p < LA_PRECISIONS; p++) {
    const la_gemm *gemm = la_gemm_for(base_machine_isa(), p);
    cJSON_AddStringToObject(products, la_precision_name(p), gemm ? gemm->name : "not on this processor");
  }
  cJSON_AddBoolToObject(tree, "same_bits_for_any_batch", 1);
}

static void add_backbone(cJSON *tree, const char *berg_dir, const char *named) {
  cJSON *backbone = cJSON_AddObjectToObject(tree, "backbone");
  cJSON *searched = cJSON_CreateArray();
  const char *found = NULL;
  uint64_t seed;
  char *path;
  if (named && model_backbone_is_random(named, &seed)) {
    found = named;
  } else if (named) {
    add_place(searched, NULL, named);
    if (model_path_exists(named)) found = named;
  }
  char *first = NULL;
  for (size_t i = 0; !named && (path = model_path_backbone(berg_dir, i)); i++) {
    add_place(searched, NULL, path);
    if (!first && model_path_exists(path)) {
      first = path;
      continue;
    }
    base_free(path);
  }
  if (first) found = first;
  if (found)
    cJSON_AddStringToObject(backbone, "found", found);
  else
    cJSON_AddNullToObject(backbone, "found");
  cJSON_AddItemToObject(backbone, "searched", searched);
  base_free(first);
}

static void add_kept(cJSON *files, const char *path) {
  model_converted converted;
  berg_error fault;
  cJSON *file = cJSON_CreateObject();
  add_place(file, "file", path);
  berg_status status = model_converted_check(&converted, path, &fault);
  cJSON_AddStringToObject(file, "whole", status ? fault.message : "yes");
  model_converted_close(&converted);
  cJSON_AddItemToArray(files, file);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Converted weights that are kept; damaged ones are made again when they are wanted. */
static void add_cache(cJSON *tree) {
  cJSON *cache = cJSON_AddObjectToObject(tree, "cache");
  char *folder = berg_cache_folder();
  cJSON_AddStringToObject(cache, "path", folder ? folder : "");
  cJSON *files = cJSON_AddArrayToObject(cache, "files");
  char **names = NULL;
  size_t count = folder ? model_converted_list(folder, &names) : 0;
  if (count) qsort(names, count, sizeof *names, by_text);
  for (size_t i = 0; i < count; i++) {
    add_kept(files, names[i]);
    base_free(names[i]);
  }
  base_free(names);
  base_free(folder);
}

static void add_models(cJSON *tree, const char *berg_dir) {
  cJSON *folder = cJSON_AddObjectToObject(tree, "berg_dir");
  if (!berg_dir) {
    cJSON_AddNullToObject(folder, "path");
    return;
  }
  cJSON_AddStringToObject(folder, "path", berg_dir);
  cJSON *models = cJSON_AddArrayToObject(folder, "models");
  for (int subject = 1; subject <= MODEL_SUBJECTS; subject++) {
    char *weights, *metadata;
    if (model_path_weights(&weights, berg_dir, subject, NULL)) continue;
    if (!model_path_metadata(&metadata, berg_dir, subject, NULL)) {
      cJSON *model = cJSON_CreateObject();
      cJSON_AddStringToObject(model, "id", berg_model_id(0));
      cJSON_AddNumberToObject(model, "subject", subject);
      add_place(model, "weights", weights);
      add_place(model, "metadata", metadata);
      cJSON_AddItemToArray(models, model);
      base_free(metadata);
    }
    base_free(weights);
  }
}

/* The device, or why there is none; and where the plug-in was looked for. */
static void add_cuda(cJSON *tree) {
  model_device *device;
  model_device_search search;
  model_device_find(&device, NULL, &search, NULL);
  cJSON *cuda = cJSON_AddObjectToObject(cJSON_AddObjectToObject(tree, "devices"), "cuda");
  if (device) {
    char capability[32];
    base_print(capability, sizeof capability, "%d.%d", search.major, search.minor);
    cJSON_AddStringToObject(cuda, "found", search.device);
    cJSON_AddStringToObject(cuda, "compute_capability", capability);
    cJSON_AddNumberToObject(cuda, "memory_bytes", (double)search.memory);
  } else {
    cJSON_AddNullToObject(cuda, "found");
    cJSON_AddStringToObject(cuda, "problem", search.problem);
  }
  cJSON *searched = cJSON_AddArrayToObject(cuda, "searched");
  for (size_t i = 0; i < search.count; i++) {
    cJSON *place = cJSON_CreateObject();
    cJSON_AddStringToObject(place, "path", search.places[i].path);
    cJSON_AddStringToObject(place, "state", search.places[i].found);
    cJSON_AddItemToArray(searched, place);
  }
  model_device_free(device);
}

berg_status berg_doctor(char **json, const char *berg_dir, const char *backbone, berg_error *error) {
  char name[128];
  *json = NULL;
  base_machine_name(name, sizeof name);
  cJSON *tree = cJSON_CreateObject();
  cJSON_AddStringToObject(tree, "version", berg_version());
  cJSON_AddStringToObject(tree, "cpu", name);
  cJSON_AddStringToObject(tree, "isa", base_isa_name(base_machine_isa()));
  const base_threads threads = base_threads_usual();
  cJSON_AddNumberToObject(tree, "threads", threads.count);
  cJSON_AddStringToObject(tree, "threads_by", threads.because);
  cJSON_AddNumberToObject(tree, "memory_bytes", (double)base_machine_memory());
  add_cuda(tree);
  add_products(tree);
  add_backbone(tree, berg_dir, backbone);
  add_models(tree, berg_dir);
  add_cache(tree);
  berg_status status = BERG_OK;
  char *text = io_json_text(tree, true);
  *json = text ? base_copy_text(text, error) : NULL;
  if (!*json) status = BERG_ELIMIT;
  cJSON_free(text);
  cJSON_Delete(tree);
  return status;
}
