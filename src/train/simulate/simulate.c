/* berg_simulate: images, brains, trials, tables. */
#include "train/simulate/simulate.h"

#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "io/file/folders.h"
#include "io/file/listing.h"
#include "io/nifti/write_mask.h"

#define SUBJECTS 3
#define MILLIMETRES 2

static const size_t real_voxels[SUBJECTS] = {211339, 226950, 189164};

void(berg_simulate_options_init)(berg_simulate_options *options, size_t size) {
  const berg_simulate_options defaults = {.seed = 1,
                                          .concepts = 720,
                                          .images_per_concept = 12,
                                          .test_images = 100,
                                          .sessions = 12,
                                          .image_size = 400,
                                          .dtype = BERG_F64};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static size_t voxels_of(const berg_simulate_options *options, int subject) {
  return options->voxels ? options->voxels : real_voxels[subject - 1];
}

/* --- Checks --- */

berg_status simulate_check_range(const char *what, size_t value, size_t least, size_t most, berg_error *error) {
  if (value >= least && value <= most) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: expected %zu to %zu, found %zu", what, least, most, value);
}

static berg_status check_subjects(const int *subjects, size_t count, berg_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (subjects[i] < 1 || subjects[i] > SUBJECTS)
      return base_fail(error, BERG_EPARAMETER, "subject %d: expected 1 to %d", subjects[i], SUBJECTS);
    for (size_t j = 0; j < i; j++)
      if (subjects[j] == subjects[i]) return base_fail(error, BERG_EARGUMENT, "subject %d is named twice", subjects[i]);
  }
  return BERG_OK;
}

/* Names have two digits for the images of a concept; the streams of random numbers hold 2^40. */
static berg_status check(const berg_simulate_options *options, berg_error *error) {
  berg_status status = simulate_check_range("concepts", options->concepts, 1, 100000, error);
  if (!status) status = simulate_check_range("images per concept", options->images_per_concept, 1, 90, error);
  if (!status) status = simulate_check_range("test images", options->test_images, 2, 100000, error);
  if (!status) status = simulate_check_range("sessions", options->sessions, 2, 1000, error);
  if (!status) status = simulate_check_range("image size", options->image_size, 16, 4096, error);
  if (!status && options->voxels) status = simulate_check_range("voxels", options->voxels, 100, 2000000, error);
  if (status) return status;
  const size_t trainings = options->concepts * options->images_per_concept;
  const size_t exemplars =
      options->images_per_concept + (options->test_images + options->concepts - 1) / options->concepts;
  if (trainings < options->sessions)
    return base_fail(error, BERG_EARGUMENT, "%zu training images do not fill %zu sessions", trainings,
                     options->sessions);
  if (exemplars > 99)
    return base_fail(error, BERG_EARGUMENT,
                     "%zu training and test images of one concept: their names hold two digits, at most 99", exemplars);
  if (options->dtype != BERG_F64 && options->dtype != BERG_F32)
    return base_fail(error, BERG_EARGUMENT, "responses are float64 or float32, not %s",
                     berg_dtype_name(options->dtype));
  if (trainings + options->test_images * options->sessions > (UINT64_C(1) << 40) / 2000000)
    return base_fail(error, BERG_EARGUMENT, "%zu trials are more than can be simulated",
                     trainings + options->test_images * options->sessions);
  return BERG_OK;
}

berg_status simulate_check_folder(const char *folder, bool force, berg_error *error) {
  io_listing files;
  size_t entries = 0;
  berg_status status = io_listing_open(&files, folder, IO_LISTING_MAY_MISS, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));)
    entries += strcmp(name, ".") && strcmp(name, "..");
  io_listing_close(&files);
  if (status || !entries || force) return status;
  return base_fail(error, BERG_EEXISTS, "%s: is not empty; use force to replace files in it", folder);
}

/* A JPEG of these pictures at quality 90 takes 0.15 bytes a pixel, small ones more. */
uint64_t simulate_image_bytes(size_t size) { return (uint64_t)size * size / 4 + 8192; }

static uint64_t bytes_needed(const simulate_design *design, const berg_simulate_options *options, const int *subjects,
                             size_t count) {
  const uint64_t value = options->dtype == BERG_F32 ? sizeof(float) : sizeof(double);
  uint64_t bytes = design->images * simulate_image_bytes(options->image_size);
  for (size_t i = 0; i < count; i++)
    bytes += voxels_of(options, subjects[i]) *
                 (design->trials * value + 2 * sizeof(int64_t) + 700 + 32 + design->tests * sizeof(float)) +
             design->trials * 64 + ((uint64_t)1 << 20);
  return bytes;
}

berg_status simulate_check_disk(const char *folder, uint64_t needed, berg_error *error) {
  const uint64_t room = io_disk_free(folder);
  if (room >= needed) return BERG_OK;
  return base_fail(error, BERG_ELIMIT, "%s: the data set takes up to %.2f GB, the disk has room for %.2f GB", folder,
                   1e-9 * (double)needed, 1e-9 * (double)room);
}

