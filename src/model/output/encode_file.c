/* Encoding to files: one for each subject, rows appended batch by batch, resumable. */
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/text.h"
#include "io/value/json_print.h"
#include "io/rows/rows.h"
#include "model/encode/encode.h"
#include "model/encode/run.h"
#include "model/output/encode_labels.h"
#include "model/output/options.h"
#include "model/catalog/paths.h"
#include "model/stimuli/stimuli.h"
#include "model/encode/writer.h"
#include "vit/preprocess.h"

typedef struct output {
  berg_model *model;
  berg_stimuli *stimuli;
  const char *path;
  const berg_output_options *options;
  io_rows **files;      /* [subjects] */
  size_t *done;         /* [subjects] rows that a file has */
  size_t rows;          /* encoded, or passed over because every file has them */
  model_writer *writer; /* of [part][columns of the model] */
  size_t part;          /* images that are written at a time, at most */
  float *own;           /* [part][columns of one subject], where there are several */
} output;

/* "_sub-0N" goes before the ending, which may be double (.nii.gz). */
static char *path_of_subject(const char *path, const model_subject *subject, bool several, berg_error *error) {
  if (!several) return base_copy_text(path, error);
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  if (!dot) dot = path + strlen(path);
  if (dot - path >= 4 && !strcmp(dot, ".gz") && !strncmp(dot - 4, ".nii", 4)) dot -= 4;
  return base_format(error, "%.*s_%s%s", (int)(dot - path), path, subject->of_file, dot);
}

static uint64_t hash_list(uint64_t hash, const model_list *list) {
  return base_hash_bytes(hash, list->items, list->count * sizeof *list->items);
}

/* What decides the numbers is in the fingerprint: a partial file of anything else is not continued. */
static berg_status fingerprint(const output *o, const model_subject *subject, char *text, size_t room,
                               berg_error *error) {
  char images[MODEL_FINGERPRINT_ROOM];
  berg_status status = model_stimuli_fingerprint(o->stimuli, images, error);
  if (status) return status;
  const model_selection *selection = &subject->selection;
  const char *engine = o->model->products, *isa = base_isa_name(o->model->isa);
  uint64_t hash = base_hash_text(BASE_HASH_START, berg_version());
  hash = base_hash_text(hash, engine);
  hash = base_hash_text(hash, isa);
  for (size_t f = 0; f < subject->fitted.file_count; f++) hash = model_hash_file(hash, subject->fitted.files[f].path);
  hash = model_hash_file(hash, o->model->backbone.path);
  hash = base_hash_bytes(hash, &subject->columns, sizeof subject->columns);
  for (size_t u = 0; u < subject->output_count && !selection->means; u++) hash = hash_list(hash, &selection->units[u]);
  if (subject->times) hash = hash_list(hash, &selection->times);
  for (size_t i = 0; i < selection->mean_count; i++) hash = base_hash_text(hash, selection->means[i].name);
  bool skips = model_stimuli_skips_bad(o->stimuli);
  hash = base_hash_bytes(hash, &skips, sizeof skips);
  base_print(text, room, "%s %s %s %016llx", o->model->id, subject->of_file, images, (unsigned long long)hash);
  return BERG_OK;
}

/* What a format cannot hold is refused before hours of encoding. How many images are left out is not known yet. */
static berg_status check_shapes(const output *o, const char *path, berg_error *error) {
  const size_t rows = model_stimuli_skips_bad(o->stimuli) ? 1 : berg_stimuli_count(o->stimuli);
  berg_status status = BERG_OK;
  for (size_t s = 0; s < o->model->subject_count && !status; s++) {
    model_labels labels;
    status = model_labels_make(&labels, o->model, s, path, o->options, error);
    if (status) break;
    status = io_rows_check_shape(path, rows, o->model->subjects[s].columns, &labels.io, error);
    model_labels_release(&labels);
  }
  return status;
}

static berg_status open_files(output *o, berg_error *error) {
  const berg_output_options *options = o->options;
  berg_model *model = o->model;
  o->files = base_calloc(model->subject_count, sizeof *o->files, error);
  o->done = base_calloc(model->subject_count, sizeof *o->done, error);
  if (!o->files || !o->done) return BERG_ELIMIT;
  berg_status status = io_rows_check_name(o->path, error);
  if (!status) status = check_shapes(o, o->path, error);
  for (size_t i = 0; i < model->subject_count && !status; i++) {
    char name[256];
    char *own = path_of_subject(o->path, &model->subjects[i], model->subject_count > 1, error);
    if (own) status = model_sidecar_check(own, options, error);
    if (!status) status = own ? fingerprint(o, &model->subjects[i], name, sizeof name, error) : BERG_ELIMIT;
    if (!status)
      status = io_rows_open(&o->files[i], own, model->subjects[i].columns, name, options->force, options->resume,
                            &o->done[i], error);
    if (!status && o->done[i] > berg_stimuli_count(o->stimuli)) {
      char expected[64];
      base_print(expected, sizeof expected, "at most %zu, one an image", berg_stimuli_count(o->stimuli));
      status = base_fail_found(error, BERG_EINPUT, own, "the journal of its partial rows is damaged", expected,
                               "%zu rows", o->done[i]);
    }
    base_free(own);
  }
  return status;
}

