/* Opening, filling and finishing one file of responses. */
#include "model/output/output_file.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/whole_file.h"
#include "io/value/json_print.h"
#include "model/catalog/paths.h"
#include "model/output/shard_file.h"
#include "model/stimuli/stimuli.h"
#include "model/trials/describe.h"

char *model_output_path(const berg_model *model, const char *path, size_t subject, size_t output, berg_error *error) {
  const bool several = model->subject_count > 1;
  const model_subject *of = &model->subjects[subject];
  const char *end = model_ending_of(path), *name = of->outputs[output].name;
  return base_format(error, "%.*s%s%s%s%s%s", (int)(end - path), path, several ? "_" : "", several ? of->of_file : "",
                     *name ? "_" : "", name, end);
}

bool model_output_has_file(const model_subject *subject, size_t output) {
  return subject->outputs[output].columns || !subject->columns;
}

/* --- Opening --- */

static uint64_t hash_list(uint64_t hash, const model_list *list) {
  return base_hash_bytes(hash, list->items, list->count * sizeof *list->items);
}

static berg_status fingerprint(const model_output_file *file, char *text, size_t size, berg_error *error) {
  const model_output_task *task = file->task;
  const model_subject *subject = &task->model->subjects[file->subject];
  const model_selection *selection = &subject->selection;
  char images[MODEL_FINGERPRINT_ROOM];
  berg_status status = model_stimuli_fingerprint(task->stimuli, images, error);
  if (status) return status;
  uint64_t hash = base_hash_text(BASE_HASH_START, berg_version());
  hash = base_hash_text(hash, task->model->products);
  hash = base_hash_text(hash, base_isa_name(task->model->isa));
  for (size_t f = 0; f < subject->fitted.file_count; f++) hash = model_hash_file(hash, subject->fitted.files[f].path);
  if (!model_stimuli_store(task->stimuli)) hash = model_hash_file(hash, task->model->backbone.path);
  hash = base_hash_bytes(hash, &file->columns->columns, sizeof file->columns->columns);
  if (!selection->means) hash = hash_list(hash, &selection->units[file->output]);
  if (subject->times) hash = hash_list(hash, &selection->times);
  for (size_t i = 0; i < selection->mean_count; i++)
    hash = hash_list(base_hash_text(hash, selection->means[i].name), &selection->means[i].units);
  if (task->trials) hash = model_trials_hash(task->trials, file->subject, hash);
  bool skips = model_stimuli_skips_bad(task->stimuli);
  hash = base_hash_bytes(hash, &skips, sizeof skips);
  base_print(text, size, "%s %s%s %s %016llx", task->model->id, subject->of_file, file->columns->name, images,
             (unsigned long long)hash);
  return BERG_OK;
}

berg_status model_output_file_labels(const model_output_file *file, model_labels *labels, berg_error *error) {
  const model_output_task *task = file->task;
  return model_labels_make(labels, task->model, file->subject, file->output, file->path, task->options, error);
}

/* How many images are left out is not known yet. */
berg_status model_output_file_check(const model_output_file *file, berg_error *error) {
  const model_output_task *task = file->task;
  const size_t rows = model_stimuli_skips_bad(task->stimuli) ? 1 : berg_stimuli_count(task->stimuli);
  model_labels labels;
  if (!file->columns->columns) return base_fail(error, BERG_EPARAMETER, "%s: nothing is selected for it", file->path);
  berg_status status = model_output_file_labels(file, &labels, error);
  if (status) return status;
  status = io_rows_check_shape(file->path, rows, file->columns->columns, &labels.io, error);
  model_labels_release(&labels);
  return status;
}

/* A row of axes, or a plain list of columns: as files of one axis have always been. */
static berg_status open_rows(model_output_file *file, const char *name, berg_error *error) {
  const berg_output_options *options = file->task->options;
  size_t shape[IO_ROW_DIMS_MAX], ndim = 0;
  if (file->task->trials) shape[ndim++] = file->task->trials->count;
  for (size_t a = 0; a < file->columns->axis_count; a++) shape[ndim++] = file->columns->axes[a].length;
  if (file->task->is_guest) return io_rows_join(&file->rows, file->path, shape, ndim, name, error);
  size_t done;
  return io_rows_open_shaped(&file->rows, file->path, shape, ndim, name, options->force || file->replaces,
                             options->resume, &done, error);
}

