/* Encoding to files: one for each output of each subject, rows appended batch by batch, resumable. */
#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "model/encode/encode.h"
#include "model/encode/run.h"
#include "model/encode/sources.h"
#include "model/encode/writer.h"
#include "model/output/options.h"
#include "model/output/output_file.h"
#include "model/stimuli/stimuli.h"

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

static size_t count_files(const berg_model *model) {
  size_t count = 0;
  for (size_t s = 0; s < model->subject_count; s++) count += model->subjects[s].output_count;
  return count;
}

static berg_status name_files(output *o, berg_error *error) {
  const berg_model *model = o->task.model;
  for (size_t s = 0; s < model->subject_count; s++)
    for (size_t i = 0; i < model->subjects[s].output_count; i++) {
      if (!model_output_has_file(&model->subjects[s], i)) continue;
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

/* --- Going on with what was interrupted, and sharing what is left --- */

static berg_status tell_whole(const output *outputs, size_t count, const berg_run *run, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count && !status; i++)
      if (outputs[o].files[i].whole)
        status = base_warn(run->warn, run->user, error, "%s: already whole", outputs[o].files[i].path);
  return status;
}

/* A shard's file that is there already is none of them; NULL: all are such. */
static const model_output_file *first_open(const output *o) {
  for (size_t i = 0; i < o->count; i++)
    if (!o->files[i].whole) return &o->files[i];
  return NULL;
}

/* The rows that every file of each output has. */
static io_ranges rows_done(const output *outputs, size_t count, size_t images) {
  io_ranges done = {.list = {{0, images}}, .count = 1};
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count; i++) {
      if (outputs[o].files[i].whole) continue;
      const io_ranges *of_file = io_rows_done(outputs[o].files[i].rows);
      for (io_range gap = {0, 0}; io_ranges_gap(of_file, gap.end, images, &gap);)
        io_ranges_remove(&done, gap.first, gap.end);
    }
  return done;
}

/* Images [first, end) (0: all), whose rows begin at number `row`. */
static berg_status encode_stretch(output *outputs, const model_pass *pass, size_t row, size_t first, size_t end,
                                  const berg_run *run, berg_error *error) {
  writing w = {.writer = NULL};
  model_pass stretch = *pass;
  stretch.end = end;
  stretch.take = take;
  stretch.user = &w;
  for (size_t i = 0; i < pass->count; i++) outputs[i].rows = row;
  berg_status status = model_encode(&stretch, outputs[0].task.stimuli, first, run, error);
  return stop_writer(&w, status, error);
}

static berg_status begin_shares(output *outputs, size_t count, const io_ranges *share, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count && !status; i++)
      if (!outputs[o].files[i].whole) status = model_output_file_begin_share(&outputs[o].files[i], share, error);
  return status;
}

/* This process's share of what is missing. */
static berg_status encode_share(output *outputs, const model_pass *pass, const io_ranges *done, const berg_run *run,
                                berg_error *error) {
  const berg_stimuli *stimuli = outputs[0].task.stimuli;
  const size_t rows = berg_stimuli_count(stimuli) - berg_stimuli_skipped_count(stimuli),
               size = base_ranks_size(run->ranks);
  const io_ranges share = io_ranges_share(done, rows, 1, base_ranks_rank(run->ranks), size);
  berg_status status = size > 1 ? begin_shares(outputs, pass->count, &share, error) : BERG_OK;
  model_pass part = *pass;
  part.counted = io_ranges_total(done);
  part.total = part.counted + io_ranges_total(&share);
  for (size_t i = 0; i < share.count && !status; i++) {
    const io_range range = share.list[i];
    status = encode_stretch(outputs, &part, range.first, model_stimuli_of_row(stimuli, range.first),
                            model_stimuli_of_row(stimuli, range.end - 1) + 1, run, error);
    part.goes_on = true;
    part.counted += range.end - range.first;
  }
  return status;
}

/* Outputs [0, count) of one pass. Where images may be left out, a process that writes row after row learns on its way
 * which row is whose; who begins elsewhere has to know before. */
static berg_status encode_pass(output *outputs, const model_pass *pass, const berg_run *run, berg_error *error) {
  berg_stimuli *stimuli = outputs[0].task.stimuli;
  const io_ranges done = rows_done(outputs, pass->count, berg_stimuli_count(stimuli));
  const bool skips = model_stimuli_skips_bad(stimuli), in_order = io_ranges_before(&done) == io_ranges_end(&done);
  const bool as_it_comes = skips && in_order && base_ranks_size(run->ranks) == 1;
  size_t first, rows;
  berg_status status = BERG_OK;
  bool is_open = false;
  for (size_t i = 0; i < pass->count; i++) is_open = is_open || first_open(&outputs[i]);
  if (!is_open) return BERG_OK;
  if (skips)
    status = model_stimuli_look(stimuli, as_it_comes ? io_ranges_before(&done) : SIZE_MAX, run, &first, &rows, error);
  if (status) return status;
  return as_it_comes ? encode_stretch(outputs, pass, rows, first, 0, run, error)
                     : encode_share(outputs, pass, &done, run, error);
}

/* --- All models --- */

static berg_status finish(output *o, berg_error *error) {
  const berg_stimuli *stimuli = o->task.stimuli;
  const model_output_file *file = first_open(o);
  if (!file) return BERG_OK;
  const size_t rows = io_ranges_total(io_rows_done(file->rows));
  /* a shard that is a part may be of no rows: the others may have some */
  const bool is_part = o->task.options->sidecar && model_stimuli_shard(stimuli);
  if (!rows && !is_part)
    return base_fail(error, BERG_EINPUT, "none of the %zu images could be read", berg_stimuli_count(stimuli));
  const size_t readable = berg_stimuli_count(stimuli) - berg_stimuli_skipped_count(stimuli);
  if (rows != readable) /* rows would get the names of other images */
    return base_fail(error, BERG_EINPUT, "%s: %zu rows of %zu readable images: image files changed meanwhile",
                     o->task.path, rows, readable);
  model_row_names names;
  berg_status status = model_row_names_make(&names, stimuli, rows, error);
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
    for (size_t i = 0; i < outputs[o].count; i++)
      if (outputs[o].files[i].rows) io_rows_discard(outputs[o].files[i].rows);
}

