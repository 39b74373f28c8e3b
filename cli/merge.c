/* berg merge: what was encoded or scored apart becomes one. */
#include <limits.h>
#include <string.h>

#include "faults.h"
#include "options.h"
#include "outline.h"
#include "progress.h"

typedef struct request {
  const char *output;
  size_t threads;
  bool force, check, json, quiet;
} request;

static const cJSON *item(const cJSON *tree, const char *key) { return cJSON_GetObjectItemCaseSensitive(tree, key); }

/* --- What was made --- */

static void say_outputs(const cJSON *report) {
  const cJSON *output;
  char rows[32];
  cJSON_ArrayForEach(output, item(report, "outputs")) {
    const size_t count = (size_t)cJSON_GetNumberValue(item(output, "rows"));
    cli_say("%s row%s of %.0f parts: %s", cli_grouped(count, rows), count == 1 ? "" : "s",
            cJSON_GetNumberValue(item(report, "of")), cJSON_GetStringValue(item(output, "path")));
  }
}

static void say_store(const cJSON *report, const char *to) {
  char given[32], held[32];
  const size_t parts = (size_t)cJSON_GetNumberValue(item(report, "parts"));
  cli_say("%s images of %zu part%s: %s holds %s",
          cli_grouped((size_t)cJSON_GetNumberValue(item(report, "images")), given), parts, parts == 1 ? "" : "s", to,
          cli_grouped((size_t)cJSON_GetNumberValue(item(report, "held")), held));
}

static void say_done(const cJSON *report, const char *to) {
  if (item(report, "outputs"))
    say_outputs(report);
  else
    say_store(report, to);
}

/* Whatever the status, the report is told. */
static int tell(const request *asked, const char *text, int status) {
  cJSON *report = NULL;
  if (text && cli_parse_json(text, &report) != CLI_GO_ON) return status ? status : berg_status_exit(BERG_ELIMIT);
  if (report && status) cli_say_faults(report);
  if (report && !status && !asked->quiet && !asked->check) say_done(report, asked->output);
  const int printed = report && asked->json ? cli_print_json(report) : 0;
  cJSON_Delete(report);
  return status ? status : printed;
}

/* What is counted from here on. */
static void begin_stage(void *user, const char *stage, const char *unit) {
  cli_progress *progress = user;
  (void)stage;
  cli_progress_end(progress);
  snprintf(progress->unit, sizeof progress->unit, "%s", unit);
}

static int merge(const request *asked, const char *const *parts, size_t count) {
  berg_error error;
  cli_progress progress;
  berg_merge_options options;
  char *report = NULL;
  berg_merge_options_init(&options);
  options.force = asked->force;
  options.check = asked->check;
  options.threads = (int)asked->threads;
  cli_progress_start(&progress, asked->quiet, false);
  berg_run run = cli_progress_run(&progress);
  run.stage = begin_stage;
  const berg_status failed = berg_merge(parts, count, asked->output, &options, &run, &report, &error);
  cli_progress_end(&progress);
  int status = 0;
  if (failed == BERG_ECANCELLED)
    status = cli_fail_with(failed, "interrupted; the same command starts again");
  else if (failed)
    status = cli_fail(&error);
  status = tell(asked, report, status);
  berg_free(report);
  return status;
}

int cli_merge(int argc, char **argv) {
  request asked = {.output = NULL};
  size_t count;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &asked.output, "OUT",
       "What is made: a file of the parts' format, of several subjects and hemispheres one each as berg encode names "
       "them; of folders a folder; of stores a store, which may be there and then grows."},
      {"check", 0, CLI_FLAG, &asked.check, NULL, "Read the parts and say whether all is there; write nothing."},
      {"json", 0, CLI_FLAG, &asked.json, NULL,
       "Print what is missing, damaged, foreign and doubled, and which indices to run again, as JSON on standard "
       "output."},
      {"threads", 0, CLI_COUNT, &asked.threads, "N", "Default: chosen, as berg encode does."},
      {"force", 'f', CLI_FLAG, &asked.force, NULL, "Replace OUT (and its sidecar) if it is there; not a store."},
      {"quiet", 'q', CLI_FLAG, &asked.quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "merge",
      .operands = "PART...",
      .summary =
          "Joins what berg encode (.npy, .h5, .csv) or berg score made with --shard, on several machines for instance, "
          "to what one process would have made, byte for byte. Before anything is written all parts are read: if one "
          "is missing, damaged, given twice or of another run, all that is wrong is told, the indices to run again as "
          "an array's (--array=3,7), and the exit status is 9. Stores that are no shards are added up: images whose "
          "pixels are there are passed over.",
      .examples = "berg merge part-*.npy -o responses.npy\n"
                  "berg merge out-*/ -o all/\n"
                  "berg merge part-*.npy -o responses.npy --json | jq -r .array\n"
                  "berg merge part-01.scores part-02.scores -o photos.scores",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = CLI_ANY};
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON && !asked.output) status = cli_usage_error("merge", "where does it go? Give -o OUT");
  if (status == CLI_GO_ON && asked.threads > INT_MAX) status = cli_usage_error("merge", "--threads: too many");
  return status == CLI_GO_ON ? merge(&asked, (const char *const *)argv, count) : status;
}
