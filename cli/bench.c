/* berg bench: rates of this machine and of encoding on it. */
#include <limits.h>
#include <stdlib.h>

#include "model.h"
#include "outline.h"
#include "progress.h"

typedef struct request {
  bool json;
  size_t images, repeats, threads;
  double seconds;
  const char *folder;
  cli_texts subjects;
  cli_precision precision;
  berg_model_options model;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  const cli_option options[] = {
      {"images", 0, CLI_COUNT, &asked->images, "N", "Images a repeat. Default: 100."},
      {"repeats", 0, CLI_COUNT, &asked->repeats, "N", "Default: 5."},
      {"seconds", 0, CLI_NUMBER, &asked->seconds, "S", "Time for each figure of the machine. Default: 1."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use."},
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]", "Subjects, as 1, 01 or sub-01. Default: 1."},
      {"berg-dir", 0, CLI_TEXT, &asked->model.berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"backbone", 0, CLI_TEXT, &asked->model.backbone, "FILE", "Weights of the ViT-B/32, or random:SEED."},
      CLI_PRECISION_OPTIONS(asked->precision, &asked->model),
      {"folder", 0, CLI_TEXT, &asked->folder, "DIR",
       "Where to measure the disk, with a file of 256 MB that goes again. Default: nowhere."},
      {"json", 0, CLI_FLAG, &asked->json, NULL, "A JSON object."},
  };
  const cli_syntax syntax = {
      .command = "bench",
      .operands = "[MODEL]",
      .summary = "Measures this machine: the rate of matrix products and of memory. With MODEL, also the "
                 "rate of encoding, and its share of what the products alone would allow, taken in "
                 "turns with them.",
      .examples = "berg bench\n"
                  "berg bench fmri-things_fmri_1-vit_b_32 --subject 1 --backbone random:1 --json",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static int measure_machine(const request *asked, cJSON *report) {
  berg_error error;
  char *text;
  if (berg_bench_machine(&text, asked->model.isa, (int)asked->threads, asked->seconds, asked->folder, &error))
    return cli_fail(&error);
  cJSON *machine;
  int status = cli_parse_json(text, &machine);
  berg_free(text);
  if (machine) cJSON_AddItemToObject(report, "machine", machine);
  return status;
}

static int measure_model(request *asked, const char *model_id, cJSON *report) {
  berg_error error;
  berg_model *model = NULL;
  cli_progress progress;
  char *text = NULL;
  cli_texts names = {0};
  int status = cli_check_model(model_id);
  if (status == CLI_GO_ON) status = cli_need_berg_dir("bench", &asked->model.berg_dir);
  if (status == CLI_GO_ON && asked->subjects.count) status = cli_subjects("bench", &asked->subjects, &names);
  if (status != CLI_GO_ON) {
    cli_texts_free(&names);
    return status;
  }
  asked->model.subjects = (const char *const *)names.items;
  asked->model.subject_count = names.count;
  asked->model.threads = (int)asked->threads;
  asked->model.device = "cpu"; /* stages are measured on the processor only */
  cli_precision_take(&asked->precision, false, &asked->model);
  berg_status failed = berg_model_open(&model, model_id, &asked->model, &error);
  cli_precision_free(&asked->precision);
  if (failed) {
    cli_texts_free(&names);
    return cli_fail(&error);
  }
  cli_progress_start(&progress, false, false);
  berg_run run = cli_progress_run(&progress);
  if (berg_bench_model(&text, model, asked->images, asked->repeats, &run, &error)) status = cli_fail(&error);
  cli_progress_end(&progress);
  berg_model_free(model);
  cli_texts_free(&names);
  if (status != CLI_GO_ON) return status;
  cJSON *measured;
  status = cli_parse_json(text, &measured);
  berg_free(text);
  if (measured) cJSON_AddItemToObject(report, "model", measured);
  return status;
}

int cli_bench(int argc, char **argv) {
  request asked = {.images = 100, .repeats = 5, .seconds = 1};
  size_t count;
  berg_model_options_init(&asked.model);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON && asked.threads > INT_MAX) status = cli_usage_error("bench", "--threads: too many");
  if (status == CLI_GO_ON && asked.seconds <= 0) status = cli_usage_error("bench", "--seconds: expected more than 0");
  if (status == CLI_GO_ON && (!asked.images || !asked.repeats))
    status = cli_usage_error("bench", "--images and --repeats: expected at least 1");
  cJSON *report = cJSON_CreateObject();
  if (status == CLI_GO_ON && count) status = measure_model(&asked, argv[0], report);
  if (status == CLI_GO_ON) status = measure_machine(&asked, report);
  if (status == CLI_GO_ON) {
    status = 0;
    if (asked.json)
      status = cli_print_json(report);
    else
      cli_print_outline(report);
  }
  cJSON_Delete(report);
  cli_texts_free(&asked.subjects);
  return status;
}
