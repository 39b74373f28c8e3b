/* berg rsa: what regions, subjects, models and matrices of one's own say of all pairs of images, compared. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "options.h"
#include "outline.h"
#include "output.h"
#include "progress.h"
#include "rsa_sides.h"

typedef struct request {
  berg_rsa_options options;
  cli_texts regions, subjects, names; /* names: subjects as the library has them */
  cli_texts matrices;
  const char *a, *b, *model, *images, *output;
  size_t threads, seed;
  bool exact, force, quiet;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_rsa_options *options = &asked->options;
  const cli_option table[] = {
      {"a", 0, CLI_TEXT, &asked->a, "SIDE", "A region, as V1, 2:V1 of subject 2, MODEL:2:V1; or a .npy, see --matrix."},
      {"b", 0, CLI_TEXT, &asked->b, "SIDE", "What it is compared with."},
      {"roi", 0, CLI_LIST, &asked->regions, "V1,V2,IT", "In place of --a and --b: every two of these regions, ..."},
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]",
       "... of each of these subjects. With --a and --b: of one."},
      {"matrix", 0, CLI_LIST, &asked->matrices, "FILE",
       "... and these dissimilarities of the same images: a .npy of images x images, or of the pairs above the "
       "diagonal."},
      {"model", 0, CLI_TEXT, &asked->model, "MODEL", "Of which model; needed where the store is of several."},
      {"berg-dir", 0, CLI_TEXT, &options->berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"measure", 0, CLI_TEXT, &options->measure, "NAME",
       "pearson (default), cosine, spearman, rho-a or kendall (tau-a), over all pairs of images."},
      {"metric", 0, CLI_TEXT, &options->metric, "NAME",
       "Of two patterns: correlation (default), cosine, euclidean or sqeuclidean."},
      {"adjust", 0, CLI_TEXT, &options->adjust, "NAME",
       "Each unit's responses over the images first: none (default), demean, or zscore."},
      {"images", 0, CLI_TEXT, &asked->images, "FILE", "Only these images, in this order: a name on each line."},
      {"permutations", 0, CLI_COUNT, &options->permutations, "K",
       "Permute the images of one side K times: p of values at least as large. Not of kendall."},
      {"bootstrap", 0, CLI_COUNT, &options->bootstraps, "K",
       "Draw the images with replacement K times: 95 % interval. Of pearson and cosine."},
      {"seed", 0, CLI_COUNT, &asked->seed, "N", "Of these. Default: 1."},
      {"exact", 0, CLI_FLAG, &asked->exact, NULL,
       "Resample without the approximations that docs/similarity.md states, however long it takes."},
      {"memory", 0, CLI_BYTES, &options->memory, "SIZE",
       "For ranks: pairs that do not fit are counted on a grid, which the JSON says. Default: 1G."},
      {"output", 'o', CLI_TEXT, &asked->output, "FILE",
       "A .tsv with a line for each comparison, or a .json of everything. Default: the table on standard output."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace the output if it is there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "No progress, and no noise ceilings on standard error."},
  };
  const cli_syntax syntax = {
      .command = "rsa",
      .operands = "STORE",
      .summary = "Compares what two sides say of all pairs of a store's images: regions, subjects, models, matrices of "
                 "one's own. Pearson and cosine of regions take one pass over the scores and no matrix, whatever the "
                 "number of images; with several subjects noise ceilings are told.",
      .examples = "berg rsa scores/ --subject 1 --a V1 --b IT\n"
                  "berg rsa scores/ --a 1:V1 --b 2:V1 --bootstrap 1000 --permutations 1000\n"
                  "berg rsa scores/ --roi V1,V2,IT --subject 1,2,3 -o rsa.json\n"
                  "berg rsa scores/ --subject 1 --a IT --b model.npy --measure rho-a",
      .options = table,
      .option_count = sizeof table / sizeof *table,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static int check(request *asked) {
  const bool pair = asked->a || asked->b, list = asked->regions.count || asked->matrices.count;
  if (asked->threads > INT_MAX) return cli_usage_error("rsa", "--threads: too many");
  if (pair && (!asked->a || !asked->b || list))
    return cli_usage_error("rsa", "what is compared? --a and --b, or --roi and --matrix");
  if (!pair && !list) return cli_usage_error("rsa", "what is compared? --a V1 --b IT, or --roi V1,V2,IT");
  if (pair && asked->subjects.count > 1)
    return cli_usage_error("rsa", "--subject: expected one; of two subjects: --a 1:V1 --b 2:V1");
  if (asked->output && !cli_ends_in(asked->output, ".tsv") && !cli_ends_in(asked->output, ".json"))
    return cli_usage_error("rsa", "-o %s: expected a name that ends in .tsv or .json", asked->output);
  int status = cli_check_output(asked->output, asked->force);
  if (status != CLI_GO_ON) return status;
  status = asked->subjects.count ? cli_subjects("rsa", &asked->subjects, &asked->names) : CLI_GO_ON;
  return status == CLI_GO_ON ? cli_need_berg_dir("rsa", &asked->options.berg_dir) : status;
}

/* --- Sides --- */

static int take_sides(const request *asked, const berg_store *store, cli_sides *sides) {
  const size_t subjects = asked->names.count ? asked->names.count : 1;
  int status = CLI_GO_ON;
  if (asked->a) {
    const char *subject = asked->names.count ? asked->names.items[0] : NULL;
    status = cli_sides_add(sides, store, asked->a, subject, asked->model);
    return status == CLI_GO_ON ? cli_sides_add(sides, store, asked->b, subject, asked->model) : status;
  }
  for (size_t r = 0; r < asked->regions.count; r++)
    for (size_t s = 0; s < subjects && status == CLI_GO_ON; s++)
      status = cli_sides_add(sides, store, asked->regions.items[r], asked->names.count ? asked->names.items[s] : NULL,
                             asked->model);
  for (size_t m = 0; m < asked->matrices.count && status == CLI_GO_ON; m++)
    status = cli_sides_add(sides, store, asked->matrices.items[m], NULL, NULL);
  if (status == CLI_GO_ON && sides->count < 2)
    return cli_usage_error("rsa", "a comparison needs two sides, found %zu", sides->count);
  return status;
}

/* --- Telling --- */

static const cJSON *get(const cJSON *object, const char *key) { return cJSON_GetObjectItemCaseSensitive(object, key); }

static void print_figure(FILE *stream, const cJSON *item) {
  if (cJSON_IsNumber(item))
    fprintf(stream, "\t%.9g", item->valuedouble);
  else
    fputs("\t", stream);
}

static void print_label(FILE *stream, const cJSON *report, const cJSON *side) {
  const cJSON *sides = get(report, "sides");
  const cJSON *label = get(cJSON_GetArrayItem(sides, side ? side->valueint : 0), "label");
  if (cJSON_IsString(label)) cli_print_safe(stream, label->valuestring);
}

static void print_table(FILE *stream, const cJSON *report) {
  const cJSON *item;
  fputs("a\tb\tvalue\tlow\thigh\tp\n", stream);
  cJSON_ArrayForEach(item, get(report, "comparisons")) {
    const cJSON *interval = get(get(item, "bootstraps"), "interval_95");
    print_label(stream, report, get(item, "a"));
    fputc('\t', stream);
    print_label(stream, report, get(item, "b"));
    print_figure(stream, get(item, "value"));
    print_figure(stream, cJSON_GetArrayItem(interval, 0));
    print_figure(stream, cJSON_GetArrayItem(interval, 1));
    print_figure(stream, get(get(item, "permutations"), "p"));
    fputc('\n', stream);
  }
}

static void tell_ceilings(const cJSON *report) {
  const cJSON *item;
  cJSON_ArrayForEach(item, get(report, "ceilings")) {
    const cJSON *lower = get(item, "lower"), *upper = get(item, "upper"), *region = get(item, "region");
    if (cJSON_IsNumber(lower) && cJSON_IsNumber(upper) && cJSON_IsString(region))
      cli_say("%s: noise ceiling over subjects %.6g to %.6g", region->valuestring, lower->valuedouble,
              upper->valuedouble);
  }
}

static int write_table(const request *asked, const cJSON *report) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (!stream) return cli_fail_memory();
  print_table(stream, report);
  if (!cli_close_text(stream, &text)) return cli_fail_memory();
  if (size) text[size - 1] = '\0'; /* the line break that writing adds */
  int status = cli_write_text(text, asked->output, asked->force);
  free(text);
  return status;
}

