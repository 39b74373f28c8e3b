/* Checking and joining what the shares of a stage left. */
#include "train/job/merge.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/value/array_indices.h"
#include "io/value/json_build.h"
#include "train/job/stages.h"
#include "train/job/walk.h"

#define FAULTS_TOLD 2

/* --- What is missing --- */

/* Files that are not as they were written count as missing from here on. */
static berg_status look(const train_plan *plan, train_task *task, cJSON *faults, berg_error *error) {
  berg_status status = BERG_OK;
  if (!task->is_past && task->kind->check) status = task->kind->check(plan, task->of, faults, error);
  return status ? status : train_plan_look(plan, task, error);
}

static void add_missing(cJSON *missing, const train_plan *plan, const train_task *task, io_range gap) {
  cJSON *entry = io_json_add_object(missing, NULL);
  if (task->kind->scope == TRAIN_OF_SUBJECT) io_json_add_text(entry, "label", plan->job.subjects[task->of].label);
  if (task->kind->scope == TRAIN_OF_SET) io_json_add_number(entry, "set", (double)task->of);
  io_json_add_text(entry, "unit", train_stage_unit(plan, task->kind));
  io_json_add_number(entry, "first", (double)gap.first);
  io_json_add_number(entry, "end", (double)gap.end);
}

/* The next gap of a task; of one that is whole there is none. */
static bool next_gap(const train_task *task, io_range *gap) {
  return !task->is_whole && io_ranges_gap(&task->done, gap->end, task->count, gap);
}

static size_t list_missing(const train_plan *plan, const train_stage_kind *kind, cJSON *missing) {
  size_t units = 0;
  for (const train_task *task = plan->tasks; task < plan->tasks + plan->task_count; task++) {
    if (task->kind != kind) continue;
    for (io_range gap = {0, 0}; next_gap(task, &gap); units += gap.end - gap.first)
      add_missing(missing, plan, task, gap);
  }
  return units;
}

/* --- Which shares have it --- */

static bool lacks(const train_plan *plan, const train_share *share) {
  for (const train_task *task = plan->tasks; task < plan->tasks + plan->task_count; task++) {
    if (task->kind != share->kind || task->is_whole) continue;
    const io_range units = train_share_of(plan, task, share);
    io_range gap;
    if (units.first < units.end && io_ranges_gap(&task->done, units.first, units.end, &gap)) return true;
  }
  return false;
}

/* Numbers from 1 to `list`, and as text. base_free; NULL: ELIMIT. */
static char *list_shares(const train_plan *plan, const train_stage_kind *kind, size_t shards, cJSON *list,
                         berg_error *error) {
  uint8_t *lacking = base_calloc(shards, sizeof *lacking, error);
  for (size_t i = 0; i < shards && lacking; i++) lacking[i] = lacks(plan, &(train_share){kind, i, shards});
  char *text = lacking ? io_array_indices(lacking, shards, 1, list, error) : NULL;
  base_free(lacking);
  return text;
}

/* --- Saying it --- */

static void print_faults(const cJSON *faults, char *text, size_t room) {
  const cJSON *fault;
  size_t used = 0, told = 0;
  text[0] = '\0';
  cJSON_ArrayForEach(fault, faults) {
    if (told++ == FAULTS_TOLD || used + 1 >= room) break;
    const int length = base_print(text + used, room - used, "; %s", cJSON_GetStringValue(fault));
    used += length > 0 ? (size_t)length : 0;
  }
}

static size_t all_units(const train_plan *plan, const train_stage_kind *kind) {
  size_t units = 0;
  for (size_t i = 0; i < plan->task_count; i++)
    if (plan->tasks[i].kind == kind) units += plan->tasks[i].count;
  return units;
}

static berg_status fail_incomplete(const train_plan *plan, const train_stage_kind *kind, size_t missing,
                                   const char *array, const cJSON *found, berg_error *error) {
  char faults[400];
  const cJSON *first = cJSON_GetObjectItem(found, "missing");
  first = first ? first->child : NULL;
  const char *label = cJSON_GetStringValue(cJSON_GetObjectItem(first, "label"));
  print_faults(cJSON_GetObjectItem(found, "faults"), faults, sizeof faults);
  return base_fail(error, BERG_EINCOMPLETE, "stage %s: %zu of %zu %s are missing, number %.0f (from 0)%s%s first%s%s%s",
                   kind->name, missing, all_units(plan, kind), train_stage_unit(plan, kind),
                   cJSON_GetNumberValue(cJSON_GetObjectItem(first, "first")), label ? " of " : "", label ? label : "",
                   *array ? ": run again --array=" : "", array, faults);
}

/* EINCOMPLETE where some are missing. */
static berg_status check(train_plan *plan, const train_stage_kind *kind, size_t shards, cJSON *found,
                         berg_error *error) {
  cJSON *faults = io_json_add_list(found, "faults"), *missing = io_json_add_list(found, "missing"),
        *list = io_json_add_list(found, "shards");
  berg_status status = BERG_OK;
  for (size_t i = 0; i < plan->task_count && !status; i++)
    if (plan->tasks[i].kind == kind) status = look(plan, &plan->tasks[i], faults, error);
  if (status) return status;
  const size_t units = list_missing(plan, kind, missing);
  char *array = list_shares(plan, kind, shards, list, error);
  if (!array) return BERG_ELIMIT;
  io_json_add_text(found, "array", array);
  if (units) status = fail_incomplete(plan, kind, units, array, found, error);
  base_free(array);
  return status;
}

/* --- Joining --- */

static berg_status join(train_plan *plan, train_task *task, train_report *report, berg_error *error) {
  const train_stage_kind *kind = task->kind;
  const berg_run run = train_report_run(report);
  train_stage stage;
  if (task->is_whole || !kind->merge) return BERG_OK;
  train_stage_begin(&stage, &run, kind->name, train_stage_unit(plan, kind), task->count);
  train_report_describe(report, kind->scope == TRAIN_OF_SUBJECT ? &plan->job.subjects[task->of] : NULL, 0,
                        (train_cost){0, 0, 0});
  berg_status status = kind->merge(&(train_step){.plan = plan, .of = task->of, .run = &run, .stage = &stage}, error);
  train_report_close(report);
  task->is_whole = !status;
  return status;
}

berg_status train_merge(train_plan *plan, const train_stage_kind *kind, size_t shards, const train_work *work,
                        train_report *report, cJSON *found, berg_error *error) {
  train_plan_drop_network(plan);
  berg_status status = plan->is_finished ? BERG_OK : check(plan, kind, shards, found, error);
  for (size_t i = 0; i < plan->task_count && !status && !plan->is_finished; i++) {
    train_task *task = &plan->tasks[i];
    if (task->kind != kind) continue;
    status = task->is_whole ? BERG_OK : train_share_needs(plan, task, error);
    if (!status) status = join(plan, task, report, error);
    if (!status) status = train_walk_tidy(plan, task, error);
    if (!status) status = train_walk_remove_superseded(plan, task, error);
  }
  if (!status && kind == train_stages[TRAIN_STAGES - 1]) status = train_walk_finish(plan, work, error);
  return status;
}
