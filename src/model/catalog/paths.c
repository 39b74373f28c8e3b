/* Where a model's files are under a berg directory. */
#include "model/catalog/paths.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"

#define MODEL_FOLDER "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32"
#define PREPARED_FOLDER "model_training_datasets/train_dataset-things_fmri_1"
/* Not "model-vit_b_32": upstream names the two differently. */
#define RESULTS_FOLDER "results/test_encoding_models/modality-fmri/train_dataset-things_fmri_1/vit_b_32"
/* The name under which torch's hub keeps what torchvision downloads. */
#define TORCH_FILE "vit_b_32-d86f8d99.pth"

/* `name` is what follows "sub-0N". */
static berg_status make(char **path, const char *berg_dir, int subject, const char *stem, const char *name,
                        berg_error *error) {
  *path = NULL;
  if (subject < 1 || subject > MODEL_SUBJECTS)
    return base_fail(error, BERG_EPARAMETER, "subject %d is not known: expected 1, 2 or 3", subject);
  if (!berg_dir || !*berg_dir)
    return base_fail(error, BERG_EMODEL,
                     "no berg directory is named: it holds the model's files (--berg-dir, BERG_DIR or berg_dir)");
  *path = base_format(error, "%s/%ssub-%02d%s", berg_dir, stem, subject, name);
  return *path ? BERG_OK : BERG_ELIMIT;
}

berg_status model_path_weights(char **path, const char *berg_dir, int subject, berg_error *error) {
  return make(path, berg_dir, subject, MODEL_FOLDER "/encoding_models_weights/weights_", ".npy", error);
}

berg_status model_path_metadata(char **path, const char *berg_dir, int subject, berg_error *error) {
  return make(path, berg_dir, subject, MODEL_FOLDER "/metadata/metadata_", ".npy", error);
}

berg_status model_path_prepared(char **path, const char *berg_dir, int subject, const char *rest, berg_error *error) {
  *path = NULL;
  char *name = base_format(error, "_%s", rest);
  if (!name) return BERG_ELIMIT;
  berg_status status = make(path, berg_dir, subject, PREPARED_FOLDER "/fmri_", name, error);
  base_free(name);
  return status;
}

berg_status model_path_predictions(char **path, const char *berg_dir, int subject, berg_error *error) {
  return make(path, berg_dir, subject, RESULTS_FOLDER "/fmri_test_pred_", ".npy", error);
}

/* torch's own rule: $TORCH_HOME, else $XDG_CACHE_HOME/torch, else ~/.cache/torch. */
static char *torch_file(berg_error *error) {
  const char *home = getenv("TORCH_HOME"), *cache = getenv("XDG_CACHE_HOME"), *user = getenv("HOME");
  if (home && *home) return base_format(error, "%s/hub/checkpoints/%s", home, TORCH_FILE);
  if (cache && *cache) return base_format(error, "%s/torch/hub/checkpoints/%s", cache, TORCH_FILE);
  return base_format(error, "%s/.cache/torch/hub/checkpoints/%s", user ? user : "", TORCH_FILE);
}

berg_status model_path_cache(char **path, berg_error *error) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  const bool has_cache = cache && *cache;
  *path = NULL;
  if (!has_cache && !(home && *home)) return BERG_OK;
  *path = has_cache ? base_format(error, "%s/berg", cache) : base_format(error, "%s/.cache/berg", home);
  return *path ? BERG_OK : BERG_ELIMIT;
}

char *berg_cache_folder(void) {
  char *path;
  return model_path_cache(&path, NULL) ? NULL : path;
}

berg_status model_path_backbone(char **path, const char *berg_dir, size_t index, berg_error *error) {
  static const char *const in_berg_dir[] = {"backbones/vit_b_32.safetensors", "backbones/" TORCH_FILE,
                                            MODEL_FOLDER "/vit_b_32.safetensors", MODEL_FOLDER "/" TORCH_FILE};
  const size_t count = berg_dir && *berg_dir ? sizeof in_berg_dir / sizeof *in_berg_dir : 0;
  *path = NULL;
  if (index > count) return BERG_OK;
  *path = index < count ? base_format(error, "%s/%s", berg_dir, in_berg_dir[index]) : torch_file(error);
  return *path ? BERG_OK : BERG_ELIMIT;
}

bool model_path_exists(const char *path) {
  struct stat about;
  return path && stat(path, &about) == 0;
}

uint64_t model_hash_file(uint64_t hash, const char *path) {
  struct stat about;
  hash = base_hash_text(hash, path);
  if (stat(path, &about)) return hash;
  const int64_t facts[] = {about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
  return base_hash_bytes(hash, facts, sizeof facts);
}

berg_status model_check_id(const char *model_id, berg_error *error) {
  if (!model_id) return base_fail(error, BERG_EARGUMENT, "no model is named");
  for (size_t i = 0; i < berg_catalog_count(); i++)
    if (!strcmp(model_id, berg_catalog_id(i))) return BERG_OK;
  return base_fail(error, BERG_ENOMODEL, "no model is called '%s': known is %s", model_id, berg_catalog_id(0));
}

berg_status model_blame(berg_status status, berg_error *error) {
  if (status != BERG_EINPUT) return status;
  if (error) error->status = BERG_EMODEL;
  return BERG_EMODEL;
}
