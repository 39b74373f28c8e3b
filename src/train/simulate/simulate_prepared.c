/* berg_simulate_prepared: images and recordings of one of the sibling models, as their preparation leaves them. */
#include "train/simulate/simulate_prepared.h"

#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "io/file/folders.h"
#include "io/hdf5/hdf5_matrix.h"
#include "io/image/jpeg_write.h"
#include "model/catalog/registry.h"
#include "train/simulate/simulate_units.h"

#define IMAGES_FILE "nsd_stimuli.hdf5"
#define LARGEST ((size_t)1 << 38) /* values of a subject's trials: numbers are drawn from a stream of 2^40 */

void(berg_simulate_prepared_options_init)(berg_simulate_prepared_options *options, size_t size) {
  const berg_simulate_prepared_options defaults = {
      .seed = 1, .concepts = 720, .images_per_concept = 12, .test_images = 100, .image_size = 400};
  base_options_init(options, size, &defaults, sizeof defaults);
}

typedef struct simulation {
  const simulate_kind *kind;
  const model_layout *layout;
  const berg_simulate_prepared_options *options;
  const char *folder;
  char **known; /* subjects of the card */
  size_t known_count;
  const char *const *subjects;
  size_t subject_count, units, times;
  int threads;
  simulate_design design;
  float *sources;
} simulation;

/* --- Checks --- */

static const simulate_kind *find_kind(const char *model_id) {
  static const simulate_kind *const kinds[] = {&simulate_eeg, &simulate_meg, &simulate_nsd, &simulate_tvsd};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (!strcmp(kinds[k]->model_id, model_id)) return kinds[k];
  return NULL;
}

static berg_status find_model(simulation *s, const char *model_id, berg_error *error) {
  berg_status status = model_check_id(model_id, error);
  if (status) return status;
  s->kind = find_kind(model_id);
  if (!s->kind)
    return base_fail(error, BERG_EPARAMETER, "%s: prepared data of this model are not simulated%s", model_id,
                     strcmp(model_id, MODEL_FIRST) ? "" : "; its raw data are, and prepared from those");
  s->layout = model_layout_of(model_id);
  status = model_subjects(model_id, &s->known, &s->known_count, error);
  s->subjects =
      s->options->subjects && s->options->subject_count ? s->options->subjects : (const char *const *)s->known;
  s->subject_count = s->subjects == s->options->subjects ? s->options->subject_count : 1;
  for (size_t i = 0; i < s->subject_count && !status; i++) {
    status = model_check_subject(model_id, s->subjects[i], error);
    for (size_t j = 0; j < i && !status; j++)
      if (!strcmp(s->subjects[i], s->subjects[j]))
        status = base_fail(error, BERG_EARGUMENT, "subject %s is named twice", s->subjects[i]);
  }
  return status;
}

static size_t repeats_of(const simulation *s) { return s->options->repeats ? s->options->repeats : s->kind->repeats; }

static size_t train_trials_of(const simulation *s) {
  return s->kind->train_trials ? s->kind->train_trials : repeats_of(s);
}

static berg_status check_sizes(const simulation *s, berg_error *error) {
  const berg_simulate_prepared_options *o = s->options;
  const size_t most = s->kind->most_units ? s->kind->most_units : 1000000;
  berg_status status = simulate_check_range("units", s->units, 1, most, error);
  if (!status) status = simulate_check_range("times", s->times, 1, s->kind->times == 1 ? 1 : 100000, error);
  if (!status) status = simulate_check_range("concepts", o->concepts, 1, 90000, error);
  if (!status) status = simulate_check_range("images per concept", o->images_per_concept, 1, 90, error);
  if (!status) status = simulate_check_range("test images", o->test_images, 2, 90000, error);
  if (!status) status = simulate_check_range("repeats", repeats_of(s), 2, 1000, error);
  if (!status) status = simulate_check_range("image size", o->image_size, 16, 4096, error);
  if (status) return status;
  if (o->images_per_concept + (o->test_images + o->concepts - 1) / o->concepts > 99)
    return base_fail(error, BERG_EARGUMENT,
                     "more than 99 training and test images of one concept: their names hold two digits");
  if (s->kind->has_quarters && o->concepts * o->images_per_concept < MODEL_QUARTERS)
    return base_fail(error, BERG_EARGUMENT, "%zu training images do not fill four quarters",
                     o->concepts * o->images_per_concept);
  return BERG_OK;
}

