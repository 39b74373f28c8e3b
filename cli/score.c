/* berg score: images to scores that are kept. */
#include <stdlib.h>
#include <string.h>

#include "encode_models.h"
#include "memory.h"
#include "model.h"
#include "options.h"
#include "outline.h"
#include "plan.h"
#include "progress.h"
#include "ranks.h"
#include "stimuli.h"

typedef struct request {
  const char *output;
  bool quiet, json, check, resume;
  cli_precision precision;
  cli_stimuli stimuli;
  cli_encode_models models;
  berg_model_options model;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_model_options *model = &asked->model;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &asked->output, "STORE",
       "The folder that holds the scores: made, or grown by the images that it does not hold yet."},
      CLI_MODELS_OPTIONS(asked->models, model, "Scores of this model too, in the same pass."),
      CLI_STIMULI_OPTIONS(asked->stimuli),
      CLI_PRECISION_OPTIONS(asked->precision, model),
      {"batch", 0, CLI_COUNT, &model->batch, "N", "Images at a time. Default: chosen. Never changes the numbers."},
      {"memory", 0, CLI_BYTES, &model->memory, "SIZE",
       "What the process may hold, such as 4G. Default: what Slurm and the control group leave."},
      {"check", 0, CLI_FLAG, &asked->check, NULL,
       "Hold what the store has against its checksums before it grows: reads all of it."},
      {"resume", 0, CLI_FLAG, &asked->resume, NULL,
       "With --shard, read and pass over a store that holds the whole shard already."},
      {"json", 0, CLI_FLAG, &asked->json, NULL, "Print what was done as JSON on standard output."},
      CLI_MPI_OPTION,
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Say nothing but errors and images left out."},
  };
  const cli_syntax syntax = {
      .command = "score",
      .operands = "MODEL INPUT...",
      .summary =
          "Keeps what an image is to a subject's model: its 250 component scores, a kilobyte. From these berg encode "
          "--scores makes the same responses as from the image, of any selection, and berg rank, contrast, rsm, rsa "
          "and control answer questions about all images at once, without the network. Images whose pixels the store "
          "holds "
          "are passed over: the same command goes on where an interrupted one ended.",
      .examples = "berg score fmri-things_fmri_1-vit_b_32 --subject 1 photos/ -o photos.scores\n"
                  "berg score fmri-things_fmri_1-vit_b_32 --subject 1,2,3 --also meg-things_meg_1-vit_b_32:1 "
                  "things.npy -o things/",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 2,
      .most = CLI_ANY};
  return cli_parse(&syntax, argc, argv, count);
}

static int complete(request *asked, const char *model_id) {
  int status = cli_check_model(model_id);
  asked->quiet |= !cli_ranks_speaks();
  if (status == CLI_GO_ON && !asked->output)
    status = cli_usage_error("score", "where are the scores to be kept? Give -o STORE, such as -o photos.scores");
  if (status == CLI_GO_ON) status = cli_encode_models_take(&asked->models, model_id, &asked->model);
  if (status == CLI_GO_ON) status = cli_stimuli_take("score", &asked->stimuli);
  asked->model.device = "cpu";
  cli_precision_take(&asked->precision, asked->quiet, &asked->model);
  return status;
}

static double number_of(const cJSON *tree, const char *key) {
  return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(tree, key));
}

static int say(const request *asked, const char *report) {
  cJSON *tree;
  char added[32], all[32];
  if (!report) return 0; /* of several processes the first one says it */
  int status = cli_parse_json(report, &tree);
  if (status == CLI_GO_ON && asked->json) status = cli_print_json(tree);
  if ((status == CLI_GO_ON || !status) && !asked->quiet && tree) {
    const size_t held = (size_t)number_of(tree, "held"), left_out = (size_t)number_of(tree, "left_out");
    char before[64] = "", out[64] = "";
    if (held) snprintf(before, sizeof before, ", %zu held already", held);
    if (left_out) snprintf(out, sizeof out, ", %zu left out", left_out);
    cli_say("%s image%s added%s%s: %s holds %s", cli_grouped((size_t)number_of(tree, "added"), added),
            number_of(tree, "added") == 1 ? "" : "s", before, out, asked->output,
            cli_grouped((size_t)number_of(tree, "images"), all));
  }
  cJSON_Delete(tree);
  return status == CLI_GO_ON ? 0 : status;
}

