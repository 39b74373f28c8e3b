/* berg rank: which images a region responds to most. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "options.h"
#include "outline.h"
#include "output.h"
#include "parts.h"
#include "progress.h"
#include "rank_table.h"

typedef struct request {
  berg_rank_options options;
  cli_parts parts;
  const char *output, *sheet, *pictures, *images;
  size_t threads;
  bool zscore, force, quiet;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  const cli_option options[] = {
      {"top", 0, CLI_COUNT, &asked->options.top, "N", "Images of the highest values. Default: 25."},
      {"bottom", 0, CLI_COUNT, &asked->options.bottom, "N", "And of the lowest, lowest first. Default: 0."},
      {"output", 'o', CLI_TEXT, &asked->output, "FILE",
       "The table as .tsv, or everything as .json. Default: the table on standard output."},
      {"sheet", 0, CLI_TEXT, &asked->sheet, "FILE",
       "Their pictures on a sheet: .png, .pdf, .svg, or .html, a page that stands alone. Those that cannot be read "
       "are empty tiles."},
      {"pictures", 0, CLI_TEXT, &asked->pictures, "DIR",
       "Where names of pictures that are relative lie. Default: where the program runs."},
      CLI_PARTS_OPTIONS(asked->parts),
      {"berg-dir", 0, CLI_TEXT, &asked->options.berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"zscore", 0, CLI_FLAG, &asked->zscore, NULL,
       "Average z-scores over subjects, whose responses differ in scale. Default: values as they are."},
      {"images", 0, CLI_TEXT, &asked->images, "LIST",
       "Rank only these images: a text file with a name a line. z and percentiles are among them."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N", "Default: chosen. Never changes the numbers."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace what is there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Show no progress."},
  };
  const cli_syntax syntax = {
      .command = "rank",
      .operands = "STORE EXPRESSION",
      .summary =
          "Ranks the images of a store of scores (berg score) by one number of their responses, exactly, in one pass "
          "over the scores: the mean over a set of voxels, a weighted sum of such means (docs/selections.md), or "
          "norm(SET), typicality(SET), similarity(SET, IMAGE). Of each subject, of the mean over subjects, and of the "
          "mean over the others, with the value of the one left out: a list chosen by a subject's predictions is not "
          "tested by them.",
      .examples =
          "berg rank photos.scores 'mean(lFFA + rFFA) - mean(lPPA + rPPA)' --top 25 --bottom 25 --sheet faces.png\n"
          "berg rank photos.scores V1 --subject 1 -o v1.tsv\n"
          "berg rank photos.scores 'similarity(lEBA + rEBA, cat.jpg)' --top 10",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 2,
      .most = 2};
  return cli_parse(&syntax, argc, argv, count);
}

static int check(request *asked) {
  const char *const outputs[] = {asked->output, asked->sheet};
  if (asked->threads > INT_MAX) return cli_usage_error("rank", "--threads: too many");
  if (!asked->options.top && !asked->options.bottom) return cli_usage_error("rank", "nothing to list: give --top N");
  if (asked->output && !cli_ends_in(asked->output, ".tsv") && !cli_ends_in(asked->output, ".json"))
    return cli_usage_error("rank", "-o %s: expected a name that ends in .tsv or .json", asked->output);
  if (asked->pictures && !asked->sheet) return cli_usage_error("rank", "--pictures: for --sheet alone");
  int status = CLI_GO_ON;
  for (int i = 0; i < 2 && status == CLI_GO_ON; i++) status = cli_check_output(outputs[i], asked->force);
  if (status == CLI_GO_ON && asked->sheet) status = cli_check_figure(asked->sheet);
  return status == CLI_GO_ON ? cli_need_berg_dir("rank", &asked->options.berg_dir) : status;
}

static int ask(request *asked, const berg_store *store, const char *expression, char **json) {
  size_t *images = NULL;
  berg_error error;
  if (asked->images && berg_store_find_listed(store, asked->images, &images, &asked->options.image_count, &error))
    return cli_fail(&error);
  asked->options.images = images;
  asked->options.parts = asked->parts.list;
  asked->options.part_count = asked->parts.count;
  asked->options.zscore = asked->zscore;
  asked->options.threads = (int)asked->threads;
  cli_progress progress;
  cli_progress_start(&progress, asked->quiet, false);
  berg_run run = cli_progress_run(&progress);
  const berg_status failed = berg_rank(store, expression, &asked->options, &run, json, &error);
  cli_progress_end(&progress);
  berg_free(images);
  return failed ? cli_fail(&error) : CLI_GO_ON;
}

static int show(const request *asked, const char *json) {
  cJSON *ranking;
  int status = cli_parse_json(json, &ranking);
  char *table = status == CLI_GO_ON ? cli_rank_table(ranking) : NULL;
  if (status == CLI_GO_ON && !table) status = cli_fail_memory();
  if (status == CLI_GO_ON && asked->sheet)
    status = cli_rank_sheet(ranking, asked->sheet, asked->pictures, asked->force, asked->quiet);
  if (status == CLI_GO_ON && asked->output)
    status = cli_write_text(cli_ends_in(asked->output, ".json") ? json : table, asked->output, asked->force);
  else if (status == CLI_GO_ON)
    puts(table);
  free(table);
  cJSON_Delete(ranking);
  return status == CLI_GO_ON ? 0 : status;
}

int cli_rank(int argc, char **argv) {
  request asked = {.threads = 0};
  size_t count;
  berg_error error;
  berg_store *store = NULL;
  char *json = NULL;
  berg_rank_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = check(&asked);
  if (status == CLI_GO_ON && berg_store_open(&store, argv[0], &error)) status = cli_fail(&error);
  if (status == CLI_GO_ON) status = cli_parts_find("rank", argv[0], store, &asked.parts);
  if (status == CLI_GO_ON) status = ask(&asked, store, argv[1], &json);
  if (status == CLI_GO_ON) status = show(&asked, json);
  berg_free(json);
  berg_store_free(store);
  cli_parts_free(&asked.parts);
  return status;
}
