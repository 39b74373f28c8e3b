/* Selections: what all layouts share. */
#include "model/catalog/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/metadata.h"

/* --- Lists --- */

berg_status model_list_add(model_list *list, const size_t *items, size_t count, berg_error *error) {
  void *block = list->items;
  const bool grown = base_grow(&block, &list->capacity, list->count + count, sizeof *items, error);
  list->items = block;
  if (!grown) return BERG_ELIMIT;
  if (count) memcpy(list->items + list->count, items, count * sizeof *items);
  list->count += count;
  return BERG_OK;
}

berg_status model_list_add_all(model_list *list, size_t count, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !status; i++) status = model_list_add(list, &i, 1, error);
  return status;
}

static int ascending(const void *a, const void *b) {
  size_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

void model_list_sort(model_list *list) {
  size_t kept = 0;
  if (list->count) qsort(list->items, list->count, sizeof *list->items, ascending);
  for (size_t i = 0; i < list->count; i++)
    if (!kept || list->items[kept - 1] != list->items[i]) list->items[kept++] = list->items[i];
  list->count = kept;
}

/* --- Items --- */

const berg_selection *model_asked(const model_choice *choice, const char *key) {
  for (size_t i = 0; i < choice->options->selection_count; i++)
    if (!strcmp(choice->options->selection[i].key, key)) return &choice->options->selection[i];
  return NULL;
}

size_t model_unit_count(const model_choice *choice, size_t output) {
  return model_metadata_units(choice->metadata, output);
}

static const char *plural(const char *unit, char text[32]) {
  base_print(text, 32, strcmp(unit, "vertex") ? "%ss" : "vertices", unit);
  return text;
}

static berg_status no_mark(const berg_selection *marks, size_t i, const char *units, berg_error *error) {
  char what[64];
  base_print(what, sizeof what, "%s marks %s", marks->key, units);
  return base_fail_found(error, BERG_EPARAMETER, NULL, what, "0 or 1", "%u at position %zu", marks->marks[i], i);
}

berg_status model_add_marked(model_list *list, const berg_selection *marks, size_t length, const char *unit,
                             berg_error *error) {
  const size_t before = list->count;
  char units[32];
  plural(unit, units);
  if (marks->length != length) {
    char expected[64], what[64];
    base_print(expected, sizeof expected, "one for each of the subject's %zu %s", length, units);
    base_print(what, sizeof what, "%s has the wrong length", marks->key);
    return base_fail_found(error, BERG_EPARAMETER, NULL, what, expected, "%zu", marks->length);
  }
  for (size_t i = 0; i < length; i++) {
    if (marks->marks[i] > 1) return no_mark(marks, i, units, error);
    if (marks->marks[i] && model_list_add(list, &i, 1, error)) return BERG_ELIMIT;
  }
  if (list->count == before)
    return base_fail(error, BERG_EPARAMETER, "%s marks no %s: expected at least one 1", marks->key, unit);
  return BERG_OK;
}

berg_status model_add_labelled(model_list *list, const model_choice *choice, const char *key, const char *name,
                               const berg_selection *asked, berg_error *error) {
  char **labels;
  size_t count;
  const size_t before = list->count;
  berg_status status = model_metadata_texts(choice->metadata, key, &labels, &count, error);
  if (!status && labels && count != model_unit_count(choice, 0)) {
    char expected[64];
    base_print(expected, sizeof expected, "one for each of %zu %ss", model_unit_count(choice, 0), choice->layout->unit);
    status =
        base_fail_found(error, BERG_EMODEL, berg_metadata_path(choice->metadata), key, expected, "%zu names", count);
  }
  for (size_t i = 0; i < count && !status; i++)
    if (!strcmp(labels[i], name)) status = model_list_add(list, &i, 1, error);
  base_free_texts(labels, count);
  if (status || list->count > before) return status;
  char expected[96];
  base_print(expected, sizeof expected, "one that the metadata have under %s", key);
  return base_fail_at(error, &(base_fault){BERG_EPARAMETER, berg_metadata_path(choice->metadata), BERG_NO_OFFSET,
                                           asked->key, "this subject has no such name", expected, name});
}

berg_status model_select_times(model_choice *choice, berg_error *error) {
  const size_t count = model_metadata_times(choice->metadata);
  const berg_selection *asked = model_asked(choice, "timepoints");
  model_list *times = &choice->selection->times;
  return asked ? model_add_marked(times, asked, count, "time point", error) : model_list_add_all(times, count, error);
}

/* --- The whole --- */

static berg_status unknown_key(const model_layout *layout, const char *key, berg_error *error) {
  char known[128] = "";
  size_t length = 0;
  for (const model_layout_key *k = layout->keys; k->name; k++)
    length += (size_t)base_print(known + length, sizeof known - length, "%s%s", length ? ", " : "", k->name);
  return base_fail_at(error, &(base_fault){BERG_EPARAMETER, NULL, BERG_NO_OFFSET, key,
                                           "this model's selection has no such key", known, key});
}

static berg_status check_key(const model_layout *layout, const berg_selection *item, berg_error *error) {
  for (const model_layout_key *key = layout->keys; key->name; key++) {
    if (strcmp(key->name, item->key)) continue;
    const bool fits =
        key->marks ? (item->marks || !item->length) && !item->names : (item->names || !item->count) && !item->marks;
    if (fits) return BERG_OK;
    return base_fail(error, BERG_EPARAMETER, "%s: expected %s", item->key,
                     key->marks ? "one 0 or 1 for each" : "a list of names");
  }
  return unknown_key(layout, item->key, error);
}

static berg_status check(const model_choice *choice, berg_error *error) {
  const model_layout *layout = choice->layout;
  const berg_model_options *options = choice->options;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < options->selection_count && !status; i++)
    status = check_key(layout, &options->selection[i], error);
  for (size_t i = 0; i < options->selection_count && !status; i++)
    if (model_asked(choice, options->selection[i].key) != &options->selection[i])
      status = base_fail(error, BERG_EPARAMETER, "%s is given twice", options->selection[i].key);
  if (!status && !isnan(options->min_noise_ceiling) && !layout->ceiling)
    status = base_fail(error, BERG_EPARAMETER, "min_noise_ceiling: this model has no noise ceiling in percent a unit");
  if (!status && options->mean_roi && !layout->means)
    status = base_fail(error, BERG_EPARAMETER, "mean_roi: this model has no regions to take means over");
  return status;
}

berg_status model_select(model_selection *selection, const model_layout *layout, const berg_metadata *metadata,
                         const berg_model_options *options, berg_error *error) {
  *selection = (model_selection){.means = NULL};
  model_choice choice = {layout, metadata, options, selection};
  berg_status status = check(&choice, error);
  if (!status) status = layout->select(&choice, error);
  if (status) model_selection_release(selection);
  return status;
}

void model_selection_release(model_selection *selection) {
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++) base_free(selection->units[o].items);
  for (size_t i = 0; i < selection->mean_count; i++) base_free(selection->means[i].units.items);
  base_free(selection->means);
  base_free(selection->times.items);
  *selection = (model_selection){.means = NULL};
}
