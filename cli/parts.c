/* Parts of a store by model and subject. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "model.h"

static bool same(const char *wanted, const char *found) { return !wanted || !strcmp(wanted, found); }

/* Without --model there has to be one. */
static int check_models(const char *command, const char *path, const berg_store *store, const char *wanted) {
  berg_error error;
  const char *first = NULL;
  bool found = false;
  for (size_t i = 0; i < berg_store_parts(store); i++) {
    berg_store_part part;
    if (berg_store_part_at(store, i, &part, &error)) return cli_fail(&error);
    if (!wanted && first && strcmp(first, part.model_id))
      return cli_usage_error(command, "%s holds scores of %s and %s: give --model", path, first, part.model_id);
    first = part.model_id;
    found |= same(wanted, part.model_id);
  }
  if (found) return CLI_GO_ON;
  return cli_fail_with(BERG_EPARAMETER, "%s holds no scores of %s, but of %s", path, wanted ? wanted : "any model",
                       first ? first : "nothing");
}

/* The parts of one subject (NULL: of all), after those that are there. How many. */
static size_t add_parts(const berg_store *store, cli_parts *parts, const char *subject) {
  size_t added = 0;
  for (size_t i = 0; i < berg_store_parts(store); i++) {
    berg_store_part part;
    if (berg_store_part_at(store, i, &part, NULL)) continue;
    if (!same(parts->model, part.model_id) || !same(parts->splits ? parts->splits : "all", part.train_splits) ||
        !same(subject, part.subject))
      continue;
    parts->list[parts->count++] = i;
    added++;
  }
  return added;
}

int cli_parts_find(const char *command, const char *path, const berg_store *store, cli_parts *parts) {
  cli_texts names = {0};
  int status = check_models(command, path, store, parts->model);
  if (status == CLI_GO_ON && parts->subjects.count) status = cli_subjects(command, &parts->subjects, &names);
  if (status == CLI_GO_ON) {
    parts->list = cli_alloc(berg_store_parts(store) + 1, sizeof *parts->list);
    if (!parts->list) status = cli_fail_memory();
  }
  if (status == CLI_GO_ON && !names.count && !add_parts(store, parts, NULL))
    status = cli_fail_with(BERG_EPARAMETER, "%s holds no scores of these training splits", path);
  for (size_t i = 0; i < names.count && status == CLI_GO_ON; i++)
    if (!add_parts(store, parts, names.items[i]))
      status = cli_fail_with(BERG_EPARAMETER, "%s holds no scores of subject %s", path, names.items[i]);
  cli_texts_free(&names);
  return status;
}

void cli_parts_free(cli_parts *parts) {
  cli_texts_free(&parts->subjects);
  free(parts->list);
}
