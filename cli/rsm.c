/* berg rsm: matrices of similarity of all pairs of a store's images. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "options.h"
#include "outline.h"
#include "progress.h"
#include "command_text.h"

typedef struct request {
  berg_rsm_options options;
  cli_texts regions, subjects;
  const char *select, *images, *output;
  size_t threads;
  bool distance, f64, force, quiet, no_sidecar;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_rsm_options *options = &asked->options;
  const cli_option table[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "FILE",
       "An .h5 with a dataset for each region, or a .npy of one region."},
      {"roi", 0, CLI_LIST, &asked->regions, "V1,IT", "Regions: a matrix each."},
      {"select", 0, CLI_TEXT, &asked->select, "EXPR",
       "One more matrix: of the units of an expression, as 'V1 + V2 & ceiling > 20'."},
      {"subject", 0, CLI_LIST, &asked->subjects, "N", "Whose responses; needed where the store is of several."},
      {"model", 0, CLI_TEXT, &options->model_id, "MODEL", "Of which model; needed where the store is of several."},
      {"train-splits", 0, CLI_TEXT, &options->train_splits, "NAME", "Of which training, likewise."},
      {"berg-dir", 0, CLI_TEXT, &options->berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"metric", 0, CLI_TEXT, &options->metric, "NAME",
       "correlation over the units (default), cosine, euclidean or sqeuclidean."},
      {"distance", 0, CLI_FLAG, &asked->distance, NULL, "1 - r and 1 - cosine, in place of r and cosine."},
      {"adjust", 0, CLI_TEXT, &options->adjust, "NAME",
       "Each unit's responses over the images first: none (default), demean, or zscore."},
      {"form", 0, CLI_TEXT, &options->form, "NAME",
       "square (default): images x images; condensed: a .npy of the pairs above the diagonal; rdms: an .h5 as "
       "rsatoolbox saves and loads it. The last two are distances."},
      {"images", 0, CLI_TEXT, &asked->images, "FILE", "Only these images, in this order: a name on each line."},
      {"double", 0, CLI_FLAG, &asked->f64, NULL, "Values as float64; default float32."},
      {"no-sidecar", 0, CLI_FLAG, &asked->no_sidecar, NULL,
       "Do not write <output without ending>.json, which names the images."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace what is there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "No progress, and no word about the values."},
  };
  const cli_syntax syntax = {
      .command = "rsm",
      .operands = "STORE",
      .summary = "How similar a region's responses to every two images of a store of scores are: the correlation over "
                 "its units, or another metric. Exact, from the scores alone: no response is made. The matrix is "
                 "written as it is made, whole or not at all.",
      .examples = "berg rsm scores/ --roi V1,IT -o rsm.h5\n"
                  "berg rsm scores/ --subject 2 --roi V1 --distance -o v1.npy\n"
                  "berg rsm scores/ --roi V1,V2,IT --form rdms -o rdms.h5\n"
                  "berg rsm scores/ --select 'V1 + V2 & ceiling > 20' --images shown.txt -o early.npy",
      .options = table,
      .option_count = sizeof table / sizeof *table,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static int check(request *asked) {
  if (!asked->output) return cli_usage_error("rsm", "where to? -o rsm.h5");
  if (!asked->regions.count && !asked->select) return cli_usage_error("rsm", "which region? --roi V1,IT or --select");
  if (asked->threads > INT_MAX) return cli_usage_error("rsm", "--threads: too many");
  if (asked->subjects.count > 1) return cli_usage_error("rsm", "--subject: expected one");
  return cli_need_berg_dir("rsm", &asked->options.berg_dir);
}

static double number(const cJSON *item, const char *key) {
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(item, key);
  return cJSON_IsNumber(found) ? found->valuedouble : 0;
}

/* A line a region; where nearly all is one common pattern, what may be wanted instead. */
static void tell(const cJSON *report, const request *asked) {
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(report, "regions")) {
    const double mean = number(item, "mean"), undefined = number(item, "images_without_pattern");
    cli_say("%s: %.0f units, mean of the pairs %.6g (%.6g to %.6g)",
            cJSON_GetObjectItemCaseSensitive(item, "region")->valuestring, number(item, "units"), mean,
            number(item, "least"), number(item, "most"));
    if (undefined > 0) cli_say("%.0f images have no pattern: their rows are NaN", undefined);
    if (!asked->distance && number(item, "least") > 0.9 && !strcmp(asked->options.form, "square"))
      cli_say(
          "all images share one pattern: --adjust demean takes it out, --distance keeps the digits of what is left");
  }
}

static int run(request *asked, const berg_store *store) {
  berg_error error;
  size_t *images = NULL, image_count = 0;
  cli_texts names = {0};
  int status = CLI_GO_ON;
  if (asked->images && berg_store_find_listed(store, asked->images, &images, &image_count, &error))
    status = cli_fail(&error);
  if (status == CLI_GO_ON && asked->subjects.count) status = cli_subjects("rsm", &asked->subjects, &names);
  const size_t count = asked->regions.count + (asked->select != NULL);
  const char **regions = status == CLI_GO_ON ? cli_alloc(count, sizeof *regions) : NULL;
  if (status == CLI_GO_ON && !regions) status = cli_fail_memory();
  if (status == CLI_GO_ON) {
    cli_progress progress;
    char *json = NULL;
    berg_rsm_options *options = &asked->options;
    for (size_t i = 0; i < asked->regions.count; i++) regions[i] = asked->regions.items[i];
    if (asked->select) regions[count - 1] = asked->select;
    options->regions = regions;
    options->region_count = count;
    options->subject = names.count ? names.items[0] : NULL;
    options->images = images;
    options->image_count = image_count;
    cli_progress_start(&progress, asked->quiet, false);
    snprintf(progress.unit, sizeof progress.unit, "rows");
    const berg_run watched = cli_progress_run(&progress);
    const berg_status done = berg_rsm(store, asked->output, options, &watched, &json, &error);
    cli_progress_end(&progress);
    status = done ? cli_fail(&error) : CLI_GO_ON;
    cJSON *report = NULL;
    if (status == CLI_GO_ON && !asked->quiet) status = cli_parse_json(json, &report);
    if (report) tell(report, asked);
    cJSON_Delete(report);
    berg_free(json);
  }
  free(regions);
  cli_texts_free(&names);
  berg_free(images);
  return status;
}

int cli_rsm(int argc, char **argv) {
  request asked = {.select = NULL};
  size_t count;
  berg_store *store = NULL;
  berg_error error;
  berg_rsm_options_init(&asked.options);
  char *command = cli_command_text(argc, argv);
  int status = command ? parse(&asked, argc, argv, &count) : cli_fail_memory();
  if (status == CLI_GO_ON) status = check(&asked);
  if (status == CLI_GO_ON && berg_store_open(&store, argv[0], &error)) status = cli_fail(&error);
  if (status == CLI_GO_ON) {
    asked.options.threads = (int)asked.threads;
    asked.options.distance = asked.distance;
    asked.options.f64 = asked.f64;
    asked.options.force = asked.force;
    asked.options.sidecar = !asked.no_sidecar;
    asked.options.command = command;
    status = run(&asked, store);
  }
  berg_store_free(store);
  cli_texts_free(&asked.regions);
  cli_texts_free(&asked.subjects);
  free(command);
  return status == CLI_GO_ON ? 0 : status;
}
