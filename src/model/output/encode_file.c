/* Encoding to files: one for each output of each subject, rows appended batch by batch, resumable. */
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "model/encode/encode.h"
#include "model/encode/run.h"
#include "model/encode/sources.h"
#include "model/encode/writer.h"
#include "model/output/options.h"
#include "model/output/output_file.h"
#include "model/stimuli/stimuli.h"
#include "vit/preprocess.h"

/* The writer of all models of a pass, which take turns at the same two buffers: so two files can be written at once. */
typedef struct writing {
  model_writer *writer; /* of [part][columns of the widest model] */
  size_t part;          /* images that are written at a time, at most */
  float *predictions;   /* [part][columns of the widest model], where rows are trials about them */
} writing;

/* All files of one model. */
typedef struct output {
  model_output_task task;
  model_output_file *files; /* [count] */
  size_t count;
  size_t rows; /* encoded, or passed over because every file has them */
} output;

/* A hemisphere of which nothing is selected has no file beside that of the other. */
static bool has_file(const model_subject *subject, size_t number) {
  return subject->outputs[number].columns || !subject->columns;
}

static size_t count_files(const berg_model *model) {
  size_t count = 0;
  for (size_t s = 0; s < model->subject_count; s++) count += model->subjects[s].output_count;
  return count;
}

static berg_status name_files(output *o, berg_error *error) {
  const berg_model *model = o->task.model;
  for (size_t s = 0; s < model->subject_count; s++)
    for (size_t i = 0; i < model->subjects[s].output_count; i++) {
      if (!has_file(&model->subjects[s], i)) continue;
      model_output_file *file = &o->files[o->count++];
      *file =
          (model_output_file){.task = &o->task, .subject = s, .output = i, .columns = &model->subjects[s].outputs[i]};
      file->path = model_output_path(model, o->task.path, s, i, error);
      if (!file->path) return BERG_ELIMIT;
    }
  return BERG_OK;
}

static berg_status open_files(output *o, berg_error *error) {
  o->files = base_calloc(count_files(o->task.model), sizeof *o->files, error);
  if (!o->files) return BERG_ELIMIT;
  berg_status status = io_rows_check_name(o->task.path, error);
  if (!status) status = name_files(o, error);
  for (size_t i = 0; i < o->count && !status; i++) status = model_output_file_check(&o->files[i], error);
  for (size_t i = 0; i < o->count && !status; i++) status = model_output_file_open(&o->files[i], error);
  return status;
}

/* Two files that differ by their endings alone would have one sidecar. */
static berg_status check_apart(const output *outputs, size_t number, berg_error *error) {
  const output *o = &outputs[number];
  for (size_t i = 0; i < number && o->task.options->sidecar; i++)
    for (size_t a = 0; a < outputs[i].count; a++)
      for (size_t b = 0; b < o->count; b++)
        if (model_sidecar_shared(outputs[i].files[a].path, o->files[b].path))
          return base_fail(error, BERG_EARGUMENT,
                           "%s and %s would have one sidecar: give them different names, or write no sidecar",
                           outputs[i].files[a].path, o->files[b].path);
  return BERG_OK;
}

/* In the writer's thread or, meanwhile, for another output in the caller's; files and rows are theirs until it ends. */
static berg_status append(void *user, const float *responses, size_t images, berg_error *error) {
  output *o = user;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < o->count && !status; i++)
    status = model_output_file_append(&o->files[i], responses, o->rows, images, error);
  o->rows += images;
  return status;
}

static berg_status start_writer(writing *w, const model_batch *batch, berg_error *error) {
  if (w->writer) return BERG_OK;
  size_t widest = 0;
  for (size_t m = 0; m < batch->member_count; m++)
    if (batch->members[m].model->columns > widest) widest = batch->members[m].model->columns;
  /* the trials of all are as many */
  const model_output_task *task = &((const output *)batch->members[0].sink->user)->task;
  const size_t parts = model_output_parts(task), part = (batch->most + 1) / (2 * parts);
  w->part = part ? part : 1;
  if (task->trials && !(w->predictions = base_alloc_large(w->part * widest, sizeof(float), error))) return BERG_ELIMIT;
  return model_writer_open(&w->writer, append, w->part * parts * widest, true, error);
}

/* The member's rows of images [first, first + count). */
static void make_rows(const writing *w, const output *o, const model_batch *batch, const model_member *member,
                      size_t first, size_t count, float *responses) {
  const model_trials *trials = o->task.trials;
  float *predictions = trials ? w->predictions : responses;
  model_batch_respond(batch, member, first, count, predictions);
  if (trials) model_trials_make(trials, batch->team, first, count, predictions, responses);
}

