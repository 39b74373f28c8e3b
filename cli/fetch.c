/* berg fetch: downloads the published files of a model. */
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "options.h"
#include "outline.h"
#include "progress.h"

#define GOES_ON "the same command goes on"

typedef struct request {
  const char *berg_dir, *from;
  cli_texts subjects, splits;
  bool backbone, metadata, plots, dry_run, yes, force, json, quiet;
  size_t retries;
  double wait, stall;
} request;

/* What the library calls back with. */
typedef struct watched {
  const request *asked;
  cli_progress progress;
  berg_run inner; /* that of `progress` */
  bool unanswered, declined;
} watched;

static const cJSON *item(const cJSON *tree, const char *key) { return cJSON_GetObjectItemCaseSensitive(tree, key); }
static double number(const cJSON *tree, const char *key) { return cJSON_GetNumberValue(item(tree, key)); }

static const char *text(const cJSON *tree, const char *key) {
  const char *found = cJSON_GetStringValue(item(tree, key));
  return found ? found : "";
}

static const char *bytes_text(double bytes, char to[24]) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++) bytes /= 1000;
  snprintf(to, 24, unit && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return to;
}

/* --- What there is, and what to do without us --- */

static void print_line(const char *before, const char *said) {
  fputs(before, stderr);
  cli_print_safe(stderr, said);
  fputc('\n', stderr);
}

static void print_plan(const cJSON *report) {
  char size[24], room[24];
  const cJSON *file;
  cJSON_ArrayForEach(file, item(report, "files")) {
    const char *state = text(file, "state");
    char before[80];
    if (!strcmp(state, "partial"))
      snprintf(before, sizeof before, "  %9s  %2.0f %% there  ", bytes_text(number(file, "bytes"), size),
               100 * number(file, "have_bytes") / number(file, "bytes"));
    else
      snprintf(before, sizeof before, "  %9s  %-10s  ", bytes_text(number(file, "bytes"), size), state);
    print_line(before, text(file, "path"));
  }
  cli_say("%s to download; %s free", bytes_text(number(report, "to_fetch_bytes"), size),
          item(report, "free_bytes") ? bytes_text(number(report, "free_bytes"), room) : "not known how much is");
}

static void print_commands(const cJSON *report) {
  const cJSON *file;
  cli_say("where there is a connection, these get the same files:");
  cJSON_ArrayForEach(file, item(report, "files")) print_line("  ", text(file, "command"));
}

static void print_sums(const cJSON *report) {
  char size[24];
  const cJSON *file;
  cJSON_ArrayForEach(file, item(report, "files")) {
    const bool done = !strcmp(text(file, "state"), "fetched");
    cli_say("%s %s, %s, SHA-256 %s", done ? "fetched" : "already there:", text(file, "path"),
            bytes_text(number(file, "bytes"), size), text(file, "sha256"));
  }
}

/* --- The question --- */

static bool answers_yes(void) {
  char line[16] = "";
  if (!fgets(line, sizeof line, stdin)) return false;
  return line[0] == 'y' || line[0] == 'Y';
}

/* Signals kill as usual until here, where nothing is written yet; from here on they keep what came. */
static void begin(watched *w) {
  cli_progress_start(&w->progress, w->asked->quiet, true);
  cli_progress_keeps(&w->progress);
}

static int confirm(void *user, const char *plan) {
  watched *w = user;
  char size[24];
  cJSON *report;
  if (cli_parse_json(plan, &report) != CLI_GO_ON) return 0;
  if (!w->asked->quiet || !w->asked->yes) print_plan(report);
  if (!w->asked->yes) {
    w->unanswered = !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO);
    fprintf(stderr, "Download %s to ", bytes_text(number(report, "to_fetch_bytes"), size));
    cli_print_safe(stderr, text(report, "berg_dir"));
    fputs(w->unanswered ? "? [y/N]\n" : "? [y/N] ", stderr);
    w->declined = !w->unanswered && !answers_yes();
  }
  cJSON_Delete(report);
  if (w->unanswered || w->declined) return 0;
  begin(w);
  return 1;
}

/* Bytes as kB or MB. Rounded, so that all is done only when all is. */
static int show(void *user, size_t done, size_t total, double seconds) {
  watched *w = user;
  const size_t unit = total >= 10000000 ? 1000000 : 1000;
  snprintf(w->progress.unit, sizeof w->progress.unit, "%s", unit == 1000 ? "kB" : "MB");
  return w->inner.progress(w->inner.user, done == total ? (total + unit - 1) / unit : done / unit,
                           (total + unit - 1) / unit, seconds);
}

static int ask_cancel(void *user) {
  watched *w = user;
  return w->inner.cancel(w->inner.user);
}

/* --- The command --- */

static int fail(const watched *w, berg_status failed, const berg_error *error) {
  if (w->unanswered) return cli_usage_error("fetch", "nobody can be asked here: give --yes, or --dry-run");
  if (w->declined) return cli_fail_with(BERG_EINTERNAL, "nothing was downloaded");
  const int stopped = failed == BERG_ECANCELLED ? cli_progress_stopped(&w->progress, GOES_ON) : CLI_GO_ON;
  if (stopped != CLI_GO_ON) return stopped;
  return failed == BERG_ECANCELLED ? cli_fail_with(failed, "interrupted; " GOES_ON) : cli_fail(error);
}

static int tell(const watched *w, const char *json, berg_status failed, int status) {
  const request *asked = w->asked;
  cJSON *report = NULL;
  if (json && cli_parse_json(json, &report) != CLI_GO_ON) return status ? status : berg_status_exit(BERG_ELIMIT);
  if (report && failed && failed != BERG_ECANCELLED && item(report, "reached") &&
      !cJSON_IsTrue(item(report, "reached")))
    print_commands(report);
  if (report && !failed && !asked->quiet) (asked->dry_run ? print_plan : print_sums)(report);
  const int printed = report && asked->json ? cli_print_json(report) : 0;
  cJSON_Delete(report);
  return status ? status : printed;
}

