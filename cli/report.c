/* berg report: a page about a model's accuracy, and its figures. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "options.h"
#include "progress.h"

/* The command line as it could be typed again: words with other than plain characters in single quotes. The
 * caller's. */
static char *command_line(int argc, char **argv) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,=:+@%";
  size_t size = 6;
  for (int i = 0; i < argc; i++) size += 4 * strlen(argv[i]) + 3;
  char *line = cli_alloc(size, 1), *end = line;
  if (!line) return NULL;
  end += sprintf(end, "berg");
  for (int i = 0; i < argc; i++) {
    bool bare = argv[i][0] && strspn(argv[i], plain) == strlen(argv[i]);
    end += sprintf(end, bare ? " " : " '");
    for (const char *c = argv[i]; *c; c++) end += sprintf(end, *c == '\'' ? "'\\''" : "%c", *c);
    if (!bare) end += sprintf(end, "'");
  }
  return line;
}

/* By which the makers of packages and archives get the same bytes twice. Anything but a number: now. */
static int64_t date_of_source(void) {
  const char *given = getenv("SOURCE_DATE_EPOCH");
  char *end = NULL;
  const long long date = given && *given >= '0' && *given <= '9' ? strtoll(given, &end, 10) : 0;
  return end && !*end ? date : 0;
}

int cli_report(int argc, char **argv) {
  bool force = false, quiet = false, hash_weights = false;
  const char *output = NULL;
  cli_texts subjects = {0}, surfaces = {0}, added = {0};
  berg_report_options report;
  berg_report_options_init(&report);
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &output, "FILE", "The page, as report.html."},
      {"subject", 0, CLI_LIST, &subjects, "N[,N...]", "Subjects, side by side, as 1, 01 or sub-01."},
      {"berg-dir", 0, CLI_TEXT, &report.berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"figures", 0, CLI_TEXT, &report.figures, "DIR",
       "Write each figure to DIR too, as .svg, .png and .pdf; encoding_accuracy is the one by region."},
      {"formats", 0, CLI_TEXT, &report.formats, "svg,png,pdf",
       "Of figures; some of these three. Default: all. PNG and PDF need cairo (libcairo2), SVG and the page do not."},
      {"json", 0, CLI_TEXT, &report.json, "FILE", "Write the numbers behind all figures to FILE too."},
      {"surface", 0, CLI_LIST, &surfaces, "LH,RH",
       "Of vertices: draw maps on these surfaces of the left and the right hemisphere, as FreeSurfer's fsaverage has "
       "them "
       "(lh.inflated,rh.inflated)."},
      {"add", 0, CLI_LIST, &added, "FILE[,FILE...]",
       "Show what was asked of scores too: the JSON of berg rank, contrast, rsa or control, a map of contrast (.npy, "
       ".nii), a matrix of rsm (.npy, .h5); can be given again."},
      {"pictures", 0, CLI_TEXT, &report.pictures, "DIR",
       "Where names of pictures that are relative lie. Default: where the program runs."},
      {"hash-weights", 0, CLI_FLAG, &hash_weights, NULL,
       "Give the SHA-256 of the weights too, not of the metadata alone."},
      {"force", 'f', CLI_FLAG, &force, NULL, "Replace what is there."},
      {"quiet", 'q', CLI_FLAG, &quiet, NULL, "Do not say what was written."},
  };
  const cli_syntax syntax = {
      .command = "report",
      .operands = "MODEL",
      .summary =
          "Writes a page about how well a model predicts: accuracy by region beside noise ceilings, or over time, "
          "distributions, maps on slices or surfaces, receptive fields, the numbers behind every figure, and what "
          "all was made from. One HTML file without scripts that needs no network. Only metadata are read.",
      .examples =
          "berg report fmri-things_fmri_1-vit_b_32 --subject 1 -o report.html\n"
          "berg report fmri-things_fmri_1-vit_b_32 --subject 1,2,3 -o report.html --figures figures\n"
          "berg report fmri-things_fmri_1-vit_b_32 --subject 1 -o report.html --json numbers.json\n"
          "berg report fmri-nsd_fsaverage-vit_b_32 --subject 1 -o report.html --surface lh.inflated,rh.inflated\n"
          "berg report meg-things_meg_1-vit_b_32 --subject 1-4 -o report.html\n"
          "berg report fmri-things_fmri_1-vit_b_32 --subject 1 --add faces.json --add t.nii.gz -o report.html",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  size_t count;
  cli_texts names = {0};
  berg_error error;
  char *command = command_line(argc, argv);
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON) status = cli_check_model(argv[0]);
  if (status == CLI_GO_ON) status = cli_subjects("report", &subjects, &names);
  if (status == CLI_GO_ON) status = cli_need_berg_dir("report", &report.berg_dir);
  if (status == CLI_GO_ON && !output) status = cli_usage_error("report", "where to? -o report.html");
  if (status == CLI_GO_ON && report.formats && !report.figures)
    status = cli_usage_error("report", "--formats: of --figures alone");
  if (status == CLI_GO_ON && surfaces.count && surfaces.count != 2)
    status = cli_usage_error("report", "--surface: expected two files, left and right, found %zu", surfaces.count);
  if (status == CLI_GO_ON) {
    for (size_t i = 0; i < surfaces.count; i++) report.surfaces[i] = surfaces.items[i];
    report.subjects = (const char *const *)names.items;
    report.subject_count = names.count;
    report.added = (const char *const *)added.items;
    report.added_count = added.count;
    report.command = command;
    report.force = force;
    report.hash_weights = hash_weights;
    report.date = date_of_source();
    const berg_run run = cli_run_quietly();
    report.run = &run;
    status = berg_report(argv[0], &report, output, &error) ? cli_fail(&error) : 0;
    if (!status && !quiet) cli_say("%s: written", output);
  }
  cli_texts_free(&subjects);
  cli_texts_free(&surfaces);
  cli_texts_free(&added);
  cli_texts_free(&names);
  free(command);
  return status;
}