/* Values of one subject's trials, and bytes of its files. */
static berg_status check_bytes(const simulation *s, berg_error *error) {
  const simulate_design *d = &s->design;
  const size_t outputs = model_layout_outputs(s->layout);
  const double columns = (double)outputs * (double)s->units * (double)s->times;
  const double trials = (double)d->trainings * (double)train_trials_of(s) + (double)d->tests * (double)d->sessions;
  const double again = s->kind->has_quarters ? (double)(d->trainings + d->tests) : 0; /* quarters, averages */
  if (columns * trials > (double)LARGEST)
    return base_fail(error, BERG_EARGUMENT, "%.0f responses are more than can be simulated", columns * trials);
  const uint64_t pixels = (uint64_t)s->options->image_size * s->options->image_size * 3;
  const uint64_t images = s->layout->prepared.array ? pixels : simulate_image_bytes(s->options->image_size);
  const double own = columns * (4 * (trials + again + (double)d->tests) + 40) + trials * 400;
  return simulate_check_disk(
      s->folder, d->images * images + (uint64_t)s->subject_count * ((uint64_t)own + ((uint64_t)1 << 20)), error);
}

/* --- Images --- */

/* Numbered concepts, in folders of training and of test images, as EEG's are. */
static berg_status keep_numbered(const simulate_keeper *keeper, size_t image, const uint8_t *pixels, size_t size,
                                 berg_error *error) {
  char concept[SIMULATE_CONCEPT_ROOM], name[SIMULATE_NAME_ROOM];
  simulate_kind_concept(keeper->user, keeper->design, image, concept);
  simulate_image_name(keeper->design, image, name);
  char *path = base_format(error, "%s/%s/%s/%s", keeper->folder,
                           image < keeper->design->trainings ? "training_images" : "test_images", concept, name);
  if (!path) return BERG_ELIMIT;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_write_jpeg(path, pixels, size, size, SIMULATE_QUALITY, keeper->force, error);
  base_free(path);
  return status;
}

/* A row of the dataset of all images, as NSD's are. */
static berg_status keep_row(const simulate_keeper *keeper, size_t image, const uint8_t *pixels, size_t size,
                            berg_error *error) {
  return io_hdf5_matrix_write(keeper->user, image, 1, 0, size * size * 3, pixels, size * size * 3, error);
}

static berg_status render(simulation *s, simulate_keeper *keeper, const berg_run *run, berg_error *error) {
  simulate_features features = {.values = NULL};
  berg_status status = simulate_images(&features, &s->design, keeper, s->options->image_size, s->threads, run, error);
  if (!status && !(s->sources = simulate_sources(&features, error))) status = BERG_ELIMIT;
  simulate_features_release(&features);
  return status;
}

static berg_status render_array(simulation *s, simulate_keeper *keeper, const char *path, const berg_run *run,
                                berg_error *error) {
  const size_t side = s->options->image_size;
  io_hdf5_matrix *matrix;
  berg_status status = io_hdf5_matrix_start_shaped(&matrix, path, s->layout->prepared.array, BERG_U8,
                                                   (size_t[]){s->design.images, side, side, 3}, 4, error);
  if (status) return status;
  keeper->keep = keep_row;
  keeper->user = matrix;
  status = render(s, keeper, run, error);
  if (!status) status = io_hdf5_matrix_finish(matrix, keeper->force, error);
  io_hdf5_matrix_free(matrix, status != BERG_OK, error);
  return status;
}

static berg_status make_images(simulation *s, const berg_run *run, berg_error *error) {
  const bool is_array = s->layout->prepared.array != NULL;
  char *path = base_format(error, "%s/%s", s->folder, is_array ? IMAGES_FILE : "images");
  simulate_keeper keeper = {.keep = s->kind->is_numbered ? keep_numbered : simulate_keep_jpeg,
                            .design = &s->design,
                            .folder = path,
                            .force = s->options->force,
                            .user = (void *)(uintptr_t)s->kind};
  berg_status status = !path      ? BERG_ELIMIT
                       : is_array ? render_array(s, &keeper, path, run, error)
                                  : render(s, &keeper, run, error);
  base_free(path);
  return status;
}

/* --- Recordings --- */

