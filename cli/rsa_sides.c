/* Reading sides. */
#include "rsa_sides.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static bool is_matrix(const char *text) {
  const size_t length = strlen(text);
  return length > 4 && !strcmp(text + length - 4, ".npy");
}

/* Whether a part of the store has this model or subject. */
static bool is_of_store(const berg_store *store, const char *word, bool is_model) {
  for (size_t p = 0; p < berg_store_parts(store); p++) {
    berg_store_part part;
    if (berg_store_part_at(store, p, &part, NULL)) continue;
    if (!strcmp(is_model ? part.model_id : part.subject, word)) return true;
  }
  return false;
}

/* Takes "WORD:" from the front where the store knows the word. */
static const char *take_prefix(char **text, const berg_store *store, bool is_model) {
  char *colon = strchr(*text, ':'), *word = *text;
  if (!colon) return NULL;
  *colon = '\0';
  if (is_of_store(store, word, is_model)) {
    *text = colon + 1;
    return word;
  }
  *colon = ':';
  return NULL;
}

int cli_sides_add(cli_sides *sides, const berg_store *store, const char *text, const char *subject, const char *model) {
  const size_t count = sides->count + 1;
  berg_rsa_side *list = cli_grow(sides->list, count * sizeof *list);
  if (list) sides->list = list;
  char **texts = cli_grow(sides->texts, count * sizeof *texts), *copy = cli_copy(text, strlen(text));
  if (texts) sides->texts = texts;
  if (!list || !texts || !copy) {
    free(copy);
    return cli_fail_memory();
  }
  texts[sides->count] = copy;
  list[sides->count] = (berg_rsa_side){.model_id = model, .subject = subject};
  berg_rsa_side *side = &list[sides->count++];
  if (is_matrix(text)) {
    *side = (berg_rsa_side){.matrix = copy};
    return CLI_GO_ON;
  }
  const char *named = take_prefix(&copy, store, true);
  if (named) side->model_id = named;
  named = take_prefix(&copy, store, false);
  if (named) side->subject = named;
  side->region = copy;
  return CLI_GO_ON;
}

void cli_sides_free(cli_sides *sides) {
  for (size_t i = 0; i < sides->count; i++) free(sides->texts[i]);
  free(sides->texts);
  free(sides->list);
}
