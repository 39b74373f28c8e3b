/* Which parts belong together, and which are not there. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/machine.h"
#include "base/progress.h"
#include "io/value/json_guard.h"
#include "model/merge/parts.h"

/* --- Whose they are --- */

static int by_place(const model_merge_part *a, const model_merge_part *b) { return (a > b) - (a < b); }

static int by_family(const void *a, const void *b) {
  const model_merge_part *x = *(model_merge_part *const *)a, *y = *(model_merge_part *const *)b;
  const int order = strcmp(x->family, y->family);
  return order ? order : by_place(x, y);
}

static int by_run(const void *a, const void *b) {
  const model_merge_part *x = *(model_merge_part *const *)a, *y = *(model_merge_part *const *)b;
  int order = strcmp(x->key, y->key);
  if (!order) order = strcmp(x->run, y->run);
  return order ? order : by_place(x, y);
}

/* The first of those that most are like; of equally many, of those whose first one was named first. The parts are
 * sorted. */
static const model_merge_part *most_common(model_merge_part **parts, size_t count,
                                           bool (*alike)(const model_merge_part *, const model_merge_part *)) {
  const model_merge_part *best = NULL;
  size_t most = 0;
  for (size_t i = 0, start = 0; i < count; i++) {
    if (i + 1 < count && alike(parts[start], parts[i + 1])) continue;
    const size_t length = i + 1 - start;
    if (length > most || (length == most && best && parts[start] < best)) {
      best = parts[start];
      most = length;
    }
    start = i + 1;
  }
  return best;
}

static bool same_family(const model_merge_part *a, const model_merge_part *b) { return !strcmp(a->family, b->family); }

static bool same_run(const model_merge_part *a, const model_merge_part *b) { return !strcmp(a->run, b->run); }

/* Whatever else is wrong with it: its number is none of this run's. */
static berg_status estrange(model_merge_part *part, const model_merge_part *reference, berg_error *error) {
  base_free(part->why);
  part->why = NULL;
  part->fault = MODEL_MERGE_WHOLE;
  char *what = part->is_store ? model_merge_store_difference(part, reference, error)
                              : model_merge_difference(part, reference, error);
  berg_status status = what ? model_merge_part_fails(part, MODEL_MERGE_FOREIGN, error, "is of another run than %s: %s",
                                                     reference->path, what)
                            : BERG_ELIMIT;
  base_free(what);
  return status;
}

static berg_status add_group(model_merge_parts *parts, const char *key, const model_merge_part *reference,
                             berg_error *error) {
  void *list = parts->groups;
  if (!base_grow(&list, &parts->group_capacity, parts->group_count + 1, sizeof *parts->groups, error))
    return BERG_ELIMIT;
  parts->groups = list;
  model_merge_group *group = &parts->groups[parts->group_count];
  *group = (model_merge_group){.key = base_copy_text(key, error), .reference = reference};
  if (!group->key) return BERG_ELIMIT;
  parts->group_count++;
  return BERG_OK;
}

/* Parts of one output, sorted by their runs. */
static berg_status sort_group(model_merge_parts *parts, model_merge_part **some, size_t count, berg_error *error) {
  const model_merge_part *reference = most_common(some, count, same_run);
  berg_status status = add_group(parts, reference->key, reference, error);
  for (size_t i = 0; i < count && !status; i++)
    if (!same_run(some[i], reference)) status = estrange(some[i], reference, error);
  return status;
}

static berg_status sort_known(model_merge_parts *parts, model_merge_part **known, size_t count, berg_error *error) {
  size_t own = 0;
  berg_status status = BERG_OK;
  qsort(known, count, sizeof *known, by_family);
  parts->reference = most_common(known, count, same_family);
  for (size_t i = 0; i < count && !status; i++)
    if (same_family(known[i], parts->reference))
      known[own++] = known[i];
    else
      status = estrange(known[i], parts->reference, error);
  qsort(known, own, sizeof *known, by_run);
  for (size_t i = 0, start = 0; i < own && !status; i++) {
    if (i + 1 < own && !strcmp(known[start]->key, known[i + 1]->key)) continue;
    status = sort_group(parts, known + start, i + 1 - start, error);
    start = i + 1;
  }
  return status;
}

berg_status model_merge_parts_sort(model_merge_parts *parts, berg_error *error) {
  size_t count = 0;
  model_merge_part **known = base_alloc(parts->count, sizeof *known, error);
  if (!known) return BERG_ELIMIT;
  for (size_t i = 0; i < parts->count; i++)
    if (parts->list[i].shard.of) known[count++] = &parts->list[i];
  berg_status status = count ? sort_known(parts, known, count, error) : BERG_OK;
  base_free(known);
  return status;
}

