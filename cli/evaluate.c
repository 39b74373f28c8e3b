/* berg evaluate: a trained model's accuracy and the ceilings of its data. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command_text.h"
#include "faults.h"
#include "figures.h"
#include "memory.h"
#include "model.h"
#include "outline.h"
#include "output.h"
#include "progress.h"
#include "ranks.h"
#include "regions.h"
#include "stimuli.h"

#define GOES_ON "the same command goes on"

typedef struct request {
  cli_texts subjects, splits;
  const char *json, *shard;
  size_t threads;
  bool force, quiet, no_sidecar;
  char *command;   /* as typed */
  cli_texts names; /* of the subjects */
  berg_evaluate_options options;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_evaluate_options *options = &asked->options;
  const cli_option table[] = {
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]", "Subjects, as 1, 01, sub-01 or N, and ranges as 1-4."},
      {"images", 0, CLI_TEXT, &options->images, "DIR",
       "The folder of images: DIR/<concept>/<stimulus>; of EEG DIR/test_images/<concept>/<stimulus>; of NSD its file "
       "nsd_stimuli.hdf5."},
      {"train-splits", 0, CLI_LIST, &asked->splits, "SPLIT[,SPLIT...]",
       "Of MEG and TVSD: all, single (the models of the four quarters of the trials), or split1 to split4. Default: "
       "all."},
      {"berg-dir", 0, CLI_TEXT, &options->berg_dir, "DIR",
       "The folder of models and of prepared data; else $BERG_DIR."},
      {"backbone", 0, CLI_TEXT, &options->backbone, "FILE",
       "Weights of the ViT-B/32 (.pth or .safetensors), or random:SEED. Default: looked for, see berg doctor."},
      {"json", 0, CLI_TEXT, &asked->json, "FILE",
       "Write the report as JSON; \"-\" is standard output. Several subjects or splits give a list."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"memory", 0, CLI_BYTES, &options->memory, "SIZE",
       "What the process may hold. Default: 4G, less where Slurm or a control group leaves less."},
      CLI_ISA_OPTION(&options->isa),
      {"shard", 0, CLI_TEXT, &asked->shard, "I/N",
       "Predict part I of N equal parts of the test images alone, I from 1, into a file beside the predictions' place. "
       "The "
       "same command goes on with it, and passes over it where it is whole."},
      {"merge", 0, CLI_COUNT, &options->merge, "N",
       "Join N such parts in place of predicting, and measure; what is missing is told as by berg merge."},
      {"no-sidecar", 0, CLI_FLAG, &asked->no_sidecar, NULL,
       "Do not write, beside the predictions, a .json that says where they came from and what their columns are."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL,
       "Replace predictions (and their sidecar) and a JSON file that are there."},
      CLI_MPI_OPTION,
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "evaluate",
      .operands = "MODEL",
      .summary =
          "Predicts the responses to the test images, correlates them with the measured ones, and computes what the "
          "model's kind of data allows: noise ceilings, split-half reliability, the share of the ceiling that is "
          "explained. All of it goes into the model's metadata; a table goes to standard error.",
      .examples = "berg evaluate fmri-things_fmri_1-vit_b_32 --subject 1 --images images/ --berg-dir berg/\n"
                  "berg evaluate fmri-things_fmri_1-vit_b_32 --subject 1,2,3 --images images/ --json accuracy.json\n"
                  "berg evaluate meg-things_meg_1-vit_b_32 --subject 1 --images images/ --train-splits all,single",
      .options = table,
      .option_count = sizeof table / sizeof *table,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static bool options_clash(const request *asked) { return asked->options.merge || asked->json; }

static int complete(request *asked, const char *model_id) {
  int status = cli_check_model(model_id);
  asked->quiet |= !cli_ranks_speaks();
  if (status == CLI_GO_ON) status = cli_subjects("evaluate", &asked->subjects, &asked->names);
  if (status == CLI_GO_ON) status = cli_need_berg_dir("evaluate", &asked->options.berg_dir);
  if (status == CLI_GO_ON && !asked->options.images)
    status = cli_usage_error("evaluate", "where are the images? Give --images DIR");
  if (status == CLI_GO_ON && asked->threads > INT_MAX) status = cli_usage_error("evaluate", "--threads: too many");
  if (status == CLI_GO_ON) status = cli_check_output(asked->json, asked->force);
  if (status == CLI_GO_ON && asked->shard)
    status = cli_shard("evaluate", asked->shard, &asked->options.shard, &asked->options.shards);
  if (status == CLI_GO_ON && asked->shard && options_clash(asked))
    status = cli_usage_error("evaluate", "--shard: predicts a part, and --merge and --json are of all of them");
  asked->options.threads = (int)asked->threads;
  asked->options.force = asked->force;
  asked->options.sidecar = !asked->no_sidecar;
  asked->options.command = asked->command;
  return status;
}

