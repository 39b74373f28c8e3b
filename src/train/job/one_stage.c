/* A share of one stage beside other processes, or joining what shares left. */
#include "train/job/one_stage.h"

#include "io/value/json_build.h"
#include "model/store/shard.h"
#include "train/job/merge.h"
#include "train/job/share.h"
#include "train/job/stages.h"
#include "train/job/work.h"

berg_status train_one_stage_take(const train_stage_kind **kind, const berg_train_options *options, berg_error *error) {
  *kind = NULL;
  if (options->stage && options->merge)
    return base_fail(error, BERG_EARGUMENT, "a stage is done or merged, not both (--stage, --merge)");
  if ((options->shard && !options->stage) || (options->scratch && !options->stage))
    return base_fail(error, BERG_EARGUMENT, "--shard and --scratch are of one stage: name it by --stage");
  if (options->shards && !options->stage && !options->merge)
    return base_fail(error, BERG_EARGUMENT, "shards are of one stage: name it by --stage or --merge");
  if (options->shard && options->shard >= options->shards)
    return base_fail(error, BERG_EARGUMENT, "shard %zu (from 0) of %zu does not exist", options->shard,
                     options->shards);
  if (options->shards > MODEL_SHARDS_MAX)
    return base_fail(error, BERG_EPARAMETER, "shards: expected 1 to %zu, found %zu", MODEL_SHARDS_MAX, options->shards);
  const char *name = options->stage ? options->stage : options->merge;
  if (!name) return BERG_OK;
  *kind = train_stage_named(name, error);
  return *kind ? BERG_OK : BERG_EPARAMETER;
}

static berg_status do_share(train_plan *plan, train_report *report, cJSON *tree, berg_error *error) {
  const berg_train_options *options = plan->job.options;
  const train_share share = {plan->only, options->shard, options->shards ? options->shards : 1};
  train_share_result result;
  train_work work;
  berg_status status = train_work_join(&work, plan->job.work, error);
  if (status) return status;
  status = train_share_run(plan, &share, &work, report, &result, error);
  train_work_close(&work);
  cJSON *entry = io_json_add_object(tree, "shard");
  io_json_add_text(entry, "stage", share.kind->name);
  io_json_add_number(entry, "shard", (double)share.shard + 1);
  io_json_add_number(entry, "shards", (double)share.shards);
  io_json_add_number(entry, "units", (double)result.units);
  io_json_add_number(entry, "computed", (double)result.computed);
  return status;
}

static berg_status do_merge(train_plan *plan, train_report *report, cJSON *tree, berg_error *error) {
  train_work work;
  berg_status status = train_work_open(&work, plan->job.work, error);
  if (status) return status;
  cJSON *found = io_json_add_object(tree, "merge");
  io_json_add_text(found, "stage", plan->only->name);
  status = train_merge(plan, plan->only, plan->job.options->shards, &work, report, found, error);
  train_work_close(&work);
  return status;
}

berg_status train_one_stage(train_plan *plan, train_report *report, cJSON *tree, berg_error *error) {
  return (plan->job.options->merge ? do_merge : do_share)(plan, report, tree, error);
}
