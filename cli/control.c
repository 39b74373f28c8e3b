/* berg control: images that drive two regions together or apart, out of a store of scores. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control_pictures.h"
#include "control_tables.h"
#include "memory.h"
#include "model.h"
#include "options.h"
#include "outline.h"
#include "output.h"
#include "progress.h"

/* Figures of more regions than this, and their pairs, are left out. */
#define REGIONS_DRAWN 8
#define FIGURES_MOST (REGIONS_DRAWN * (REGIONS_DRAWN - 1) / 2)

typedef struct request {
  berg_control_options options;
  const char *output, *pairs, *pictures;
  cli_texts subjects, names;
  size_t threads, seed;
  bool multivariate, cross_validate, grand_mean, sheet, force, quiet;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_control_options *o = &asked->options;
  const cli_option table[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "DIR|FILE.json",
       "A folder of tables (.tsv), figures and result.json; or that JSON alone, - is standard output. Without it the "
       "table of conditions is printed."},
      {"pairs", 0, CLI_TEXT, &asked->pairs, "all", "All pairs of all regions that the metadata name."},
      {"multivariate", 0, CLI_FLAG, &asked->multivariate, NULL,
       "Sets of images that align or separate the regions' similarities, by a genetic search; without it images that "
       "drive mean responses."},
      {"cv", 0, CLI_FLAG, &asked->cross_validate, NULL,
       "Leave each subject out in turn: choose by the others, test on the one left out."},
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]", "Default: all that the store holds."},
      {"model", 0, CLI_TEXT, &o->model_id, "MODEL", "Of a store of several models."},
      {"berg-dir", 0, CLI_TEXT, &o->berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"images", 0, CLI_COUNT, &o->images, "N", "Images of a condition (25), or of a set (50)."},
      {"margin", 0, CLI_NUMBER, &o->margin, "X", "How far beyond the baseline responses must be. Default: 0.04."},
      {"min-ceiling", 0, CLI_NUMBER, &o->min_ceiling, "PERCENT",
       "Only voxels whose single-trial noise ceiling is above this count; -1: all. Default: 20."},
      {"grand-mean", 0, CLI_FLAG, &asked->grand_mean, NULL,
       "The baseline is the mean over all images, not that of the most typical random set."},
      {"draws", 0, CLI_COUNT, &o->draws, "N", "Random sets for the baseline. Default: 10000."},
      {"permutations", 0, CLI_COUNT, &o->permutations, "N", "For p within a subject. Default: 10000."},
      {"generations", 0, CLI_COUNT, &o->generations, "N", "Of the search. Default: 2000."},
      {"seed", 0, CLI_COUNT, &asked->seed, "N", "Default: 1."},
      {"sheet", 0, CLI_FLAG, &asked->sheet, NULL, "Also a contact sheet of each pair's pictures in the folder (.png)."},
      {"pictures", 0, CLI_TEXT, &asked->pictures, "DIR",
       "Where names of pictures that are relative lie. Default: where the program runs."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace files that are there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "No progress, no notes."},
  };
  const cli_syntax syntax = {
      .command = "control",
      .operands = "STORE [REGION REGION...]",
      .summary = "Relational neural control (Gifford et al. 2025): out of all images whose scores a store keeps, those "
                 "that drive two regions both up, both down, or one up and the other down; or sets of images in which "
                 "the regions' similarities agree, or do not. Several regions are taken pair by pair.",
      .examples = "berg control scores V1 IT -o v1-it --cv\n"
                  "berg control scores V1 'lFFA + rFFA' -o result.json\n"
                  "berg control scores --pairs all -o pairs\n"
                  "berg control scores V1 IT --multivariate -o v1-it-sets --sheet",
      .options = table,
      .option_count = sizeof table / sizeof *table,
      .least = 1,
      .most = CLI_ANY};
  return cli_parse(&syntax, argc, argv, count);
}

static bool is_json(const char *output) {
  const size_t length = strlen(output);
  return !strcmp(output, "-") || (length > 5 && !strcmp(output + length - 5, ".json"));
}

/* The files that every folder holds. */
static const char *const files[] = {"result.json", "conditions.tsv", "images.tsv", "regions.tsv"};

static bool is_there(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return access(path, F_OK) == 0;
}

/* A store has an images.tsv of its own, which no --force may replace. */
static int check_folder(const request *asked) {
  const char *folder = asked->output;
  struct stat about;
  if (stat(folder, &about)) return CLI_GO_ON;
  if (!S_ISDIR(about.st_mode)) return cli_fail_with(BERG_EEXISTS, "%s: expected a folder, found a file", folder);
  if (is_there(folder, "store.json"))
    return cli_fail_with(BERG_EEXISTS, "%s: this folder is a store of scores: name another one for the tables", folder);
  for (size_t i = 0; i < sizeof files / sizeof *files && !asked->force; i++)
    if (is_there(folder, files[i]))
      return cli_fail_with(BERG_EEXISTS, "%s/%s: already exists; use --force to replace it", folder, files[i]);
  return CLI_GO_ON;
}

