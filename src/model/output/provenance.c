/* What an output was made from: sidecars and their hashes. */
#include "model/output/provenance.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/team.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_guard.h"
#include "io/rows/rows.h"
#include "io/value/json_print.h"
#include "io/file/map.h"
#include "io/value/value.h"
#include "io/file/whole_file.h"

cJSON *model_provenance_text(const char *text) { return io_json_text_from(text); }

berg_status model_provenance(cJSON **out, const char *description, const berg_output_options *options,
                             berg_error *error) {
  cJSON *tree = *out = io_json_object();
  io_json_add_text(tree, "Description", description);
  cJSON *made = io_json_add_object(io_json_add_list(tree, "GeneratedBy"), NULL);
  io_json_add_text(made, "Name", "libberg");
  io_json_add_text(made, "Version", berg_version());
  if (options && options->command) io_json_add(made, "Command", model_provenance_text(options->command));
  io_json_add_list(tree, "Sources");
  io_json_add_list(tree, "SourceFiles");
  berg_status status = BERG_OK;
  for (size_t i = 0; options && i < options->source_count && !status; i++)
    status = model_provenance_add(tree, "input", options->sources[i], error);
  return status;
}

static void add_hash(cJSON *file, const io_file_hash *hash) {
  io_json_add_number(file, "Bytes", (double)hash->size);
  io_json_add_text(file, hash->sampled ? "SampledSHA256" : "SHA256", hash->text);
}

static void add(cJSON *tree, const model_source *source) {
  io_json_add(cJSON_GetObjectItem(tree, "Sources"), NULL, model_provenance_text(source->path));
  cJSON *file = io_json_add_object(cJSON_GetObjectItem(tree, "SourceFiles"), NULL);
  io_json_add_text(file, "Role", source->role);
  io_json_add(file, "Path", model_provenance_text(source->path));
  if (source->is_hashed) add_hash(file, &source->hash);
}

static void hash_source(void *user, size_t i, size_t rank) {
  model_source *source = (model_source *)user + i;
  (void)rank;
  source->is_hashed = !source->is_no_file && !io_hash_file(&source->hash, source->path, false, NULL);
}

berg_status model_provenance_add_all(cJSON *tree, model_source *sources, size_t count, int threads, berg_error *error) {
  berg_status status = BERG_OK;
  base_share(threads, count, hash_source, sources);
  for (size_t i = 0; i < count && !status; i++) {
    if (!sources[i].is_hashed && !sources[i].is_no_file) { /* the second try says why */
      status = io_hash_file(&sources[i].hash, sources[i].path, false, error);
      sources[i].is_hashed = !status;
    }
    add(tree, &sources[i]);
  }
  return status;
}

berg_status model_provenance_add(cJSON *tree, const char *role, const char *path, berg_error *error) {
  return model_provenance_add_all(tree, &(model_source){.role = role, .path = path}, 1, 1, error);
}

static const char *text_of(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text ? text : "";
}

berg_status model_provenance_renew(cJSON *tree, const char *path, berg_error *error) {
  static const char *const told[] = {"Bytes", "SHA256", "SampledSHA256"};
  cJSON *file, *name = model_provenance_text(path);
  io_file_hash hash;
  berg_status status = name ? io_hash_file(&hash, path, false, error) : base_fail_memory(error, strlen(path) + 1);
  if (status) {
    cJSON_Delete(name);
    return status;
  }
  cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(tree, "SourceFiles")) {
    if (strcmp(text_of(file, "Path"), name->valuestring)) continue;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) cJSON_DeleteItemFromObjectCaseSensitive(file, told[i]);
    add_hash(file, &hash);
  }
  cJSON_Delete(name);
  return BERG_OK;
}

