/* berg_fetch: the plan, the question, then file by file. */
#include <math.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "model/fetch/download.h"
#include "model/fetch/plan.h"
#include "model/fetch/report.h"

#define RETRIES 8
#define RETRY_SECONDS 1
#define STALL_SECONDS 30

void(berg_fetch_options_init)(berg_fetch_options *options, size_t size) {
  const berg_fetch_options defaults = {
      .retries = RETRIES, .retry_seconds = RETRY_SECONDS, .stall_seconds = STALL_SECONDS};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static berg_status check(const berg_fetch_options *options, berg_error *error) {
  if (!options->berg_dir || !*options->berg_dir)
    return base_fail(error, BERG_EARGUMENT, "no berg directory is named, into which files could go");
  if (!options->subject_count && !options->backbone)
    return base_fail(error, BERG_EARGUMENT, "no subject is named, and no backbone asked for");
  if (!isfinite(options->retry_seconds) || options->retry_seconds < 0 || !isfinite(options->stall_seconds) ||
      options->stall_seconds <= 0)
    return base_fail(error, BERG_EARGUMENT, "retry_seconds and stall_seconds are times");
  return BERG_OK;
}

static berg_status check_others(const model_fetch_plan *plan, berg_error *error) {
  for (size_t i = 0; i < plan->count; i++)
    if (plan->files[i].state == MODEL_FETCH_OTHER && !plan->options->force)
      return base_fail(error, BERG_EEXISTS,
                       "%s: is there, and is not what is published (%llu bytes at %s); use force to replace it",
                       plan->files[i].path, (unsigned long long)plan->files[i].size, plan->files[i].url);
  return BERG_OK;
}

static berg_status check_disk(const model_fetch_plan *plan, berg_error *error) {
  char needed[BASE_BYTES_ROOM], free[BASE_BYTES_ROOM];
  const uint64_t bytes = model_fetch_plan_bytes(plan), room = io_disk_free(plan->options->berg_dir);
  if (bytes <= room) return BERG_OK;
  return base_fail(error, BERG_ELIMIT, "%s: %s are to be downloaded, and its disk has %s left", plan->options->berg_dir,
                   base_bytes_text((double)bytes, needed), base_bytes_text((double)room, free));
}

static berg_status ask(const model_fetch_plan *plan, berg_error *error) {
  char *text;
  if (!plan->options->confirm) return BERG_OK;
  berg_status status = model_fetch_report(plan, &text, error);
  if (status) return status;
  if (!plan->options->confirm(plan->options->user, text))
    status = base_fail(error, BERG_ECANCELLED, "cancelled before anything was downloaded");
  base_free(text);
  return status;
}

static berg_status download_all(model_fetch_plan *plan, berg_error *error) {
  model_fetch_progress progress = {.run = plan->server.run, .start = base_machine_seconds()};
  berg_status status = BERG_OK;
  for (size_t i = 0; i < plan->count; i++)
    if (plan->files[i].state != MODEL_FETCH_THERE) progress.total += plan->files[i].size;
  for (size_t i = 0; i < plan->count && !status; i++) {
    model_fetch_file *file = &plan->files[i];
    if (file->state == MODEL_FETCH_THERE) continue;
    status = model_fetch_download(file, &plan->server, &progress, plan->options->force, error);
    progress.before += file->size;
  }
  return status;
}

static berg_status fetch(model_fetch_plan *plan, berg_error *error) {
  berg_status status = model_fetch_plan_ask(plan, error);
  if (status || plan->options->plan) return status;
  status = check_others(plan, error);
  if (!status) status = check_disk(plan, error);
  if (!status && model_fetch_plan_bytes(plan)) status = ask(plan, error);
  return status ? status : download_all(plan, error);
}

berg_status berg_fetch(const char *model_id, const berg_fetch_options *given, const berg_run *run, char **json,
                       berg_error *error) {
  berg_fetch_options options;
  berg_run watched;
  model_fetch_plan plan;
  *json = NULL;
  berg_status status = BASE_TAKE(berg_fetch_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &watched, run, error);
  if (!status) status = check(&options, error);
  if (status) return status;
  status = model_fetch_plan_offline(&plan, model_id, &options, &watched, error);
  if (!status) {
    status = fetch(&plan, error);
    berg_error *unless_told = status ? NULL : error;
    const berg_status told = model_fetch_report(&plan, json, unless_told);
    if (!status) status = told;
  }
  model_fetch_plan_free(&plan);
  return status;
}
