/* berg encode: images to responses. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command_text.h"
#include "encode_models.h"
#include "memory.h"
#include "model.h"
#include "output.h"
#include "plan.h"
#include "progress.h"
#include "ranks.h"
#include "selection.h"
#include "space.h"
#include "stimuli.h"
#include "trials.h"

/* What the command line asked for, beyond what fits the library's structs. */
typedef struct request {
  const char *output, *format, *scores;
  bool resume, force, quiet, no_sidecar, long_table;
  bool folder;   /* -o names a folder */
  char *command; /* as typed */
  cli_space space;
  cli_trials trials;
  cli_precision precision;
  cli_selection selection;
  cli_encode_models models;
  berg_model_options model;
  cli_stimuli stimuli;
  berg_store *store; /* of --scores */
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_model_options *model = &asked->model;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "OUT",
       "Where the responses go, by ending: .npy, .h5, .csv; voxels also .nii.gz, vertices .func.gii, .mgh, .mgz, EEG "
       "and MEG -ave.fif. \"-\" is standard output as .npy, \"-.csv\" as CSV. Several subjects give one file each, "
       "_sub-0N "
       "before the ending, hemispheres _lh and _rh. A folder, which ends in / (with --also it must be one), gets a "
       "file for each model and subject."},
      CLI_MODELS_OPTIONS(
          asked->models, model,
          "Encode with this model too, in the same pass: the network runs once an image. Can be given again; "
          "MODEL:N:single as with --train-splits. Selections are for the first model alone."),
      {"format", 0, CLI_TEXT, &asked->format, "npy|h5|csv", "Of the files in a folder. Default: npy."},
      CLI_SELECTION_OPTIONS(asked->selection, model),
      CLI_TRIALS_OPTIONS(asked->trials),
      {"long", 0, CLI_FLAG, &asked->long_table, NULL, ".csv: a line a value, with a column for each axis."},
      CLI_STIMULI_OPTIONS(asked->stimuli),
      {"scores", 0, CLI_TEXT, &asked->scores, "STORE",
       "In place of INPUT: the images that this store of berg score holds, without their pixels and a backbone. The "
       "same bytes as from the images."},
      CLI_PRECISION_OPTIONS(asked->precision, model),
      {"device", 0, CLI_TEXT, &model->device, "auto|cpu|cuda",
       "Where to compute. Default: auto, which is cuda where the plug-in and a device are there."},
      {"batch", 0, CLI_COUNT, &model->batch, "N", "Images at a time. Default: chosen. Never changes the numbers."},
      {"memory", 0, CLI_BYTES, &model->memory, "SIZE",
       "What the process may hold, such as 4G; models that do not fit together take turns. Default: what Slurm "
       "and the control group leave."},
      {"resume", 0, CLI_FLAG, &asked->resume, NULL,
       "Go on from what an interrupted run left in OUT.partial. With --shard, pass over a part that is whole."},
      CLI_SPACE_OPTIONS(asked->space),
      {"no-sidecar", 0, CLI_FLAG, &asked->no_sidecar, NULL,
       "Do not write OUT.json, which says where the responses came from and what their columns are."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace OUT (and its sidecar) if it is there."},
      CLI_MPI_OPTION,
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL,
       "Say nothing but errors, images left out, models that take turns and shards that are whole already."},
  };
  const cli_syntax syntax = {
      .command = "encode",
      .operands = "MODEL INPUT...",
      .summary =
          "Gives the response that every voxel (vertex, channel, sensor, electrode) of a subject's brain would give "
          "to each image: one row an image, one column a voxel, in the model's units. INPUT is an image file "
          "(JPEG, PNG), a folder (its images, sorted by name), a text file of paths, a .npy or .npz of images "
          "(FILE.npz:NAME of several), file.h5:dataset, or - (a .npy or a list of paths on standard input).",
      .examples =
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1 photos/ -o responses.npy\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1 --roi V1,V2 cat.jpg dog.png -o -.csv\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1,2,3 stimuli.npy -o responses.h5\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1 --mean roi photos/ -o regions.csv\n"
          "berg encode eeg-things_eeg_2-vit_b_32 --subject 1 --channels Oz,O1,O2 photos/ -o occipital-ave.fif\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1-3 --also meg-things_meg_1-vit_b_32:1-4 photos/ -o out/\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1 --trials 12 --seed 1 photos/ -o trials.h5\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1 --shard 3/10 photos/ -o part-03.npy\n"
          "berg encode fmri-things_fmri_1-vit_b_32 --subject 1 --scores photos.scores/ --roi V1 -o v1.npy",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = CLI_ANY};
  return cli_parse(&syntax, argc, argv, count);
}

