/* berg serve: models that stay open, asked over a socket. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "memory.h"
#include "model.h"
#include "selection.h"
#include "serve_loop.h"

#define MOST_CLIENTS 1024

typedef struct request {
  const char *path;
  size_t most, clients;
  double patience;
  bool quiet, stop;
  cli_precision precision;
  cli_selection selection;
  cli_encode_models models;
  berg_model_options model;
} request;

static int parse(request *asked, int argc, char **argv, size_t *count) {
  berg_model_options *model = &asked->model;
  const cli_option options[] = {
      {"socket", 0, CLI_TEXT, &asked->path, "PATH",
       "Where to listen: a socket that is made, for this user alone, and removed at the end. One that a dead server "
       "left is replaced."},
      CLI_MODELS_OPTIONS(
          asked->models, model,
          "Serve this model too, in the same pass over the images. Can be given again; MODEL:N:single as with "
          "--train-splits. Selections are for the first model alone."),
      CLI_SELECTION_OPTIONS(asked->selection, model),
      CLI_PRECISION_OPTIONS(asked->precision, model),
      {"device", 0, CLI_TEXT, &model->device, "auto|cpu|cuda",
       "Where to compute, as in berg encode. Responses of scores need cpu."},
      {"batch", 0, CLI_COUNT, &model->batch, "N",
       "Images at a time, after which a long request lets other clients go first. Default: 100. Never changes the "
       "numbers."},
      {"max-request", 0, CLI_BYTES, &asked->most, "SIZE",
       "What a request and its answer may take together. Default: 1G. Four such are in memory at a time."},
      {"max-clients", 0, CLI_COUNT, &asked->clients, "N", "Connections at a time. Default: 64."},
      {"patience", 0, CLI_NUMBER, &asked->patience, "SECONDS",
       "How long a client may stay silent in the middle of a request or of an answer. Default: 30."},
      {"allow-stop", 0, CLI_FLAG, &asked->stop, NULL, "Let clients end the server."},
      {"quiet", 'q', CLI_FLAG, &asked->quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {
      .command = "serve",
      .operands = "MODEL",
      .summary =
          "Opens models once and answers programs of the same user on this machine over a Unix socket, for generators "
          "and experiments that ask for thousands of small batches: images to responses, images to scores, scores to "
          "responses, to the bytes that berg encode gives. In Python berg.Client asks; docs/serve.md describes the "
          "messages. Ends with SIGINT, SIGTERM or SIGHUP, after answering the request at hand.",
      .examples =
          "berg serve fmri-things_fmri_1-vit_b_32 --subject 1 --roi V1,V2 --socket ~/v1.sock\n"
          "berg serve fmri-things_fmri_1-vit_b_32 --subject 1-3 --mean roi --precision int8 --socket ~/regions.sock",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  return cli_parse(&syntax, argc, argv, count);
}

static int check(const request *asked) {
  if (!asked->path) return cli_usage_error("serve", "where to listen? Give --socket PATH");
  if (!asked->clients || asked->clients > MOST_CLIENTS)
    return cli_usage_error("serve", "--max-clients: expected 1 to %d, found %zu", MOST_CLIENTS, asked->clients);
  if (!(asked->patience > 0)) return cli_usage_error("serve", "--patience: expected more than 0 seconds");
  if (!asked->most || asked->most > SIZE_MAX / 16)
    return cli_usage_error("serve", "--max-request: expected a size such as 500M or 4G, found %zu bytes", asked->most);
  return CLI_GO_ON;
}

static const char *splits_of(const cli_encode_model *model) { return model->splits ? model->splits : "all"; }

/* Scores that a client gives are told apart by model and subject. */
static int check_once(const cli_encode_models *models) {
  for (size_t i = 0; i < models->count; i++)
    for (size_t j = 0; j < i; j++) {
      const cli_encode_model *one = &models->list[i], *other = &models->list[j];
      if (strcmp(one->id, other->id) || strcmp(splits_of(one), splits_of(other))) continue;
      for (size_t s = 0; s < one->subjects.count; s++)
        for (size_t t = 0; t < other->subjects.count; t++)
          if (!strcmp(one->subjects.items[s], other->subjects.items[t]))
            return cli_usage_error("serve", "--also: subject %s of %s is named twice", one->subjects.items[s], one->id);
    }
  return CLI_GO_ON;
}

static int complete(request *asked, const char *model_id) {
  int status = cli_check_model(model_id);
  if (status == CLI_GO_ON) status = check(asked);
  if (status == CLI_GO_ON) status = cli_encode_models_take(&asked->models, model_id, &asked->model);
  if (status == CLI_GO_ON) status = check_once(&asked->models);
  if (status == CLI_GO_ON) status = cli_selection_take("serve", &asked->selection, &asked->model);
  cli_precision_take(&asked->precision, asked->quiet, &asked->model);
  return status;
}

static void say_begun(const request *asked, const serve_models *models) {
  char columns[32];
  if (asked->quiet) return;
  cli_say("serving %zu subject%s, %s columns, at %s", models->part_count, models->part_count == 1 ? "" : "s",
          cli_grouped(models->all_columns, columns), asked->path);
}

static void say_ended(const request *asked, const serve_loop *loop) {
  char requests[32], images[32];
  if (asked->quiet) return;
  cli_say("served %s request%s, %s image%s", cli_grouped(loop->requests, requests), loop->requests == 1 ? "" : "s",
          cli_grouped(loop->images, images), loop->images == 1 ? "" : "s");
}

static int serve(const request *asked, serve_socket *socket, int signals, const serve_models *models) {
  serve_loop loop = {.socket = socket,
                     .models = models,
                     .limits = {.most = asked->most,
                                .columns = models->all_columns,
                                .components = models->all_components,
                                .stop = asked->stop},
                     .most_clients = asked->clients,
                     .patience = asked->patience,
                     .quiet = asked->quiet,
                     .signals = signals};
  char *about = serve_models_about(models, &loop.limits, asked->clients);
  if (!about) return cli_fail_memory();
  loop.about = about;
  loop.limits.about = strlen(about);
  say_begun(asked, models);
  const int status = serve_loop_run(&loop);
  if (!status) say_ended(asked, &loop);
  cJSON_free(about);
  return status;
}

/* The socket first: a path that will not do is said before models are opened, and clients that come meanwhile wait. */
static int run(request *asked) {
  serve_models models = {.handles = NULL};
  serve_socket socket;
  const int signals = serve_signals();
  if (signals < 0) return cli_fail_errno(BERG_EINTERNAL, "signals", "no pipe can be made");
  int status = serve_socket_open(&socket, asked->path);
  if (status != CLI_GO_ON) return status;
  status = cli_encode_models_open(&asked->models, &asked->model, NULL, asked->models.also.count > 0, NULL);
  if (status == CLI_GO_ON) status = serve_models_take(&models, &asked->models);
  if (status == CLI_GO_ON) status = serve(asked, &socket, signals, &models);
  serve_models_release(&models);
  serve_socket_close(&socket);
  return status;
}

int cli_serve(int argc, char **argv) {
  request asked = {.models = {.command = "serve"}, .most = (size_t)1 << 30, .clients = 64, .patience = 30};
  size_t count;
  berg_model_options_init(&asked.model);
  int status = parse(&asked, argc, argv, &count);
  if (status == CLI_GO_ON) status = complete(&asked, argv[0]);
  if (status == CLI_GO_ON) status = run(&asked);
  cli_encode_models_free(&asked.models);
  cli_selection_free(&asked.selection);
  cli_precision_free(&asked.precision);
  return status;
}
