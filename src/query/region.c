/* A region by its name in the metadata. */
#include "query/region.h"

#include "base/memory.h"
#include "model/catalog/metadata.h"

/* The units of one output, at all times. */
static berg_status add_units(const query_subject *subject, size_t output, const size_t *units, size_t count,
                             model_list *columns, berg_error *error) {
  const size_t times = model_metadata_times(subject->metadata),
               first = berg_metadata_output(subject->metadata, output)->first;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !status; i++)
    for (size_t t = 0; t < times && !status; t++) {
      const size_t column = first + units[i] * times + t;
      status = model_list_add(columns, &column, 1, error);
    }
  return status;
}

static berg_status add_output(const query_subject *subject, size_t output, const char *text, model_list *columns,
                              berg_error *error) {
  const model_layout *layout = subject->layout;
  size_t *units = NULL, count = 0;
  char *name = base_format(error, "%s%s", layout->outputs[output].rois, text);
  if (!name) return BERG_ELIMIT;
  berg_status status =
      model_metadata_indices(subject->metadata, name, text, model_metadata_units(subject->metadata, output),
                             model_layout_outputs(layout) > 1, &units, &count, error);
  if (!status) status = add_units(subject, output, units, count, columns, error);
  base_free(units);
  base_free(name);
  return status;
}

berg_status query_region_find(const query_subject *subject, const char *text, model_list *columns, berg_error *error) {
  const model_layout *layout = subject->layout;
  berg_status status = BERG_OK;
  *columns = (model_list){.items = NULL};
  for (size_t o = 0; o < model_layout_outputs(layout) && !status; o++)
    status = layout->outputs[o].rois ? add_output(subject, o, text, columns, error)
                                     : base_fail(error, BERG_EPARAMETER, "%s has no regions", subject->model);
  if (!status && !columns->count)
    status = base_fail(error, BERG_EPARAMETER, "%s: there is nothing in the region %s",
                       berg_metadata_path(subject->metadata), text);
  model_list_sort(columns);
  if (!status) return BERG_OK;
  base_free(columns->items);
  *columns = (model_list){.items = NULL};
  return status;
}