static bool is_volume(const char *output) { return cli_ends_in(output, ".nii") || cli_ends_in(output, ".nii.gz"); }

static bool is_folder(const char *output) {
  struct stat about;
  const char *slash = strrchr(output, '/');
  if (slash && !slash[1]) return true;
  return !strchr(slash ? slash : output, '.') && !stat(output, &about) && S_ISDIR(about.st_mode);
}

static int check_folder(request *asked) {
  static const char *const formats[] = {"npy", "h5", "csv"};
  asked->folder = is_folder(asked->output);
  if (asked->models.also.count && !asked->folder)
    return cli_usage_error("encode", "-o %s: several models need a folder, which ends in /", asked->output);
  if (asked->format && !asked->folder)
    return cli_usage_error("encode", "--format: of files in a folder alone; else the ending of -o says it");
  if (!asked->format) asked->format = "npy";
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (!strcmp(asked->format, formats[i])) return CLI_GO_ON;
  return cli_usage_error("encode", "--format: expected npy, h5 or csv, found \"%s\"", asked->format);
}

static int check_space(request *asked) {
  const cli_space *space = &asked->space;
  const bool surface = cli_ends_in(asked->output, ".func.gii") || cli_ends_in(asked->output, ".mgh") ||
                       cli_ends_in(asked->output, ".mgz");
  if (surface && !space->options.like && !space->affine_file) return CLI_GO_ON;
  if (!is_volume(asked->output) && (space->options.like || space->affine_file || space->options.outside))
    return cli_usage_error("encode", "-o %s: only a volume, .nii or .nii.gz, takes --like, --affine and --outside",
                           asked->output);
  return cli_space_complete("encode", &asked->space);
}

/* Of a store all images are taken, and nothing that a network would need. */
static int check_scores(const request *asked, size_t inputs) {
  if (!asked->scores)
    return inputs ? CLI_GO_ON : cli_usage_error("encode", "which images? Give INPUT, or --scores STORE");
  if (inputs) return cli_usage_error("encode", "--scores: takes the images of the store, and no INPUT beside it");
  if (asked->stimuli.shard || asked->stimuli.layout || asked->stimuli.skip_bad || asked->stimuli.all_pictures ||
      asked->model.backbone)
    return cli_usage_error(
        "encode", "--scores: no image is read: --shard, --layout, --skip-bad, --all-pictures and --backbone are of "
                  "images");
  return CLI_GO_ON;
}