static int fetch(const char *model, const request *asked, const cli_texts *subjects) {
  berg_error error;
  berg_fetch_options options;
  watched w = {.asked = asked, .progress = {.quiet = asked->quiet}};
  char *json = NULL;
  berg_fetch_options_init(&options);
  options.berg_dir = asked->berg_dir;
  options.subjects = (const char *const *)subjects->items;
  options.subject_count = subjects->count;
  options.train_splits = (const char *const *)asked->splits.items;
  options.train_split_count = asked->splits.count;
  options.backbone = asked->backbone;
  options.metadata = asked->metadata;
  options.plots = asked->plots;
  options.plan = asked->dry_run;
  options.force = asked->force;
  options.from = asked->from;
  options.retries = asked->retries;
  options.retry_seconds = asked->wait;
  options.stall_seconds = asked->stall;
  options.confirm = confirm;
  options.user = &w;
  w.inner = cli_progress_run(&w.progress);
  berg_run run;
  berg_run_init(&run);
  run.progress = show;
  run.cancel = ask_cancel;
  run.user = &w;
  const berg_status failed = berg_fetch(model, &options, &run, &json, &error);
  cli_progress_end(&w.progress);
  const int status = tell(&w, json, failed, failed ? fail(&w, failed, &error) : 0);
  berg_free(json);
  return status;
}

static int check_and_fetch(const char *model, request *asked) {
  cli_texts subjects = {0};
  int status = cli_check_model(model);
  if (status == CLI_GO_ON && (asked->wait < 0 || asked->stall <= 0))
    status = cli_usage_error("fetch", "--retry-wait and --stall are seconds");
  if (status == CLI_GO_ON && !(asked->berg_dir = cli_berg_dir(asked->berg_dir)))
    status = cli_usage_error("fetch", "where do the files go? Give --berg-dir DIR, such as models, or set BERG_DIR");
  if (status == CLI_GO_ON && (asked->subjects.count || !asked->backbone))
    status = cli_subjects("fetch", &asked->subjects, &subjects);
  if (status == CLI_GO_ON) status = fetch(model, asked, &subjects);
  cli_texts_free(&subjects);
  return status;
}

int cli_fetch(int argc, char **argv) {
  berg_fetch_options usual;
  berg_fetch_options_init(&usual);
  request asked = {.retries = usual.retries, .wait = usual.retry_seconds, .stall = usual.stall_seconds};
  size_t count;
  const cli_option options[] = {
      {"subject", 0, CLI_LIST, &asked.subjects, "N[,N...]",
       "Subjects, as 1, 01, sub-01 or N (a monkey), or a range: 1-3. With --backbone none need be named."},
      {"backbone", 0, CLI_FLAG, &asked.backbone, NULL,
       "The weights of ViT-B/32 that all models need, 353 MB, from torchvision's address."},
      {"metadata", 0, CLI_FLAG, &asked.metadata, NULL, "Of the model the metadata alone, without weights."},
      {"plots", 0, CLI_FLAG, &asked.plots, NULL, "The published plots of accuracy too."},
      {"train-splits", 0, CLI_LIST, &asked.splits, "SPLIT[,SPLIT...]",
       "Which of MEG's and Utah arrays' models: all, single, split1 to split4. Default: all."},
      {"berg-dir", 0, CLI_TEXT, &asked.berg_dir, "DIR",
       "Where models are kept, and made where it is missing; else $BERG_DIR."},
      {"dry-run", 0, CLI_FLAG, &asked.dry_run, NULL, "Say what there is and how large it is; write nothing."},
      {"yes", 'y', CLI_FLAG, &asked.yes, NULL, "Do not ask."},
      {"from", 0, CLI_TEXT, &asked.from, "URL", "The address of a mirror: a berg directory that a web server shows."},
      {"retries", 0, CLI_COUNT, &asked.retries, "N",
       "How often to try again when the connection breaks and nothing new comes. Default: 8."},
      {"retry-wait", 0, CLI_NUMBER, &asked.wait, "SECONDS",
       "Before the first retry; twice as long before each further one. Default: 1."},
      {"stall", 0, CLI_NUMBER, &asked.stall, "SECONDS",
       "After so long at less than 1 kB a second the connection counts as broken. Default: 30."},
      {"json", 0, CLI_FLAG, &asked.json, NULL, "Print the files, with their SHA-256, as JSON on standard output."},
      {"force", 'f', CLI_FLAG, &asked.force, NULL, "Replace files that are there and are not those published."},
      {"quiet", 'q', CLI_FLAG, &asked.quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "fetch",
      .operands = "MODEL",
      .summary =
          "Downloads the files of a model that upstream publishes, which needs no account, to where the other commands "
          "look for them. Shows them with their sizes and asks first. What is there already, with the right size and "
          "checksum, is passed over. A download that breaks off goes on where it was, at once or when the command is "
          "given again, and a file gets its name when it is whole. Proxies and certificates are those of curl.",
      .examples = "berg fetch fmri-things_fmri_1-vit_b_32 --subject 1 --backbone --berg-dir models\n"
                  "berg fetch fmri-things_fmri_1-vit_b_32 --subject 1-3 --metadata --berg-dir models --yes\n"
                  "berg fetch meg-things_meg_1-vit_b_32 --subject 1 --train-splits all,single --dry-run --berg-dir "
                  "models",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON) status = check_and_fetch(argv[0], &asked);
  cli_texts_free(&asked.subjects);
  cli_texts_free(&asked.splits);
  return status;
}
