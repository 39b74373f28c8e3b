/* berg simulate: a synthetic data set in the raw layout. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "progress.h"

typedef struct request {
  cli_texts subjects;
  const char *dtype;
  size_t threads, seed;
  bool force, quiet;
  int *numbers;
  berg_simulate_options options;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_simulate_options *simulate = &asked->options;
  const cli_option options[] = {
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]",
       "Subjects, as 1, 01 or sub-01, who see the same images. Default: 1."},
      {"seed", 0, CLI_COUNT, &asked->seed, "N", "Another seed, another data set. Default: 1."},
      {"voxels", 0, CLI_COUNT, &simulate->voxels, "N",
       "Of each subject. Default: 211,339, 226,950 and 189,164, as the real ones have."},
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
      .operands = "DIR",
      .summary = "Makes a data set in THINGS-fMRI1's raw layout, to learn on and to test with: images, responses of "
                 "simulated brains to them, tables of trials and voxels, brain masks, and, what no real data set has, "
                 "the true signal and noise of each voxel.",
      .examples = "berg simulate raw/ --voxels 2000 --concepts 72 --image-size 256\n"
                  "berg simulate raw/ --subject 1,2,3\n"
                  "berg simulate raw/ --seed 7 --dtype f32",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static int complete(request *asked) {
  static char first[] = "1";
  char *one[] = {first};
  const cli_texts none = {one, 1};
  if (asked->threads > INT_MAX) return cli_usage_error("simulate", "--threads: too many");
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

static int run(const request *asked, const char *folder) {
  berg_error error;
  cli_progress progress;
  double start = now();
  cli_progress_start(&progress, asked->quiet, false);
  berg_run run = cli_progress_run(&progress);
  berg_status failed = berg_simulate(folder, &asked->options, &run, &error);
  cli_progress_end(&progress);
  if (failed == BERG_ECANCELLED)
    return cli_fail_with(failed, "interrupted; the files in %s are whole, but not all of them are there", folder);
  if (failed) return cli_fail(&error);
  /* the last stage counts the voxels of all subjects */
  if (!asked->quiet) say_summary(asked, folder, progress.total, now() - start);
  return 0;
}

int cli_simulate(int argc, char **argv) {
  request asked = {.seed = 1};
  size_t count;
  berg_simulate_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = complete(&asked);
  if (status == CLI_GO_ON) status = run(&asked, argv[0]);
  cli_texts_free(&asked.subjects);
  free(asked.numbers);
  return status;
}