berg_status model_provenance_space(cJSON *tree, const io_nifti_space *space, const berg_volume_options *options,
                                   berg_error *error) {
  const char *like = options ? options->like : NULL;
  berg_status status = like ? model_provenance_add(tree, "space", like, error) : BERG_OK;
  if (!io_nifti_space_is_known(space))
    io_json_add_text(tree, "SpatialReference", "unknown: voxel indices of the subject's own grid");
  else if (like)
    io_json_add(tree, "SpatialReference", model_provenance_text(like));
  else
    io_json_add_text(tree, "SpatialReference", "an affine that the user gave; it is the sform");
  return status;
}

const char *model_ending_of(const char *path) {
  static const char *const of_two[] = {".nii.gz", ".func.gii", "-ave.fif", "_ave.fif"};
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
  const size_t length = strlen(name);
  for (size_t i = 0; i < sizeof of_two / sizeof *of_two; i++) {
    const size_t own = strlen(of_two[i]);
    if (length > own && base_same_word(name + length - own, of_two[i])) return name + length - own;
  }
  return dot && dot > name ? dot : name + length;
}

char *model_sidecar_path(const char *path, const char *ending, berg_error *error) {
  return base_format(error, "%.*s%s", (int)(model_ending_of(path) - path), path, ending);
}

bool model_sidecar_shared(const char *a, const char *b) {
  const size_t length = (size_t)(model_ending_of(a) - a);
  return length == (size_t)(model_ending_of(b) - b) && !memcmp(a, b, length);
}

/* The sidecar of out.csv may be that of out.npy. */
static berg_status fail_taken(const char *path, const char *beside, berg_error *error) {
  const char *ending;
  char *other = NULL;
  for (size_t i = 0; !other && (ending = io_rows_ending(i)); i++) {
    other = model_sidecar_path(path, ending, error);
    if (!other) return BERG_ELIMIT;
    if (!access(other, F_OK)) break;
    base_free(other);
    other = NULL;
  }
  base_fail(error, BERG_EEXISTS,
            "%s: already exists%s%s, where the sidecar of %s would go; use force to replace it, or write no sidecar",
            beside, other ? " as the sidecar of " : "", other ? other : "", path);
  base_free(other);
  return BERG_EEXISTS;
}

berg_status model_sidecar_check(const char *path, const berg_output_options *options, berg_error *error) {
  if (!options->sidecar) return BERG_OK;
  char *beside = model_sidecar_path(path, ".json", error);
  if (!beside) return BERG_ELIMIT;
  berg_status status = io_check_output(beside, options->force, error);
  if (status == BERG_EEXISTS) status = fail_taken(path, beside, error);
  base_free(beside);
  return status;
}

berg_status model_sidecar_is_ours(const char *sidecar, bool *ours, berg_error *error) {
  io_map map;
  cJSON *tree = NULL;
  berg_status status = io_map_open(&map, sidecar, error);
  if (!status && map.size) status = io_json_parse(&tree, (const char *)map.bytes, map.size, error);
  const cJSON *maker = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(tree, "GeneratedBy"), 0);
  *ours = !strcmp(text_of(maker, "Name"), "libberg");
  cJSON_Delete(tree);
  io_map_close(&map);
  return status == BERG_ELIMIT ? status : BERG_OK;
}

berg_status model_sidecar_prepare(io_whole_file **out, const char *path, const cJSON *tree, int force,
                                  berg_error *error) {
  char *beside = model_sidecar_path(path, ".json", error), *text = NULL;
  io_whole_file *file = *out = NULL;
  berg_status status = beside ? io_json_print(tree, &text, error) : BERG_ELIMIT;
  if (!status) status = io_whole_file_open(&file, beside, force, error);
  if (!status) status = io_whole_file_print(file, error, "%s\n", text);
  if (!status) status = io_whole_file_sync(file, error); /* a full disk is found before the output has its name */
  if (status)
    io_whole_file_abandon(file);
  else
    *out = file;
  base_free(text);
  base_free(beside);
  return status;
}

berg_status model_sidecar_write(const char *path, const cJSON *tree, int force, berg_error *error) {
  io_whole_file *file;
  berg_status status = model_sidecar_prepare(&file, path, tree, force, error);
  return status ? status : io_whole_file_commit(file, error);
}
