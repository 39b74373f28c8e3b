/* berg_train: what is checked before a run, and what it reports after. */
#include <cjson/cJSON.h>

#include "base/memory.h"
#include "base/options.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "la/lapack.h"
#include "model/catalog/paths.h"
#include "train/job/one_stage.h"
#include "train/job/plan.h"
#include "train/job/report.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"
#include "train/job/together.h"
#include "train/job/walk.h"

/* --- Before --- */

/* Those of a run that is alive are none of an interrupted one. */
static berg_status refuse_leftovers(const train_plan *plan, berg_error *error) {
  const berg_train_options *options = plan->job.options;
  train_work work;
  if (!plan->leftovers || options->resume || options->force || plan->only) return BERG_OK;
  berg_status status = train_work_open(&work, plan->job.work, error);
  if (status) return status;
  train_work_close(&work);
  return base_fail(error, BERG_EEXISTS,
                   "%s: holds %zu files of an interrupted training: resume that, or force a new start", plan->job.work,
                   plan->leftovers);
}

/* A run that is resumed may have written the weights itself. */
static berg_status check_outputs(const train_plan *plan, berg_error *error) {
  bool own = plan->job.options->resume || plan->only;
  if (plan->is_finished) return BERG_OK;
  for (size_t s = 0; s < plan->job.subject_count && own; s++) {
    const train_subject *subject = &plan->job.subjects[s];
    bool is_there =
        model_path_exists(subject->weights) || (subject->safetensors && model_path_exists(subject->safetensors));
    char *mark = train_stage_path(plan, &train_weights_stage, s, error);
    if (!mark) return BERG_ELIMIT;
    if (is_there && !model_path_exists(mark)) own = false;
    base_free(mark);
  }
  return own ? BERG_OK : train_job_check_outputs(&plan->job, error);
}

/* Before the features, which take hours. */
static berg_status check_lapack(const train_plan *plan, berg_error *error) {
  bool is_needed = false;
  if (plan->is_finished || plan->job.options->merge) return BERG_OK;
  for (const train_task *task = plan->tasks; task < plan->tasks + plan->task_count; task++)
    is_needed |= task->kind->has_lapack && !task->is_whole && (!plan->only || plan->only == task->kind);
  return is_needed ? la_lapack_check(error) : BERG_OK;
}

/* What is in the folders is rank 0's to judge, before others write there. */
static berg_status check(const train_plan *plan, const berg_ranks *ranks, berg_error *error) {
  berg_status status = train_images_check(&plan->job.images, error);
  if (!status && base_ranks_leads(ranks)) status = refuse_leftovers(plan, error);
  if (!status && base_ranks_leads(ranks)) status = check_outputs(plan, error);
  if (!status) status = train_plan_check(plan, error);
  return status ? status : check_lapack(plan, error);
}

/* --- The report --- */

static void fill_report(const train_plan *plan, const train_report *report, cJSON *tree) {
  const train_job *job = &plan->job;
  io_json_add_text(tree, "version", berg_version());
  io_json_add_text(tree, "products_by", plan->machine.floats->engine->name);
  io_json_add_text(tree, "isa", base_isa_name(plan->machine.isa));
  io_json_add_text(tree, "precision", "f32");
  io_json_add_number(tree, "threads", job->threads);
  io_json_add_number(tree, "memory_limit_bytes", (double)job->memory);
  io_json_add_number(tree, "images", (double)job->images.count);
  if (job->images.is_turned) io_json_add_text(tree, "turned_from_matlab", job->images.array);
  io_json_add_text(tree, "features", job->tokens == 1 ? "class-token" : "all");
  io_json_add_number(tree, "feature_count", (double)job->features);
  io_json_add_number(tree, "components", (double)job->components);
  io_json_add_text(tree, "eigenvectors", train_set_way(plan));
  io_json_add_text(tree, "regression", job->regression.method);
  io_json_add_bool(tree, "resumed", (job->options->resume || plan->only) && plan->leftovers);
  io_json_add_number(tree, "disk_bytes", (double)(plan->disk_needed + plan->leftover_bytes));
  cJSON *subjects = io_json_add_list(tree, "subjects");
  for (size_t s = 0; s < job->subject_count; s++) {
    cJSON *entry = io_json_add_object(subjects, NULL);
    model_add_subject(entry, "subject", job->subjects[s].name);
    io_json_add_text(entry, "label", job->subjects[s].label);
    io_json_add_number(entry, "trials", (double)job->subjects[s].trials);
    io_json_add_number(entry, train_targets_unit(job), (double)job->subjects[s].targets);
    io_json_add_number(entry, "chunks", (double)plan->chunks[s]);
    io_json_add_text(entry, "weights", job->subjects[s].weights);
  }
  train_report_write(report, tree);
}

/* --- All of it --- */

static berg_status walk(train_plan *plan, train_report *report, berg_error *error) {
  train_work work;
  berg_status status = train_work_open(&work, plan->job.work, error);
  if (status) return status;
  status = train_walk(plan, &work, report, error);
  train_work_close(&work);
  return status;
}

static berg_status run_stages(train_plan *plan, berg_ranks *ranks, train_report *report, cJSON *tree,
                              berg_error *error) {
  const berg_run run = train_report_run(report);
  berg_status status = check(plan, ranks, error);
  if (!status) status = train_images_tell(&plan->job.images, &run, error);
  if (base_ranks_size(ranks) > 1) return train_together(plan, ranks, report, status, error);
  if (status) return status;
  return plan->only ? train_one_stage(plan, report, tree, error) : walk(plan, report, error);
}

/* Of a merge that found units missing the report says which. */
static berg_status run_plan(train_plan *plan, train_report *report, char **json, berg_error *error) {
  cJSON *tree = io_json_object();
  berg_status status = run_stages(plan, report->user->ranks, report, tree, error);
  if (!status) fill_report(plan, report, tree);
  const bool tells = json && (!status || (status == BERG_EINCOMPLETE && plan->job.options->merge));
  if (tells && (!status || io_json_is_whole(tree))) {
    const berg_status printed = io_json_print(tree, json, status ? NULL : error);
    if (!status) status = printed;
  }
  cJSON_Delete(tree);
  return status;
}

berg_status berg_train(const char *model_id, const berg_train_options *given, const berg_run *given_run, char **json,
                       berg_error *error) {
  berg_train_options options;
  berg_run run;
  train_plan plan = {.product_flops = 0};
  train_report report;
  if (json) *json = NULL;
  berg_status status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  train_report_init(&report, &run);
  status = BASE_TAKE(berg_train_options, &options, given, error);
  if (!status && run.ranks && (options.stage || options.merge))
    status = base_fail(error, BERG_EARGUMENT,
                       "a stage alone is done by processes that know nothing of each other: "
                       "leave out ranks");
  if (!status) status = train_plan_open(&plan, model_id, &options, error);
  if (!status) {
    train_report_rate(&report, plan.product_flops);
    status = run_plan(&plan, &report, base_ranks_leads(run.ranks) ? json : NULL, error);
    train_plan_close(&plan);
  }
  return base_ranks_agree(run.ranks, status, error);
}
