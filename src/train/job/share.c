/* One process's share of a stage. */
#include "train/job/share.h"

#include "base/hash.h"
#include "base/text.h"
#include "train/job/stages.h"

/* --- Which units --- */

static size_t grains_of(const train_plan *plan, const train_task *task) {
  const size_t grain = train_stage_grain(plan, task->kind, task->of);
  return (task->count + grain - 1) / grain;
}

/* Grains of the stage in tasks before this one, or with NULL in all. */
static size_t grains_before(const train_plan *plan, const train_stage_kind *kind, const train_task *task) {
  size_t sum = 0;
  for (const train_task *other = plan->tasks; other < plan->tasks + plan->task_count && other != task; other++)
    if (other->kind == kind) sum += grains_of(plan, other);
  return sum;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Grains before the share `shard`. */
static size_t start_of(size_t grains, size_t shard, size_t shards) {
  return shard * (grains / shards) + smaller(shard, grains % shards);
}

io_range train_share_of(const train_plan *plan, const train_task *task, const train_share *share) {
  const size_t all = grains_before(plan, share->kind, NULL), before = grains_before(plan, share->kind, task),
               own = grains_of(plan, task), grain = train_stage_grain(plan, task->kind, task->of);
  size_t first = start_of(all, share->shard, share->shards), end = start_of(all, share->shard + 1, share->shards);
  first = first > before ? smaller(first - before, own) : 0;
  end = end > before ? smaller(end - before, own) : 0;
  return (io_range){smaller(first * grain, task->count), smaller(end * grain, task->count)};
}

/* --- What it needs --- */

static bool reads(const train_plan *plan, const train_task *task, const train_task *earlier) {
  const train_subject *subject = task->kind->scope == TRAIN_OF_SUBJECT ? &plan->job.subjects[task->of] : NULL;
  if (earlier->kind->scope == TRAIN_OF_RUN) return true;
  if (earlier->kind->scope == TRAIN_OF_SET) return earlier->of == (subject ? subject->set : task->of);
  return subject && earlier->of == task->of;
}

static berg_status fail_needs(const train_plan *plan, const train_task *task, const train_task *earlier,
                              berg_error *error) {
  const size_t missing = earlier->count - io_ranges_total(&earlier->done);
  const char *name = earlier->kind->name;
  if (!missing)
    return base_fail(error, BERG_EINCOMPLETE, "stage %s needs %s, whose parts are not joined yet: run --merge %s",
                     task->kind->name, name, name);
  return base_fail(
      error, BERG_EINCOMPLETE,
      "stage %s needs %s, of which %zu of %zu %s are missing: run --merge %s, which says what to run again",
      task->kind->name, name, missing, earlier->count, train_stage_unit(plan, earlier->kind), name);
}

berg_status train_share_needs(const train_plan *plan, const train_task *task, berg_error *error) {
  for (size_t i = 0; i < TRAIN_STAGES && train_stages[i] != task->kind; i++)
    for (const train_task *earlier = plan->tasks; earlier < plan->tasks + plan->task_count; earlier++)
      if (earlier->kind == train_stages[i] && !earlier->is_whole && reads(plan, task, earlier))
        return fail_needs(plan, task, earlier, error);
  return BERG_OK;
}

/* --- Doing it --- */

static size_t missing_in(const train_task *task, io_range units) {
  size_t missing = 0;
  for (io_range gap = units; io_ranges_gap(&task->done, gap.first, units.end, &gap); gap.first = gap.end)
    missing += gap.end - gap.first;
  return missing;
}

static berg_status run_gaps(const train_step *step, const train_task *task, berg_error *error) {
  berg_status status = BERG_OK;
  for (io_range gap = step->share; !status && io_ranges_gap(&task->done, gap.first, step->share.end, &gap);
       gap.first = gap.end)
    status = train_stage_run(step, task->kind, gap.first, gap.end, error);
  return status;
}

static berg_status run_units(train_plan *plan, const train_task *task, io_range units, size_t missing,
                             train_report *report, berg_error *error) {
  const train_stage_kind *kind = task->kind;
  const berg_run run = train_report_run(report);
  train_stage stage;
  train_stage_begin(&stage, &run, kind->name, train_stage_unit(plan, kind), task->count);
  train_report_describe(report, kind->scope == TRAIN_OF_SUBJECT ? &plan->job.subjects[task->of] : NULL, missing,
                        kind->cost(plan, task->of, missing));
  const train_step step = {.plan = plan, .of = task->of, .run = &run, .stage = &stage, .share = units};
  berg_status status = run_gaps(&step, task, error);
  train_report_close(report);
  return status;
}

/* Stages of one set have the same fingerprint. */
static berg_status claim(const train_plan *plan, const train_work *work, const train_task *task, io_range units,
                         berg_error *error) {
  char what[64];
  base_print(what, sizeof what, "stage %s, %s", task->kind->name, train_stage_unit(plan, task->kind));
  return work ? train_work_claim(work, base_hash_text(task->hash, task->kind->name), units, what, error) : BERG_OK;
}

/* What is missing is known when nobody else is at work on it. */
static berg_status run_task(train_plan *plan, train_task *task, io_range units, const train_work *work,
                            train_report *report, train_share_result *result, berg_error *error) {
  if (units.first == units.end) return BERG_OK;
  result->units += units.end - units.first;
  if (task->is_past || plan->is_finished) return BERG_OK;
  berg_status status = claim(plan, work, task, units, error);
  if (!status) status = train_plan_look(plan, task, error);
  const size_t missing = missing_in(task, units);
  if (status || task->is_whole || !missing) return status;
  result->computed += missing;
  status = train_share_needs(plan, task, error);
  return status ? status : run_units(plan, task, units, missing, report, error);
}

berg_status train_share_run(train_plan *plan, const train_share *share, const train_work *work, train_report *report,
                            train_share_result *result, berg_error *error) {
  berg_status status = BERG_OK;
  *result = (train_share_result){0, 0};
  if (!share->kind->has_network) train_plan_drop_network(plan);
  for (size_t i = 0; i < plan->task_count && !status; i++) {
    train_task *task = &plan->tasks[i];
    if (task->kind == share->kind)
      status = run_task(plan, task, train_share_of(plan, task, share), work, report, result, error);
  }
  return status;
}
