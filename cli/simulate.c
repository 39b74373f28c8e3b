/* berg simulate: a synthetic data set in the raw layout, or as preparation leaves it. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "progress.h"

#define OF_RAW_DATA "fmri-things_fmri_1-vit_b_32" /* whose raw data are made */

typedef struct request {
  cli_texts subjects;
  const char *dtype;
  size_t threads, seed;
  bool force, quiet;
  int *numbers;
  berg_simulate_options options;
  const char *model; /* whose prepared data are made; NULL: raw data of the first model */
  cli_texts named;   /* subjects, as the library takes them */
  size_t units, times, repeats;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_simulate_options *simulate = &asked->options;
  const cli_option options[] = {
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]",
       "Subjects, as 1, 01, sub-01 or N, who see the same images. Default: the model's first."},
      {"seed", 0, CLI_COUNT, &asked->seed, "N", "Another seed, another data set. Default: 1."},
      {"voxels", 0, CLI_COUNT, &simulate->voxels, "N",
       "Of each subject. Default: 211,339, 226,950 and 189,164, as the real ones have."},
      {"units", 0, CLI_COUNT, &asked->units, "N",
       "With MODEL: channels, sensors, electrodes, or vertices of a hemisphere. Default: as upstream's."},
      {"times", 0, CLI_COUNT, &asked->times, "N", "With MODEL: samples of a trial. Default: as upstream's."},
      {"repeats", 0, CLI_COUNT, &asked->repeats, "N",
       "With MODEL: how often a test image is seen. Default: as upstream, 80 (EEG), 12 (MEG), 30 (TVSD), 3 (NSD)."},
      {"concepts", 0, CLI_COUNT, &simulate->concepts, "N", "Kinds of things in the images. Default: 720."},
      {"images-per-concept", 0, CLI_COUNT, &simulate->images_per_concept, "N",
       "Training images of each, seen once. Default: 12."},
      {"test-images", 0, CLI_COUNT, &simulate->test_images, "N", "Seen once a session. Default: 100."},
      {"sessions", 0, CLI_COUNT, &simulate->sessions, "N", "Default: 12."},
      {"image-size", 0, CLI_COUNT, &simulate->image_size, "N", "Pixels of each side. Default: 400."},
      {"dtype", 0, CLI_TEXT, &asked->dtype, "f64|f32", "Of the responses. Default: f64."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the bytes."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Write into DIR though it is not empty, and replace files there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "simulate",
      .operands = "[MODEL] DIR",
      .summary = "Makes a data set in THINGS-fMRI1's raw layout, to learn on and to test with: images, responses of "
                 "simulated brains to them, tables of trials and voxels, brain masks, and, what no real data set has, "
                 "the true signal and noise of each voxel. With MODEL, prepared data of NSD, EEG, MEG or TVSD: DIR "
                 "is then the berg directory to train and evaluate in, with the images and the truth beside.",
      .examples = "berg simulate raw/ --voxels 2000 --concepts 72 --image-size 256\n"
                  "berg simulate raw/ --subject 1,2,3\n"
                  "berg simulate raw/ --seed 7 --dtype f32\n"
                  "berg simulate meg-things_meg_1-vit_b_32 berg/ --units 28 --times 20 --concepts 40",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 2};
  return cli_parse(&syntax, argc, argv, count);
}

/* Options that say something of the other kind of data alone. */
static int check_kind(const request *asked) {
  const berg_simulate_options *raw = &asked->options;
  berg_simulate_options defaults;
  berg_simulate_options_init(&defaults);
  if (!asked->model && (asked->units || asked->times || asked->repeats))
    return cli_usage_error("simulate", "--units, --times and --repeats are of prepared data: give MODEL");
  if (asked->model && (raw->voxels || asked->dtype || raw->sessions != defaults.sessions))
    return cli_usage_error("simulate", "--voxels, --sessions and --dtype are of raw data: see --units, --repeats");
  return CLI_GO_ON;
}

static int complete_raw(request *asked) {
  static char first[] = "1";
  char *one[] = {first};
  const cli_texts none = {one, 1};
  if (asked->dtype && strcmp(asked->dtype, "f64") && strcmp(asked->dtype, "f32"))
    return cli_usage_error("simulate", "--dtype: expected f64 or f32, found \"%s\"", asked->dtype);
  int status = cli_subject_numbers("simulate", asked->subjects.count ? &asked->subjects : &none, &asked->numbers);
  asked->options.subjects = asked->numbers;
  asked->options.subject_count = asked->subjects.count ? asked->subjects.count : 1;
  asked->options.seed = asked->seed;
  asked->options.threads = (int)asked->threads;
  asked->options.force = asked->force;
  if (asked->dtype && !strcmp(asked->dtype, "f32")) asked->options.dtype = BERG_F32;
  return status;
}