#define HEADER_BLOCK 4096 /* where the first rows lie, which is not free any more */

/* Before the first image; the files that some formats end in take more. */
static berg_status check_room(const model_output_file *file, size_t images, berg_error *error) {
  const uint64_t there = io_disk_free(file->path);
  const double row = (double)file->columns->columns * (double)model_output_parts(file->task) * sizeof(float);
  const double needed = row * (double)(images - io_ranges_total(io_rows_done(file->rows)));
  if (there == UINT64_MAX || needed <= (double)there + HEADER_BLOCK) return BERG_OK;
  return base_fail(error, BERG_ELIMIT, "%s: %.0f bytes are needed on the disk, %llu are there", file->path, needed,
                   (unsigned long long)there);
}

/* What a run that was killed at the end has left of it, now that the rows are this one's. */
static berg_status clear_sidecar(const model_output_file *file, berg_error *error) {
  char *sidecar = model_sidecar_path(file->path, ".json", error);
  if (!sidecar) return BERG_ELIMIT;
  io_whole_file_clear(sidecar);
  base_free(sidecar);
  return BERG_OK;
}

/* A file that is placed is another's where rows are missing still. */
static berg_status check_names(const model_output_file *file, berg_error *error) {
  const model_output_task *task = file->task;
  if (file->replaces) return BERG_OK;
  if (!io_rows_is_placed(file->rows)) return model_sidecar_check(file->path, task->options, error);
  const size_t done = io_ranges_before(io_rows_done(file->rows));
  const bool all = done == berg_stimuli_count(task->stimuli) || model_stimuli_skips_bad(task->stimuli);
  return all ? BERG_OK : io_check_output(file->path, false, error);
}

berg_status model_output_file_open(model_output_file *file, berg_error *error) {
  const model_output_task *task = file->task;
  const size_t images = berg_stimuli_count(task->stimuli);
  char name[256];
  if (task->options->resume && task->options->sidecar) {
    berg_status looked = model_shard_file_look(&file->whole, &file->replaces, file, error);
    if (looked || file->whole) return looked;
  }
  berg_status status = fingerprint(file, name, sizeof name, error);
  if (!status) status = open_rows(file, name, error);
  if (status || task->is_guest) return status;
  status = check_names(file, error);
  if (!status && task->options->resume && task->options->sidecar) status = clear_sidecar(file, error);
  if (status) return status;
  const size_t end = io_ranges_end(io_rows_done(file->rows));
  if (end <= images) return check_room(file, images, error);
  char expected[64];
  base_print(expected, sizeof expected, "at most %zu, one an image", images);
  return base_fail_found(error, BERG_EINPUT, file->path, "the journal of its partial rows is damaged", expected,
                         "%zu rows", end);
}

/* --- Filling and finishing --- */

/* A guest that has nothing to give to the file keeps no journal. */
berg_status model_output_file_begin_share(model_output_file *file, const io_ranges *share, berg_error *error) {
  const io_ranges *done = io_rows_done(file->rows);
  io_range gap;
  for (size_t i = 0; i < share->count; i++)
    if (io_ranges_gap(done, share->list[i].first, share->list[i].end, &gap))
      return io_rows_begin_share(file->rows, gap.first, error);
  return file->task->is_guest ? BERG_OK : io_rows_begin_share(file->rows, 0, error);
}

berg_status model_output_file_append(model_output_file *file, const float *responses, size_t first, size_t images,
                                     berg_error *error) {
  const size_t all = file->task->model->columns, parts = model_output_parts(file->task);
  berg_status status = BERG_OK;
  /* a file may be ahead of the others after an interruption */
  if (file->whole) return BERG_OK;
  for (io_range gap = {first, first};
       !status && io_ranges_gap(io_rows_done(file->rows), gap.end, first + images, &gap);)
    status =
        io_rows_put_pieces(file->rows, gap.first, responses + (gap.first - first) * parts * all + file->columns->first,
                           file->columns->columns, all, gap.end - gap.first, error);
  return status;
}

