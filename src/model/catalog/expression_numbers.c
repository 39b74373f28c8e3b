/* Quantities by name: the layout's own, and any array of the metadata that has a number for each unit. */
#include "model/catalog/expression_numbers.h"

#include <math.h>
#include <string.h>

#include "base/convert.h"
#include "base/text.h"
#include "io/value/text_array.h"

#define KEY 160 /* bytes of a name with an output's in it */

static size_t times_of(const berg_metadata *metadata) { return model_metadata_times(metadata); }

/* A row a unit, of one number or one each time. */
static bool has_each(const berg_metadata *metadata, size_t o, const berg_array *array) {
  if (!base_is_numeric(array->dtype) || !array->ndim || array->ndim > 2) return false;
  if (array->shape[0] != model_metadata_units(metadata, o)) return false;
  return array->ndim == 1 || array->shape[1] == 1 || array->shape[1] == times_of(metadata);
}

static bool has_column(const berg_metadata *metadata, size_t o, const berg_array *array, size_t column) {
  return base_is_numeric(array->dtype) && array->ndim == 2 && array->shape[0] == model_metadata_units(metadata, o) &&
         column < array->shape[1];
}

/* --- The layout's --- */

static const berg_array *array_of(const berg_metadata *metadata, size_t o, const model_layout_number *known) {
  char key[KEY];
  const char *mark = strchr(known->key, '%'), *output = berg_metadata_output(metadata, o)->name;
  const int before = (int)(mark ? (size_t)(mark - known->key) : strlen(known->key));
  base_print(key, sizeof key, "%.*s%s%s", before, known->key, mark ? output : "", mark ? mark + 1 : "");
  const berg_array *array = berg_metadata_find(metadata, key);
  const bool fits = array && (known->scale == MODEL_SCALE_COLUMN ? has_column(metadata, o, array, known->column)
                                                                 : has_each(metadata, o, array));
  return fits ? array : NULL;
}

bool model_number_is_known(const berg_metadata *metadata, const char *name) {
  const model_layout *layout = model_metadata_layout(metadata);
  for (const model_layout_number *known = layout->numbers; known && known->name; known++)
    if (!strcmp(known->name, name)) return true;
  return layout->times && !strcmp(name, "time");
}

static bool find_known(model_number *number, const berg_metadata *metadata, size_t o, const char *name) {
  bool is_known = false;
  for (const model_layout_number *known = model_metadata_layout(metadata)->numbers; known && known->name; known++) {
    if (strcmp(known->name, name)) continue;
    is_known = true;
    const berg_array *array = array_of(metadata, o, known);
    if (!array) continue;
    *number = (model_number){.array = array, .scale = known->scale, .column = known->column};
    break;
  }
  return is_known;
}

void model_numbers_list(const berg_metadata *metadata, char *text, size_t size) {
  const model_layout *layout = model_metadata_layout(metadata);
  const char *last = "";
  size_t length = 0;
  *text = '\0';
  for (const model_layout_number *known = layout->numbers; known && known->name && length < size; known++) {
    if (!strcmp(known->name, last) || !array_of(metadata, 0, known)) continue;
    last = known->name;
    length += (size_t)base_print(text + length, size - length, "%s%s", length ? ", " : "", last);
  }
  if (layout->times && length < size) base_print(text + length, size - length, "%stime", length ? ", " : "");
}

/* --- Any entry --- */

/* Where the last part of a dotted name begins. */
static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot ? dot + 1 : name;
}

static bool ends_with(const char *name, const char *end) {
  const size_t length = strlen(name), own = strlen(end);
  return length >= own && !strcmp(name + length - own, end) && (length == own || name[length - own - 1] == '.');
}

/* "fmri.lh_ncsnr" is that, and what the output "lh" has as "fmri.ncsnr" and "ncsnr". */
static bool is_called(const char *entry, const char *output, const char *name) {
  char without[KEY];
  const char *last = last_part(entry);
  const size_t before = (size_t)(last - entry), prefix = strlen(output);
  if (ends_with(entry, name)) return true;
  if (!prefix || strlen(entry) >= sizeof without) return false;
  base_print(without, sizeof without, "%.*s%s", (int)before, entry, last + prefix + 1);
  return ends_with(without, name);
}

static bool is_of_output(const berg_metadata *metadata, const char *entry, size_t o) {
  const char *output = berg_metadata_output(metadata, o)->name, *last = last_part(entry);
  const size_t length = strlen(output);
  return !length || (!strncmp(last, output, length) && last[length] == '_' && last[length + 1]);
}

static bool is_region(const berg_metadata *metadata, const char *entry, size_t o) {
  const char *rois = model_metadata_layout(metadata)->outputs[o].rois;
  return rois && !strncmp(entry, rois, strlen(rois));
}

static void look_at(model_number *number, const berg_metadata *metadata, size_t o, const berg_array *entry,
                    const char *name) {
  const char *output = berg_metadata_output(metadata, o)->name;
  if (!entry->name || is_region(metadata, entry->name, o) || !is_of_output(metadata, entry->name, o)) return;
  if (!is_called(entry->name, output, name)) return;
  if (!has_each(metadata, o, entry)) {
    number->misshapen = entry->name;
    return;
  }
  if (!number->array)
    number->array = entry;
  else if (!number->several)
    number->several = entry->name;
}

void model_number_find(model_number *number, const berg_metadata *metadata, size_t o, const char *name) {
  *number = (model_number){.scale = MODEL_SCALE_PLAIN};
  if (find_known(number, metadata, o, name)) return;
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const berg_array *entry = berg_metadata_entry(metadata, i);
    look_at(number, metadata, o, entry, name);
    if (number->array != entry || strcmp(entry->name, name)) continue;
    number->several = NULL; /* the whole name means no other one */
    return;
  }
}

/* --- Values --- */

static double scaled(model_layout_scale scale, double value) {
  switch (scale) {
  case MODEL_SCALE_FRACTION: return 100 * value;
  case MODEL_SCALE_NCSNR: return 100 / (1 + 1 / (value * value));
  case MODEL_SCALE_PLAIN:
  case MODEL_SCALE_COLUMN: break;
  }
  return value;
}

void model_number_read(const model_number *number, const berg_metadata *metadata, size_t o, double *values) {
  const berg_array *array = number->array;
  const size_t units = model_metadata_units(metadata, o), times = times_of(metadata);
  const size_t columns = array->ndim == 2 ? array->shape[1] : 1;
  for (size_t unit = 0; unit < units; unit++)
    for (size_t t = 0; t < times; t++) {
      const size_t column = number->scale == MODEL_SCALE_COLUMN ? number->column : columns == times ? t : 0;
      const double value = base_read_number(array->dtype, io_element_at(array, unit * columns + column));
      values[unit * times + t] = scaled(number->scale, value);
    }
}

void model_times_read(const berg_metadata *metadata, double *values) {
  const berg_axis *axis = &berg_metadata_output(metadata, 0)->axes[1];
  const double units = strcmp(axis->unit, "ms") ? 1 : 1000;
  for (size_t t = 0; t < axis->length; t++) values[t] = nearbyint(axis->values[t] / units * 1e9) / 1e9;
}
