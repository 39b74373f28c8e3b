/* A ranking for people: tab-separated text, and pictures. */
#include "rank_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* --- The lists in the JSON, one after the other --- */

typedef struct visited {
  const char *by;  /* "sub-01", "mean", "without sub-01" */
  const char *end; /* "top", "bottom" */
  const cJSON *items;
} visited;

typedef bool (*visitor)(void *user, const visited *list);

static bool visit_ends(const cJSON *of, const char *by, visitor visit, void *user) {
  static const char *const ends[] = {"top", "bottom"};
  bool good = true;
  for (int i = 0; i < 2 && good; i++) {
    const visited list = {by, ends[i], cJSON_GetObjectItemCaseSensitive(of, ends[i])};
    if (cJSON_GetArraySize(list.items)) good = visit(user, &list);
  }
  return good;
}

static const char *text_of(const cJSON *of, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, key));
  return text ? text : "";
}

static bool visit_all(const cJSON *ranking, visitor visit, void *user) {
  const cJSON *one, *mean = cJSON_GetObjectItemCaseSensitive(ranking, "mean_over_subjects");
  bool good = !mean || visit_ends(mean, "mean", visit, user);
  cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(ranking, "subjects")) {
    good = good && visit_ends(one, text_of(one, "label"), visit, user);
  }
  cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(ranking, "leave_one_out")) {
    char by[96];
    snprintf(by, sizeof by, "without %s", text_of(one, "left_out"));
    good = good && visit_ends(one, by, visit, user);
  }
  return good;
}

/* --- Table --- */

static const char *const numbers[] = {"value",          "z",          "percentile",
                                      "left_out_value", "left_out_z", "left_out_percentile"};

#define NUMBERS (sizeof numbers / sizeof *numbers)

typedef struct table {
  char *text;
  size_t length, capacity;
  size_t numbers; /* columns of them */
} table;

static bool put(table *to, const char *text) {
  const size_t length = strlen(text);
  if (to->length + length + 1 > to->capacity) {
    const size_t capacity = 2 * (to->length + length + 1) + 4096;
    char *grown = cli_grow(to->text, capacity);
    if (!grown) return false;
    to->text = grown;
    to->capacity = capacity;
  }
  memcpy(to->text + to->length, text, length + 1);
  to->length += length;
  return true;
}

/* Tabs and line breaks in names would break the table. */
static bool put_name(table *to, const char *name) {
  const size_t before = to->length;
  if (!put(to, name)) return false;
  for (char *c = to->text + before; *c; c++)
    if ((unsigned char)*c < 0x20) *c = ' ';
  return true;
}

static bool put_number(table *to, const cJSON *item, const char *key) {
  char text[40] = "\tn/a";
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, key);
  if (cJSON_IsNumber(number)) snprintf(text, sizeof text, "\t%.10g", number->valuedouble);
  return put(to, text);
}

static bool put_list(void *user, const visited *list) {
  table *to = user;
  const cJSON *item;
  bool good = true;
  cJSON_ArrayForEach(item, list->items) {
    good = good && put(to, list->by) && put(to, "\t") && put(to, list->end) && put_number(to, item, "rank") &&
           put_number(to, item, "image") && put(to, "\t") && put_name(to, text_of(item, "name"));
    for (size_t i = 0; i < to->numbers; i++) good = good && put_number(to, item, numbers[i]);
    good = good && put(to, "\n");
  }
  return good;
}

char *cli_rank_table(const cJSON *ranking) {
  table to = {.numbers = cJSON_GetObjectItemCaseSensitive(ranking, "leave_one_out") ? NUMBERS : 3};
  bool good = put(&to, "ranked_by\tend\trank\timage\tname");
  for (size_t i = 0; i < to.numbers; i++) good = good && put(&to, "\t") && put(&to, numbers[i]);
  if (good && put(&to, "\n") && visit_all(ranking, put_list, &to)) {
    to.text[to.length - 1] = '\0'; /* whoever writes it ends the last line */
    return to.text;
  }
  free(to.text);
  return NULL;
}

/* --- Sheet --- */

#define CAPTION 48

typedef struct drawing {
  berg_picture_group *groups; /* each with names and captions of its own */
  size_t count;
} drawing;

static bool take_list(void *user, const visited *list) {
  drawing *to = user;
  const size_t count = (size_t)cJSON_GetArraySize(list->items);
  berg_picture_group *grown = cli_grow(to->groups, (to->count + 1) * sizeof *grown);
  if (!grown) return false;
  to->groups = grown;
  char *title = cli_alloc(strlen(list->by) + 64, 1);
  const char **names = cli_alloc(count, sizeof *names), **captions = cli_alloc(count, sizeof *captions);
  char *room = cli_alloc(count, CAPTION);
  to->groups[to->count++] = (berg_picture_group){title, names, captions, 0};
  if (!title || !names || !captions || !room) {
    free(room);
    return false;
  }
  snprintf(title, strlen(list->by) + 64, "%s: %s %zu", list->by, list->end, count);
  const cJSON *item;
  size_t i = 0;
  cJSON_ArrayForEach(item, list->items) {
    names[i] = text_of(item, "name");
    captions[i] = room + i * CAPTION;
    snprintf(room + i * CAPTION, CAPTION, "%zu: %.4g", i + 1,
             cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "value")));
    i++;
  }
  to->groups[to->count - 1].count = count;
  return true;
}

static void release(drawing *to) {
  for (size_t g = 0; g < to->count; g++) {
    if (to->groups[g].count) free((char *)(uintptr_t)to->groups[g].captions[0]);
    free((void *)(uintptr_t)to->groups[g].captions);
    free((void *)(uintptr_t)to->groups[g].names);
    free((char *)(uintptr_t)to->groups[g].title);
  }
  free(to->groups);
}

int cli_rank_sheet(const cJSON *ranking, const char *path, const char *folder, bool force, bool quiet) {
  drawing to = {NULL, 0};
  berg_picture_options options;
  berg_error error;
  size_t missing = 0;
  int status = CLI_GO_ON;
  berg_picture_options_init(&options);
  options.folder = folder;
  options.heading = text_of(ranking, "expression");
  options.force = force;
  if (!visit_all(ranking, take_list, &to))
    status = cli_fail_memory();
  else if (berg_draw_pictures(to.groups, to.count, path, &options, &missing, &error))
    status = cli_fail(&error);
  else if (missing)
    cli_say("%s: %zu picture%s could not be read: empty tiles", path, missing, missing == 1 ? "" : "s");
  else if (!quiet)
    cli_say("%s: written", path);
  release(&to);
  return status;
}