static int ended(const request *asked, const cli_progress *progress, berg_status failed, const berg_error *error,
                 const char *report) {
  if (!failed) return say(asked, report);
  if (failed != BERG_ECANCELLED) return cli_fail(error);
  const int status = cli_progress_stopped(progress, "the same command goes on");
  if (status != CLI_GO_ON) return status;
  return cli_fail_with(failed, "interrupted after %zu of %zu images: the same command goes on from there",
                       progress->done, progress->total);
}

static int score(request *asked, berg_stimuli *stimuli) {
  berg_error error;
  cli_progress progress;
  char *report = NULL;
  berg_model **handles = cli_alloc(asked->models.count, sizeof *handles);
  if (!handles) return cli_fail_memory();
  for (size_t i = 0; i < asked->models.count; i++) handles[i] = asked->models.list[i].handle;
  berg_score_options options;
  berg_score_options_init(&options);
  options.check = asked->check;
  options.resume = asked->resume;
  cli_progress_start(&progress, asked->quiet, false);
  cli_progress_keeps(&progress);
  berg_run run = cli_progress_run(&progress);
  const berg_status failed =
      berg_score(handles, asked->models.count, stimuli, asked->output, &options, &run, &report, &error);
  cli_progress_end(&progress);
  free(handles);
  const int status = ended(asked, &progress, failed, &error, report);
  berg_free(report);
  return status;
}

static int open_stimuli(request *asked, char **inputs, size_t count, berg_stimuli **stimuli) {
  berg_error error;
  if (berg_stimuli_open(stimuli, (const char *const *)inputs, count, &asked->stimuli.options, &error))
    return cli_fail(&error);
  return cli_stimuli_others(&asked->stimuli, *stimuli, asked->quiet);
}

static int run(request *asked, char **inputs, size_t count) {
  berg_stimuli *stimuli = NULL;
  int status = open_stimuli(asked, inputs, count, &stimuli);
  if (status == CLI_GO_ON) /* each model's part of the store has a name of its own */
    status = cli_encode_models_open(&asked->models, &asked->model, asked->output, asked->models.also.count > 0, "npy");
  if (status == CLI_GO_ON) status = score(asked, stimuli);
  berg_stimuli_free(stimuli);
  return status;
}

static int take(request *asked, int argc, char **argv, size_t *count) {
  *asked = (request){.models = {.command = "score"}};
  berg_model_options_init(&asked->model);
  const int status = parse(asked, argc, argv, count);
  return status == CLI_GO_ON ? complete(asked, argv[0]) : status;
}

static void release(request *asked) {
  cli_encode_models_free(&asked->models);
  cli_precision_free(&asked->precision);
}

int cli_plan_score(int argc, char **argv, cJSON **tree) {
  request asked;
  size_t count;
  berg_stimuli *stimuli = NULL;
  int status = take(&asked, argc, argv, &count);
  if (status == CLI_GO_ON && asked.stimuli.shard)
    status = cli_usage_error("plan", "--shard: the plan makes the shards");
  if (status == CLI_GO_ON) status = open_stimuli(&asked, argv + 1, count - 1, &stimuli);
  if (status == CLI_GO_ON) status = cli_plan_images(&asked.models, &asked.model, stimuli, tree);
  berg_stimuli_free(stimuli);
  release(&asked);
  return status;
}

int cli_score(int argc, char **argv) {
  request asked;
  size_t count;
  int status = take(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = run(&asked, argv + 1, count - 1);
  release(&asked);
  return status;
}