static int show(const request *asked, const char *json) {
  cJSON *report = NULL;
  int status = cli_parse_json(json, &report);
  if (status == CLI_GO_ON && !asked->output) print_table(stdout, report);
  if (status == CLI_GO_ON && asked->output)
    status = cli_ends_in(asked->output, ".json") ? cli_write_text(json, asked->output, asked->force)
                                                 : write_table(asked, report);
  if (status == CLI_GO_ON && !asked->quiet) tell_ceilings(report);
  cJSON_Delete(report);
  return status;
}

static int run(request *asked, const berg_store *store) {
  berg_error error;
  size_t *images = NULL, image_count = 0;
  cli_sides sides = {.list = NULL};
  int status = CLI_GO_ON;
  if (asked->images && berg_store_find_listed(store, asked->images, &images, &image_count, &error))
    status = cli_fail(&error);
  if (status == CLI_GO_ON) status = take_sides(asked, store, &sides);
  if (status == CLI_GO_ON) {
    cli_progress progress;
    char *json = NULL;
    asked->options.images = images;
    asked->options.image_count = image_count;
    cli_progress_start(&progress, asked->quiet, false);
    snprintf(progress.unit, sizeof progress.unit, "images");
    const berg_run watched = cli_progress_run(&progress);
    const berg_status done = berg_rsa(store, sides.list, sides.count, &asked->options, &watched, &json, &error);
    cli_progress_end(&progress);
    status = done ? cli_fail(&error) : show(asked, json);
    berg_free(json);
  }
  cli_sides_free(&sides);
  berg_free(images);
  return status;
}

int cli_rsa(int argc, char **argv) {
  request asked = {.seed = 1};
  size_t count;
  berg_store *store = NULL;
  berg_error error;
  berg_rsa_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = check(&asked);
  if (status == CLI_GO_ON && berg_store_open(&store, argv[0], &error)) status = cli_fail(&error);
  if (status == CLI_GO_ON) {
    asked.options.threads = (int)asked.threads;
    asked.options.seed = asked.seed;
    asked.options.exact = asked.exact;
    status = run(&asked, store);
  }
  berg_store_free(store);
  cli_texts_free(&asked.regions);
  cli_texts_free(&asked.subjects);
  cli_texts_free(&asked.names);
  cli_texts_free(&asked.matrices);
  return status == CLI_GO_ON ? 0 : status;
}
