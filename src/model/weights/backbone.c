/* Finding and reading the weights of ViT-B/32, by either set of names. */
#include "model/weights/backbone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/container/container.h"
#include "model/weights/converted.h"
#include "model/catalog/commands.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"

#define RANDOM_PREFIX "random:"

bool model_backbone_is_random(const char *named, uint64_t *seed) {
  if (!named || strncmp(named, RANDOM_PREFIX, strlen(RANDOM_PREFIX))) return false;
  const char *digits = named + strlen(RANDOM_PREFIX);
  size_t length = strspn(digits, "0123456789");
  if (!length || digits[length]) return false;
  errno = 0;
  *seed = strtoull(digits, NULL, 10);
  return errno == 0;
}

/* The first place that has a file, or NULL. */
static berg_status search(char **path, const char *berg_dir, berg_error *error) {
  for (size_t i = 0;; i++) {
    berg_status status = model_path_backbone(path, berg_dir, i, error);
    if (!*path || model_path_exists(*path)) return status;
    base_free(*path);
  }
}

static berg_status none_found(const char *berg_dir, berg_error *error) {
  char *path = NULL, *next, *command = model_command_fetch(MODEL_FIRST, NULL, 0, true, berg_dir, error);
  berg_status status = command ? BERG_EMODEL : BERG_ELIMIT;
  for (size_t i = 0; command; i++) { /* the last is torch's own place */
    if (model_path_backbone(&next, berg_dir, i, error)) status = BERG_ELIMIT;
    if (!next) break;
    base_free(path);
    path = next;
  }
  if (status == BERG_EMODEL)
    base_fail(error, status,
              "no weights of ViT-B/32, the network, are found: not in %s%snor as %s (berg doctor lists all places); "
              "name them (--backbone, backbone=), or download them: %s",
              berg_dir ? berg_dir : "", berg_dir ? "/" MODEL_BACKBONE_FOLDER " " : "a folder of models ", path,
              command);
  base_free(path);
  base_free(command);
  return status;
}

static const berg_array *find_in_file(const void *user, const char *name) { return berg_file_find(user, name); }

berg_status model_backbone_open(model_backbone *backbone, const char *named, const char *berg_dir, int threads,
                                berg_error *error) {
  memset(backbone, 0, sizeof *backbone);
  uint64_t seed;
  bool random = model_backbone_is_random(named, &seed);
  if (named && !random && !strncmp(named, RANDOM_PREFIX, strlen(RANDOM_PREFIX)))
    return base_fail_found(error, BERG_EMODEL, NULL, "not a random backbone", "random:SEED, a whole number below 2^64",
                           "%s", named);
  berg_status status = named ? BERG_OK : search(&backbone->path, berg_dir, error);
  if (status) return status;
  if (named) backbone->path = base_copy_text(named, error);
  if (!backbone->path) return named ? BERG_ELIMIT : none_found(berg_dir, error);
  if (random) {
    status = vit_weights_random(&backbone->weights, seed, threads, error);
  } else {
    status = model_blame(berg_file_open(&backbone->file, backbone->path, error), error);
    if (!status) backbone->converted = model_converted_backbone(backbone->file);
    if (!status)
      status = (backbone->converted ? vit_weights_bind_small : vit_weights_bind)(&backbone->weights, find_in_file,
                                                                                 backbone->file, backbone->path, error);
  }
  if (status) model_backbone_close(backbone);
  return status;
}

void model_backbone_close(model_backbone *backbone) {
  vit_weights_release(&backbone->weights);
  berg_file_free(backbone->file);
  base_free(backbone->path);
  memset(backbone, 0, sizeof *backbone);
}

void model_backbone_drop_tensor(const model_backbone *backbone, size_t t) {
  const io_map *map = backbone->file ? io_container_map(backbone->file) : NULL;
  const uint8_t *at = (const uint8_t *)backbone->weights.tensor[t];
  if (map && at && !backbone->weights.owned[t])
    io_map_drop(map, (size_t)(at - map->bytes), vit_tensor_count(t) * sizeof(float));
}

void model_backbone_drop_matrices(model_backbone *backbone) {
  vit_weights_drop_matrices(&backbone->weights);
  const io_map *map = backbone->file ? io_container_map(backbone->file) : NULL;
  if (map) io_map_drop(map, 0, map->size);
}

berg_status model_backbone_check(const model_backbone *backbone, berg_error *error) {
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    const bool good = vit_tensor_is_finite(&backbone->weights, t);
    model_backbone_drop_tensor(backbone, t);
    if (good) continue;
    char name[VIT_NAME_ROOM];
    vit_tensor_name(t, false, name);
    return base_fail_at(error, &(base_fault){BERG_EMODEL, backbone->path, BERG_NO_OFFSET, name, "not usable",
                                             "finite numbers", "NaN or infinity"});
  }
  return BERG_OK;
}
