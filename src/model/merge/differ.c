/* What tells a part from those of another run. */
#include <string.h>

#include "base/memory.h"
#include "io/value/json_build.h"
#include "model/merge/parts.h"

/* What a sidecar says, by the words that a message calls it. */
static const struct {
  const char *key, *called;
} told[] = {{"Model", "model"},
            {"Subject", "subject"},
            {"Select", "selection"},
            {"Precision", "precision"},
            {"Device", "device"},
            {"Products", "engine"},
            {"InstructionSet", "instruction set"},
            {"Libraries", "libraries that read images"},
            {"Trials", "trials"},
            {"Columns", "columns"}},
  told_of_shard[] = {{"Of", "number of parts"},         {"Images", "number of images"}, {MODEL_SHARD_IMAGES, "images"},
                     {MODEL_SHARD_SKIPS, "--skip-bad"}, {"Format", "format"},           {"Output", "output"}};

static const cJSON *item(const cJSON *tree, const char *key) { return cJSON_GetObjectItemCaseSensitive(tree, key); }

/* Appends "; what", of a text or a number with both. Frees what was there; NULL stays NULL. */
static char *append(char *text, const char *called, const cJSON *found, const cJSON *expected, berg_error *error) {
  const char *separator = text && *text ? "; " : "";
  char *longer;
  if (cJSON_IsString(found) && cJSON_IsString(expected) && strcmp(called, "images"))
    longer = base_format(error, "%s%s%s %s, expected %s", text, separator, called, found->valuestring,
                         expected->valuestring);
  else if (cJSON_IsNumber(found) && cJSON_IsNumber(expected))
    longer = base_format(error, "%s%s%s %.0f, expected %.0f", text, separator, called, found->valuedouble,
                         expected->valuedouble);
  else
    longer = base_format(error, "%s%sother %s", text, separator, called);
  base_free(text);
  return longer;
}

static char *compare(char *text, const char *called, const cJSON *found, const cJSON *expected, berg_error *error) {
  if (!text || (!found && !expected) || cJSON_Compare(found, expected, true)) return text;
  return append(text, called, found, expected, error);
}

/* The first file of that role; its hash, or the name of what is no file. */
static const cJSON *source_of(const cJSON *tree, const char *role, size_t number) {
  const cJSON *source;
  cJSON_ArrayForEach(source, item(tree, "SourceFiles")) {
    const char *is = cJSON_GetStringValue(item(source, "Role"));
    if (!is || strcmp(is, role) || number--) continue;
    const cJSON *hash = item(source, "SHA256") ? item(source, "SHA256") : item(source, "SampledSHA256");
    return hash ? hash : item(source, "Path");
  }
  return NULL;
}

#define FILES_OF_A_ROLE 16

static char *compare_sources(char *text, const cJSON *found, const cJSON *expected, berg_error *error) {
  static const char *const roles[] = {"weights", "metadata", "backbone", "mask", "stimuli", "input"};
  for (size_t r = 0; r < sizeof roles / sizeof *roles && text; r++)
    for (size_t i = 0; i < FILES_OF_A_ROLE && text; i++) {
      const cJSON *a = source_of(found, roles[r], i), *b = source_of(expected, roles[r], i);
      if ((!a && !b) || cJSON_Compare(a, b, true)) continue;
      text = append(text, roles[r], NULL, NULL, error);
      break;
    }
  return text;
}

static const cJSON *version_of(const cJSON *tree) {
  return item(cJSON_GetArrayItem(item(tree, "GeneratedBy"), 0), "Version");
}

static char *compare_all(const cJSON *found, const cJSON *expected, const cJSON *shard, const cJSON *expected_shard,
                         berg_error *error) {
  char *text = base_copy_text("", error);
  for (size_t i = 0; i < sizeof told_of_shard / sizeof *told_of_shard; i++)
    text = compare(text, told_of_shard[i].called, item(shard, told_of_shard[i].key),
                   item(expected_shard, told_of_shard[i].key), error);
  text = compare(text, "version", version_of(found), version_of(expected), error);
  for (size_t i = 0; i < sizeof told / sizeof *told; i++)
    text = compare(text, told[i].called, item(found, told[i].key), item(expected, told[i].key), error);
  text = compare_sources(text, found, expected, error);
  if (!text || *text) return text;
  base_free(text);
  return base_copy_text("its hash is another", error);
}

char *model_merge_difference(const model_merge_part *part, const model_merge_part *reference, berg_error *error) {
  model_shard_file a, b = {.about = NULL};
  cJSON *found = NULL, *expected = NULL;
  berg_status status = model_shard_file_read(&a, &found, part->path, error);
  if (!status) status = model_shard_file_read(&b, &expected, reference->path, error);
  char *text = status ? NULL : compare_all(found, expected, a.about, b.about, error);
  cJSON_Delete(found);
  cJSON_Delete(expected);
  model_shard_file_release(&a);
  model_shard_file_release(&b);
  return text;
}