static berg_status take_part(const writing *w, const model_batch *batch, const model_member *member, size_t first,
                             berg_error *error) {
  const size_t count = batch->images - first < w->part ? batch->images - first : w->part;
  output *o = member->sink->user;
  float *responses;
  berg_status status = model_writer_buffer(w->writer, &responses, error);
  if (status) return status;
  make_rows(w, o, batch, member, first, count, responses);
  model_writer_hand(w->writer, o, count);
  return BERG_OK;
}

/* A batch of all models: half of it at a time, so that two buffers hold no more than one did, and of that each
 * member's, so that files take turns. */
static berg_status take(void *user, model_batch *batch, berg_error *error) {
  const model_member *members = batch->members;
  const size_t count = batch->member_count;
  writing *w = user;
  berg_status status = start_writer(w, batch, error);
  for (size_t m = 0; m < count && !status; m++) {
    const output *each = members[m].sink->user;
    if (each->task.trials) status = model_trials_identify(each->task.trials, batch, error);
  }
  for (size_t first = 0; first < batch->images && !status; first += w->part)
    for (size_t m = 0; m < count && !status; m++) status = take_part(w, batch, &members[m], first, error);
  return status;
}

/* What could not be written was computed before whatever else went wrong. */
static berg_status stop_writer(writing *w, berg_status status, berg_error *error) {
  berg_error late;
  berg_status written = model_writer_close(w->writer, &late);
  base_free_large(w->predictions);
  if (written && error) *error = late;
  return written ? written : status;
}

/* --- Going on with what was interrupted --- */

/* The rows that each file of each output has. */
static size_t least_done(const output *outputs, size_t count) {
  size_t least = outputs[0].files[0].done;
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count; i++)
      if (outputs[o].files[i].done < least) least = outputs[o].files[i].done;
  return least;
}

/* Rows are images but for those left out: to know which were, they are looked at again. */
static berg_status pass_over(berg_stimuli *stimuli, size_t least, const berg_run *run, size_t *first, size_t *rows,
                             berg_error *error) {
  uint8_t *pixels = base_alloc(VIT_PIXELS, 1, error);
  if (!pixels) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (; *rows < least && *first < berg_stimuli_count(stimuli) && !status; (*first)++) {
    berg_error fault;
    status = base_ask_cancel(run, error);
    if (!status) status = model_stimuli_prepare(stimuli, *first, 1, NULL, NULL, error);
    if (status) break;
    if (model_stimuli_is_bad(stimuli, *first)) continue; /* in the pass before */
    status = berg_stimuli_pixels(stimuli, *first, pixels, &fault);
    if (!status) {
      ++*rows;
    } else if (model_stimuli_may_skip(stimuli, status)) {
      status = model_stimuli_mark_bad(stimuli, *first, &fault, error);
    } else if (error) {
      *error = fault;
    }
  }
  base_free(pixels);
  return status;
}

/* The number of the first image that some file has no row for. */
static berg_status find_start(output *outputs, size_t count, const berg_run *run, size_t *first, berg_error *error) {
  berg_stimuli *stimuli = outputs[0].task.stimuli;
  const size_t least = least_done(outputs, count);
  size_t rows = 0;
  berg_status status = BERG_OK;
  *first = 0;
  if (model_stimuli_skips_bad(stimuli))
    status = pass_over(stimuli, least, run, first, &rows, error);
  else
    *first = rows = least;
  for (size_t i = 0; i < count; i++) outputs[i].rows = rows;
  return status;
}

/* --- All models --- */

static berg_status finish(output *o, berg_error *error) {
  const berg_stimuli *stimuli = o->task.stimuli;
  if (!o->rows)
    return base_fail(error, BERG_EINPUT, "none of the %zu images could be read", berg_stimuli_count(stimuli));
  const size_t readable = berg_stimuli_count(stimuli) - berg_stimuli_skipped_count(stimuli);
  if (o->rows != readable) /* rows would get the names of other images */
    return base_fail(error, BERG_EINPUT, "%s: %zu rows of %zu readable images: image files changed meanwhile",
                     o->task.path, o->rows, readable);
  model_row_names names;
  berg_status status = model_row_names_make(&names, stimuli, o->rows, error);
  for (size_t i = 0; i < o->count && !status; i++) status = model_output_file_finish(&o->files[i], &names, error);
  model_row_names_release(&names);
  return status;
}

/* The file that a run opens first is the last, so that its lock keeps others out until then. */
static berg_status clear(output *outputs, size_t count, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = count; o-- > 0;)
    for (size_t i = outputs[o].count; i-- > 0 && !status;)
      if (outputs[o].files[i].rows) status = model_output_file_clear(&outputs[o].files[i], error);
  return status;
}

/* A run that was killed while it cleared up had placed everything: a file without a partial one is in the way of a
 * resume then, behind files that are whole. What is left of those is cleared up too. */
static void end_clearing(output *outputs, size_t count) {
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count; i++) {
      const model_output_file *file = &outputs[o].files[i];
      if (!file->rows && !io_rows_is_cleared(file->path)) return;
      if (file->rows && !io_rows_is_settled(file->rows)) return;
    }
  clear(outputs, count, NULL);
}

