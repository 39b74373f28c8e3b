/* Where a model's files are under a berg directory. */
#include "model/catalog/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/registry.h"

/* --- Files of a subject --- */

char *model_subject_name(const model_layout *layout, const char *subject, berg_error *error) {
  const size_t length = strlen(subject), digits = (size_t)layout->subject_digits;
  const bool is_number = length && strspn(subject, "0123456789") == length;
  const size_t zeros = is_number && length < digits ? digits - length : 0;
  return base_format(error, "%s%.*s%s", layout->subject_prefix, (int)zeros, "00000000", subject);
}

/* The folder that has everything of one model, below the berg directory. */
static char *folder_of(const model_layout *layout, berg_error *error) {
  return base_format(error, "encoding_models/modality-%s/train_dataset-%s/model-vit_b_32", layout->modality,
                     layout->dataset);
}

char *model_path_folder(const char *model_id, berg_error *error) { return folder_of(model_layout_of(model_id), error); }

/* What a path is made of, once the subject and the berg directory are known to be fine. */
typedef struct place {
  const model_layout *layout;
  char *folder, *name; /* of the model, of the subject */
} place;

static void release(place *p) {
  base_free(p->folder);
  base_free(p->name);
}

static berg_status find_place(place *p, const char *model_id, const char *berg_dir, const char *subject,
                              berg_error *error) {
  *p = (place){.layout = model_layout_of(model_id)};
  berg_status status = model_check_subject(model_id, subject, error);
  if (status) return status;
  if (!berg_dir || !*berg_dir)
    return base_fail(
        error, BERG_EMODEL,
        "no berg directory is named, which holds the model's files (--berg-dir, BERG_DIR or berg_dir=); to have one: "
        "berg fetch " MODEL_FIRST " --subject 1 --backbone --berg-dir models");
  p->folder = folder_of(p->layout, error);
  p->name = model_subject_name(p->layout, subject, error);
  return p->folder && p->name ? BERG_OK : BERG_ELIMIT;
}

berg_status model_path_metadata(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                berg_error *error) {
  place p;
  *path = NULL;
  berg_status status = find_place(&p, model_id, berg_dir, subject, error);
  if (!status) *path = base_format(error, "%s/%s/metadata/metadata_%s.npy", berg_dir, p.folder, p.name);
  release(&p);
  return status ? status : *path ? BERG_OK : BERG_ELIMIT;
}

/* What stands behind the subject in names of weights, newest first: quarter 0 is the whole. */
static const char *const of_whole[] = {"_all_training_splits", "_full", "", NULL};
static const char *const of_quarter[] = {"_single_training_split_", "_split", NULL};
static const char *const of_one[] = {"", NULL};

static char *weights_path(const place *p, const char *berg_dir, const char *ending, unsigned quarter,
                          berg_error *error) {
  char number[16] = "";
  if (quarter) base_print(number, sizeof number, "%u", quarter);
  return base_format(error, "%s/%s/encoding_models_weights/weights_%s%s%s.npy", berg_dir, p->folder, p->name, ending,
                     number);
}

static const char *const *endings_of(const model_layout *layout, unsigned quarter) {
  return !layout->splits ? of_one : quarter ? of_quarter : of_whole;
}

berg_status model_path_named_weights(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                     unsigned quarter, size_t index, berg_error *error) {
  place p;
  *path = NULL;
  berg_status status = find_place(&p, model_id, berg_dir, subject, error);
  const char *const *endings = status ? of_one : endings_of(p.layout, quarter);
  size_t names = 0;
  while (endings[names]) names++;
  if (!status && index < names) {
    *path = weights_path(&p, berg_dir, endings[index], quarter, error);
    if (!*path) status = BERG_ELIMIT;
  }
  release(&p);
  return status;
}

berg_status model_path_new_weights(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                   unsigned quarter, berg_error *error) {
  return model_path_named_weights(path, model_id, berg_dir, subject, quarter, 0, error);
}

berg_status model_path_weights(char **path, const char *model_id, const char *berg_dir, const char *subject,
                               unsigned quarter, berg_error *error) {
  place p;
  *path = NULL;
  berg_status status = find_place(&p, model_id, berg_dir, subject, error);
  const char *const *endings = status ? of_one : endings_of(p.layout, quarter);
  for (size_t i = 0; endings[i] && !status; i++) {
    char *candidate = weights_path(&p, berg_dir, endings[i], quarter, error);
    const bool first = i == 0, exists = model_path_exists(candidate);
    if (!candidate) status = BERG_ELIMIT;
    if (first || exists) {
      base_free(*path);
      *path = candidate;
    } else {
      base_free(candidate);
    }
    if (exists) break;
  }
  release(&p);
  if (status) {
    base_free(*path);
    *path = NULL;
  }
  return status;
}

/* --- The backbone and the cache --- */

/* torch's own rule: $TORCH_HOME, else $XDG_CACHE_HOME/torch, else ~/.cache/torch. */
static char *torch_file(berg_error *error) {
  const char *home = getenv("TORCH_HOME"), *cache = getenv("XDG_CACHE_HOME"), *user = getenv("HOME");
  if (home && *home) return base_format(error, "%s/hub/checkpoints/%s", home, MODEL_BACKBONE_FILE);
  if (cache && *cache) return base_format(error, "%s/torch/hub/checkpoints/%s", cache, MODEL_BACKBONE_FILE);
  return base_format(error, "%s/.cache/torch/hub/checkpoints/%s", user ? user : "", MODEL_BACKBONE_FILE);
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

/* Beside the models of any of the catalog's folders, too, where upstream's users put it. */
berg_status model_path_backbone(char **path, const char *berg_dir, size_t index, berg_error *error) {
  static const char *const files[] = {"vit_b_32.safetensors", MODEL_BACKBONE_FILE};
  const size_t names = sizeof files / sizeof *files, models = berg_catalog_count(),
               count = berg_dir && *berg_dir ? names * (1 + models) : 0;
  *path = NULL;
  if (index > count) return BERG_OK;
  if (index == count) {
    *path = torch_file(error);
  } else if (index < names) {
    *path = base_format(error, "%s/" MODEL_BACKBONE_FOLDER "/%s", berg_dir, files[index]);
  } else {
    char *folder = folder_of(model_layout_of(berg_catalog_id(index / names - 1)), error);
    if (folder) *path = base_format(error, "%s/%s/%s", berg_dir, folder, files[index % names]);
    base_free(folder);
  }
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

berg_status model_blame(berg_status status, berg_error *error) {
  if (status != BERG_EINPUT) return status;
  if (error) error->status = BERG_EMODEL;
  return BERG_EMODEL;
}
