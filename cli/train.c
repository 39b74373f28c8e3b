/* berg train: from prepared data to a model. */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "outline.h"
#include "plan.h"
#include "output.h"
#include "progress.h"
#include "ranks.h"
#include "stimuli.h"
#include "train_table.h"

/* What the command line asked for, beyond what fits the library's struct. */
typedef struct request {
  cli_texts subjects, alphas;
  const char *report, *shard;
  bool json;
  bool ridge, alpha_per_voxel, safetensors, keep_work, resume, force, dry_run, quiet;
  size_t threads;
  cli_texts named; /* the subjects, as the library takes them */
  double *values;  /* of the alphas */
  berg_train_options train;
  berg_regression_options regression;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_train_options *train = &asked->train;
  berg_regression_options *regression = &asked->regression;
  const cli_option options[] = {
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]",
       "Subjects, as 1, 01, sub-01 or N, and ranges as 1-4. One pass over the images serves all of them."},
      {"images", 0, CLI_TEXT, &train->images, "DIR",
       "The images: DIR/<concept>/<stimulus>; of NSD its file nsd_stimuli.hdf5."},
      {"train-splits", 0, CLI_TEXT, &train->train_splits, "SPLIT[,SPLIT...]",
       "Of MEG and TVSD: all, single (the models of the four quarters of the trials), or split1 to split4. Default: "
       "all."},
      {"berg-dir", 0, CLI_TEXT, &train->berg_dir, "DIR",
       "The folder of models and of prepared data; gets the weights. Else $BERG_DIR."},
      {"backbone", 0, CLI_TEXT, &train->backbone, "FILE",
       "Weights of the ViT-B/32 (.pth or .safetensors), or random:SEED. Default: looked for, see berg "
       "doctor."},
      {"features", 0, CLI_TEXT, &train->features, "all|class-token",
       "All tokens of the twelve blocks, or their class tokens alone. Default: all."},
      {"components", 0, CLI_COUNT, &train->components, "K", "Principal components. Default: 250."},
      {"eigenvectors", 0, CLI_TEXT, &train->eigenvectors, "gram|products",
       "How the components are found: of a matrix of all images in memory, or by passes over the features. "
       "Default: gram where it fits --memory."},
      {"ridge", 0, CLI_FLAG, &asked->ridge, NULL,
       "Ridge regression, its alpha picked by cross-validation, instead of least squares."},
      {"alphas", 0, CLI_LIST, &asked->alphas, "A[,A...]",
       "Candidates for --ridge. Default: 0.0001, 0.001, 0.01, 0.1, 1, 10."},
      {"folds", 0, CLI_COUNT, &regression->folds, "N", "Folds of the cross-validation of --ridge. Default: 5."},
      {"alpha-per-voxel", 0, CLI_FLAG, &asked->alpha_per_voxel, NULL,
       "With --ridge, an alpha for each voxel instead of one for each chunk."},
      {"chunks", 0, CLI_COUNT, &regression->chunks, "N",
       "Voxels are regressed in N chunks. Default: as memory allows. Changes no number, but for what an "
       "alpha for each chunk means."},
      {"safetensors", 0, CLI_FLAG, &asked->safetensors, NULL, "Write the weights as .safetensors too."},
      {"work", 0, CLI_TEXT, &train->work, "DIR",
       "What is kept between the stages, 16 GB at full size. Default: work in the berg directory."},
      {"keep-work", 0, CLI_FLAG, &asked->keep_work, NULL, "Do not remove it at the end."},
      {"memory", 0, CLI_BYTES, &train->memory, "SIZE",
       "What the process may hold. Default: 4G, less where Slurm or a control group leaves less."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"device", 0, CLI_TEXT, &train->device, "auto|cpu|cuda",
       "Where features and the Gram matrix are computed. Default: auto."},
      CLI_ISA_OPTION(&train->isa),
      {"batch", 0, CLI_COUNT, &train->batch, "N", "Images at a time. Default: chosen. Never changes the numbers."},
      {"resume", 0, CLI_FLAG, &asked->resume, NULL, "Go on from what an interrupted run left."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL,
       "Replace weights that are there, and (without --resume) what an interrupted run left."},
      {"dry-run", 0, CLI_FLAG, &asked->dry_run, NULL,
       "Show the plan and stop: status 6 if it would not fit the memory or the disk."},
      {"stage", 0, CLI_TEXT, &train->stage, "STAGE",
       "Only this stage, beside other processes with the same --work: features, gram, eigenvectors, components, "
       "regression or weights. Does what is missing of it."},
      {"shard", 0, CLI_TEXT, &asked->shard, "I/N", "With --stage: the I-th of N shards of it. Default: 1/1."},
      {"scratch", 0, CLI_TEXT, &train->scratch, "DIR",
       "With --stage: make features and regressions in DIR, on this machine's own disk, and copy what is done to the "
       "work folder."},
      {"merge", 0, CLI_TEXT, &train->merge, "STAGE",
       "Check and join what all shards of this stage left: status 9 names what is missing."},
      {"shards", 0, CLI_COUNT, &train->shards, "N", "With --merge: of N shards, say which ones to run again."},
      {"report", 0, CLI_TEXT, &asked->report, "FILE", "Write what each stage took, as JSON."},
      {"json", 0, CLI_FLAG, &asked->json, NULL,
       "Print it on standard output, after a --merge that finds something missing too: what, and which shards."},
      CLI_MPI_OPTION,
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "train",
      .operands = "MODEL",
      .summary = "Fits an encoding model to prepared data: features of all training images, "
                 "standardisation, exact principal components, regression onto every voxel, or every channel "
                 "and time. Shows first what it will take. Works out of core; a run that was cut off at any moment "
                 "goes on with "
                 "--resume to the same bytes.",
      .examples = "berg train fmri-things_fmri_1-vit_b_32 --subject 1 --images images/\n"
                  "berg train fmri-things_fmri_1-vit_b_32 --subject 1,2,3 --images images/ --dry-run\n"
                  "berg train fmri-things_fmri_1-vit_b_32 --subject 1 --images images/ --resume\n"
                  "berg train fmri-things_fmri_1-vit_b_32 --subject 1 --images images/ --ridge --alpha-per-voxel\n"
                  "berg train fmri-nsd_fsaverage-vit_b_32 --subject 1-8 --images nsd_stimuli.hdf5\n"
                  "berg train meg-things_meg_1-vit_b_32 --subject 1 --images images/ --train-splits all,single\n"
                  "berg train fmri-things_fmri_1-vit_b_32 --subject 1 --images images/ --stage features --shard 3/16\n"
                  "berg train fmri-things_fmri_1-vit_b_32 --subject 1 --images images/ --merge features --shards 16",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static int parse_alphas(request *asked) {
  const size_t count = asked->alphas.count;
  if (!count) return CLI_GO_ON;
  asked->values = cli_alloc(count, sizeof *asked->values);
  if (!asked->values) return cli_fail_with(BERG_ELIMIT, "not enough memory for %zu alphas", count);
  for (size_t i = 0; i < count; i++) {
    char *end;
    asked->values[i] = strtod(asked->alphas.items[i], &end);
    if (*end || !(asked->values[i] > 0) || asked->values[i] > 1e300)
      return cli_usage_error("train", "--alphas: expected numbers above 0, found \"%s\"", asked->alphas.items[i]);
  }
  asked->regression.alphas = asked->values;
  asked->regression.alpha_count = count;
  return CLI_GO_ON;
}

