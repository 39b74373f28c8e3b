/* What a server tells of itself: models, subjects, and what each column is. */
#include <math.h>

#include "outline.h"
#include "serve_models.h"

static cJSON *texts(const char *const *list, size_t count) {
  cJSON *array = cJSON_CreateArray();
  for (size_t i = 0; i < count; i++) cJSON_AddItemToArray(array, cJSON_CreateString(list[i]));
  return array;
}

static cJSON *indices(const size_t *list, size_t count) {
  cJSON *array = cJSON_CreateArray();
  for (size_t i = 0; i < count; i++) cJSON_AddItemToArray(array, cJSON_CreateNumber((double)list[i]));
  return array;
}

/* To the last bit, which cJSON's own numbers are not. */
static cJSON *values(const double *list, size_t count) {
  cJSON *array = cJSON_CreateArray();
  for (size_t i = 0; i < count; i++) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", list[i]);
    cJSON_AddItemToArray(array, isfinite(list[i]) ? cJSON_CreateRaw(text) : cJSON_CreateNull());
  }
  return array;
}

static cJSON *describe_axis(const berg_axis *axis) {
  cJSON *tree = cJSON_CreateObject();
  cJSON_AddStringToObject(tree, "name", axis->name);
  cJSON_AddNumberToObject(tree, "length", (double)axis->length);
  if (axis->labels) cJSON_AddItemToObject(tree, "labels", texts(axis->labels, axis->length));
  if (axis->indices) cJSON_AddItemToObject(tree, "indices", indices(axis->indices, axis->length));
  if (axis->values) cJSON_AddItemToObject(tree, "values", values(axis->values, axis->length));
  if (axis->unit) cJSON_AddStringToObject(tree, "unit", axis->unit);
  return tree;
}

static cJSON *describe_output(const berg_output *output) {
  cJSON *tree = cJSON_CreateObject();
  cJSON_AddStringToObject(tree, "name", output->name);
  cJSON_AddNumberToObject(tree, "first", (double)output->first);
  cJSON_AddNumberToObject(tree, "columns", (double)output->columns);
  cJSON *axes = cJSON_AddArrayToObject(tree, "axes");
  for (size_t i = 0; i < output->axis_count; i++) cJSON_AddItemToArray(axes, describe_axis(&output->axes[i]));
  return tree;
}

static cJSON *describe_subject(const berg_model *model, size_t subject) {
  cJSON *tree = cJSON_CreateObject();
  size_t first;
  const size_t columns = berg_model_subject_columns(model, subject, &first);
  cJSON_AddStringToObject(tree, "subject", berg_model_subject(model, subject));
  cJSON_AddStringToObject(tree, "label", berg_model_subject_label(model, subject));
  cJSON_AddNumberToObject(tree, "first", (double)first);
  cJSON_AddNumberToObject(tree, "columns", (double)columns);
  cJSON_AddNumberToObject(tree, "components", (double)berg_model_components(model, subject));
  cJSON *outputs = cJSON_AddArrayToObject(tree, "outputs");
  for (size_t i = 0; i < berg_model_outputs(model, subject); i++)
    cJSON_AddItemToArray(outputs, describe_output(berg_model_output(model, subject, i)));
  return tree;
}

static cJSON *describe_model(const serve_models *models, size_t index) {
  const berg_model *model = models->handles[index];
  const char *splits = models->opened->list[index].splits;
  cJSON *tree = cJSON_CreateObject();
  cJSON_AddStringToObject(tree, "id", berg_model_id(model));
  cJSON_AddStringToObject(tree, "train_splits", splits ? splits : "all");
  cJSON_AddNumberToObject(tree, "columns", (double)berg_model_columns(model));
  cJSON_AddNumberToObject(tree, "components", (double)models->components[index]);
  cJSON *subjects = cJSON_AddArrayToObject(tree, "subjects");
  for (size_t s = 0; s < berg_model_subjects(model); s++) cJSON_AddItemToArray(subjects, describe_subject(model, s));
  return tree;
}

char *serve_models_about(const serve_models *models, const serve_limits *limits, size_t most_clients) {
  const berg_model *first = models->handles[0];
  cJSON *tree = cJSON_CreateObject();
  cJSON_AddNumberToObject(tree, "protocol", SERVE_VERSION);
  cJSON_AddStringToObject(tree, "berg", berg_version());
  cJSON_AddStringToObject(tree, "precision", berg_model_precision(first));
  cJSON_AddStringToObject(tree, "isa", berg_model_isa(first));
  cJSON_AddStringToObject(tree, "device", berg_model_device(first));
  cJSON_AddStringToObject(tree, "backbone", berg_model_backbone_path(first));
  cJSON_AddNumberToObject(tree, "columns", (double)models->all_columns);
  cJSON_AddNumberToObject(tree, "components", (double)models->all_components);
  cJSON_AddNumberToObject(tree, "max_request", (double)limits->most);
  cJSON_AddNumberToObject(tree, "max_clients", (double)most_clients);
  cJSON_AddBoolToObject(tree, "may_stop", limits->stop);
  cJSON *list = cJSON_AddArrayToObject(tree, "models");
  for (size_t m = 0; m < models->count; m++) cJSON_AddItemToArray(list, describe_model(models, m));
  char *text = cli_json_text(tree);
  cJSON_Delete(tree);
  return text;
}
