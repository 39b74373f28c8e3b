#include "model/provenance.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/team.h"
#include "io/json_guard.h"
#include "io/json_print.h"
#include "io/map.h"
#include "io/value.h"
#include "io/whole_file.h"

cJSON *model_provenance_text(const char *text) {
  const size_t length = strlen(text);
  if (io_utf8_valid(text, length, false)) return cJSON_CreateString(text);
  char *copy = base_copy_text(text, NULL);
  for (size_t i = 0; copy && i < length; i++)
    if ((unsigned char)copy[i] >= 0x80) copy[i] = '?';
  cJSON *string = copy ? cJSON_CreateString(copy) : NULL;
  base_free(copy);
  return string;
}

cJSON *model_provenance(const char *description, const berg_output_options *options) {
  cJSON *tree = cJSON_CreateObject();
  cJSON_AddStringToObject(tree, "Description", description);
  cJSON *made = cJSON_CreateObject();
  cJSON_AddStringToObject(made, "Name", "libberg");
  cJSON_AddStringToObject(made, "Version", berg_version());
  if (options && options->command) cJSON_AddItemToObject(made, "Command", model_provenance_text(options->command));
  cJSON_AddItemToArray(cJSON_AddArrayToObject(tree, "GeneratedBy"), made);
  cJSON_AddArrayToObject(tree, "Sources");
  cJSON_AddArrayToObject(tree, "SourceFiles");
  for (size_t i = 0; options && i < options->source_count; i++)
    model_provenance_add(tree, "input", options->sources[i]);
  return tree;
}

static void add_hash(cJSON *file, const io_file_hash *hash) {
  cJSON_AddNumberToObject(file, "Bytes", (double)hash->size);
  cJSON_AddStringToObject(file, hash->sampled ? "SampledSHA256" : "SHA256", hash->text);
}

static void add(cJSON *tree, const model_source *source) {
  cJSON_AddItemToArray(cJSON_GetObjectItem(tree, "Sources"), model_provenance_text(source->path));
  cJSON *file = cJSON_CreateObject();
  cJSON_AddStringToObject(file, "Role", source->role);
  cJSON_AddItemToObject(file, "Path", model_provenance_text(source->path));
  if (source->is_hashed) add_hash(file, &source->hash);
  cJSON_AddItemToArray(cJSON_GetObjectItem(tree, "SourceFiles"), file);
}

static void hash_source(void *user, size_t i, size_t rank) {
  model_source *source = (model_source *)user + i;
  (void)rank;
  source->is_hashed = !io_hash_file(&source->hash, source->path, false, NULL);
}

void model_provenance_add_all(cJSON *tree, model_source *sources, size_t count, int threads) {
  base_share(threads, count, hash_source, sources);
  for (size_t i = 0; i < count; i++) add(tree, &sources[i]);
}

void model_provenance_add(cJSON *tree, const char *role, const char *path) {
  model_provenance_add_all(tree, &(model_source){.role = role, .path = path}, 1, 1);
}

static const char *text_of(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text ? text : "";
}

void model_provenance_renew(cJSON *tree, const char *path) {
  static const char *const told[] = {"Bytes", "SHA256", "SampledSHA256"};
  cJSON *file, *name = model_provenance_text(path);
  const char *written = name ? name->valuestring : path;
  cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(tree, "SourceFiles")) {
    if (strcmp(text_of(file, "Path"), written)) continue;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) cJSON_DeleteItemFromObjectCaseSensitive(file, told[i]);
    io_file_hash hash;
    if (!io_hash_file(&hash, path, false, NULL)) add_hash(file, &hash);
  }
  cJSON_Delete(name);
}

void model_provenance_space(cJSON *tree, const io_nifti_space *space, const berg_volume_options *options) {
  const char *like = options ? options->like : NULL;
  if (like) model_provenance_add(tree, "space", like);
  if (!io_nifti_space_is_known(space))
    cJSON_AddStringToObject(tree, "SpatialReference", "unknown: voxel indices of the subject's own grid");
  else if (like)
    cJSON_AddItemToObject(tree, "SpatialReference", model_provenance_text(like));
  else
    cJSON_AddStringToObject(tree, "SpatialReference", "an affine that the user gave; it is the sform");
}

char *model_sidecar_path(const char *path, const char *ending, berg_error *error) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
  if (!dot || dot == name) dot = path + strlen(path);
  if (dot - name > 4 && !strcmp(dot, ".gz") && !strncmp(dot - 4, ".nii", 4)) dot -= 4;
  return base_format(error, "%.*s%s", (int)(dot - path), path, ending);
}

berg_status model_sidecar_check(const char *path, const berg_output_options *options, berg_error *error) {
  if (!options || !options->sidecar || options->force) return BERG_OK;
  char *beside = model_sidecar_path(path, ".json", error);
  if (!beside) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  if (!access(beside, F_OK))
    status = base_fail(error, BERG_EEXISTS,
                       "%s: is there already, where the sidecar of %s would go: force it, or do without a sidecar",
                       beside, path);
  base_free(beside);
  return status;
}

bool model_sidecar_is_ours(const char *sidecar) {
  io_map map;
  if (io_map_open(&map, sidecar, NULL)) return false;
  cJSON *tree = map.size ? io_json_parse((const char *)map.bytes, map.size) : NULL;
  const cJSON *maker = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(tree, "GeneratedBy"), 0);
  const bool ours = !strcmp(text_of(maker, "Name"), "libberg");
  cJSON_Delete(tree);
  io_map_close(&map);
  return ours;
}

berg_status model_sidecar_write(const char *path, const cJSON *tree, int force, berg_error *error) {
  char *beside = model_sidecar_path(path, ".json", error), *text = io_json_text(tree, true);
  io_whole_file *file = NULL;
  berg_status status = beside && text ? io_whole_file_open(&file, beside, force, error)
                                      : base_fail(error, BERG_ELIMIT, "%s: no memory for its sidecar", path);
  if (!status) {
    status = io_whole_file_print(file, error, "%s\n", text);
    if (!status)
      status = io_whole_file_commit(file, error);
    else
      io_whole_file_abandon(file);
  }
  cJSON_free(text);
  base_free(beside);
  return status;
}