static int parse_stage(request *asked) {
  berg_train_options *train = &asked->train;
  if (train->stage && train->merge) return cli_usage_error("train", "--stage and --merge do not go together");
  if ((asked->shard || train->scratch) && !train->stage)
    return cli_usage_error("train", "--shard and --scratch belong to --stage");
  if (train->shards && !train->merge) return cli_usage_error("train", "--shards belongs to --merge");
  if (cli_ranks() && (train->stage || train->merge))
    return cli_usage_error("train", "--mpi does all stages: leave out --stage and --merge");
  if (asked->dry_run && (train->stage || train->merge))
    return cli_usage_error("train", "--dry-run is of the whole training: leave out --stage and --merge");
  return asked->shard ? cli_shard("train", asked->shard, &train->shard, &train->shards) : CLI_GO_ON;
}

/* Fills the library's struct from what was asked. */
static int complete(request *asked, const char *model_id) {
  berg_train_options *train = &asked->train;
  int status = cli_check_model(model_id);
  asked->quiet |= !cli_ranks_speaks();
  if (status == CLI_GO_ON) status = cli_subjects("train", &asked->subjects, &asked->named);
  if (status == CLI_GO_ON && !train->images)
    status = cli_usage_error("train", "where are the images? Give --images DIR");
  if (status == CLI_GO_ON) status = cli_need_berg_dir("train", &train->berg_dir);
  if (status == CLI_GO_ON && asked->threads > INT_MAX) status = cli_usage_error("train", "--threads: too many");
  if (status == CLI_GO_ON && !asked->ridge && (asked->alphas.count || asked->alpha_per_voxel))
    status = cli_usage_error("train", "--alphas and --alpha-per-voxel belong to --ridge");
  if (status == CLI_GO_ON) status = parse_alphas(asked);
  if (status == CLI_GO_ON) status = parse_stage(asked);
  if (status == CLI_GO_ON) status = cli_check_output(asked->report, asked->force);
  train->subjects = (const char *const *)asked->named.items;
  train->subject_count = asked->named.count;
  asked->regression.method = asked->ridge ? "ridge" : "ols";
  asked->regression.alpha_per_voxel = asked->alpha_per_voxel;
  train->safetensors = asked->safetensors;
  train->keep_work = asked->keep_work;
  train->threads = (int)asked->threads;
  train->resume = asked->resume;
  train->force = asked->force;
  return status;
}

