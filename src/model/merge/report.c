/* What is wrong with the parts: as a line, and as JSON. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/array_indices.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/merge/parts.h"

static void add_faults(cJSON *to, const char *key, const model_merge_parts *parts, model_merge_fault fault) {
  cJSON *list = io_json_add_list(to, key);
  for (size_t i = 0; i < parts->count; i++) {
    const model_merge_part *part = &parts->list[i];
    if (part->fault != fault) continue;
    cJSON *entry = io_json_add_object(list, NULL);
    io_json_add(entry, "part", model_provenance_text(part->path));
    if (part->shard.of)
      io_json_add_number(entry, "number", (double)part->shard.number);
    else
      io_json_add_null(entry, "number");
    io_json_add(entry, "why", model_provenance_text(part->why));
  }
}

static size_t count_numbers(const model_merge_parts *parts, uint8_t least) {
  size_t count = 0;
  for (size_t i = 0; parts->again && i < parts->reference->shard.of; i++) count += parts->again[i] >= least;
  return count;
}

static size_t count_faults(const model_merge_parts *parts, model_merge_fault fault) {
  size_t count = 0;
  for (size_t i = 0; i < parts->count; i++) count += parts->list[i].fault == fault;
  return count;
}

/* "2 missing, 1 damaged" */
static void count_in_words(char *text, size_t room, const model_merge_parts *parts) {
  const size_t counts[] = {count_numbers(parts, MODEL_MERGE_MISSING), count_faults(parts, MODEL_MERGE_DAMAGED),
                           count_faults(parts, MODEL_MERGE_FOREIGN), count_faults(parts, MODEL_MERGE_DOUBLED)};
  static const char *const words[] = {"missing", "damaged", "foreign", "doubled"};
  size_t used = 0;
  *text = '\0';
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (counts[i])
      used += (size_t)base_print(text + used, room - used, "%s%zu %s", used ? ", " : "", counts[i], words[i]);
}

/* One that is named, of which there may be more. */
static const model_merge_part *first_fault(const model_merge_parts *parts) {
  for (size_t i = 0; i < parts->count; i++)
    if (parts->list[i].fault) return &parts->list[i];
  return NULL;
}

bool model_merge_is_whole(const model_merge_parts *parts) {
  return parts->again && !first_fault(parts) && !count_numbers(parts, MODEL_MERGE_BROKEN);
}

/* Those that are to be written, with their rows where it is known how many. */
static void add_outputs(cJSON *to, const model_merge_parts *parts) {
  cJSON *list = io_json_add_list(to, "outputs");
  for (size_t g = 0; g < parts->group_count; g++) {
    cJSON *entry = io_json_add_object(list, NULL);
    size_t rows = 0;
    io_json_add(entry, "path", model_provenance_text(parts->groups[g].path));
    if (!model_merge_is_whole(parts)) continue;
    for (size_t i = 0; i < parts->reference->shard.of; i++) rows += parts->groups[g].members[i]->rows;
    io_json_add_number(entry, "rows", (double)rows);
  }
}

static berg_status fail(const model_merge_parts *parts, const char *again, const char *out, berg_error *error) {
  char counts[128];
  const model_merge_part *first = first_fault(parts);
  count_in_words(counts, sizeof counts, parts);
  if (!parts->reference)
    return base_fail(error, BERG_EINPUT, "%s: of nothing that is given is it known what it is a part of: %s %s", out,
                     first->path, first->why);
  return base_fail(error, BERG_EINCOMPLETE, "%s: of %zu parts %s%s%s%s%s%s%s", out, parts->reference->shard.of, counts,
                   first ? ": " : "", first ? first->path : "", first ? " " : "", first ? first->why : "",
                   *again ? "; run again: --array=" : "", again);
}

berg_status model_merge_report(char **report, const model_merge_parts *parts, const char *out, berg_error *error) {
  const size_t of = parts->again ? parts->reference->shard.of : 0;
  const bool whole = model_merge_is_whole(parts);
  cJSON *tree = io_json_object();
  io_json_add_bool(tree, "whole", whole);
  if (of) io_json_add_number(tree, "of", (double)of);
  char *missing = io_array_indices(parts->again, of, MODEL_MERGE_MISSING, io_json_add_list(tree, "missing"), error);
  add_faults(tree, "damaged", parts, MODEL_MERGE_DAMAGED);
  add_faults(tree, "foreign", parts, MODEL_MERGE_FOREIGN);
  add_faults(tree, "doubled", parts, MODEL_MERGE_DOUBLED);
  char *again = io_array_indices(parts->again, of, MODEL_MERGE_BROKEN, io_json_add_list(tree, "rerun"), error);
  io_json_add_text(tree, "array", again ? again : "");
  add_outputs(tree, parts);
  berg_status status = missing && again ? io_json_print(tree, report, error) : BERG_ELIMIT;
  cJSON_Delete(tree);
  if (!status && !whole) status = fail(parts, again, out, error);
  base_free(missing);
  base_free(again);
  return status;
}
