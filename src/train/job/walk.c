/* The walk through the stages. What each leaves in the work folder appears there whole, or with a journal, so that a
 * run can be cut off anywhere and taken up behind the last unit that is safe. */
#include "train/job/walk.h"

#include "train/job/finished.h"
#include "train/job/stages.h"

static berg_status run_ranges(const train_step *step, const train_task *task, berg_error *error) {
  berg_status status = BERG_OK;
  io_range gap = {0, 0};
  while (!status && io_ranges_gap(&task->done, gap.end, task->count, &gap))
    status = train_stage_run(step, task->kind, gap.first, gap.end, error);
  return status || !task->kind->merge ? status : task->kind->merge(step, error);
}

static berg_status run_task(train_plan *plan, const train_task *task, train_report *report, berg_error *error) {
  const train_stage_kind *kind = task->kind;
  const berg_run run = train_report_run(report);
  train_stage stage;
  train_stage_begin(&stage, &run, kind->name, train_stage_unit(plan, kind), task->count);
  train_report_describe(report, kind->scope == TRAIN_OF_SUBJECT ? &plan->job.subjects[task->of] : NULL,
                        task->count - io_ranges_total(&task->done), task->cost);
  berg_status status =
      run_ranges(&(train_step){.plan = plan, .of = task->of, .run = &run, .stage = &stage}, task, error);
  train_report_close(report);
  return status;
}

berg_status train_walk_tidy(const train_plan *plan, const train_task *task, berg_error *error) {
  return task->kind->tidy && !task->is_past ? task->kind->tidy(plan, task->of, error) : BERG_OK;
}

berg_status train_walk_remove_superseded(const train_plan *plan, const train_task *task, berg_error *error) {
  berg_status status = BERG_OK;
  for (const train_task *earlier = plan->tasks; earlier < task && !status; earlier++) {
    if (earlier->kind->is_kept && plan->job.options->keep_work) continue;
    if (train_plan_supersedes(plan, task, earlier))
      status = train_stage_remove(plan, earlier->kind, earlier->of, error);
  }
  return status;
}

static berg_status note_rate(const train_plan *plan, train_report *report, berg_error *error) {
  double flops = 0;
  berg_status status = train_plan_rate(plan, &flops, error);
  train_report_rate(report, flops);
  return status;
}

/* The machine's rate is measured again between what is done once, for each set, and for each subject. */
static berg_status do_tasks(train_plan *plan, train_report *report, berg_error *error) {
  berg_status status = BERG_OK;
  bool ran = false;
  for (size_t i = 0; i < plan->task_count && !status; i++) {
    const train_task *task = &plan->tasks[i];
    if (i && task->kind->scope != task[-1].kind->scope) {
      if (ran) status = note_rate(plan, report, error);
      ran = false;
    }
    if (!task->kind->has_network) train_plan_drop_network(plan);
    if (!status && !task->is_whole) status = run_task(plan, task, report, error);
    if (!status) status = train_walk_tidy(plan, task, error);
    ran = ran || !task->is_whole;
    if (!status) status = train_walk_remove_superseded(plan, task, error);
  }
  return status;
}

berg_status train_walk_finish(const train_plan *plan, const train_work *work, berg_error *error) {
  berg_status status = plan->is_finished ? BERG_OK : train_finished_mark(plan, error);
  if (status || plan->job.options->keep_work) return status;
  return plan->only ? train_work_clear_stages(work, error) : train_work_clear(work, error);
}

berg_status train_walk(train_plan *plan, const train_work *work, train_report *report, berg_error *error) {
  berg_status status = BERG_OK;
  if (!plan->job.options->resume) status = train_work_clear(work, error);
  if (!status && !plan->is_finished) status = do_tasks(plan, report, error);
  return status ? status : train_walk_finish(plan, work, error);
}
