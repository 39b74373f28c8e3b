/* Options that choose a model, for every command that opens one. */
#include "model.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

int cli_check_model(const char *model_id) {
  const char *names[64];
  size_t count = 0;
  if (berg_catalog_card(model_id)) return CLI_GO_ON;
  while (count < 64 && count < berg_catalog_count()) {
    names[count] = berg_catalog_id(count);
    count++;
  }
  const char *nearest = cli_nearest(model_id, names, count);
  if (nearest) return cli_fail_with(BERG_ENOMODEL, "no model \"%s\", did you mean %s?", model_id, nearest);
  return cli_fail_with(BERG_ENOMODEL, "no model \"%s\"; berg list names the models known", model_id);
}

const char *cli_berg_dir(const char *given) {
  const char *environment = getenv("BERG_DIR");
  return given ? given : environment && *environment ? environment : NULL;
}

int cli_need_berg_dir(const char *command, const char **berg_dir) {
  *berg_dir = cli_berg_dir(*berg_dir);
  if (*berg_dir) return CLI_GO_ON;
  return cli_usage_error(command, "where are the models? Give --berg-dir DIR or set BERG_DIR");
}

static void warned(void *user, const char *message) {
  (void)user;
  cli_say("%s", message);
}

void cli_precision_take(cli_precision *asked, berg_model_options *options) {
  if (!asked->no_cache) asked->cache = berg_cache_folder();
  options->strict = asked->strict;
  options->cache = asked->cache;
  options->warn = asked->quiet ? NULL : warned;
}

void cli_precision_free(cli_precision *asked) {
  berg_free(asked->cache);
  asked->cache = NULL;
}

static bool parse_subject(const char *text, int *subject) {
  if (!strncmp(text, "sub-", 4)) text += 4;
  size_t length = strlen(text);
  if (!length || length > 4 || strspn(text, "0123456789") != length) return false;
  *subject = atoi(text);
  return true;
}

int cli_subjects(const char *command, const cli_texts *texts, int **subjects) {
  if (!texts->count) return cli_usage_error(command, "which subject? Give --subject N");
  int *list = cli_alloc(texts->count, sizeof *list);
  if (!list) return cli_fail_with(BERG_ELIMIT, "not enough memory for %zu subjects", texts->count);
  for (size_t i = 0; i < texts->count; i++) {
    bool good = parse_subject(texts->items[i], &list[i]), twice = false;
    for (size_t j = 0; j < i; j++) twice |= list[j] == list[i];
    if (good && !twice) continue;
    free(list);
    if (good) return cli_usage_error(command, "--subject: %s is named twice", texts->items[i]);
    return cli_usage_error(command, "--subject: expected 1, 01 or sub-01, found \"%s\"", texts->items[i]);
  }
  *subjects = list;
  return CLI_GO_ON;
}
