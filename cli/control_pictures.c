/* Contact sheets of the images that control chose. */
#include "control_pictures.h"

#include <stdlib.h>
#include <string.h>

#include "control_tables.h"
#include "memory.h"
#include "options.h"

#define GROUPS_MOST 6

typedef struct sheet {
  const cJSON *result, *pair;
  const char **names; /* by number */
  const char *region[2];
  berg_picture_group groups[GROUPS_MOST];
  char titles[GROUPS_MOST][224];
  size_t count;
} sheet;

/* "V1 high, IT low". */
static void title_of(sheet *s, const char *condition, char title[224]) {
  if (!strncmp(condition, "high_1", 6) || !strncmp(condition, "low_1", 5))
    snprintf(title, 224, "%.80s %s, %.80s %s", s->region[0], condition[0] == 'h' ? "high" : "low", s->region[1],
             strstr(condition, "high_2") ? "high" : "low");
  else
    snprintf(title, 224, "%.80s and %.80s: %.20s", s->region[0], s->region[1], condition);
}

static bool add_group(sheet *s, const char *title, const cJSON *images) {
  const cJSON *image;
  const size_t most = (size_t)cJSON_GetArraySize(images);
  const char **names = cli_alloc(most + 1, sizeof *names);
  size_t count = 0;
  if (!names) return false;
  cJSON_ArrayForEach(image, images) names[count++] = s->names[(size_t)image->valuedouble];
  snprintf(s->titles[s->count], sizeof *s->titles, "%s", title);
  s->groups[s->count] = (berg_picture_group){.title = s->titles[s->count], .names = names, .count = count};
  s->count++;
  return true;
}

static bool add_baseline(sheet *s, int side) {
  char title[224];
  const cJSON *from = side < 0 ? s->pair : cli_control_region(s->result, s->region[side]);
  snprintf(title, sizeof title, "%.80s%sbaseline", side < 0 ? "" : s->region[side], side < 0 ? "" : ": ");
  return add_group(s, title, cli_control_at(cli_control_at(from, "baseline"), "images"));
}

static bool add_groups(sheet *s) {
  const cJSON *condition;
  bool whole = true;
  cJSON_ArrayForEach(condition, cli_control_at(s->pair, "conditions")) {
    char title[224];
    title_of(s, cJSON_GetStringValue(cli_control_at(condition, "name")), title);
    whole = whole && add_group(s, title, cli_control_at(condition, "images"));
  }
  if (cli_control_of_sets(s->result)) return whole && add_baseline(s, -1);
  return whole && add_baseline(s, 0) && add_baseline(s, 1);
}

static int draw(const sheet *s, const char *path, const char *folder, bool force) {
  char heading[224];
  size_t missing;
  berg_error error;
  berg_picture_options options;
  berg_picture_options_init(&options);
  snprintf(heading, sizeof heading, "%.80s and %.80s", s->region[0], s->region[1]);
  options.folder = folder;
  options.heading = heading;
  options.force = force;
  if (berg_draw_pictures(s->groups, s->count, path, &options, &missing, &error)) return cli_fail(&error);
  if (missing) cli_say("%s: %zu pictures cannot be read; --pictures DIR says where they lie", path, missing);
  return CLI_GO_ON;
}

int cli_control_sheet(const cJSON *result, int index, const char *path, const char *folder, bool force) {
  sheet s = {.result = result, .pair = cli_control_item(result, "pairs", index), .names = cli_control_names(result)};
  for (int side = 0; side < 2; side++) s.region[side] = cJSON_GetStringValue(cli_control_item(s.pair, "regions", side));
  int status = s.names && add_groups(&s) ? draw(&s, path, folder, force) : cli_fail_memory();
  for (size_t g = 0; g < s.count; g++) free((void *)(uintptr_t)s.groups[g].names);
  free(s.names);
  return status;
}
