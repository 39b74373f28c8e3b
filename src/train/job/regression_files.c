/* Finding the files of a regression, and joining them. */
#include "train/job/regression_files.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/file/journal.h"
#include "io/file/map.h"
#include "io/file/whole_file.h"
#include "io/value/json_build.h"
#include "model/catalog/paths.h"
#include "train/job/parts.h"
#include "train/job/plan.h"
#include "train/job/regression.h"
#include "train/job/regression_lines.h"
#include "train/job/stages.h"

#define PARTIAL ".partial"
#define JOURNAL ".partial.journal"
#define FINGERPRINT_MAX 128

static io_range all_of(const train_plan *plan, size_t s) { return (io_range){0, plan->job.subjects[s].targets}; }

static uint64_t hash_of(const train_plan *plan, size_t s) { return train_plan_hash(plan, &train_regression_stage, s); }

/* `<prefix><subject>-<hash>`; base_free. */
static char *stem_of(const train_plan *plan, size_t s, berg_error *error) {
  return base_format(error, "%s%s-%016" PRIx64, train_regression_stage.prefix, plan->job.subjects[s].label,
                     hash_of(plan, s));
}

static void fingerprint(const train_plan *plan, size_t s, io_range range, char text[FINGERPRINT_MAX]) {
  base_print(text, FINGERPRINT_MAX, "regression 3 of targets %zu to %zu %016" PRIx64, range.first, range.end,
             hash_of(plan, s));
}

char *train_target_path(const train_plan *plan, size_t s, const char *folder, io_range range, bool is_alone,
                        berg_error *error) {
  if (is_alone && !range.first && range.end == all_of(plan, s).end)
    return train_stage_path(plan, &train_regression_stage, s, error);
  char *stem = stem_of(plan, s, error);
  char *path = stem ? train_part_path(folder, stem, range, train_regression_stage.ending, error) : NULL;
  base_free(stem);
  return path;
}

berg_status train_target_open(io_rows **rows, const train_plan *plan, size_t s, const char *path, io_range range,
                              bool goes_on, berg_error *error) {
  char text[FINGERPRINT_MAX];
  size_t before;
  fingerprint(plan, s, range, text);
  return io_rows_open(rows, path, train_regression_columns(plan), text, true, goes_on, &before, error);
}

/* --- Finding them --- */

static void tell(cJSON *faults, const berg_error *why) {
  if (faults) io_json_add_text(faults, NULL, why->message);
}

/* Lines that the journal says to be safe, as targets. EWRITE: it cannot be read. */
static berg_status read_journal(const train_plan *plan, size_t s, train_target_file *file, const char *journal,
                                cJSON *faults, berg_error *error) {
  char text[FINGERPRINT_MAX];
  io_ranges lines = {.count = 0};
  berg_error why;
  int handle = -1;
  fingerprint(plan, s, file->range, text);
  berg_status status = io_journal_open(&handle, journal, train_regression_columns(plan), text, &lines, &why);
  if (handle >= 0) close(handle);
  if (!status && io_ranges_end(&lines) > file->range.end - file->range.first)
    status = base_fail(&why, BERG_EINPUT, "%s: tells of more lines than its name", journal);
  if (status) tell(faults, &why);
  const bool is_unread = status == BERG_ELIMIT || status == BERG_EWRITE;
  if (is_unread && error) *error = why;
  for (size_t i = 0; i < lines.count && !status; i++)
    io_ranges_add(&file->targets, file->range.first + lines.list[i].first, file->range.first + lines.list[i].end);
  return is_unread ? status : BERG_OK;
}

/* Where one line of those that are safe is not as it was written, all are made again. */
static berg_status keep_lines(const train_plan *plan, size_t s, train_target_file *file, const char *path,
                              cJSON *faults, berg_error *error) {
  berg_error why;
  const bool had = file->targets.count;
  berg_status status = train_lines_keep(
      path, &(train_lines){train_regression_columns(plan), file->range.first, hash_of(plan, s)}, &file->targets, error);
  if (status || !had || file->targets.count) return status;
  base_fail(&why, BERG_EINPUT, "%s: is cut short, or not what was written", path);
  tell(faults, &why);
  return BERG_OK;
}

static berg_status look_into(const train_plan *plan, size_t s, train_target_file *file, cJSON *faults,
                             berg_error *error) {
  char *partial = base_format(error, "%s" PARTIAL, file->path), *journal = base_format(error, "%s" JOURNAL, file->path);
  berg_status status = partial && journal ? BERG_OK : BERG_ELIMIT;
  if (!status && file->is_partial) status = read_journal(plan, s, file, journal, faults, error);
  if (!status && !file->is_partial) io_ranges_add(&file->targets, file->range.first, file->range.end);
  if (!status) status = keep_lines(plan, s, file, file->is_partial ? partial : file->path, faults, error);
  base_free(partial);
  base_free(journal);
  return status;
}