/* --- One subject --- */

static berg_status write_mask(const simulate_subject *subject, berg_error *error) {
  const simulate_brain *brain = &subject->brain;
  char *path = base_format(error, "%s/brainmasks/sub-%02d_space-T1w_brainmask.nii.gz", subject->folder, brain->subject);
  if (!path) return BERG_ELIMIT;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_write_mask(path, brain->mask, brain->shape, MILLIMETRES, subject->force, error);
  base_free(path);
  return status;
}

static berg_status prepare_subject(simulate_subject *subject, int number, size_t voxels, berg_error *error) {
  const simulate_design *design = subject->design;
  berg_status status = simulate_brain_init(&subject->brain, design->seed, number, voxels, subject->threads, error);
  if (!status) status = simulate_trials_init(&subject->trials, design, number, error);
  if (!status) status = simulate_truth_init(&subject->truth, voxels, design->tests, error);
  if (status) return status;
  double *values = base_alloc(voxels, 4 * sizeof *values, error);
  if (!values) return BERG_ELIMIT;
  subject->reliability = (berg_reliability){.noise_ceiling_singletrial = values,
                                            .noise_ceiling_testset = values + voxels,
                                            .splithalf_uncorrected = values + 2 * voxels,
                                            .splithalf_corrected = values + 3 * voxels};
  return BERG_OK;
}

/* The table of voxels comes last: who finds it, finds the others. */
static berg_status write_subject(simulate_subject *subject, berg_dtype dtype, const train_stage *stage, size_t before,
                                 berg_error *error) {
  berg_status status = write_mask(subject, error);
  if (!status) status = simulate_write_stimuli(subject, error);
  if (!status) status = simulate_write_responses(subject, dtype, stage, before, error);
  if (!status) status = simulate_write_truth(subject, error);
  return status ? status : simulate_write_voxels(subject, error);
}

static void release_subject(simulate_subject *subject) {
  simulate_brain_release(&subject->brain);
  simulate_trials_release(&subject->trials);
  simulate_truth_release(&subject->truth);
  base_free(subject->reliability.noise_ceiling_singletrial);
}

/* --- All of it --- */

static berg_status simulate_subjects(const char *folder, const simulate_design *design,
                                     const simulate_features *features, const berg_simulate_options *options,
                                     const int *subjects, size_t count, const berg_run *run, berg_error *error) {
  berg_status status = BERG_OK;
  train_stage stage;
  size_t total = 0, before = 0;
  for (size_t i = 0; i < count; i++) total += voxels_of(options, subjects[i]);
  train_stage_begin(&stage, run, "responses", "voxels", total);
  for (size_t i = 0; i < count && !status; i++) {
    simulate_subject subject = {.folder = folder,
                                .design = design,
                                .features = features,
                                .force = options->force,
                                .threads = base_threads_for(options->threads)};
    const size_t voxels = voxels_of(options, subjects[i]);
    status = prepare_subject(&subject, subjects[i], voxels, error);
    if (!status) status = write_subject(&subject, options->dtype, &stage, before, error);
    release_subject(&subject);
    before += voxels;
  }
  return status;
}

berg_status berg_simulate(const char *folder, const berg_simulate_options *given, const berg_run *given_run,
                          berg_error *error) {
  static const int first_subject = 1;
  berg_simulate_options options;
  berg_run run;
  simulate_design design = {.test_concepts = NULL};
  simulate_features features = {.values = NULL};
  berg_status status = BASE_TAKE(berg_simulate_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  if (!folder || !*folder) return base_fail(error, BERG_EARGUMENT, "a folder is needed for the data set");
  const int *subjects = options.subjects && options.subject_count ? options.subjects : &first_subject;
  const size_t count = subjects == &first_subject ? 1 : options.subject_count;
  status = check_subjects(subjects, count, error);
  if (!status) status = check(&options, error);
  if (!status) status = simulate_check_folder(folder, options.force, error);
  if (!status) status = simulate_design_init(&design, &options, error);
  if (!status) status = simulate_check_disk(folder, bytes_needed(&design, &options, subjects, count), error);
  if (!status) status = io_make_folders(folder, error);
  char *images = status ? NULL : base_format(error, "%s/images", folder);
  const simulate_keeper keeper = {
      .keep = simulate_keep_jpeg, .design = &design, .folder = images, .force = options.force};
  if (!status && !images) status = BERG_ELIMIT;
  if (!status)
    status = simulate_images(&features, &design, &keeper, options.image_size, base_threads_for(options.threads), &run,
                             error);
  if (!status) status = simulate_subjects(folder, &design, &features, &options, subjects, count, &run, error);
  simulate_features_release(&features);
  simulate_design_release(&design);
  base_free(images);
  return status;
}
