/* Where the files of a model lie under a berg directory (docs/file-formats.md has the tree). */
#ifndef MODEL_PATHS_H
#define MODEL_PATHS_H

#include <stdbool.h>

#include "base/error.h"

#include "model/catalog/layout.h"

/* How names of files have a subject: "sub-01", "subject-01", "P1", "monkeyN". base_free; NULL with ELIMIT. */
char *model_subject_name(const model_layout *layout, const char *subject, berg_error *error);

/* Paths of a model that the catalog knows, the caller's (base_free). EPARAMETER: no such subject; EMODEL: no berg
 * directory. */
berg_status model_path_metadata(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                berg_error *error);
/* Quarter 0 is the model of all training data, 1 to 4 those of its quarters. Upstream has renamed these files over
 * time: the newest name that is there, else the newest name. */
berg_status model_path_weights(char **path, const char *model_id, const char *berg_dir, const char *subject,
                               unsigned quarter, berg_error *error);

/* The names that weights have had, newest first: index 0, 1, ... until `path` is NULL. */
berg_status model_path_named_weights(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                     unsigned quarter, size_t index, berg_error *error);
/* The folder that has everything of a model, relative to the berg directory. base_free; NULL with ELIMIT. */
char *model_path_folder(const char *model_id, berg_error *error);

/* The newest name, whatever is there: where weights are written. */
berg_status model_path_new_weights(char **path, const char *model_id, const char *berg_dir, const char *subject,
                                   unsigned quarter, berg_error *error);

/* What torchvision publishes it as, and the folder below the berg directory where it is put. */
#define MODEL_BACKBONE_FILE "vit_b_32-d86f8d99.pth"
#define MODEL_BACKBONE_FOLDER "backbones"

/* Where weights of the backbone are looked for when none are named, in this order: index 0, 1, ... until `path` is
 * NULL. The berg directory may be NULL. base_free; ELIMIT. */
berg_status model_path_backbone(char **path, const char *berg_dir, size_t index, berg_error *error);
/* berg_cache_folder; NULL: the environment names none. ELIMIT. */
berg_status model_path_cache(char **path, berg_error *error);

bool model_path_exists(const char *path);
/* Goes on with a hash (base/hash.h) over the path, size and time of a file; over the path alone where there is none. */
uint64_t model_hash_file(uint64_t hash, const char *path);

/* A file of the model that cannot be read is the model's fault: EINPUT becomes EMODEL, in `error` too. */
berg_status model_blame(berg_status status, berg_error *error);

#endif
