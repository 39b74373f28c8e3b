/* berg_merge: parts that were made apart become what one process would have made. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/text.h"
#include "base/threads.h"
#include "io/file/folders.h"
#include "model/merge/stores.h"
#include "model/merge/write.h"

void(berg_merge_options_init)(berg_merge_options *options, size_t size) {
  const berg_merge_options defaults = {.force = 0};
  base_options_init(options, size, &defaults, sizeof defaults);
}

/* One call of berg_merge. */
typedef struct merging {
  model_merge_parts parts;
  const char *out;
  bool force, check;
  const berg_run *run;
} merging;

/* --- Before the work --- */

/* "npy", "h5" or "csv", by an ending. */
static const char *format_of(const char *path) {
  const char *ending = model_ending_of(path);
  if (base_same_word(ending, ".npy")) return "npy";
  if (base_same_word(ending, ".csv")) return "csv";
  return "h5";
}

static berg_status check_format(const model_merge_group *group, berg_error *error) {
  const char *from = group->reference ? group->reference->path : group->path;
  if (io_rows_takes_axes(group->path) && !strcmp(format_of(from), format_of(group->path))) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: its parts are %s: a merge keeps their format", group->path,
                   model_ending_of(from));
}

/* A sidecar without its output is what a killed merge has left. */
static berg_status check_sidecar(const char *path, berg_error *error) {
  bool ours = false;
  char *beside = model_sidecar_path(path, ".json", error);
  berg_status status = beside ? BERG_OK : BERG_ELIMIT;
  if (!status && !access(beside, F_OK)) status = model_sidecar_is_ours(beside, &ours, error);
  base_free(beside);
  return status || ours ? status : model_sidecar_check(path, &(berg_output_options){.sidecar = 1}, error);
}

static berg_status check_outputs(const merging *m, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t g = 0; g < m->parts.group_count && !status; g++) {
    const model_merge_group *group = &m->parts.groups[g];
    status = check_format(group, error);
    if (!status) status = io_check_output(group->path, m->force, error);
    if (!status && !m->force) status = check_sidecar(group->path, error);
  }
  return status;
}

/* --- Writing --- */

berg_status model_merge_whole(const model_merge_task *task,
                              berg_status (*write)(io_whole_file *file, const model_merge_task *task,
                                                   berg_error *error),
                              berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, task->path, task->force, error);
  if (status) return status;
  status = write(file, task, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

static berg_status write_file(const model_merge_task *task, berg_error *error) {
  const char *format = format_of(task->members[0]->path);
  if (!strcmp(format, "npy")) return model_merge_write_npy(task, error);
  return strcmp(format, "csv") ? model_merge_write_hdf5(task, error) : model_merge_write_csv(task, error);
}

/* The sidecar first: whoever finds the output finds it too. */
static berg_status place(const char *beside, const char *path, const cJSON *tree, bool force, berg_error *error) {
  berg_status status = model_sidecar_write(path, tree, true, error);
  return status ? status : io_place_file(beside, path, force, error);
}

static berg_status write_group(const merging *m, const model_merge_group *group, berg_error *error) {
  char *beside = base_format(error, "%s.merging", group->path);
  model_merge_task task = {.members = group->members,
                           .count = m->parts.reference->shard.of,
                           .path = beside,
                           .force = true,
                           .run = m->run,
                           .start = base_machine_seconds()};
  for (size_t i = 0; i < task.count; i++) task.rows += group->members[i]->rows;
  cJSON *tree = NULL;
  if (!task.rows) {
    base_free(beside);
    return base_fail(error, BERG_EINPUT, "%s: none of the %zu images could be read", group->path,
                     m->parts.reference->shard.images);
  }
  berg_status status = beside ? model_merge_sidecar(&tree, &task, error) : BERG_ELIMIT;
  if (!status) status = write_file(&task, error);
  if (!status) status = place(beside, group->path, tree, m->force, error);
  if (status && beside) io_remove_left(beside, error);
  cJSON_Delete(tree);
  base_free(beside);
  return status;
}

static berg_status write_outputs(const merging *m, berg_error *error) {
  berg_status status = m->parts.reference->in_folder ? io_make_folders(m->out, error) : BERG_OK;
  if (m->run->stage) m->run->stage(m->run->user, "merging", "parts");
  for (size_t g = 0; g < m->parts.group_count && !status; g++) status = write_group(m, &m->parts.groups[g], error);
  return status;
}

/* --- The whole --- */

static berg_status merge_files(merging *m, const char *const *paths, size_t count, int threads, char **report,
                               berg_error *error) {
  berg_status status = model_merge_parts_take(&m->parts, paths, count, error);
  if (!status) status = model_merge_parts_sort(&m->parts, error);
  if (!status) status = model_merge_parts_name(&m->parts, m->out, error);
  if (!status && !m->check) status = check_outputs(m, error);
  if (!status) status = model_merge_parts_verify(&m->parts, threads, m->run, error);
  if (!status) status = model_merge_parts_place(&m->parts, error);
  if (!status) status = model_merge_report(report, &m->parts, m->out, error);
  return status || m->check ? status : write_outputs(m, error);
}

berg_status berg_merge(const char *const *paths, size_t count, const char *path, const berg_merge_options *given,
                       const berg_run *given_run, char **report, berg_error *error) {
  berg_merge_options options;
  berg_run run;
  char *text = NULL;
  if (report) *report = NULL;
  berg_status status = BASE_TAKE(berg_merge_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (!status && !count) status = base_fail(error, BERG_EARGUMENT, "no part is given");
  if (status) return status;
  merging m = {.out = path, .force = options.force != 0, .check = options.check != 0, .run = &run};
  const int threads = base_threads_for(options.threads);
  if (model_merge_are_stores(paths, count))
    status = model_merge_stores(&m.parts, paths, count, path, threads, m.check, &run, &text, error);
  else
    status = merge_files(&m, paths, count, threads, &text, error);
  model_merge_parts_release(&m.parts);
  if (report && (!status || status == BERG_EINCOMPLETE || status == BERG_EINPUT))
    *report = text;
  else
    base_free(text);
  return status;
}
