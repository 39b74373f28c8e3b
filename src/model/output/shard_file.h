/* A part of an encode that was cut into shards, as the sidecar beside it tells: which images it holds, of which run,
 * and what bytes the file is of ("Shard" in docs/file-formats.md). */
#ifndef MODEL_SHARD_FILE_H
#define MODEL_SHARD_FILE_H

#include <cjson/cJSON.h>

#include "io/file/file_sum.h"
#include "model/output/output_file.h"
#include "model/stimuli/stimuli.h"

typedef struct model_shard_file {
  cJSON *about; /* "Shard"; the texts below lie in it */
  model_shard shard;
  size_t rows;
  uint64_t bytes;
  const char *checksum; /* of the file */
  const char *run;      /* SHA-256 of all that decides the bytes of the whole */
  const char *format;   /* "npy", "h5", "csv", "long csv", ... */
  const char *suffix;   /* what is before the ending of the file's name, to tell it from the others of the run: "_lh" */
  const char *output;   /* "lh" */
} model_shard_file;

/* From the sidecar of the file at `path`; `tree` gets the rest of it (cJSON_Delete), unless NULL. EINPUT: there is no
 * sidecar, or one that names no shard; ELIMIT. model_shard_file_release, of a failure's too. */
berg_status model_shard_file_read(model_shard_file *part, cJSON **tree, const char *path, berg_error *error);
void model_shard_file_release(model_shard_file *part);

/* The names by which the sidecar tells whose part a file is, as the merge reads them too. */
#define MODEL_SHARD_KEY "Shard"
#define MODEL_SHARD_AXES "Axes"
#define MODEL_SHARD_FILES "Files"
#define MODEL_SHARD_IMAGES "ImagesHash"
#define MODEL_SHARD_SKIPS "SkipsBad"

/* Adds "Shard" for a file that is in its place, whose sidecar `tree` is but for that. ELIMIT, EINPUT. */
berg_status model_shard_file_describe(cJSON *tree, const model_output_file *file, const model_labels *labels,
                                      size_t rows, berg_error *error);
/* The run of which an encode of the file's stimuli, which are a shard, would be now. */
berg_status model_shard_file_own_run(char run[BASE_SHA256_TEXT], const model_output_file *file, berg_error *error);
/* Whether the file is there already, this very part of this very run, with all of its bytes. `*damaged`: it is this
 * part, but has other bytes. Nothing is said of a file that is no part, or of another run. */
berg_status model_shard_file_look(bool *whole, bool *damaged, const model_output_file *file, berg_error *error);

#endif