static berg_status append_subject(output *o, size_t s, const float *responses, size_t images, berg_error *error) {
  const model_subject *subject = &o->model->subjects[s];
  const size_t columns = subject->columns;
  size_t skip =
      o->done[s] > o->rows ? o->done[s] - o->rows : 0; /* a file may be ahead of the others after an interruption */
  if (skip >= images) return BERG_OK;
  const float *rows = responses;
  if (o->own) {
    for (size_t i = 0; i < images; i++)
      memcpy(o->own + i * columns, responses + i * o->model->columns + subject->first_column, columns * sizeof(float));
    rows = o->own;
  }
  berg_status status = io_rows_append(o->files[s], rows + skip * columns, images - skip, error);
  if (!status) o->done[s] = o->rows + images;
  return status;
}

/* In the writer's thread; done, rows and own are its own meanwhile. */
static berg_status append(void *user, const float *responses, size_t images, berg_error *error) {
  output *o = user;
  berg_status status = BERG_OK;
  for (size_t s = 0; s < o->model->subject_count && !status; s++)
    status = append_subject(o, s, responses, images, error);
  o->rows += images;
  return status;
}

static berg_status start_writer(output *o, size_t images, berg_error *error) {
  if (o->writer) return BERG_OK;
  size_t widest = 0;
  for (size_t s = 0; s < o->model->subject_count; s++)
    if (o->model->subjects[s].columns > widest) widest = o->model->subjects[s].columns;
  o->part = (images + 1) / 2;
  if (o->model->subject_count > 1) {
    o->own = base_alloc_large(o->part * widest, sizeof(float), error);
    if (!o->own) return BERG_ELIMIT;
  }
  return model_writer_open(&o->writer, append, o, o->part * o->model->columns, error);
}

/* Half a batch at a time, so that two buffers hold no more than one did. */
static berg_status take(void *user, const model_batch *batch, const model_member *member, berg_error *error) {
  output *o = user;
  berg_status status = start_writer(o, batch->most, error);
  for (size_t first = 0; first < batch->images && !status; first += o->part) {
    const size_t count = batch->images - first < o->part ? batch->images - first : o->part;
    float *responses;
    status = model_writer_buffer(o->writer, &responses, error);
    if (status) break;
    model_batch_respond(batch, member, first, count, responses);
    model_writer_hand(o->writer, count);
  }
  return status;
}

/* What could not be written was computed before whatever else went wrong. */
static berg_status stop_writer(output *o, berg_status status, berg_error *error) {
  berg_error late;
  berg_status written = model_writer_close(o->writer, &late);
  if (written && error) *error = late;
  return written ? written : status;
}

/* The rows that each file of each output has. */
static size_t least_done(const output *outputs, size_t count) {
  size_t least = outputs[0].done[0];
  for (size_t i = 0; i < count; i++)
    for (size_t s = 0; s < outputs[i].model->subject_count; s++)
      if (outputs[i].done[s] < least) least = outputs[i].done[s];
  return least;
}

