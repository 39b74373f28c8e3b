/* berg compare: two files compared, the verdict as exit status. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_table.h"
#include "memory.h"
#include "options.h"
#include "outline.h"
#include "output.h"
#include "progress.h"

typedef struct request {
  berg_compare_options options;
  const char *json;
  size_t threads;
  bool force, quiet;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_compare_options *options = &asked->options;
  const cli_option table[] = {
      {"atol", 0, CLI_NUMBER, &options->atol, "X",
       "Each value may differ by X, and by --rtol times that of B. Without any of these four, values must be equal."},
      {"rtol", 0, CLI_NUMBER, &options->rtol, "X", "As a share of |B|, as numpy.allclose has it."},
      {"min-correlation", 0, CLI_NUMBER, &options->min_correlation, "R",
       "The mean over columns of the correlation over rows must be at least R."},
      {"min-voxel-correlation", 0, CLI_NUMBER, &options->min_voxel_correlation, "R",
       "The correlation of each column must be at least R."},
      {"metadata", 0, CLI_TEXT, &options->metadata, "FILE",
       "The subject's metadata_sub-0N.npy: figures for each region too."},
      {"json", 0, CLI_TEXT, &asked->json, "FILE",
       "Everything as a JSON object; - is standard output, instead of the "
       "page."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace the JSON file if it is there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Print no page: the exit status says it."},
  };
  const cli_syntax syntax = {
      .command = "compare",
      .operands = "A B",
      .summary = "Holds two files against each other: how far values differ and where most, the correlation of each "
                 "voxel over the images, the worst voxel and the worst image. A and B are responses (.npy, .h5, "
                 ".nii.gz, FILE.h5:DATASET; one image a row) in any two formats, or two files of weights or metadata, "
                 "compared entry by entry. The exit status is 0 where they agree and 8 where they differ.",
      .examples = "berg compare responses-f32.npy responses-bf16.npy --min-correlation 0.999\n"
                  "berg compare mine.h5 theirs.npy --atol 1e-4 --rtol 1e-3 --json report.json\n"
                  "berg compare weights_sub-01.npy retrained/weights_sub-01.npy",
      .options = table,
      .option_count = sizeof table / sizeof *table,
      .least = 2,
      .most = 2};
  return cli_parse(&syntax, argc, argv, count);
}

static int check(const request *asked) {
  const double tolerances[] = {asked->options.atol, asked->options.rtol};
  const double correlations[] = {asked->options.min_correlation, asked->options.min_voxel_correlation};
  if (asked->threads > INT_MAX) return cli_usage_error("compare", "--threads: too many");
  for (int i = 0; i < 2; i++) {
    if (tolerances[i] < 0) return cli_usage_error("compare", "--%s: expected 0 or more", i ? "rtol" : "atol");
    if (fabs(correlations[i]) > 1)
      return cli_usage_error("compare", "--min-%scorrelation: expected -1 to 1", i ? "voxel-" : "");
  }
  return cli_check_output(asked->json, asked->force);
}

static int show(const request *asked, const char *json) {
  const bool to_stdout = asked->json && !strcmp(asked->json, "-");
  int status = asked->json && !to_stdout ? cli_write_text(json, asked->json, asked->force) : CLI_GO_ON;
  if (status != CLI_GO_ON) return status;
  if (to_stdout) {
    puts(json);
  } else if (!asked->quiet) {
    cJSON *report;
    status = cli_parse_json(json, &report);
    if (report) cli_compare_table(report);
    cJSON_Delete(report);
  }
  return status;
}

int cli_compare(int argc, char **argv) {
  request asked = {.threads = 0};
  size_t count;
  berg_compare_options_init(&asked.options);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = check(&asked);
  if (status != CLI_GO_ON) return status;
  asked.options.threads = (int)asked.threads;
  cli_progress progress;
  berg_error error;
  char *json = NULL;
  cli_progress_start(&progress, asked.quiet, false);
  snprintf(progress.unit, sizeof progress.unit, "rows"); /* of both passes */
  berg_run run = cli_progress_run(&progress);
  berg_status done = berg_compare(argv[0], argv[1], &asked.options, &run, &json, &error);
  cli_progress_end(&progress);
  if (!json) return cli_fail(&error);
  status = show(&asked, json);
  berg_free(json);
  return status == CLI_GO_ON ? berg_status_exit(done) : status;
}