static size_t index_of(const simulation *s, const char *subject) {
  size_t i = 0;
  while (strcmp(s->known[i], subject)) i++;
  return i;
}

static berg_status draw_units(simulate_recording *r, berg_error *error) {
  r->time = base_alloc(r->times, sizeof *r->time, error);
  if (!r->time) return BERG_ELIMIT;
  for (size_t t = 0; t < r->times; t++) r->time[t] = r->kind->start + r->kind->length * (double)t / (double)r->times;
  for (size_t o = 0; o < r->outputs; o++) {
    r->unit[o] = base_alloc(r->units, sizeof *r->unit[o], error);
    if (!r->unit[o]) return BERG_ELIMIT;
    for (size_t u = 0; u < r->units; u++) simulate_unit_draw(&r->unit[o][u], r, o * r->units + u);
  }
  return BERG_OK;
}

static berg_status record(const simulation *s, const char *subject, const train_stage *stage, size_t *done,
                          berg_error *error) {
  simulate_recording r = {.kind = s->kind,
                          .layout = s->layout,
                          .folder = s->folder,
                          .subject = subject,
                          .design = &s->design,
                          .sources = s->sources,
                          .outputs = model_layout_outputs(s->layout),
                          .units = s->units,
                          .times = s->times,
                          .columns = s->units * s->times,
                          .noise = simulate_subject_stream(SIMULATE_NOISE, (int)index_of(s, subject) + 1),
                          .force = s->options->force,
                          .threads = s->threads,
                          .stage = stage,
                          .done = done};
  berg_status status = draw_units(&r, error);
  if (!status) status = simulate_write_recording_truth(&r, error);
  if (!status) status = r.kind->write(&r, error);
  base_free(r.time);
  for (size_t o = 0; o < r.outputs; o++) base_free(r.unit[o]);
  return status;
}

/* Rows that are written, with those of quarters once more and of each hemisphere. */
static size_t count_rows(const simulation *s) {
  const simulate_design *d = &s->design;
  const size_t quarters = s->kind->has_quarters ? d->trainings / MODEL_QUARTERS * MODEL_QUARTERS : 0;
  const size_t trials = d->trainings * train_trials_of(s) + d->tests * d->sessions;
  return (trials + quarters) * model_layout_outputs(s->layout) * s->subject_count;
}

static berg_status record_all(const simulation *s, const berg_run *run, berg_error *error) {
  train_stage stage;
  size_t done = 0;
  berg_status status = BERG_OK;
  train_stage_begin(&stage, run, "responses", "trials", count_rows(s));
  for (size_t i = 0; i < s->subject_count && !status; i++) status = record(s, s->subjects[i], &stage, &done, error);
  return status;
}

/* --- All of it --- */

static berg_status prepare(simulation *s, berg_error *error) {
  const berg_simulate_prepared_options *o = s->options;
  const berg_simulate_options design = {.seed = o->seed,
                                        .concepts = o->concepts,
                                        .images_per_concept = o->images_per_concept,
                                        .test_images = o->test_images,
                                        .sessions = repeats_of(s)};
  berg_status status = simulate_check_folder(s->folder, o->force, error);
  if (!status) status = simulate_design_init(&s->design, &design, error);
  if (!status) status = check_bytes(s, error);
  return status ? status : io_make_folders(s->folder, error);
}

berg_status berg_simulate_prepared(const char *folder, const char *model_id,
                                   const berg_simulate_prepared_options *given, const berg_run *given_run,
                                   berg_error *error) {
  berg_simulate_prepared_options options;
  berg_run run;
  simulation s = {.options = &options, .folder = folder};
  berg_status status = BASE_TAKE(berg_simulate_prepared_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  if (!folder || !*folder) return base_fail(error, BERG_EARGUMENT, "a folder is needed for the data set");
  status = find_model(&s, model_id, error);
  if (!status) {
    s.units = options.units ? options.units : s.kind->units;
    s.times = options.times ? options.times : s.kind->times;
    s.threads = base_threads_for(options.threads);
    status = check_sizes(&s, error);
  }
  if (!status) status = prepare(&s, error);
  if (!status) status = make_images(&s, &run, error);
  if (!status) status = record_all(&s, &run, error);
  base_free(s.sources);
  simulate_design_release(&s.design);
  base_free_texts(s.known, s.known_count);
  return status;
}
