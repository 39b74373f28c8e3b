/* Several models at once: what --also names, and where their responses go. */
#include "encode_models.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"

static cli_encode_model *add(cli_encode_models *models) {
  cli_encode_model *list = cli_grow(models->list, (models->count + 1) * sizeof *list);
  if (!list) return NULL;
  models->list = list;
  list[models->count] = (cli_encode_model){.id = NULL};
  return &list[models->count++];
}

/* The model `id` with its subjects as given, "1", "01" or "1-4". */
static int add_model(cli_encode_models *models, const char *id, const cli_texts *subjects, const char *splits) {
  int status = cli_check_model(id);
  if (status != CLI_GO_ON) return status;
  cli_encode_model *model = add(models);
  if (model) model->id = cli_copy(id, strlen(id));
  if (model && splits) model->splits = cli_copy(splits, strlen(splits));
  if (!model || !model->id || (splits && !model->splits))
    return cli_fail_with(BERG_ELIMIT, "not enough memory for %zu models", models->count + 1);
  return cli_subjects(models->command, subjects, &model->subjects);
}

/* Takes what is behind the colon of "1:single" off, or gives NULL. */
static char *cut(char *text) {
  char *colon = strchr(text, ':');
  if (!colon) return NULL;
  *colon = '\0';
  return colon + 1;
}

/* A model's name has letters before its colon that no subject has. */
static bool begins_model(const char *text) {
  const char *colon = strchr(text, ':');
  return colon && colon - text > 8;
}

/* Lists are split at commas, subjects of a model too: what names no model is one more subject of the one before. */
static int add_others(cli_encode_models *models) {
  const cli_texts *also = &models->also;
  int status = CLI_GO_ON;
  for (size_t i = 0; i < also->count && status == CLI_GO_ON;) {
    if (!strchr(also->items[i], ':'))
      return cli_usage_error(models->command, "--also: expected MODEL:SUBJECT[,SUBJECT...], found \"%s\"",
                             also->items[i]);
    char *id = also->items[i], *first = cut(id), *splits = cut(first);
    cli_texts subjects = {.items = cli_alloc(also->count, sizeof(char *))};
    if (!subjects.items) return cli_fail_with(BERG_ELIMIT, "not enough memory for %zu subjects", also->count);
    subjects.items[subjects.count++] = first;
    for (i++; i < also->count && !splits && !begins_model(also->items[i]); i++) {
      splits = cut(also->items[i]);
      subjects.items[subjects.count++] = also->items[i];
    }
    status = add_model(models, id, &subjects, splits);
    free(subjects.items);
  }
  return status;
}

int cli_encode_models_take(cli_encode_models *models, const char *id, berg_model_options *options) {
  int status = add_model(models, id, &models->subjects, models->splits);
  if (status == CLI_GO_ON) status = add_others(models);
  if (status == CLI_GO_ON) status = cli_need_berg_dir(models->command, &options->berg_dir);
  if (status == CLI_GO_ON && models->threads > INT_MAX)
    status = cli_usage_error(models->command, "--threads: too many");
  options->threads = (int)models->threads;
  return status;
}

/* "<folder>/<id>.<format>", with the part of the training data behind the id, and the subject before the dot where the
 * library adds none because there is one alone. */
static char *path_in(const char *folder, const cli_encode_model *model, const char *format) {
  const bool alone = model->subjects.count == 1, part = model->splits && strcmp(model->splits, "all") != 0;
  const char *label = alone ? berg_model_subject_label(model->handle, 0) : "", *splits = part ? model->splits : "";
  const size_t length = strlen(folder);
  const size_t size = length + strlen(model->id) + strlen(splits) + strlen(label) + strlen(format) + 8;
  char *path = cli_alloc(size, 1);
  if (path)
    snprintf(path, size, "%s%s%s%s%s%s%s.%s", folder, length && folder[length - 1] == '/' ? "" : "/", model->id,
             part ? "_" : "", splits, alone ? "_" : "", label, format);
  return path;
}

static int open_one(cli_encode_model *model, berg_model_options options, const char *output, bool folder,
                    const char *format) {
  berg_error error;
  options.subjects = (const char *const *)model->subjects.items;
  options.subject_count = model->subjects.count;
  options.train_splits = model->splits;
  const berg_status failed = berg_model_open(&model->handle, model->id, &options, &error);
  if (failed) return folder ? cli_fail_with(failed, "%s: %s", model->id, error.message) : cli_fail(&error);
  if (!output) return CLI_GO_ON;
  model->path = folder ? path_in(output, model, format) : cli_copy(output, strlen(output));
  return model->path ? CLI_GO_ON : cli_fail_with(BERG_ELIMIT, "not enough memory for a path");
}

typedef struct file_list {
  char **paths;
  size_t count;
  bool whole; /* there was memory for all */
} file_list;

static void list_file(void *user, const char *path) {
  file_list *list = user;
  char **paths = cli_grow(list->paths, (list->count + 1) * sizeof *paths), *copy = cli_copy(path, strlen(path));
  if (paths) list->paths = paths;
  if (paths && copy)
    list->paths[list->count++] = copy;
  else
    free(copy);
  list->whole = list->whole && paths && copy;
}

/* No file may be that of two models. */
static int check_files(const cli_encode_models *models) {
  file_list list = {.whole = true};
  int status = CLI_GO_ON;
  cli_encode_models_files(models, list_file, &list);
  if (!list.whole) status = cli_fail_memory();
  for (size_t i = 0; i < list.count && status == CLI_GO_ON; i++)
    for (size_t j = 0; j < i && status == CLI_GO_ON; j++)
      if (!strcmp(list.paths[i], list.paths[j]))
        status = cli_usage_error(models->command, "--also: %s would be written twice", list.paths[i]);
  for (size_t i = 0; i < list.count; i++) free(list.paths[i]);
  free(list.paths);
  return status;
}

int cli_encode_models_open(cli_encode_models *models, const berg_model_options *options, const char *output,
                           bool folder, const char *format) {
  berg_model_options own = *options;
  int status = CLI_GO_ON;
  for (size_t i = 0; i < models->count && status == CLI_GO_ON; i++) {
    status = open_one(&models->list[i], own, output, folder, format);
    own.select = NULL;
    own.selection = NULL;
    own.selection_count = 0;
    own.min_noise_ceiling = NAN;
    own.mean_roi = 0;
  }
  return status == CLI_GO_ON && output ? check_files(models) : status;
}

size_t cli_encode_models_columns(const cli_encode_models *models) {
  size_t columns = 0;
  for (size_t i = 0; i < models->count; i++) columns += berg_model_columns(models->list[i].handle);
  return columns;
}

void cli_encode_models_files(const cli_encode_models *models, void (*each)(void *user, const char *path), void *user) {
  for (size_t i = 0; i < models->count; i++) {
    const berg_model *handle = models->list[i].handle;
    for (size_t s = 0; handle && s < berg_model_subjects(handle); s++)
      for (size_t o = 0; o < berg_model_outputs(handle, s); o++) {
        char *path = berg_model_output_path(handle, models->list[i].path, s, o);
        if (path) each(user, path);
        berg_free(path);
      }
  }
}

void cli_encode_models_free(cli_encode_models *models) {
  for (size_t i = 0; i < models->count; i++) {
    cli_encode_model *model = &models->list[i];
    berg_model_free(model->handle);
    cli_texts_free(&model->subjects);
    free(model->splits);
    free(model->path);
    free(model->id);
  }
  free(models->list);
  cli_texts_free(&models->subjects);
  cli_texts_free(&models->also);
  *models = (cli_encode_models){.list = NULL};
}