berg_status model_merge_parts_verify(model_merge_parts *parts, int threads, const berg_run *run, berg_error *error) {
  const double start = base_machine_seconds();
  berg_status status = BERG_OK;
  if (run->stage) run->stage(run->user, "checking", "parts");
  for (size_t i = 0; i < parts->count && !status; i++) {
    model_merge_part *part = &parts->list[i];
    status = base_progress(run, i, parts->count, start, "parts", error);
    if (status || part->fault) continue;
    status = part->is_store ? model_merge_verify_store(part, threads, run, error)
                            : model_merge_verify_file(part, run, error);
  }
  return status;
}

/* --- Which there are --- */

static bool has_group(const model_merge_parts *parts, const char *key) {
  for (size_t g = 0; g < parts->group_count; g++)
    if (!strcmp(parts->groups[g].key, key)) return true;
  return false;
}

/* "all_lh.npy" is the left hemisphere alone. */
static bool is_asked_alone(const model_merge_parts *parts, const char *out) {
  const char *key = parts->groups[0].key, *end = model_ending_of(out);
  const size_t length = strlen(key), stem = (size_t)(end - out);
  return parts->group_count == 1 && length && stem > length && !memcmp(end - length, key, length);
}

/* Files of the run of which there is no part. */
static berg_status add_absent(model_merge_parts *parts, const char *out, berg_error *error) {
  model_shard_file file;
  const cJSON *suffix;
  if (parts->reference->in_folder || parts->reference->is_store || is_asked_alone(parts, out)) return BERG_OK;
  berg_status status = model_shard_file_read(&file, NULL, parts->reference->path, error);
  const cJSON *files = status ? NULL : cJSON_GetObjectItemCaseSensitive(file.about, MODEL_SHARD_FILES);
  cJSON_ArrayForEach(suffix, files) {
    const char *key = cJSON_GetStringValue(suffix);
    if (key && !status && !has_group(parts, key)) status = add_group(parts, key, NULL, error);
  }
  model_shard_file_release(&file);
  return status;
}

static berg_status place(model_merge_parts *parts, model_merge_group *group, model_merge_part *part, uint8_t *seen,
                         berg_error *error) {
  const size_t number = part->shard.number - 1;
  if (part->fault) {
    if (seen[number] == MODEL_MERGE_MISSING) seen[number] = MODEL_MERGE_BROKEN;
    return BERG_OK;
  }
  if (group->members[number])
    return model_merge_part_fails(part, MODEL_MERGE_DOUBLED, error, "is part %zu of %zu once more, as %s is",
                                  number + 1, parts->reference->shard.of, group->members[number]->path);
  group->members[number] = part;
  seen[number] = MODEL_MERGE_THERE;
  return BERG_OK;
}

static berg_status place_group(model_merge_parts *parts, model_merge_group *group, berg_error *error) {
  const size_t of = parts->reference->shard.of;
  uint8_t *seen = base_alloc(of, 1, error);
  group->members = base_calloc(of, sizeof *group->members, error);
  berg_status status = seen && group->members ? BERG_OK : BERG_ELIMIT;
  if (!status) memset(seen, MODEL_MERGE_MISSING, of);
  for (size_t i = 0; i < parts->count && !status && group->reference; i++) {
    model_merge_part *part = &parts->list[i];
    if (part->shard.of && part->fault != MODEL_MERGE_FOREIGN && !strcmp(part->key, group->key))
      status = place(parts, group, part, seen, error);
  }
  for (size_t i = 0; i < of && !status; i++)
    if (seen[i] > parts->again[i]) parts->again[i] = seen[i];
  base_free(seen);
  return status;
}

static char *name_group(const model_merge_parts *parts, const model_merge_group *group, const char *out,
                        berg_error *error) {
  const char *end = model_ending_of(out);
  if (parts->reference->is_store) return base_copy_text(out, error);
  if (parts->reference->in_folder)
    return base_format(error, "%s%s%s", out, *out && out[strlen(out) - 1] == '/' ? "" : "/", group->key);
  return base_format(error, "%.*s%s%s", (int)(end - out), out, is_asked_alone(parts, out) ? "" : group->key, end);
}

berg_status model_merge_parts_name(model_merge_parts *parts, const char *out, berg_error *error) {
  berg_status status = parts->reference ? add_absent(parts, out, error) : BERG_OK;
  for (size_t g = 0; g < parts->group_count && !status; g++)
    if (!(parts->groups[g].path = name_group(parts, &parts->groups[g], out, error))) status = BERG_ELIMIT;
  return status;
}

berg_status model_merge_parts_place(model_merge_parts *parts, berg_error *error) {
  if (!parts->reference) return BERG_OK;
  berg_status status = BERG_OK;
  parts->again = base_calloc(parts->reference->shard.of, 1, error);
  if (!parts->again) return BERG_ELIMIT;
  for (size_t g = 0; g < parts->group_count && !status; g++) status = place_group(parts, &parts->groups[g], error);
  return status;
}
