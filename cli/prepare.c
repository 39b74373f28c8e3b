/* berg prepare: raw trials to z-scores, split into training and test. */
#include <limits.h>
#include <stdlib.h>

#include "model.h"
#include "progress.h"

typedef struct request {
  cli_texts subjects;
  size_t threads;
  bool resume, force, quiet;
  int *numbers; /* of the subjects */
  berg_prepare_options prepare;
} request;

static int parse(request *asked, int argc, char **argv) {
  berg_prepare_options *prepare = &asked->prepare;
  const cli_option options[] = {
      {"subject", 0, CLI_LIST, &asked->subjects, "N[,N...]", "Subjects, as 1, 01 or sub-01; one after the other."},
      {"berg-dir", 0, CLI_TEXT, &prepare->berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"memory", 0, CLI_BYTES, &prepare->memory, "SIZE",
       "What the process may hold. Default: 4G, less where Slurm or a control group leaves less. Never changes the "
       "numbers."},
      {"threads", 0, CLI_COUNT, &asked->threads, "N",
       "Default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use. Never changes the "
       "numbers."},
      {"resume", 0, CLI_FLAG, &asked->resume, NULL, "Go on from what an interrupted run left."},
      {"force", 'f', CLI_FLAG, &asked->force, NULL, "Replace prepared data that are there."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "prepare",
      .operands = "RAW",
      .summary =
          "Turns the raw single-trial responses of a subject into training data: z-scores within each session, "
          "split into training and test trials, the test trials averaged, and the metadata of the voxels. RAW is "
          "the folder that holds sub-0N_ResponseData.h5, sub-0N_StimulusMetadata.csv and "
          "sub-0N_VoxelMetadata.csv, or their folder betas_csv. One pass, in as much memory as is allowed. Raw data of "
          "NSD, THINGS EEG2, THINGS MEG1 and TVSD are prepared by upstream's own scripts; berg train takes what they "
          "leave.",
      .examples = "berg prepare THINGS-fMRI1 --subject 1 --berg-dir brain-encoding-response-generator\n"
                  "berg prepare THINGS-fMRI1 --subject 1,2,3 --memory 2G\n"
                  "berg prepare THINGS-fMRI1 --subject 1 --resume",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON) status = cli_subject_numbers("prepare", &asked->subjects, &asked->numbers);
  if (status == CLI_GO_ON) status = cli_need_berg_dir("prepare", &prepare->berg_dir);
  if (status == CLI_GO_ON && asked->threads > INT_MAX) status = cli_usage_error("prepare", "--threads: too many");
  prepare->threads = (int)asked->threads;
  prepare->resume = asked->resume;
  prepare->force = asked->force;
  return status;
}

static int prepare(const request *asked, const char *raw, int subject) {
  berg_error error;
  cli_progress progress;
  berg_prepare_options options = asked->prepare;
  options.subject = subject;
  cli_progress_start(&progress, asked->quiet, asked->resume);
  berg_run run = cli_progress_run(&progress);
  berg_status failed = berg_prepare(raw, &options, &run, &error);
  cli_progress_end(&progress);
  char voxels[32], total[32];
  if (!failed) {
    if (!asked->quiet) cli_say("sub-%02d: %s voxels prepared", subject, cli_grouped(progress.total, voxels));
    return CLI_GO_ON;
  }
  if (failed != BERG_ECANCELLED) return cli_fail(&error);
  return cli_fail_with(failed, "interrupted after %s of %s voxels of sub-%02d; the same command with --resume goes on",
                       cli_grouped(progress.done, voxels), cli_grouped(progress.total, total), subject);
}

int cli_prepare(int argc, char **argv) {
  request asked = {0};
  berg_prepare_options_init(&asked.prepare);
  int status = parse(&asked, argc, argv);
  for (size_t i = 0; i < asked.subjects.count && status == CLI_GO_ON; i++)
    status = prepare(&asked, argv[0], asked.numbers[i]);
  cli_texts_free(&asked.subjects);
  free(asked.numbers);
  return status == CLI_GO_ON ? 0 : status;
}