/* After a failure, the whole list that did not fit the one line. */
static void say_missing(const char *text, berg_status failed) {
  cJSON *report = NULL;
  if (text) cli_parse_json(text, &report);
  if (failed == BERG_EINCOMPLETE && report) cli_say_faults(report);
  const cJSON *name;
  cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(report, "missing_images")) {
    fputs("  ", stderr);
    cli_print_safe(stderr, cJSON_GetStringValue(name));
    fputc('\n', stderr);
  }
  cJSON_Delete(report);
}

static void print_report(const cJSON *report) {
  const char *part = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report, "part"));
  if (part) {
    cli_say("predictions of part %.0f of %.0f: %s",
            cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(report, "shard")),
            cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(report, "shards")), part);
    return;
  }
  if (cJSON_GetObjectItemCaseSensitive(report, "figures"))
    cli_print_figures(stderr, report);
  else
    cli_print_regions(stderr, report);
}

static int evaluate(const request *asked, const char *model_id, const char *subject, const char *split,
                    cJSON *reports) {
  berg_error error;
  cli_progress progress;
  char *text = NULL;
  berg_evaluate_options options = asked->options;
  options.subject = subject;
  options.train_splits = split;
  cli_progress_start(&progress, asked->quiet, false);
  if (asked->shard) cli_progress_keeps(&progress);
  berg_run run = cli_progress_run(&progress);
  if (asked->quiet) run.warn = NULL;
  berg_status failed = berg_evaluate(model_id, &options, &run, &text, &error);
  cli_progress_end(&progress);
  int status = failed == BERG_ECANCELLED ? cli_progress_stopped(&progress, GOES_ON) : CLI_GO_ON;
  if (status != CLI_GO_ON) return status;
  if (failed) {
    status = failed == BERG_ECANCELLED
                 ? cli_fail_with(failed, "interrupted; %s", asked->shard ? GOES_ON : "the same command starts again")
                 : cli_fail(&error);
    say_missing(text, failed);
  } else if (text) { /* of several processes the first one has it */
    cJSON *report;
    status = cli_parse_json(text, &report);
    if (report && !asked->quiet) print_report(report);
    if (report) cJSON_AddItemToArray(reports, report);
  }
  berg_free(text);
  return status;
}

/* The models of a subject, one after another: "single" is four of them. */
static int evaluate_subject(const request *asked, const char *model_id, const char *subject, cJSON *reports) {
  static const char *const quarters[] = {"split1", "split2", "split3", "split4"};
  int status = asked->splits.count ? CLI_GO_ON : evaluate(asked, model_id, subject, NULL, reports);
  for (size_t i = 0; i < asked->splits.count && status == CLI_GO_ON; i++) {
    const char *split = asked->splits.items[i];
    const bool each = !strcmp(split, "single");
    for (size_t k = 0; each && k < sizeof quarters / sizeof *quarters && status == CLI_GO_ON; k++)
      status = evaluate(asked, model_id, subject, quarters[k], reports);
    if (!each) status = evaluate(asked, model_id, subject, split, reports);
  }
  return status;
}

static int write_json(const cJSON *json, const char *path, bool force) {
  if (!strcmp(path, "-")) return cli_print_json(json);
  char *text = cli_json_text(json);
  int status = text ? cli_write_text(text, path, force) : cli_fail_memory();
  cJSON_free(text);
  return status == CLI_GO_ON ? 0 : status;
}

int cli_evaluate(int argc, char **argv) {
  request asked = {.command = cli_command_text(argc, argv)};
  size_t count;
  berg_evaluate_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = complete(&asked, argv[0]);
  cJSON *reports = cJSON_CreateArray();
  for (size_t i = 0; status == CLI_GO_ON && i < asked.names.count; i++)
    status = evaluate_subject(&asked, argv[0], asked.names.items[i], reports);
  if (status == CLI_GO_ON)
    status = !asked.json || !cli_ranks_speaks()
                 ? 0
                 : write_json(cJSON_GetArraySize(reports) > 1 ? reports : cJSON_GetArrayItem(reports, 0), asked.json,
                              asked.force);
  cJSON_Delete(reports);
  cli_texts_free(&asked.subjects);
  cli_texts_free(&asked.splits);
  cli_texts_free(&asked.names);
  free(asked.command);
  return status;
}
