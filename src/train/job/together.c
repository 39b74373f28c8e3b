/* All stages by several processes: shares (share.h) and joining them (merge.h), with an agreement before each. */
#include "train/job/together.h"

#include "io/value/json_build.h"
#include "train/job/merge.h"
#include "train/job/share.h"
#include "train/job/stages.h"
#include "train/job/walk.h"
#include "train/job/work.h"

typedef struct group {
  train_plan *plan;
  berg_ranks *ranks;
  train_report *report;
  train_work work; /* rank 0's */
} group;

/* Rank 0 keeps other runs out, and begins with an empty folder where nothing is to be gone on with. */
static berg_status begin(group *g, berg_error *error) {
  if (!base_ranks_leads(g->ranks)) return BERG_OK;
  berg_status status = train_work_open(&g->work, g->plan->job.work, error);
  const bool resumes = g->plan->job.options->resume != 0;
  return status || resumes ? status : train_work_clear(&g->work, error);
}

static berg_status join(group *g, const train_stage_kind *kind, berg_error *error) {
  if (!base_ranks_leads(g->ranks)) return BERG_OK;
  cJSON *found = io_json_object();
  berg_status status = train_merge(g->plan, kind, 0, &g->work, g->report, found, error);
  cJSON_Delete(found);
  return status;
}

/* What rank 0 has joined is whole for the others too. */
static berg_status look_again(const group *g, const train_stage_kind *kind, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < g->plan->task_count && !status; i++) {
    train_task *task = &g->plan->tasks[i];
    if (task->kind == kind && !task->is_whole) status = train_plan_look(g->plan, task, error);
  }
  return status;
}

static berg_status do_stage(group *g, const train_stage_kind *kind, berg_error *error) {
  const train_share share = {kind, base_ranks_rank(g->ranks), base_ranks_size(g->ranks)};
  train_share_result result;
  berg_status status = train_share_run(g->plan, &share, NULL, g->report, &result, error);
  status = base_ranks_agree(g->ranks, status, error);
  if (!status) status = base_ranks_agree(g->ranks, join(g, kind, error), error);
  return status ? status : look_again(g, kind, error);
}

berg_status train_together(train_plan *plan, berg_ranks *ranks, train_report *report, berg_status status,
                           berg_error *error) {
  group g = {.plan = plan, .ranks = ranks, .report = report, .work.lock = -1};
  if (!status) status = begin(&g, error);
  status = base_ranks_agree(ranks, status, error);
  for (size_t i = 0; i < TRAIN_STAGES && !status; i++) status = do_stage(&g, train_stages[i], error);
  train_work_close(&g.work);
  return status;
}
