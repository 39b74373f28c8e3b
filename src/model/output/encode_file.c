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
static char *path_of_subject(const char *path, int subject, bool several, berg_error *error) {
  if (!several) return base_copy_text(path, error);
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  if (!dot) dot = path + strlen(path);
  if (dot - path >= 4 && !strcmp(dot, ".gz") && !strncmp(dot - 4, ".nii", 4)) dot -= 4;
  return base_format(error, "%.*s_sub-%02d%s", (int)(dot - path), path, subject, dot);
}

/* What decides the numbers is in the fingerprint: a partial file of anything else is not continued. */
static berg_status fingerprint(const output *o, const model_subject *subject, char *text, size_t room,
                               berg_error *error) {
  char images[MODEL_FINGERPRINT_ROOM];
  berg_status status = model_stimuli_fingerprint(o->stimuli, images, error);
  if (status) return status;
  const model_columns *columns = &subject->columns;
  const char *engine = o->model->products, *isa = base_isa_name(o->model->isa);
  uint64_t hash = base_hash_text(BASE_HASH_START, berg_version());
  hash = base_hash_text(hash, engine);
  hash = base_hash_text(hash, isa);
  hash = model_hash_file(hash, subject->fitted.path);
  hash = model_hash_file(hash, o->model->backbone.path);
  hash = base_hash_bytes(hash, &columns->count, sizeof columns->count);
  if (columns->voxels) hash = base_hash_bytes(hash, columns->voxels, columns->count * sizeof *columns->voxels);
  for (size_t i = 0; columns->roi_names && i < columns->count; i++) hash = base_hash_text(hash, columns->roi_names[i]);
  bool skips = model_stimuli_skips_bad(o->stimuli);
  hash = base_hash_bytes(hash, &skips, sizeof skips);
  base_print(text, room, "%s sub-%02d %s %016llx", o->model->id, subject->number, images, (unsigned long long)hash);
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
    status = io_rows_check_shape(path, rows, o->model->subjects[s].columns.count, &labels.io, error);
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
    char *own = path_of_subject(o->path, model->subjects[i].number, model->subject_count > 1, error);
    if (own) status = model_sidecar_check(own, options, error);
    if (!status) status = own ? fingerprint(o, &model->subjects[i], name, sizeof name, error) : BERG_ELIMIT;
    if (!status)
      status = io_rows_open(&o->files[i], own, model->subjects[i].columns.count, name, options->force, options->resume,
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
  const size_t columns = subject->columns.count;
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
    if (o->model->subjects[s].columns.count > widest) widest = o->model->subjects[s].columns.count;
  o->part = (images + 1) / 2;
  if (o->model->subject_count > 1) {
    o->own = base_alloc_large(o->part * widest, sizeof(float), error);
    if (!o->own) return BERG_ELIMIT;
  }
  return model_writer_open(&o->writer, append, o, o->part * o->model->columns, error);
}

/* Half a batch at a time, so that two buffers hold no more than one did. */
static berg_status take(void *user, const model_batch *batch, berg_error *error) {
  output *o = user;
  berg_status status = start_writer(o, batch->most, error);
  for (size_t first = 0; first < batch->images && !status; first += o->part) {
    const size_t count = batch->images - first < o->part ? batch->images - first : o->part;
    float *responses;
    status = model_writer_buffer(o->writer, &responses, error);
    if (status) break;
    model_batch_respond(batch, first, count, responses);
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

/* The number of the first image that some file has no row for. Rows are images but for those left out: to know which were,
 * they are looked at again. */
static berg_status find_start(output *o, size_t *first, berg_error *error) {
  size_t least = o->done[0];
  for (size_t s = 1; s < o->model->subject_count; s++)
    if (o->done[s] < least) least = o->done[s];
  *first = 0;
  if (!model_stimuli_skips_bad(o->stimuli)) {
    *first = least;
    o->rows = least;
    return BERG_OK;
  }
  uint8_t *pixels = base_alloc(VIT_PIXELS, 1, error);
  if (!pixels) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (; o->rows < least && *first < berg_stimuli_count(o->stimuli) && !status; (*first)++) {
    berg_error fault;
    status = model_stimuli_prepare(o->stimuli, *first, 1, NULL, error);
    if (status) break;
    status = berg_stimuli_pixels(o->stimuli, *first, pixels, &fault);
    if (!status) {
      o->rows++;
    } else if (model_stimuli_may_skip(o->stimuli, status)) {
      status = model_stimuli_mark_bad(o->stimuli, *first, &fault, error);
    } else if (error) {
      *error = fault;
    }
  }
  base_free(pixels);
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
  char *json = NULL, *own = path_of_subject(o->path, subject->number, o->model->subject_count > 1, error);
  if (!own) return BERG_ELIMIT;
  berg_status status = model_labels_make(&labels, o->model, s, own, o->options, error);
  if (!status) {
    labels.io.row_names = names->names;
    if (sidecar || is_hdf5(own)) status = label_fully(o, s, &labels, names, &tree, &json, error);
    if (!status && sidecar) { /* all that can fail, while the rows can still be gone on from */
      model_encode_describe(tree, &labels, subject->columns.count, names, o->stimuli);
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

berg_status berg_encode_to_file(berg_model *model, berg_stimuli *stimuli, const char *path,
                                const berg_output_options *options, const berg_run *given, berg_error *error) {
  model_output_options how;
  berg_run run;
  output o = {.model = model, .stimuli = stimuli, .path = path, .options = &how.output};
  size_t first = 0;
  berg_status status = model_output_options_take(&how, options, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given, error);
  if (!status) status = open_files(&o, error);
  if (!status) status = find_start(&o, &first, error);
  const model_sink sink = {.wants = MODEL_RESPONSES, .user = &o, .take = take};
  if (!status) status = model_encode(model, stimuli, first, &run, &sink, error);
  status = stop_writer(&o, status, error);
  if (!status) status = finish(&o, error);
  for (size_t s = 0; o.files && s < model->subject_count; s++) io_rows_free(o.files[s]);
  base_free(o.files);
  base_free(o.done);
  base_free_large(o.own);
  return status;
}