static bool is_one_stage(const request *asked) { return asked->train.stage || asked->train.merge; }

/* The plan is shown when there is something to decide or to fix; CLI_GO_ON to continue. Of one stage among many
 * processes there is nothing to decide. */
static int plan(const request *asked, const char *model_id) {
  berg_error error;
  if (is_one_stage(asked)) return CLI_GO_ON;
  char *json;
  berg_status failed = berg_train_plan(&json, model_id, &asked->train, &error);
  cJSON *tree = NULL;
  int status = json ? cli_parse_json(json, &tree) : CLI_GO_ON;
  if (tree && cli_ranks_speaks() && (failed || !asked->quiet || asked->dry_run)) cli_print_plan(tree);
  cJSON_Delete(tree);
  berg_free(json);
  if (status != CLI_GO_ON) return status;
  if (failed) return cli_fail(&error);
  return asked->dry_run ? 0 : CLI_GO_ON;
}

/* After a run that did not finish: whether anything is kept. */
static void say_kept(const request *asked) {
  char folder[4096];
  bool kept = false;
  int length = asked->train.work ? snprintf(folder, sizeof folder, "%s", asked->train.work)
                                 : snprintf(folder, sizeof folder, "%s/work", asked->train.berg_dir);
  if (length < 0 || (size_t)length >= sizeof folder) return;
  DIR *files = opendir(folder);
  for (const struct dirent *entry; files && (entry = readdir(files));) kept |= !strncmp(entry->d_name, "berg-", 5);
  if (files) closedir(files);
  if (kept) cli_say("%s is kept; the same command with --resume goes on from it", folder);
}

/* Shows what was done, or what a merge found missing. */
static int show(const request *asked, const char *json, bool is_done) {
  cJSON *report = NULL;
  int status = cli_parse_json(json, &report);
  if (status == CLI_GO_ON && asked->json) status = cli_print_json(report);
  if (status == 0) status = CLI_GO_ON;
  if (status == CLI_GO_ON && is_done && !asked->quiet)
    (is_one_stage(asked) ? cli_print_stage : cli_print_report)(report);
  cJSON_Delete(report);
  return status;
}

static int train(const request *asked, const char *model_id) {
  berg_error error;
  cli_progress progress;
  char *json = NULL;
  cli_progress_start(&progress, asked->quiet, asked->resume || is_one_stage(asked));
  cli_progress_keeps(&progress);
  berg_run run = cli_progress_run(&progress);
  if (asked->quiet) run.warn = NULL;
  berg_status failed = berg_train(model_id, &asked->train, &run, &json, &error);
  cli_progress_end(&progress);
  int stopped = failed == BERG_ECANCELLED ? cli_progress_stopped(&progress, CLI_RESUMES) : CLI_GO_ON;
  if (stopped != CLI_GO_ON) return stopped;
  if (failed) {
    int status = failed == BERG_ECANCELLED && progress.stage
                     ? cli_fail_with(failed, "interrupted in %s, after %zu of %zu %s", progress.stage, progress.done,
                                     progress.total, progress.unit)
                     : cli_fail(&error);
    if (failed != BERG_EEXISTS && !is_one_stage(asked)) say_kept(asked);
    if (json && asked->json) show(asked, json, false);
    berg_free(json);
    return status;
  }
  int status = asked->report && cli_ranks_speaks() ? cli_write_text(json, asked->report, asked->force) : CLI_GO_ON;
  if (status == CLI_GO_ON && json) status = show(asked, json, true);
  berg_free(json);
  return status == CLI_GO_ON ? 0 : status;
}

static int take(request *asked, int argc, char **argv) {
  size_t count;
  berg_train_options_init(&asked->train);
  berg_regression_options_init(&asked->regression);
  asked->train.regression = &asked->regression;
  const int status = parse(asked, argc, argv, &count);
  return status == CLI_GO_ON ? complete(asked, argv[0]) : status;
}

static void release(request *asked) {
  cli_texts_free(&asked->subjects);
  cli_texts_free(&asked->alphas);
  cli_texts_free(&asked->named);
  free(asked->values);
}

int cli_plan_train(int argc, char **argv, cJSON **tree) {
  request asked = {0};
  berg_error error;
  char *json = NULL;
  int status = take(&asked, argc, argv);
  if (status == CLI_GO_ON && berg_train_plan(&json, argv[0], &asked.train, &error)) status = cli_fail(&error);
  if (status == CLI_GO_ON) status = cli_parse_json(json, tree);
  berg_free(json);
  release(&asked);
  return status;
}

int cli_train(int argc, char **argv) {
  request asked = {0};
  int status = take(&asked, argc, argv);
  if (status == CLI_GO_ON) status = plan(&asked, argv[0]);
  if (status == CLI_GO_ON) status = train(&asked, argv[0]);
  release(&asked);
  return status;
}