/* Fills the library's structs from what was asked. */
static int complete(request *asked, const char *model_id, size_t inputs) {
  int status = cli_check_model(model_id);
  asked->quiet |= !cli_ranks_speaks();
  if (status == CLI_GO_ON && !asked->output)
    status = cli_usage_error("encode", "where do the responses go? Give -o OUT, such as -o responses.npy");
  if (status == CLI_GO_ON) status = cli_encode_models_take(&asked->models, model_id, &asked->model);
  if (status == CLI_GO_ON) status = cli_stimuli_take("encode", &asked->stimuli);
  if (status == CLI_GO_ON) status = check_scores(asked, inputs);
  if (status == CLI_GO_ON && cli_is_stdout(asked->output)) {
    if (cli_ranks())
      status = cli_usage_error("encode", "-o %s: with --mpi the responses go to a file", asked->output);
    else if (asked->models.count > 1 || asked->models.list[0].subjects.count > 1)
      status = cli_usage_error("encode", "-o %s: standard output takes one subject", asked->output);
    else if (asked->resume)
      status = cli_usage_error("encode", "-o %s: standard output cannot be resumed", asked->output);
    else if (isatty(STDOUT_FILENO) && strcmp(asked->output, "-.csv"))
      status = cli_usage_error("encode", "-o %s: standard output is a terminal", asked->output);
  }
  if (status == CLI_GO_ON) status = check_space(asked);
  if (status == CLI_GO_ON) status = check_folder(asked);
  if (status == CLI_GO_ON) status = cli_trials_take(&asked->trials);
  if (status == CLI_GO_ON) status = cli_selection_take("encode", &asked->selection, &asked->model);
  cli_precision_take(&asked->precision, asked->quiet, &asked->model);
  return status;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct naming {
  size_t count;
} naming;

static void say_file(void *user, const char *path) {
  naming *named = user;
  if (named->count++) fputs(", ", stderr);
  cli_print_safe(stderr, path);
}

static void say_summary(const request *asked, berg_stimuli *stimuli, double seconds, size_t earlier) {
  char images[32], columns[32], before[64] = "";
  size_t left_out = berg_stimuli_skipped_count(stimuli), count = berg_stimuli_count(stimuli);
  size_t encoded = count > left_out ? count - left_out : 0, now_done = count > earlier ? count - earlier : 0;
  const size_t all_columns = cli_encode_models_columns(&asked->models);
  char skipped[32] = "";
  naming named = {0};
  if (earlier) snprintf(before, sizeof before, ", %zu of them earlier", earlier);
  if (left_out) snprintf(skipped, sizeof skipped, ", %zu left out", left_out);
  fprintf(stderr, "berg: %s image%s%s%s, %s column%s, %.2f s, %.1f images/s: ", cli_grouped(encoded, images),
          encoded == 1 ? "" : "s", before, skipped, cli_grouped(all_columns, columns), all_columns == 1 ? "" : "s",
          seconds, seconds > 0 ? (double)now_done / seconds : 0);
  if (cli_is_stdout(asked->output))
    say_file(&named, "standard output");
  else
    cli_encode_models_files(&asked->models, say_file, &named);
  fputc('\n', stderr);
}

/* After a run that did not end: what of a file is kept, and how to go on. */
static void say_kept(void *user, const char *path) {
  char partial[4096];
  (void)user;
  const int length = snprintf(partial, sizeof partial, "%s.partial", path);
  if (length > 0 && (size_t)length < sizeof partial && access(partial, F_OK) == 0)
    cli_say("%s is kept; the same command with --resume goes on from it", partial);
}

static berg_status encode_all(const request *asked, berg_stimuli *stimuli, const char *to,
                              const berg_output_options *output, const berg_run *run, berg_error *error) {
  const size_t count = asked->models.count;
  berg_model **handles = cli_alloc(count, sizeof *handles);
  const char **paths = cli_alloc(count, sizeof *paths);
  berg_status failed = BERG_ELIMIT;
  *error = (berg_error){.status = BERG_ELIMIT, .message = "not enough memory for the list of models"};
  for (size_t i = 0; i < count && handles && paths; i++) {
    handles[i] = asked->models.list[i].handle;
    paths[i] = to ? to : asked->models.list[i].path;
  }
  if (handles && paths) failed = berg_encode_many_to_files(handles, count, stimuli, paths, output, run, error);
  free(handles);
  free(paths);
  return failed;
}

static int encode(const request *asked, berg_stimuli *stimuli) {
  berg_error error;
  berg_output_options output;
  cli_progress progress;
  cli_spool spool = {.folder = ""};
  bool to_stdout = cli_is_stdout(asked->output);
  berg_output_options_init(&output);
  output.force = asked->force;
  output.resume = asked->resume;
  output.volume = &asked->space.options;
  output.sidecar = !asked->no_sidecar && !to_stdout;
  output.command = asked->command;
  output.long_table = asked->long_table;
  output.trials = asked->trials.given;
  if (to_stdout) {
    int status = cli_spool_open(&spool, asked->output);
    if (status != CLI_GO_ON) return status;
  }
  cli_progress_start(&progress, asked->quiet, asked->resume);
  if (!to_stdout) cli_progress_keeps(&progress);
  double start = now();
  berg_run run = cli_progress_run(&progress);
  berg_status failed = encode_all(asked, stimuli, to_stdout ? spool.path : NULL, &output, &run, &error);
  double seconds = now() - start;
  cli_progress_end(&progress);
  int stopped = failed == BERG_ECANCELLED ? cli_progress_stopped(&progress, CLI_RESUMES) : CLI_GO_ON;
  if (stopped != CLI_GO_ON) return stopped;
  if (failed) {
    int status = failed == BERG_ECANCELLED
                     ? cli_fail_with(failed, "interrupted after %zu of %zu images", progress.done, progress.total)
                     : cli_fail(&error);
    if (to_stdout)
      cli_spool_close(&spool);
    else if (failed != BERG_EEXISTS)
      cli_encode_models_files(&asked->models, say_kept, NULL);
    return status;
  }
  int status = to_stdout ? cli_spool_copy(&spool) : CLI_GO_ON;
  if (status != CLI_GO_ON) return status;
  if (!asked->quiet && is_volume(asked->output)) cli_space_warn(&asked->space);
  /* of parts that were whole already nothing was done */
  if (!asked->quiet && progress.called) say_summary(asked, stimuli, seconds, progress.first_done);
  return 0;
}

/* What scores were computed in is what makes the same bytes of them. */
static berg_status open_scores(request *asked, berg_stimuli **stimuli, berg_error *error) {
  berg_status failed = berg_store_open(&asked->store, asked->scores, error);
  if (failed) return failed;
  asked->model.scores_only = 1;
  if (!asked->model.precision) asked->model.precision = berg_store_precision(asked->store);
  return berg_stimuli_from_store(stimuli, asked->store, error);
}

static int open_stimuli(request *asked, char **inputs, size_t count, berg_stimuli **stimuli) {
  berg_error error;
  const berg_status failed =
      asked->scores ? open_scores(asked, stimuli, &error)
                    : berg_stimuli_open(stimuli, (const char *const *)inputs, count, &asked->stimuli.options, &error);
  if (failed) return cli_fail(&error);
  return cli_stimuli_others(&asked->stimuli, *stimuli, asked->quiet);
}

static int run(request *asked, char **inputs, size_t count) {
  berg_stimuli *stimuli = NULL;
  int status = open_stimuli(asked, inputs, count, &stimuli);
  if (status == CLI_GO_ON)
    status = cli_encode_models_open(&asked->models, &asked->model, asked->output, asked->folder, asked->format);
  if (status == CLI_GO_ON && asked->folder) status = cli_make_folder(asked->output);
  if (status == CLI_GO_ON) status = encode(asked, stimuli);
  berg_stimuli_free(stimuli);
  return status;
}

static int take(request *asked, int argc, char **argv, size_t *count) {
  *asked = (request){.command = cli_command_text(argc, argv), .models = {.command = "encode"}};
  berg_volume_options_init(&asked->space.options);
  cli_trials_init(&asked->trials);
  berg_model_options_init(&asked->model);
  const int status = parse(asked, argc, argv, count);
  return status == CLI_GO_ON ? complete(asked, argv[0], *count - 1) : status;
}

static void release(request *asked) {
  cli_encode_models_free(&asked->models);
  berg_store_free(asked->store);
  cli_selection_free(&asked->selection);
  cli_precision_free(&asked->precision);
  free(asked->command);
}

/* Only of images that are encoded, to what berg merge joins. */
static int check_shards(const request *asked) {
  if (asked->scores || asked->stimuli.shard)
    return cli_usage_error("plan", "--%s: shards are of images, and the plan makes them",
                           asked->scores ? "scores" : "shard");
  if (asked->folder || cli_ends_in(asked->output, ".npy") || cli_ends_in(asked->output, ".h5") ||
      cli_ends_in(asked->output, ".csv"))
    return CLI_GO_ON;
  return cli_usage_error("plan", "-o %s: parts are joined to a .npy, .h5 or .csv, or a folder of them", asked->output);
}

int cli_plan_encode(int argc, char **argv, cJSON **tree) {
  request asked;
  size_t count;
  berg_stimuli *stimuli = NULL;
  int status = take(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = check_shards(&asked);
  if (status == CLI_GO_ON) status = open_stimuli(&asked, argv + 1, count - 1, &stimuli);
  if (status == CLI_GO_ON) status = cli_plan_images(&asked.models, &asked.model, stimuli, tree);
  berg_stimuli_free(stimuli);
  release(&asked);
  return status;
}

int cli_encode(int argc, char **argv) {
  request asked;
  size_t count;
  int status = take(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = run(&asked, argv + 1, count - 1);
  release(&asked);
  return status;
}