static int check(request *asked, size_t regions) {
  const char *output = asked->output;
  if (asked->pairs && strcmp(asked->pairs, "all"))
    return cli_usage_error("control", "--pairs: expected all, found \"%s\"", asked->pairs);
  if (asked->pairs && regions) return cli_usage_error("control", "--pairs all takes no regions");
  if (!asked->pairs && regions < 2)
    return cli_usage_error("control", "which regions? Two or more, or --pairs all; found %zu", regions);
  if (asked->pictures && !asked->sheet) return cli_usage_error("control", "--pictures: of --sheet alone");
  if (asked->sheet && (!output || is_json(output))) return cli_usage_error("control", "--sheet needs a folder: -o DIR");
  if (asked->threads > INT_MAX) return cli_usage_error("control", "--threads: too many");
  int status = CLI_GO_ON;
  if (output) status = is_json(output) ? cli_check_output(output, asked->force) : check_folder(asked);
  if (status == CLI_GO_ON && asked->sheet) status = cli_check_figure(".png");
  if (status != CLI_GO_ON) return status;
  if (asked->subjects.count) {
    status = cli_subjects("control", &asked->subjects, &asked->names);
    if (status != CLI_GO_ON) return status;
  }
  return cli_need_berg_dir("control", &asked->options.berg_dir);
}

/* What the table has, as a file in the folder. */
static int write_table(const request *asked, const char *name, void (*table)(FILE *, const cJSON *),
                       const cJSON *result) {
  char *text = NULL, path[4096];
  size_t size = 0;
  berg_error error;
  FILE *stream = open_memstream(&text, &size);
  if (!stream) return cli_fail_memory();
  table(stream, result);
  if (!cli_close_text(stream, &text)) return cli_fail_memory();
  snprintf(path, sizeof path, "%s/%s", asked->output, name);
  berg_status failed = berg_write_whole(path, text, size, asked->force, &error);
  free(text);
  return failed ? cli_fail(&error) : CLI_GO_ON;
}

/* "V1-IT" of pair `index`, with what no file name should hold replaced. */
static void plain_name(const cJSON *result, int index, char name[CLI_CONTROL_NAME]) {
  const cJSON *pair = cli_control_item(result, "pairs", index);
  snprintf(name, CLI_CONTROL_NAME, "%.80s-%.80s", cJSON_GetStringValue(cli_control_item(pair, "regions", 0)),
           cJSON_GetStringValue(cli_control_item(pair, "regions", 1)));
  for (char *c = name; *c; c++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *c)) *c = '_';
}

/* Of "V1 + V2" and "V1 & V2" the same is left: the number of the pair tells them apart. */
static void pair_name(const cJSON *result, int index, char name[CLI_CONTROL_NAME]) {
  char other[CLI_CONTROL_NAME];
  bool taken = false;
  plain_name(result, index, name);
  for (int i = 0; i < index && !taken; i++) {
    plain_name(result, i, other);
    taken = !strcmp(other, name);
  }
  const size_t length = strlen(name);
  if (taken) snprintf(name + length, CLI_CONTROL_NAME - length, "-%d", index + 1);
}

/* As SVG, and as PNG where that can be drawn. */
static int draw_figures(const request *asked, const cJSON *result, const char *json) {
  const int pairs = cJSON_GetArraySize(cli_control_at(result, "pairs"));
  berg_error error, lacking;
  if (pairs > FIGURES_MOST || (!cli_control_of_sets(result) && !cli_control_at(result, "responses"))) {
    if (!asked->quiet) cli_say("no figures: they are drawn of at most %d regions that are named", REGIONS_DRAWN);
    return CLI_GO_ON;
  }
  const size_t formats = berg_check_figure(".png", &lacking) ? 1 : 2;
  if (formats == 1 && !asked->quiet) cli_say("figures as .svg alone: %s", lacking.message);
  for (int i = 0; i < pairs; i++) {
    static const char *const endings[] = {"svg", "png"};
    char name[CLI_CONTROL_NAME], path[4096 + CLI_CONTROL_NAME];
    pair_name(result, i, name);
    for (size_t e = 0; e < formats; e++) {
      snprintf(path, sizeof path, "%.4000s/%s.%s", asked->output, name, endings[e]);
      if (berg_plot_control(json, (size_t)i, path, asked->force, &error)) return cli_fail(&error);
    }
  }
  return CLI_GO_ON;
}

