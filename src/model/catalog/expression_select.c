/* A set of columns as units and times: a selection has the same times of every unit. */
#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/expression_steps.h"
#include "model/catalog/metadata.h"

static berg_status not_whole(const model_expression *expression, const berg_metadata *metadata, size_t unit,
                             berg_error *error) {
  const char *name = model_metadata_layout(metadata)->unit;
  const char *const *labels = berg_metadata_output(metadata, 0)->axes[0].labels;
  char number[32];
  base_print(number, sizeof number, "%zu", unit);
  return model_point_at(error, expression->text, expression->what, 0,
                        "%s %.64s has other times than the first one: responses have the same times of every %s", name,
                        labels ? labels[unit] : number, name);
}

/* The units among `count` columns of one output; the times of the first of them where there are none yet. */
static berg_status list_axes(const size_t *columns, size_t count, size_t first, size_t length, model_list *units,
                             model_list *times, berg_error *error) {
  const bool new_times = !times->count;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !status; i++) {
    const size_t unit = (columns[i] - first) / length, time = (columns[i] - first) % length;
    if (!units->count || units->items[units->count - 1] != unit) status = model_list_add(units, &unit, 1, error);
    if (!status && new_times && units->count == 1) status = model_list_add(times, &time, 1, error);
  }
  return status;
}

/* Every unit with every time. */
static berg_status check_axes(const model_expression *expression, const berg_metadata *metadata, const size_t *columns,
                              size_t count, size_t first, const model_list *units, const model_list *times,
                              berg_error *error) {
  const size_t length = model_metadata_times(metadata);
  for (size_t i = 0; i < count; i++) {
    const size_t row = i / times->count;
    if (row < units->count && columns[i] == first + units->items[row] * length + times->items[i % times->count])
      continue;
    return not_whole(expression, metadata, (columns[i] - first) / length, error);
  }
  if (count == units->count * times->count) return BERG_OK;
  return not_whole(expression, metadata, units->items[units->count - 1], error);
}

berg_status model_expression_select(const model_expression *expression, const berg_metadata *metadata,
                                    model_selection *selection, berg_error *error) {
  const size_t length = model_metadata_times(metadata);
  model_list columns;
  berg_status status = model_expression_evaluate(expression, metadata, &columns, error);
  for (size_t o = 0, at = 0; o < berg_metadata_outputs(metadata) && !status; o++) {
    const berg_output *output = berg_metadata_output(metadata, o);
    const size_t *own = columns.items + at;
    size_t count = 0;
    while (at + count < columns.count && own[count] < output->first + output->columns) count++;
    status = list_axes(own, count, output->first, length, &selection->units[o], &selection->times, error);
    if (!status)
      status =
          check_axes(expression, metadata, own, count, output->first, &selection->units[o], &selection->times, error);
    at += count;
  }
  base_free(columns.items);
  return status;
}
