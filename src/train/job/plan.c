/* What a run will need, and what an earlier one left. */
#include "train/job/plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/isa.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "la/rate.h"
#include "train/job/finished.h"
#include "train/job/one_stage.h"
#include "train/job/regression.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"
#include "train/job/work.h"

#define MAX_BATCH 4096
#define RATE_ROWS 200
/* Seconds for a measurement, in runs of so many seconds. */
#define LONG_RUN 30
#define LONG_RATE 0.3
#define SHORT_RATE 0.02
/* Only for the estimate of time: a slow disk of today. */
#define DISK_BYTES_PER_SECOND 250e6
/* Fraction of the measured rate of products that whole stages reach. */
#define SHARE 0.85

/* --- Tasks --- */

static void add_task(train_plan *plan, const train_stage_kind *kind, size_t of) {
  train_task *task = &plan->tasks[plan->task_count++];
  *task = (train_task){.kind = kind, .of = of, .count = kind->count(plan, of), .hash = kind->hash(plan, of)};
}

/* All stages of the run, then all of each set, then all of each subject. */
static berg_status list_tasks(train_plan *plan, berg_error *error) {
  const size_t numbers[] = {
      [TRAIN_OF_RUN] = 1, [TRAIN_OF_SET] = plan->job.set_count, [TRAIN_OF_SUBJECT] = plan->job.subject_count};
  size_t count = 0;
  for (size_t i = 0; i < TRAIN_STAGES; i++) count += numbers[train_stages[i]->scope];
  plan->tasks = base_calloc(count, sizeof *plan->tasks, error);
  if (!plan->tasks) return BERG_ELIMIT;
  for (train_scope scope = TRAIN_OF_RUN; scope <= TRAIN_OF_SUBJECT; scope++)
    for (size_t of = 0; of < numbers[scope]; of++)
      for (size_t i = 0; i < TRAIN_STAGES; i++)
        if (train_stages[i]->scope == scope) add_task(plan, train_stages[i], of);
  return BERG_OK;
}

static berg_status choose_chunks(train_plan *plan, berg_error *error) {
  const size_t count = plan->job.subject_count;
  plan->chunks = base_calloc(count, sizeof *plan->chunks, error);
  for (size_t s = 0; s < count && plan->chunks; s++) plan->chunks[s] = train_regression_chunks(plan, s);
  return plan->chunks ? BERG_OK : BERG_ELIMIT;
}

uint64_t train_plan_hash(const train_plan *plan, const train_stage_kind *kind, size_t of) {
  for (size_t i = 0; i < plan->task_count; i++)
    if (plan->tasks[i].kind == kind && plan->tasks[i].of == of) return plan->tasks[i].hash;
  return 0;
}

/* A file of the whole run is superseded when the last of the stages that read it is done. */
bool train_plan_supersedes(const train_plan *plan, const train_task *later, const train_task *earlier) {
  if (earlier->kind->until != later->kind) return false;
  if (earlier->kind->scope == later->kind->scope) return earlier->of == later->of;
  for (const train_task *task = later + 1; task < plan->tasks + plan->task_count; task++)
    if (task->kind == later->kind) return false;
  return true;
}

/* --- What is done --- */

berg_status train_plan_look(const train_plan *plan, train_task *task, berg_error *error) {
  task->done = (io_ranges){.count = 0};
  task->is_whole = task->is_past;
  if (task->is_past || !task->kind->done) return BERG_OK;
  return task->kind->done(plan, task->of, &task->done, &task->is_whole, error);
}

/* Only a run that resumes looks for what an earlier one left. Running out of memory while looking is an error: it must
 * not look like a run that starts from the beginning. */
static berg_status find_done(train_plan *plan, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < plan->task_count && !status; i++) status = train_plan_look(plan, &plan->tasks[i], error);
  return status;
}

/* The file of a stage is not needed once all stages that read it are done. */
static void pass_over_superseded(train_plan *plan) {
  for (size_t i = plan->task_count; i-- > 0;) {
    train_task *task = &plan->tasks[i];
    bool is_read = task->kind->until != NULL;
    for (size_t j = i + 1; j < plan->task_count; j++) {
      const train_task *later = &plan->tasks[j];
      const bool reads =
          later->kind == task->kind->until && (later->kind->scope != task->kind->scope || later->of == task->of);
      if (reads) is_read = is_read && later->is_whole;
    }
    task->is_past = is_read;
    task->is_whole = task->is_whole || is_read;
  }
}

static berg_status find_own_files(train_plan *plan, berg_error *error) {
  const train_job *job = &plan->job;
  const bool resumes = job->options->resume || plan->only;
  plan->hash = BASE_HASH_START;
  for (size_t i = 0; i < plan->task_count; i++) plan->hash = base_hash_number(plan->hash, plan->tasks[i].hash);
  berg_status status = resumes ? find_done(plan, error) : BERG_OK;
  pass_over_superseded(plan);
  if (!status) status = train_work_leftovers(job->work, &plan->leftovers, &plan->leftover_bytes, error);
  return status || !resumes ? status : train_finished_find(plan, &plan->is_finished, error);
}

/* --- Time and memory --- */

static void estimate(train_plan *plan, train_task *task) {
  const train_stage_kind *kind = task->kind;
  const size_t least = kind->least ? kind->least(plan, task->of) : kind->memory(plan, task->of);
  const bool is_asked = !plan->only || plan->only == kind;
  task->memory = kind->memory(plan, task->of);
  if (is_asked && least > plan->memory_least) plan->memory_least = least;
  const size_t left = task->is_whole ? 0 : task->count - io_ranges_total(&task->done);
  if (!left) return;
  task->cost = kind->cost(plan, task->of, left);
  const double computing = plan->product_flops > 0 ? task->cost.flop / plan->product_flops / SHARE : 0,
               moving = (task->cost.bytes_read + task->cost.bytes_written) / DISK_BYTES_PER_SECOND;
  task->seconds = computing > moving ? computing : moving;
  plan->seconds += task->seconds;
  if (is_asked && task->memory > plan->memory_needed) plan->memory_needed = task->memory;
}