static berg_status add_file(train_target_files *files, const train_plan *plan, size_t s, char *path, io_range range,
                            bool is_partial, cJSON *faults, berg_error *error) {
  if (!path) return BERG_ELIMIT;
  train_target_file *file = &files->list[files->count++];
  *file = (train_target_file){.range = range, .path = path, .is_partial = is_partial};
  return look_into(plan, s, file, faults, error);
}

static berg_status add_parts(train_target_files *files, const train_plan *plan, size_t s, const char *folder,
                             const io_range *ranges, size_t count, bool is_partial, cJSON *faults, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !status; i++) {
    if (ranges[i].end > all_of(plan, s).end) continue;
    char *path = train_target_path(plan, s, folder, ranges[i], false, error);
    status = add_file(files, plan, s, path, ranges[i], is_partial, faults, error);
  }
  return status;
}

static berg_status add_whole(train_target_files *files, const train_plan *plan, size_t s, cJSON *faults,
                             berg_error *error) {
  char *path = train_stage_path(plan, &train_regression_stage, s, error);
  char *partial = path ? base_format(error, "%s" PARTIAL, path) : NULL;
  const bool is_there = partial && model_path_exists(partial);
  base_free(partial);
  if (is_there) return add_file(files, plan, s, path, all_of(plan, s), true, faults, error);
  base_free(path);
  return partial ? BERG_OK : BERG_ELIMIT;
}

berg_status train_target_files_find(train_target_files *files, const train_plan *plan, size_t s, const char *folder,
                                    cJSON *faults, berg_error *error) {
  io_range *whole = NULL, *partial = NULL;
  size_t whole_count = 0, partial_count = 0;
  char *stem = stem_of(plan, s, error);
  *files = (train_target_files){.count = 0};
  berg_status status = stem ? train_parts_list(&whole, &whole_count, folder, stem, ".npy", error) : BERG_ELIMIT;
  if (!status) status = train_parts_list(&partial, &partial_count, folder, stem, ".npy" PARTIAL, error);
  if (!status && !(files->list = base_calloc(1 + whole_count + partial_count, sizeof *files->list, error)))
    status = BERG_ELIMIT;
  if (!status && !strcmp(folder, plan->job.work)) status = add_whole(files, plan, s, faults, error);
  if (!status) status = add_parts(files, plan, s, folder, whole, whole_count, false, faults, error);
  if (!status) status = add_parts(files, plan, s, folder, partial, partial_count, true, faults, error);
  if (status) train_target_files_release(files);
  base_free(whole);
  base_free(partial);
  base_free(stem);
  return status;
}

void train_target_files_release(train_target_files *files) {
  for (size_t i = 0; i < files->count; i++) base_free(files->list[i].path);
  base_free(files->list);
  *files = (train_target_files){.count = 0};
}

/* --- What is done --- */

static berg_status is_complete(const train_plan *plan, size_t s, bool *is_whole, cJSON *faults, berg_error *error) {
  train_target_file whole = {.range = all_of(plan, s),
                             .path = train_stage_path(plan, &train_regression_stage, s, error)};
  berg_status status = whole.path ? BERG_OK : BERG_ELIMIT;
  if (!status && model_path_exists(whole.path)) status = look_into(plan, s, &whole, faults, error);
  *is_whole = whole.targets.count;
  base_free(whole.path);
  return status;
}

static berg_status find_done(const train_plan *plan, size_t s, io_ranges *targets, bool *is_whole, cJSON *faults,
                             berg_error *error) {
  train_target_files files;
  berg_status status = is_complete(plan, s, is_whole, faults, error);
  if (status || *is_whole) return status;
  status = train_target_files_find(&files, plan, s, plan->job.work, faults, error);
  for (size_t f = 0; f < files.count; f++)
    for (size_t i = 0; i < files.list[f].targets.count; i++)
      io_ranges_add(targets, files.list[f].targets.list[i].first, files.list[f].targets.list[i].end);
  train_target_files_release(&files);
  return status;
}

berg_status train_targets_done(const train_plan *plan, size_t s, io_ranges *targets, bool *is_whole,
                               berg_error *error) {
  return find_done(plan, s, targets, is_whole, NULL, error);
}

berg_status train_targets_check(const train_plan *plan, size_t s, cJSON *faults, berg_error *error) {
  io_ranges targets = {.count = 0};
  bool is_whole;
  return find_done(plan, s, &targets, &is_whole, faults, error);
}