/* Rows are images but for those left out: to know which were, they are looked at again. */
static berg_status pass_over(berg_stimuli *stimuli, size_t least, size_t *first, size_t *rows, berg_error *error) {
  uint8_t *pixels = base_alloc(VIT_PIXELS, 1, error);
  if (!pixels) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (; *rows < least && *first < berg_stimuli_count(stimuli) && !status; (*first)++) {
    berg_error fault;
    status = model_stimuli_prepare(stimuli, *first, 1, NULL, error);
    if (status) break;
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
static berg_status find_start(output *outputs, size_t count, size_t *first, berg_error *error) {
  berg_stimuli *stimuli = outputs[0].stimuli;
  const size_t least = least_done(outputs, count);
  size_t rows = 0;
  berg_status status = BERG_OK;
  *first = 0;
  if (model_stimuli_skips_bad(stimuli))
    status = pass_over(stimuli, least, first, &rows, error);
  else
    *first = rows = least;
  for (size_t i = 0; i < count; i++) outputs[i].rows = rows;
  return status;
}

static bool is_hdf5(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (base_same_word(dot, ".h5") || base_same_word(dot, ".hdf5"));
}

/* Everything that is known of rows and columns: HDF5 carries it within, the sidecar beside. */
static berg_status label_fully(const output *o, size_t s, model_labels *labels, model_row_names *names, cJSON **tree,
                               char **json, berg_error *error) {
  berg_status status = model_labels_add_rois(labels, &o->model->subjects[s], error);
  if (!status) status = model_row_names_hash(names, o->model->threads, error);
  if (status) return status;
  status = model_encode_provenance(tree, o->model, s, o->stimuli, o->options, error);
  if (!status && labels->io.space) status = model_provenance_space(*tree, &labels->space, o->options->volume, error);
  if (!status) status = io_json_print(*tree, json, error);
  if (status) return status;
  labels->io.row_hashes = (const char(*)[BASE_SHA256_TEXT])names->hashes;
  labels->io.provenance = *json;
  return BERG_OK;
}

static berg_status finish_subject(output *o, size_t s, model_row_names *names, berg_error *error) {
  const model_subject *subject = &o->model->subjects[s];
  const bool sidecar = o->options->sidecar;
  model_labels labels;
  io_whole_file *beside = NULL;
  cJSON *tree = NULL;
  char *json = NULL, *own = path_of_subject(o->path, subject, o->model->subject_count > 1, error);
  if (!own) return BERG_ELIMIT;
  berg_status status = model_labels_make(&labels, o->model, s, own, o->options, error);
  if (!status) {
    labels.io.row_names = names->names;
    if (sidecar || is_hdf5(own)) status = label_fully(o, s, &labels, names, &tree, &json, error);
    if (!status && sidecar) { /* all that can fail, while the rows can still be gone on from */
      model_encode_describe(tree, &labels, subject->columns, names, o->stimuli);
      status = model_sidecar_prepare(&beside, own, tree, o->options->force, error);
    }
    if (!status) status = io_rows_finish(o->files[s], &labels.io, error);
    if (status)
      io_whole_file_abandon(beside);
    else if (beside)
      status = io_whole_file_commit(beside, error);
    model_labels_release(&labels);
  }
  base_free(json);
  cJSON_Delete(tree);
  base_free(own);
  return status;
}

static berg_status finish(output *o, berg_error *error) {
  if (!o->rows)
    return base_fail(error, BERG_EINPUT, "none of the %zu images could be read", berg_stimuli_count(o->stimuli));
  model_row_names names;
  berg_status status = model_row_names_make(&names, o->stimuli, o->rows, error);
  for (size_t s = 0; s < o->model->subject_count && !status; s++) status = finish_subject(o, s, &names, error);
  model_row_names_release(&names);
  return status;
}

static void release(output *o) {
  for (size_t s = 0; o->files && s < o->model->subject_count; s++) io_rows_free(o->files[s]);
  base_free(o->files);
  base_free(o->done);
  base_free_large(o->own);
}

/* Outputs [0, count) of one pass. */
static berg_status encode_pass(output *outputs, const model_pass *pass, const berg_run *run, berg_error *error) {
  size_t first = 0;
  berg_status status = find_start(outputs, pass->count, &first, error);
  if (!status) status = model_encode(pass, outputs[0].stimuli, first, run, error);
  for (size_t i = 0; i < pass->count; i++) status = stop_writer(&outputs[i], status, error);
  for (size_t i = 0; i < pass->count && !status; i++) status = finish(&outputs[i], error);
  return status;
}

static berg_status encode_passes(output *outputs, berg_model *const *models, size_t count, const berg_run *run,
                                 berg_error *error) {
  size_t *passes = base_calloc(count, sizeof *passes, error), pass_count = 0;
  model_sink *sinks = base_calloc(count, sizeof *sinks, error);
  berg_status status = passes && sinks ? model_passes(models, count, passes, &pass_count, error) : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    sinks[i] = (model_sink){.wants = MODEL_RESPONSES, .user = &outputs[i], .take = take};
    status = open_files(&outputs[i], error);
  }
  if (!status) status = model_passes_tell(models, count, passes, pass_count, run, error);
  for (size_t p = 0, i = 0; p < pass_count && !status; p++) {
    output *own = outputs + i;
    model_pass pass = {models + i, sinks + i, 0, p, pass_count};
    for (; i < count && passes[i] == p; i++) pass.count++;
    status = encode_pass(own, &pass, run, error);
  }
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
  output *outputs = status ? NULL : base_calloc(count, sizeof *outputs, error);
  if (!status && !outputs) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    outputs[i] = (output){.model = models[i], .stimuli = stimuli, .path = paths[i], .options = &how.output};
    if (!models[i]->columns)
      status = base_fail(error, BERG_EPARAMETER, "%s: nothing is selected, and no file has no columns", paths[i]);
  }
  if (!status) status = encode_passes(outputs, models, count, &run, error);
  for (size_t i = 0; outputs && i < count; i++)
    if (outputs[i].model) release(&outputs[i]);
  base_free(outputs);
  return status;
}

berg_status berg_encode_to_file(berg_model *model, berg_stimuli *stimuli, const char *path,
                                const berg_output_options *options, const berg_run *run, berg_error *error) {
  return berg_encode_many_to_files(&model, 1, stimuli, &path, options, run, error);
}