static bool is_hdf5(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (base_same_word(dot, ".h5") || base_same_word(dot, ".hdf5"));
}

berg_status model_output_file_describe(const model_output_file *file, model_labels *labels, cJSON **tree,
                                       berg_error *error) {
  const model_output_task *task = file->task;
  berg_status status = model_labels_add_rois(labels, task->model, &task->model->subjects[file->subject], error);
  *tree = NULL;
  if (!status) status = model_encode_provenance(tree, task->model, file->subject, task->stimuli, task->options, error);
  if (!status && task->trials) model_trials_describe(*tree, task->trials, file->subject, file->output);
  if (!status && labels->io.space) status = model_provenance_space(*tree, &labels->space, task->options->volume, error);
  return status;
}

/* Everything that is known of rows and columns: HDF5 carries it within, the sidecar beside. */
static berg_status label_fully(const model_output_file *file, model_labels *labels, model_row_names *names,
                               cJSON **tree, char **json, berg_error *error) {
  const model_output_task *task = file->task;
  berg_status status =
      model_stimuli_store(task->stimuli) ? BERG_OK : model_row_names_hash(names, task->model->threads, error);
  if (!status) /* what was read is what the hashes are of */
    status = model_stimuli_pictures_unchanged(task->stimuli, 0, berg_stimuli_count(task->stimuli), error);
  if (!status) status = model_output_file_describe(file, labels, tree, error);
  if (!status) status = io_json_print(*tree, json, error);
  if (status) return status;
  labels->io.row_hashes = (const char(*)[BASE_SHA256_TEXT])names->hashes;
  labels->io.provenance = *json;
  return BERG_OK;
}

static berg_status prepare_sidecar(io_whole_file **beside, const model_output_file *file, const cJSON *tree,
                                   berg_error *error) {
  const bool force = file->task->options->force || file->replaces || io_rows_is_placed(file->rows);
  return model_sidecar_prepare(beside, file->path, tree, force, error);
}

static berg_status write_labelled(model_output_file *file, model_labels *labels, model_row_names *names,
                                  berg_error *error) {
  const model_output_task *task = file->task;
  const bool sidecar = task->options->sidecar, is_part = sidecar && model_stimuli_shard(task->stimuli);
  io_whole_file *beside = NULL;
  cJSON *tree = NULL;
  char *json = NULL;
  berg_status status = BERG_OK;
  labels->io.row_names = names->names;
  labels->io.long_table = task->options->long_table;
  if (sidecar || is_hdf5(file->path)) status = label_fully(file, labels, names, &tree, &json, error);
  if (!status && sidecar) model_encode_describe(tree, labels, file->columns->columns, names, task->stimuli);
  if (!status && sidecar && !is_part) /* all that can fail, while the rows can still be gone on from */
    status = prepare_sidecar(&beside, file, tree, error);
  if (!status) status = io_rows_place(file->rows, &labels->io, error);
  /* that of a part sums the bytes of the file; without it, the file is no part, and is gone on from */
  if (!status && is_part) status = model_shard_file_describe(tree, file, labels, names->rows, error);
  if (!status && is_part) status = prepare_sidecar(&beside, file, tree, error);
  status = io_whole_file_follow(beside, status, error);
  if (!status) status = io_rows_settle(file->rows, error);
  base_free(json);
  cJSON_Delete(tree);
  return status;
}

berg_status model_output_file_finish(model_output_file *file, model_row_names *names, berg_error *error) {
  model_labels labels;
  if (file->whole) return BERG_OK;
  berg_status status = model_output_file_labels(file, &labels, error);
  if (status) return status;
  status = write_labelled(file, &labels, names, error);
  model_labels_release(&labels);
  return status;
}

berg_status model_output_file_clear(model_output_file *file, berg_error *error) {
  return file->whole ? BERG_OK : io_rows_clear(file->rows, error);
}

void model_output_file_close(model_output_file *file, berg_error *error) {
  io_rows_free(file->rows, error);
  base_free(file->path);
  *file = (model_output_file){.rows = NULL};
}
