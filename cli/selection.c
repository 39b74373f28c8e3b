/* Selections as the command line gives them. */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "marks.h"

static void add_names(cli_selection *asked, const char *key, const cli_texts *names) {
  if (!names->count) return;
  asked->items[asked->count++] =
      (berg_selection){.key = key, .names = (const char *const *)names->items, .count = names->count};
}

static int add_marks(cli_selection *asked, const char *key, const char *what, const char *path) {
  if (!path) return CLI_GO_ON;
  berg_selection *item = &asked->items[asked->count];
  int status = cli_read_marks(path, what, &asked->marks[asked->count], &item->length);
  if (status != CLI_GO_ON) return status;
  item->key = key;
  item->marks = asked->marks[asked->count++];
  return CLI_GO_ON;
}

int cli_selection_take(const char *command, cli_selection *asked, berg_model_options *options) {
  const struct {
    const char *key, *what, *path;
  } files[] = {
      {"voxel_index", "voxel index", asked->voxel_index},    {"lh_vertices", "left vertices", asked->lh_vertices},
      {"rh_vertices", "right vertices", asked->rh_vertices}, {"sensor_index", "sensor index", asked->sensor_index},
      {"electrodes", "electrodes", asked->electrodes},       {"timepoints", "time points", asked->timepoints}};
  add_names(asked, "roi", &asked->rois);
  add_names(asked, "channels", &asked->channels);
  add_names(asked, "region", &asked->regions);
  add_names(asked, "sensors", &asked->sensors);
  int status = CLI_GO_ON;
  if (asked->mean && strcmp(asked->mean, "roi"))
    status = cli_usage_error(command, "--mean: expected roi, found \"%s\"", asked->mean);
  for (size_t i = 0; i < sizeof files / sizeof *files && status == CLI_GO_ON; i++)
    status = add_marks(asked, files[i].key, files[i].what, files[i].path);
  options->select = asked->select;
  options->selection = asked->items;
  options->selection_count = asked->count;
  options->mean_roi = asked->mean != NULL;
  return status;
}

void cli_selection_free(cli_selection *asked) {
  for (size_t i = 0; i < CLI_SELECTION_KEYS; i++) free(asked->marks[i]);
  cli_texts_free(&asked->rois);
  cli_texts_free(&asked->channels);
  cli_texts_free(&asked->regions);
  cli_texts_free(&asked->sensors);
}