/* --- Joining --- */

/* Lines of targets from `first` on, before `end`, as far as the file goes. */
static berg_status put_lines(io_rows *rows, const train_target_file *file, size_t columns, io_range lines,
                             berg_error *error) {
  const size_t shape[] = {0, columns};
  const size_t header = io_npy_write_header(NULL, 0, BERG_F32, sizeof(float), shape, 2),
               bytes = columns * sizeof(float);
  io_map map;
  char *path = base_format(error, "%s%s", file->path, file->is_partial ? PARTIAL : "");
  berg_status status = path ? io_map_open(&map, path, error) : BERG_ELIMIT;
  if (!status) {
    const size_t at = header + (lines.first - file->range.first) * bytes, count = lines.end - lines.first;
    /* the header of a .npy is a multiple of 64 bytes */
    status = map.size < at || (map.size - at) / bytes < count
                 ? base_fail(error, BERG_EINPUT, "%s: was cut short while it was read", path)
                 : io_rows_put(rows, lines.first, (const float *)(const void *)(map.bytes + at), count, error);
    io_map_close(&map);
  }
  base_free(path);
  return status;
}

/* A range of one of the files that holds target `first`; empty: none does. */
static io_range find_lines(const train_target_files *files, size_t first, const train_target_file **in) {
  for (size_t f = 0; f < files->count; f++)
    for (size_t i = 0; i < files->list[f].targets.count; i++) {
      const io_range range = files->list[f].targets.list[i];
      if (range.first > first || range.end <= first) continue;
      *in = &files->list[f];
      return (io_range){first, range.end};
    }
  return (io_range){first, first};
}

static berg_status join(io_rows *rows, const train_plan *plan, size_t s, const train_target_files *files,
                        berg_error *error) {
  const train_subject *subject = &plan->job.subjects[s];
  io_range gap = {0, 0};
  while (io_ranges_gap(io_rows_done(rows), 0, subject->targets, &gap)) {
    const train_target_file *file = NULL;
    io_range lines = find_lines(files, gap.first, &file);
    if (!file)
      return base_fail(error, BERG_EINPUT, "regression of %s: number %zu of %zu %s is missing", subject->label,
                       gap.first, subject->targets, train_targets_unit(&plan->job));
    if (lines.end > gap.end) lines.end = gap.end;
    berg_status status = put_lines(rows, file, train_regression_columns(plan), lines, error);
    if (status) return status;
  }
  return BERG_OK;
}

static berg_status remove_with(const char *path, const char *ending, berg_error *error) {
  char *name = base_format(error, "%s%s", path, ending);
  berg_status status = name ? io_remove_file(name, error) : BERG_ELIMIT;
  base_free(name);
  return status;
}

static berg_status remove_parts(const train_target_files *files, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t f = 0; f < files->count && !status; f++) {
    const train_target_file *file = &files->list[f];
    if (file->is_partial) status = remove_with(file->path, JOURNAL, error);
    if (!status) status = remove_with(file->path, file->is_partial ? PARTIAL : "", error);
  }
  return status;
}

/* Lines of the partial file of all targets stay where they are, if they are as they were written. */
static berg_status join_into(const train_plan *plan, size_t s, const char *path, train_target_files *files,
                             berg_error *error) {
  const bool goes_on = files->count && !strcmp(files->list[0].path, path) && files->list[0].targets.count;
  io_rows *rows;
  berg_status status = train_target_open(&rows, plan, s, path, all_of(plan, s), goes_on, error);
  if (status) return status;
  status = join(rows, plan, s, files, error);
  if (!status) status = io_rows_finish(rows, &(io_labels){.row_names = NULL}, error);
  io_rows_free(rows, status ? error : NULL);
  return status;
}

berg_status train_targets_join(const train_plan *plan, size_t s, berg_error *error) {
  train_target_files files = {.count = 0};
  char *path = train_stage_path(plan, &train_regression_stage, s, error);
  berg_status status = path ? BERG_OK : BERG_ELIMIT;
  if (!status) status = train_target_files_find(&files, plan, s, plan->job.work, NULL, error);
  if (!status) status = join_into(plan, s, path, &files, error);
  train_target_files_release(&files);
  base_free(path);
  return status;
}

berg_status train_targets_tidy(const train_plan *plan, size_t s, berg_error *error) {
  train_target_files files;
  berg_status status = train_target_files_find(&files, plan, s, plan->job.work, NULL, error);
  if (status) return status;
  status = remove_parts(&files, error);
  train_target_files_release(&files);
  return status;
}