static void estimate_all(train_plan *plan) {
  plan->seconds = 0;
  for (size_t i = 0; i < plan->task_count; i++) estimate(plan, &plan->tasks[i]);
}

berg_status train_plan_rate(const train_plan *plan, double *flops, berg_error *error) {
  la_rate *rate;
  berg_status status = la_rate_new(&rate, plan->machine.floats->engine, RATE_ROWS, plan->job.threads, error);
  if (status) return status;
  *flops = la_rate_products(rate, plan->seconds > LONG_RUN ? LONG_RATE : SHORT_RATE);
  la_rate_free(rate);
  return BERG_OK;
}

/* --- Disk --- */

/* The most that is on the disk at any time during the run: what each stage leaves, until nothing reads it any more, and
 * its temporary files. Bytes that an earlier run left in the work folder are part of it, or are freed first. What the
 * shares of a stage take is known to none of them: it is reserved file by file. */
static void add_disk(train_plan *plan) {
  uint64_t lying = 0, peak = 0;
  plan->disk_free = io_disk_free(plan->job.work);
  if (plan->only) return;
  for (size_t i = 0; i < plan->task_count; i++) {
    const train_task *task = &plan->tasks[i];
    const bool is_gone = task->is_whole && task->kind->until;
    if (!is_gone) lying += task->kind->disk(plan, task->of);
    const uint64_t beside = task->kind->beside && !task->is_whole ? task->kind->beside(plan, task->of) : 0;
    if (lying + beside > peak) peak = lying + beside;
    for (size_t j = 0; j < i; j++) {
      const train_task *earlier = &plan->tasks[j];
      if (earlier->is_whole && earlier->kind->until) continue;
      if (earlier->kind->is_kept && plan->job.options->keep_work) continue;
      if (train_plan_supersedes(plan, task, earlier)) lying -= earlier->kind->disk(plan, earlier->of);
    }
  }
  plan->disk_needed = peak > plan->leftover_bytes ? peak - plan->leftover_bytes : 0;
}

/* --- All of it --- */

/* The device outlives the network, whose memory the PCA needs: it multiplies the Gram matrix. */
static berg_status open_network(train_plan *plan, const berg_train_options *options, berg_error *error) {
  berg_model_options network;
  berg_model_options_init(&network);
  network.berg_dir = options->berg_dir;
  network.backbone = options->backbone;
  network.device = options->device;
  network.isa = options->isa;
  network.threads = plan->job.threads;
  network.batch = options->batch;
  berg_status status = model_open_network(&plan->network, &network, error);
  if (!status) base_print(plan->products, sizeof plan->products, "%s", plan->network->products);
  if (!status && plan->network->device) status = model_device_find(&plan->device, NULL, NULL, error);
  return status;
}

static berg_status estimate_by_rate(train_plan *plan, berg_error *error) {
  berg_status status = train_plan_rate(plan, &plan->product_flops, error);
  if (!status) estimate_all(plan);
  return status;
}

berg_status train_plan_open(train_plan *plan, const char *model_id, const berg_train_options *options,
                            berg_error *error) {
  memset(plan, 0, sizeof *plan);
  if (options->batch > MAX_BATCH)
    return base_fail(error, BERG_EPARAMETER, "batch: expected 1 to %d, or 0 to let it be chosen, found %zu", MAX_BATCH,
                     options->batch);
  base_isa isa;
  berg_status status = base_isa_choose(&isa, options->isa, error); /* before what takes longer */
  if (!status) status = train_one_stage_take(&plan->only, options, error);
  if (!status) status = train_job_open(&plan->job, model_id, options, error);
  if (status) return status;
  status = open_network(plan, options, error);
  if (status) {
    train_plan_close(plan);
    return status;
  }
  plan->machine = train_machine_for(plan->network->isa, plan->job.threads, plan->job.memory);
  plan->machine.device = plan->device;
  train_set_choose(plan);
  status = choose_chunks(plan, error);
  if (!status) status = list_tasks(plan, error);
  if (!status) status = find_own_files(plan, error);
  if (!status) status = estimate_by_rate(plan, error);
  if (!status && plan->seconds > LONG_RUN && !plan->only) status = estimate_by_rate(plan, error);
  if (status) {
    train_plan_close(plan);
    return status;
  }
  add_disk(plan);
  return BERG_OK;
}

void train_plan_drop_network(train_plan *plan) {
  berg_model_free(plan->network);
  plan->network = NULL;
}

void train_plan_close(train_plan *plan) {
  train_plan_drop_network(plan);
  model_device_free(plan->device);
  plan->device = NULL;
  base_free(plan->tasks);
  base_free(plan->chunks);
  plan->tasks = NULL;
  plan->chunks = NULL;
  train_job_close(&plan->job);
}

berg_status train_plan_check(const train_plan *plan, berg_error *error) {
  const size_t memory = plan->job.memory;
  if (plan->memory_needed > memory)
    return base_fail(error, BERG_ELIMIT,
                     "%zu MB of memory are not enough for this training: %zu MB is the least that would do (--memory)",
                     memory >> 20, (plan->memory_least >> 20) + 1);
  if (plan->disk_needed > plan->disk_free)
    return base_fail(error, BERG_ELIMIT, "%s: the disk is too small: expected %" PRIu64 " bytes free, found %" PRIu64,
                     plan->job.work, plan->disk_needed, plan->disk_free);
  return BERG_OK;
}
