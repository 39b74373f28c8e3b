/* Options that choose a model, for every command that opens one. */
#include "model.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one model that has `word` in its name, or NULL. */
static const char *the_one_with(const char *word, const char *const *names, size_t count) {
  const char *with = NULL;
  for (size_t i = 0; i < count; i++) {
    if (!strstr(names[i], word)) continue;
    if (with) return NULL;
    with = names[i];
  }
  return with;
}

int cli_check_model(const char *model_id) {
  const char *names[64];
  size_t count = 0;
  if (berg_catalog_card(model_id)) return CLI_GO_ON;
  while (count < 64 && count < berg_catalog_count()) {
    names[count] = berg_catalog_id(count);
    count++;
  }
  if (!access(model_id, F_OK))
    return cli_fail_with(BERG_ENOMODEL,
                         "no model \"%s\", which is a file or folder: the model comes first, such as "
                         "fmri-things_fmri_1-vit_b_32 (berg list)",
                         model_id);
  const char *nearest = cli_nearest(model_id, names, count);
  if (!nearest) nearest = the_one_with(model_id, names, count);
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
  return cli_usage_error(command, "where are the models? Give --berg-dir DIR or set BERG_DIR; to have one, berg fetch "
                                  "fmri-things_fmri_1-vit_b_32 --subject 1 --backbone --berg-dir models");
}

static void warned(void *user, const char *message) {
  (void)user;
  cli_say("%s", message);
}

void cli_precision_take(cli_precision *asked, bool quiet, berg_model_options *options) {
  if (!asked->no_cache) asked->cache = berg_cache_folder();
  options->strict = asked->strict;
  options->cache = asked->cache;
  options->warn = quiet ? NULL : warned;
}

void cli_precision_free(cli_precision *asked) {
  berg_free(asked->cache);
  asked->cache = NULL;
}

/* --- Subjects --- */

static const char *without_prefix(const char *text) {
  static const char *const prefixes[] = {"sub-", "subject-", "monkey"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    const size_t length = strlen(prefixes[i]);
    if (!strncmp(text, prefixes[i], length)) return text + length;
  }
  return text[0] == 'P' && text[1] >= '0' && text[1] <= '9' ? text + 1 : text;
}

/* One letter, or a number of up to four digits. */
static bool parse_number(const char *text, size_t length, int *number) {
  char digits[8] = "";
  if (!length || length > 4 || strspn(text, "0123456789") < length) return false;
  memcpy(digits, text, length);
  *number = atoi(digits);
  return true;
}

static bool add_subject(cli_texts *subjects, const char *text) {
  char **items = cli_grow(subjects->items, (subjects->count + 1) * sizeof *items);
  if (items) subjects->items = items;
  char *copy = items ? cli_copy(text, strlen(text)) : NULL;
  if (copy) subjects->items[subjects->count++] = copy;
  return copy != NULL;
}

/* Whether `text` is a subject, or a range of them; those that there was memory for are added. */
static bool take_subject(cli_texts *subjects, const char *text) {
  const char *rest = without_prefix(text), *dash = strchr(rest, '-');
  int first, last;
  if (strlen(rest) == 1 && (*rest < '0' || *rest > '9')) return add_subject(subjects, rest);
  if (!parse_number(rest, dash ? (size_t)(dash - rest) : strlen(rest), &first)) return false;
  last = first;
  if (dash && !parse_number(dash + 1, strlen(dash + 1), &last)) return false;
  bool good = last >= first;
  for (int number = first; number <= last && good; number++) {
    char name[16];
    snprintf(name, sizeof name, "%d", number);
    good = add_subject(subjects, name);
  }
  return good;
}

static const char *named_twice(const cli_texts *subjects) {
  for (size_t i = 0; i < subjects->count; i++)
    for (size_t j = 0; j < i; j++)
      if (!strcmp(subjects->items[j], subjects->items[i])) return subjects->items[i];
  return NULL;
}

int cli_subjects(const char *command, const cli_texts *texts, cli_texts *subjects) {
  if (!texts->count) return cli_usage_error(command, "which subject? Give --subject N");
  for (size_t i = 0; i < texts->count; i++) {
    const bool good = take_subject(subjects, texts->items[i]);
    const char *twice = named_twice(subjects);
    if (twice) return cli_usage_error(command, "--subject: %s is named twice", texts->items[i]);
    if (!good)
      return cli_usage_error(command, "--subject: expected 1, 01, sub-01, N or 1-4, found \"%s\"", texts->items[i]);
  }
  return CLI_GO_ON;
}

int cli_subject_numbers(const char *command, const cli_texts *texts, int **numbers) {
  cli_texts subjects = {0};
  int status = cli_subjects(command, texts, &subjects), *list = NULL;
  if (status == CLI_GO_ON && !(list = cli_alloc(subjects.count, sizeof *list)))
    status = cli_fail_with(BERG_ELIMIT, "not enough memory for %zu subjects", subjects.count);
  for (size_t i = 0; list && i < subjects.count; i++)
    if (!parse_number(subjects.items[i], strlen(subjects.items[i]), &list[i]) && status == CLI_GO_ON)
      status = cli_usage_error(command, "--subject: expected 1, 01 or sub-01, found \"%s\"", subjects.items[i]);
  cli_texts_free(&subjects);
  if (status == CLI_GO_ON)
    *numbers = list;
  else
    free(list);
  return status;
}