static int complete(request *asked) {
  if (asked->threads > INT_MAX) return cli_usage_error("simulate", "--threads: too many");
  int status = asked->model ? cli_check_model(asked->model) : CLI_GO_ON;
  if (status == CLI_GO_ON && asked->model && !strcmp(asked->model, OF_RAW_DATA)) asked->model = NULL;
  if (status == CLI_GO_ON) status = check_kind(asked);
  if (status != CLI_GO_ON) return status;
  if (!asked->model) return complete_raw(asked);
  return asked->subjects.count ? cli_subjects("simulate", &asked->subjects, &asked->named) : CLI_GO_ON;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void say_summary(const request *asked, const char *folder, size_t voxels, double seconds) {
  const berg_simulate_options *o = &asked->options;
  const size_t images = o->concepts * o->images_per_concept + o->test_images;
  const size_t trials = images + o->test_images * (o->sessions - 1);
  char image_text[32], trial_text[32], voxel_text[32];
  const double bytes = (double)voxels * (double)trials * (o->dtype == BERG_F32 ? 4 : 8);
  cli_say("%s: %s images, %zu subject%s, %s trials, %s voxels, %.2f GB of responses, %.1f s; next: berg prepare %s "
          "--subject %d --berg-dir BERG_DIR",
          folder, cli_grouped(images, image_text), o->subject_count, o->subject_count == 1 ? "" : "s",
          cli_grouped(trials, trial_text), cli_grouped(voxels, voxel_text), 1e-9 * bytes, seconds, folder,
          asked->numbers[0]);
}

static berg_status simulate_prepared(const request *asked, const char *folder, const berg_run *run, berg_error *error) {
  berg_simulate_prepared_options options;
  berg_simulate_prepared_options_init(&options);
  options.subjects = (const char *const *)asked->named.items;
  options.subject_count = asked->named.count;
  options.seed = asked->seed;
  options.units = asked->units;
  options.times = asked->times;
  options.repeats = asked->repeats;
  options.concepts = asked->options.concepts;
  options.images_per_concept = asked->options.images_per_concept;
  options.test_images = asked->options.test_images;
  options.image_size = asked->options.image_size;
  options.threads = (int)asked->threads;
  options.force = asked->force;
  return berg_simulate_prepared(folder, asked->model, &options, run, error);
}

static void say_prepared(const request *asked, const char *folder, double seconds) {
  const bool is_nsd = !strncmp(asked->model, "fmri-", 5);
  cli_say("%s: prepared data, %.1f s; next: berg train %s --subject %s --berg-dir %s --images %s/%s", folder, seconds,
          asked->model,
          asked->named.count                 ? asked->named.items[0]
          : strncmp(asked->model, "utah", 4) ? "1"
                                             : "N",
          folder, folder, is_nsd ? "nsd_stimuli.hdf5" : "images");
}

static int run(const request *asked, const char *folder) {
  berg_error error;
  cli_progress progress;
  double start = now();
  cli_progress_start(&progress, asked->quiet, false);
  berg_run run = cli_progress_run(&progress);
  berg_status failed = asked->model ? simulate_prepared(asked, folder, &run, &error)
                                    : berg_simulate(folder, &asked->options, &run, &error);
  cli_progress_end(&progress);
  if (failed == BERG_ECANCELLED)
    return cli_fail_with(failed, "interrupted; the files in %s are whole, but not all of them are there", folder);
  if (failed) return cli_fail(&error);
  if (asked->quiet) return 0;
  if (asked->model)
    say_prepared(asked, folder, now() - start);
  else /* the last stage counts the voxels of all subjects */
    say_summary(asked, folder, progress.total, now() - start);
  return 0;
}

int cli_simulate(int argc, char **argv) {
  request asked = {.seed = 1};
  size_t count;
  berg_simulate_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON && count == 2) asked.model = argv[0];
  if (status == CLI_GO_ON) status = complete(&asked);
  if (status == CLI_GO_ON) status = run(&asked, argv[count - 1]);
  cli_texts_free(&asked.subjects);
  cli_texts_free(&asked.named);
  free(asked.numbers);
  return status;
}
