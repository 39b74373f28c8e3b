/* The stages of a command in parts: how many tasks, what each takes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "plan.h"

/* What a task should take where the user does not say how many there are to be. */
#define TASK_SECONDS 3600
#define PARTS_MOST 1000

static double number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *key) {
  const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return value ? value : "";
}

/* What parts are read, checked and written at, on a disk that others use too. */
#define JOIN_BYTES_PER_SECOND 5e7

/* A step of `units` things that take `seconds` together; at most `most` parts. */
static void add(cli_plan *plan, cli_plan_step step, size_t units, double seconds, size_t parts, size_t most) {
  if (!parts) parts = seconds > TASK_SECONDS ? (size_t)ceil(seconds / TASK_SECONDS) : 1;
  if (parts > most) parts = most;
  if (parts > units) parts = units;
  step.parts = parts ? parts : 1;
  step.seconds = units ? seconds * ceil((double)units / (double)step.parts) / (double)units : seconds;
  plan->steps[plan->step_count++] = step;
}

/* The Gram matrix and the components are sums over twelve blocks of panels at most; the eigenvectors are one problem,
 * and the weights a file that is written at once. */
static const struct {
  const char *name;
  size_t most;
} stages[] = {{"features", PARTS_MOST},   {"gram", 12},  {"eigenvectors", 1}, {"components", 12},
              {"regression", PARTS_MOST}, {"weights", 1}};

/* The tasks of a stage for all subjects, and all their sets of images, are one step. */
static void add_stage(cli_plan *plan, const char *name, size_t parts, size_t most) {
  cli_plan_step step = {.name = name};
  char all[32];
  size_t units = 0;
  double seconds = 0;
  const char *unit = "";
  const cJSON *stage;
  cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(plan->tree, "stages")) {
    if (strcmp(text(stage, "stage"), name) != 0) continue;
    units += (size_t)number(stage, "total");
    seconds += number(stage, "seconds");
    unit = text(stage, "unit");
    step.join_seconds += number(stage, "written_bytes") / JOIN_BYTES_PER_SECOND;
    if (number(stage, "memory_bytes") > step.memory) step.memory = number(stage, "memory_bytes");
  }
  snprintf(step.what, sizeof step.what, "%s %s", cli_grouped(units, all), unit);
  if (units) add(plan, step, units, seconds, parts, most);
}

static void add_images(cli_plan *plan, size_t parts) {
  cli_plan_step step = {.name = plan->command, .memory = number(plan->tree, "memory_bytes")};
  const size_t images = (size_t)number(plan->tree, "images");
  char all[32];
  snprintf(step.what, sizeof step.what, "%s images", cli_grouped(images, all));
  step.join_seconds = (double)images * number(plan->tree, "columns") * sizeof(float) / JOIN_BYTES_PER_SECOND;
  add(plan, step, images, number(plan->tree, "seconds"), parts, PARTS_MOST);
}

void cli_plan_steps(cli_plan *plan, size_t parts) {
  plan->threads = (size_t)number(plan->tree, "threads");
  plan->memory = (size_t)number(cJSON_GetObjectItemCaseSensitive(plan->tree, "memory"), "limit_bytes");
  plan->way = text(plan->tree, "eigenvectors");
  if (plan->output)
    add_images(plan, parts);
  else
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) add_stage(plan, stages[s].name, parts, stages[s].most);
}

/* --- Of images --- */

int cli_plan_images(cli_encode_models *models, const berg_model_options *options, const berg_stimuli *stimuli,
                    cJSON **tree) {
  berg_error error;
  char *json = NULL;
  int status = cli_encode_models_open(models, options, NULL, false, NULL);
  if (status != CLI_GO_ON) return status;
  berg_model **handles = cli_alloc(models->count, sizeof *handles);
  if (!handles) return cli_fail_memory();
  for (size_t i = 0; i < models->count; i++) handles[i] = models->list[i].handle;
  if (berg_encode_plan(&json, handles, models->count, stimuli, &error)) status = cli_fail(&error);
  free(handles);
  if (status == CLI_GO_ON) status = cli_parse_json(json, tree);
  berg_free(json);
  return status;
}