static void release(output *o, berg_error *error) {
  model_trials_free(o->task.trials);
  for (size_t i = 0; i < o->count; i++) model_output_file_close(&o->files[i], error);
  base_free(o->files);
}

/* Rows of which nobody knows what they were made from. */
static void discard(output *outputs, size_t count) {
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count; i++) io_rows_discard(outputs[o].files[i].rows);
}

/* Outputs [0, count) of one pass. */
static berg_status encode_pass(output *outputs, model_pass *pass, const berg_run *run, berg_error *error) {
  size_t first = 0;
  writing w = {.writer = NULL};
  pass->take = take;
  pass->user = &w;
  berg_status status = find_start(outputs, pass->count, run, &first, error);
  if (!status) status = model_encode(pass, outputs[0].task.stimuli, first, run, error);
  return stop_writer(&w, status, error);
}

/* Whether trials are wanted, known and held by the format: before anything is written or told. */
static berg_status open_trials(model_output_task *task, const berg_run *run, berg_error *error) {
  if (!task->options->trials) return BERG_OK;
  if (!io_rows_takes_axes(task->path))
    return base_fail(error, BERG_EARGUMENT, "%s: trials of images go to .npy, .h5, .hdf5 or .csv", task->path);
  return model_trials_open(&task->trials, task->model, task->options->trials, run, error);
}

static berg_status encode_passes(output *outputs, berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                                 const berg_run *run, berg_error *error) {
  size_t *passes = base_calloc(count, sizeof *passes, error), pass_count = 0;
  model_sink *sinks = base_calloc(count, sizeof *sinks, error);
  berg_status status = passes && sinks ? model_passes(models, count, stimuli, passes, &pass_count, error) : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    const model_output_task *task = &outputs[i].task;
    status = open_trials(&outputs[i].task, run, error);
    sinks[i] =
        (model_sink){.wants = MODEL_RESPONSES, .trials = task->trials ? task->trials->count : 0, .user = &outputs[i]};
    if (!status) status = open_files(&outputs[i], error);
    if (!status) status = check_apart(outputs, i, error);
  }
  if (status == BERG_EEXISTS && outputs[0].task.options->resume) end_clearing(outputs, count);
  /* rows that are kept carry names, sizes and times of these files: they have to be those that are mapped */
  if (!status) status = model_sources_unchanged(models, count, stimuli, error);
  if (!status) status = model_passes_tell(models, count, passes, pass_count, run, error);
  for (size_t p = 0; p < pass_count && !status; p++) {
    model_pass pass = model_pass_number(p, pass_count, passes, models, sinks, count);
    status = encode_pass(pass.sinks[0].user, &pass, run, error);
  }
  if (!status) {
    status = model_sources_unchanged(models, count, stimuli, error);
    if (!status) status = model_stimuli_pictures_unchanged(stimuli, 0, berg_stimuli_count(stimuli), error);
    if (status) discard(outputs, count);
  }
  /* Not before the last pass: a run that ends in between finds what all of them had written. */
  for (size_t i = 0; i < count && !status; i++) status = finish(&outputs[i], error);
  if (!status) status = clear(outputs, count, error);
  base_free(passes);
  base_free(sinks);
  return status;
}

berg_status berg_encode_many_to_files(berg_model *const *models, size_t count, berg_stimuli *stimuli,
                                      const char *const *paths, const berg_output_options *options,
                                      const berg_run *given, berg_error *error) {
  model_output_options how;
  berg_run run;
  berg_status status = model_output_options_take(&how, options, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given, error);
  if (!status && model_stimuli_scores_given(stimuli)) /* of which no file could say what images they are of */
    status = base_fail(error, BERG_EARGUMENT, "scores in memory become responses in memory, not in a file");
  output *outputs = status ? NULL : base_calloc(count, sizeof *outputs, error);
  if (!status && !outputs) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && outputs; i++)
    outputs[i].task = (model_output_task){models[i], stimuli, paths[i], &how.output, NULL};
  if (!status) status = encode_passes(outputs, models, count, stimuli, &run, error);
  for (size_t i = 0; i < count && outputs; i++) release(&outputs[i], status ? error : NULL);
  base_free(outputs);
  return status;
}

berg_status berg_encode_to_file(berg_model *model, berg_stimuli *stimuli, const char *path,
                                const berg_output_options *options, const berg_run *run, berg_error *error) {
  return berg_encode_many_to_files(&model, 1, stimuli, &path, options, run, error);
}

char *berg_model_output_path(const berg_model *model, const char *path, size_t subject_index, size_t output_index) {
  if (output_index >= berg_model_outputs(model, subject_index)) return NULL;
  if (!has_file(&model->subjects[subject_index], output_index)) return NULL;
  return model_output_path(model, path, subject_index, output_index, NULL);
}