/* Whether trials are wanted, known and held by the format: before anything is written or told. */
static berg_status open_trials(model_output_task *task, const berg_run *run, berg_error *error) {
  if (!task->options->trials) return BERG_OK;
  if (!io_rows_takes_axes(task->path))
    return base_fail(error, BERG_EARGUMENT, "%s: trials of images go to .npy, .h5, .hdf5 or .csv", task->path);
  return model_trials_open(&task->trials, task->model, task->options->trials, run, error);
}

/* What all passes write, opened by those who have the files (`guests` false), then by those who write to them, too. */
static berg_status open_outputs(output *outputs, size_t count, bool guests, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !status; i++) {
    if (outputs[i].task.is_guest != guests) continue;
    status = open_files(&outputs[i], error);
    if (!status) status = check_apart(outputs, i, error);
  }
  return status;
}

/* Nobody writes before all know what is done. */
static berg_status open_all(output *outputs, size_t count, const berg_run *run, berg_error *error) {
  berg_status status = open_outputs(outputs, count, false, error);
  if (status == BERG_EEXISTS && outputs[0].task.options->resume) end_clearing(outputs, count);
  status = base_ranks_agree(run->ranks, status, error);
  if (!status) status = open_outputs(outputs, count, true, error);
  return base_ranks_agree(run->ranks, status, error);
}

static berg_status end_shares(output *outputs, size_t count, berg_status status, berg_error *error) {
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count; i++) {
      if (!outputs[o].files[i].rows) continue;
      const berg_status ended = io_rows_end_share(outputs[o].files[i].rows, status ? NULL : error);
      if (!status) status = ended;
    }
  return status;
}

static berg_status run_passes(output *outputs, berg_model *const *models, size_t count, const model_sink *sinks,
                              const size_t *passes, size_t pass_count, const berg_run *run, berg_error *error) {
  const berg_stimuli *stimuli = outputs[0].task.stimuli;
  /* rows that are kept carry names, sizes and times of these files: they have to be those that are mapped */
  berg_status status = model_sources_unchanged(models, count, stimuli, error);
  if (!status) status = model_passes_tell(models, count, passes, pass_count, run, error);
  for (size_t p = 0; p < pass_count && !status; p++) {
    const model_pass pass = model_pass_number(p, pass_count, passes, models, sinks, count);
    status = encode_pass(pass.sinks[0].user, &pass, run, error);
  }
  if (!status) {
    status = model_sources_unchanged(models, count, stimuli, error);
    if (!status) status = model_stimuli_pictures_unchanged(stimuli, 0, berg_stimuli_count(stimuli), error);
    if (status) discard(outputs, count);
  }
  status = end_shares(outputs, count, status, error);
  return base_ranks_agree(run->ranks, status, error);
}

/* Not before the last pass: a run that ends in between finds what all of them had written. */
static berg_status finish_all(output *outputs, size_t count, berg_error *error) {
  berg_status status = BERG_OK;
  if (outputs[0].task.is_guest) return BERG_OK;
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < outputs[o].count && !status; i++)
      if (outputs[o].files[i].rows) status = io_rows_unite(outputs[o].files[i].rows, error);
  for (size_t i = 0; i < count && !status; i++) status = finish(&outputs[i], error);
  return status ? status : clear(outputs, count, error);
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
  }
  if (!status) status = open_all(outputs, count, run, error);
  if (!status) status = tell_whole(outputs, count, run, error);
  if (!status) status = run_passes(outputs, models, count, sinks, passes, pass_count, run, error);
  if (!status) status = finish_all(outputs, count, error);
  base_free(passes);
  base_free(sinks);
  return status;
}

/* What no file could say the images of, and what only one of several processes would be given. */
static berg_status check_stimuli(const berg_stimuli *stimuli, const berg_run *run, berg_error *error) {
  if (model_stimuli_scores_given(stimuli))
    return base_fail(error, BERG_EARGUMENT, "scores in memory become responses in memory, not in a file");
  if (base_ranks_size(run->ranks) > 1 && model_stimuli_read_once(stimuli))
    return base_fail(error, BERG_EINPUT, "standard input comes to one process alone: give the images as a file");
  return BERG_OK;
}

berg_status berg_encode_many_to_files(berg_model *const *models, size_t count, berg_stimuli *stimuli,
                                      const char *const *paths, const berg_output_options *options,
                                      const berg_run *given, berg_error *error) {
  model_output_options how;
  berg_run run;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (status) return status;
  status = model_output_options_take(&how, options, error);
  if (!status) status = check_stimuli(stimuli, &run, error);
  output *outputs = status ? NULL : base_calloc(count, sizeof *outputs, error);
  if (!status && !outputs) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && outputs; i++)
    outputs[i].task = (model_output_task){.model = models[i],
                                          .stimuli = stimuli,
                                          .path = paths[i],
                                          .options = &how.output,
                                          .is_guest = !base_ranks_leads(run.ranks)};
  if (!status) status = encode_passes(outputs, models, count, stimuli, &run, error);
  status = base_ranks_agree(run.ranks, status, error);
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
  if (!model_output_has_file(&model->subjects[subject_index], output_index)) return NULL;
  return model_output_path(model, path, subject_index, output_index, NULL);
}