static int draw_sheets(const request *asked, const cJSON *result) {
  const int pairs = cJSON_GetArraySize(cli_control_at(result, "pairs"));
  int status = CLI_GO_ON;
  for (int i = 0; i < pairs && status == CLI_GO_ON; i++) {
    char name[CLI_CONTROL_NAME], path[4096 + CLI_CONTROL_NAME];
    pair_name(result, i, name);
    snprintf(path, sizeof path, "%.4000s/%s-pictures.png", asked->output, name);
    status = cli_control_sheet(result, i, path, asked->pictures, asked->force);
  }
  return status;
}

static int write_folder(const request *asked, const cJSON *result, const char *json) {
  char path[4096];
  int status = cli_make_folder(asked->output);
  snprintf(path, sizeof path, "%s/%s", asked->output, files[0]);
  if (status == CLI_GO_ON) status = cli_write_text(json, path, asked->force);
  if (status == CLI_GO_ON) status = write_table(asked, files[1], cli_control_conditions, result);
  if (status == CLI_GO_ON) status = write_table(asked, files[2], cli_control_images, result);
  if (status == CLI_GO_ON) status = write_table(asked, files[3], cli_control_regions, result);
  if (status == CLI_GO_ON) status = draw_figures(asked, result, json);
  if (status == CLI_GO_ON && asked->sheet) status = draw_sheets(asked, result);
  return status;
}

/* Which regions are left out, as many as a line holds. */
static void tell_left_out(const cJSON *list) {
  const cJSON *region;
  char names[480] = "";
  size_t length = 0;
  cJSON_ArrayForEach(region, list) {
    const int added =
        snprintf(names + length, sizeof names - length, "%s%.60s", length ? ", " : "", cJSON_GetStringValue(region));
    if (added < 0 || (size_t)added >= sizeof names - length) break;
    length += (size_t)added;
  }
  if (length) cli_say("left out, as a subject has none of their units above the ceiling: %s", names);
}

/* What a user should know before the numbers are used. */
static void tell(const cJSON *result) {
  int few = 0;
  const cJSON *pair, *condition;
  const double wanted = cJSON_GetNumberValue(cli_control_at(cli_control_at(result, "options"), "images"));
  cJSON_ArrayForEach(pair, cli_control_at(result, "pairs"))
      cJSON_ArrayForEach(condition, cli_control_at(pair, "conditions")) few +=
      cJSON_GetArraySize(cli_control_at(condition, "images")) < wanted;
  tell_left_out(cli_control_at(result, "regions_without_units"));
  if (few) cli_say("conditions of which fewer than %.0f images are beyond the baselines: %d", wanted, few);
}

static int show(const request *asked, const char *json) {
  if (asked->output && !strcmp(asked->output, "-")) {
    puts(json);
    return CLI_GO_ON;
  }
  cJSON *result;
  int status = cli_parse_json(json, &result);
  if (status != CLI_GO_ON) return status;
  if (!asked->quiet) tell(result);
  if (!asked->output)
    cli_control_conditions(stdout, result);
  else if (is_json(asked->output))
    status = cli_write_text(json, asked->output, asked->force);
  else
    status = write_folder(asked, result, json);
  cJSON_Delete(result);
  return status;
}

static int run_control(request *asked, const char *path) {
  berg_error error;
  berg_store *store;
  char *json = NULL;
  cli_progress progress;
  if (berg_store_open(&store, path, &error)) return cli_fail(&error);
  cli_progress_start(&progress, asked->quiet, false);
  snprintf(progress.unit, sizeof progress.unit, asked->multivariate ? "generations" : "folds");
  berg_run run = cli_progress_run(&progress);
  if (asked->quiet) run.warn = NULL;
  berg_status failed = berg_control(store, &asked->options, &run, &json, &error);
  cli_progress_end(&progress);
  int status = failed ? cli_fail(&error) : show(asked, json);
  berg_free(json);
  berg_store_free(store);
  return status;
}

int cli_control(int argc, char **argv) {
  request asked = {.seed = 1};
  size_t count;
  berg_control_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = check(&asked, count - 1);
  if (status == CLI_GO_ON) {
    asked.options.subjects = asked.names.count ? (const char *const *)asked.names.items : NULL;
    asked.options.subject_count = asked.names.count;
    asked.options.regions = asked.pairs ? NULL : (const char *const *)(argv + 1);
    asked.options.region_count = asked.pairs ? 0 : count - 1;
    asked.options.multivariate = asked.multivariate;
    asked.options.cross_validate = asked.cross_validate;
    asked.options.grand_mean = asked.grand_mean;
    asked.options.responses = asked.output && !is_json(asked.output) && count - 1 <= REGIONS_DRAWN && !asked.pairs;
    asked.options.seed = asked.seed;
    asked.options.threads = (int)asked.threads;
    status = run_control(&asked, argv[0]);
  }
  cli_texts_free(&asked.subjects);
  cli_texts_free(&asked.names);
  return status == CLI_GO_ON ? 0 : status;
}
