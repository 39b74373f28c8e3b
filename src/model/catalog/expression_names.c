/* Names of the metadata to units, and the name that a wrong one is nearest to. */
#include "model/catalog/expression_names.h"

#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/text_array.h"

#define LONGEST 64 /* bytes of a name that is compared with others, or listed */
#define LISTED 8   /* names */

void model_unit_mark(const berg_metadata *metadata, size_t output, size_t unit, uint8_t *marks) {
  const size_t times = model_metadata_times(metadata);
  memset(marks + berg_metadata_output(metadata, output)->first + unit * times, 1, times);
}

static const char *spelt(const model_layout *layout, const char *name) {
  for (const model_layout_alias *alias = layout->aliases; alias && alias->name; alias++)
    if (!strcmp(alias->name, name)) return alias->of_file;
  return name;
}

/* --- Lists of units --- */

static berg_status mark_list(const berg_metadata *metadata, size_t o, const char *key, const char *name, uint8_t *marks,
                             berg_error *error) {
  size_t *units, count;
  berg_status status =
      model_metadata_indices(metadata, key, name, model_metadata_units(metadata, o), true, &units, &count, error);
  for (size_t i = 0; i < count; i++) model_unit_mark(metadata, o, units[i], marks);
  base_free(units);
  return status;
}

static berg_status mark_lists(const berg_metadata *metadata, const char *name, uint8_t *marks, bool *found,
                              berg_error *error) {
  const model_layout *layout = model_metadata_layout(metadata);
  berg_status status = BERG_OK;
  for (size_t o = 0; o < berg_metadata_outputs(metadata) && layout->outputs[o].rois && !status; o++) {
    char *key = base_format(error, "%s%s", layout->outputs[o].rois, spelt(layout, name));
    if (!key) return BERG_ELIMIT;
    if (berg_metadata_find(metadata, key)) {
      *found = true;
      status = mark_list(metadata, o, key, name, marks, error);
    }
    base_free(key);
  }
  return status;
}

/* --- A name for each unit --- */

static void mark_labels(const berg_metadata *metadata, size_t o, const char *const *labels, const char *name,
                        uint8_t *marks, bool *found) {
  for (size_t i = 0; labels && i < model_metadata_units(metadata, o); i++) {
    if (strcmp(labels[i], name)) continue;
    *found = true;
    model_unit_mark(metadata, o, i, marks);
  }
}

/* The texts of `key`, which has one a unit; NULL where there is no such entry. */
static berg_status take_group(const berg_metadata *metadata, const char *key, char ***texts, size_t *count,
                              berg_error *error) {
  berg_status status = model_metadata_texts(metadata, key, texts, count, error);
  const size_t units = model_metadata_units(metadata, 0);
  if (status || !*texts || *count == units) return status;
  base_free_texts(*texts, *count);
  char expected[64];
  base_print(expected, sizeof expected, "one for each of %zu units", units);
  return base_fail_found(error, BERG_EMODEL, berg_metadata_path(metadata), key, expected, "%zu names", *count);
}

static berg_status mark_groups(const berg_metadata *metadata, const char *name, uint8_t *marks, bool *found,
                               berg_error *error) {
  const char *const *key = model_metadata_layout(metadata)->groups;
  berg_status status = BERG_OK;
  for (; key && *key && !status; key++) {
    char **texts;
    size_t count;
    status = take_group(metadata, *key, &texts, &count, error);
    if (status || !texts) continue;
    mark_labels(metadata, 0, (const char *const *)texts, name, marks, found);
    base_free_texts(texts, count);
  }
  return status;
}

/* --- A number for each unit --- */

/* The first of the layout's places that the metadata have; NULL: none. */
static const model_layout_area *areas_of(const berg_metadata *metadata) {
  const model_layout_area *area = model_metadata_layout(metadata)->areas;
  while (area && area->numbers && !berg_metadata_find(metadata, area->numbers)) area++;
  return area && area->numbers ? area : NULL;
}

static berg_status mark_area(const berg_metadata *metadata, const model_layout_area *areas, size_t area, uint8_t *marks,
                             berg_error *error) {
  const berg_array *numbers = berg_metadata_find(metadata, areas->numbers);
  if (numbers->ndim != 1 || numbers->shape[0] != model_metadata_units(metadata, 0) || !base_is_numeric(numbers->dtype))
    return base_fail_at(error, &(base_fault){BERG_EMODEL, berg_metadata_path(metadata), BERG_NO_OFFSET, areas->numbers,
                                             "does not fit the units", "one number each", "another shape"});
  for (size_t i = 0; i < numbers->shape[0]; i++)
    if (base_read_number(numbers->dtype, io_element_at(numbers, i)) == (double)area)
      model_unit_mark(metadata, 0, i, marks);
  return BERG_OK;
}

static berg_status mark_areas(const berg_metadata *metadata, const char *name, uint8_t *marks, bool *found,
                              berg_error *error) {
  const model_layout_area *areas = areas_of(metadata);
  char **labels;
  size_t count, area = 0;
  if (!areas) return BERG_OK;
  berg_status status = model_metadata_texts(metadata, areas->labels, &labels, &count, error);
  while (area < count && strcmp(labels[area], name)) area++;
  *found |= area < count;
  if (!status && area < count) status = mark_area(metadata, areas, area, marks, error);
  base_free_texts(labels, count);
  return status;
}

berg_status model_name_mark(const berg_metadata *metadata, const char *name, uint8_t *marks, bool *found,
                            berg_error *error) {
  *found = false;
  berg_status status = mark_lists(metadata, name, marks, found, error);
  if (!status) status = mark_areas(metadata, name, marks, found, error);
  if (!status) status = mark_groups(metadata, name, marks, found, error);
  for (size_t o = 0; o < berg_metadata_outputs(metadata) && !status; o++)
    mark_labels(metadata, o, berg_metadata_output(metadata, o)->axes[0].labels, name, marks, found);
  return status;
}

/* --- Suggestions --- */

typedef struct tried_names {
  const char *name;
  size_t best; /* distance, at most */
  char nearest[LONGEST + 1], listed[LISTED][LONGEST + 1];
  size_t count; /* listed, and one more where there are more */
} tried_names;

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

/* Letters to change, add or leave out (Levenshtein), whatever their case. */
static size_t distance(const char *a, const char *b) {
  size_t row[LONGEST + 1];
  const size_t length = strlen(b);
  for (size_t j = 0; j <= length; j++) row[j] = j;
  for (size_t i = 0; a[i]; i++) {
    size_t before = row[0]++;
    for (size_t j = 0; j < length; j++) {
      const size_t change = before + (small(a[i]) != small(b[j]));
      before = row[j + 1];
      row[j + 1] = change;
      if (row[j] + 1 < row[j + 1]) row[j + 1] = row[j] + 1;
      if (before + 1 < row[j + 1]) row[j + 1] = before + 1;
    }
  }
  return row[length];
}

static void look_at(tried_names *tried, const char *name) {
  bool known = false;
  if (strlen(name) > LONGEST) return;
  for (size_t i = 0; i < tried->count && i < LISTED; i++) known |= !strcmp(tried->listed[i], name);
  if (!known && tried->count < LISTED) base_print(tried->listed[tried->count], LONGEST + 1, "%s", name);
  if (!known && tried->count <= LISTED) tried->count++;
  if (strlen(tried->name) > LONGEST) return;
  const size_t far = distance(tried->name, name);
  if (far > tried->best || (far == tried->best && *tried->nearest)) return;
  tried->best = far;
  base_print(tried->nearest, sizeof tried->nearest, "%s", name);
}

static void look_at_lists(tried_names *tried, const berg_metadata *metadata, const char *prefix) {
  const size_t length = strlen(prefix);
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const char *name = berg_metadata_entry(metadata, i)->name;
    if (name && !strncmp(name, prefix, length)) look_at(tried, name + length);
  }
}

static berg_status look_at_texts(tried_names *tried, const berg_metadata *metadata, const char *key,
                                 berg_error *error) {
  char **texts;
  size_t count;
  berg_status status = model_metadata_texts(metadata, key, &texts, &count, error);
  for (size_t i = 0; i < count; i++) look_at(tried, texts[i]);
  base_free_texts(texts, count);
  return status;
}

/* Regions before what they consist of. */
static berg_status look_at_all(tried_names *tried, const berg_metadata *metadata, berg_error *error) {
  const model_layout *layout = model_metadata_layout(metadata);
  const size_t outputs = berg_metadata_outputs(metadata);
  const model_layout_area *areas = areas_of(metadata);
  berg_status status = areas ? look_at_texts(tried, metadata, areas->labels, error) : BERG_OK;
  for (size_t o = 0; o < outputs && layout->outputs[o].rois; o++)
    look_at_lists(tried, metadata, layout->outputs[o].rois);
  for (const char *const *key = layout->groups; key && *key && !status; key++)
    status = look_at_texts(tried, metadata, *key, error);
  for (size_t o = 0; o < outputs && !status; o++) {
    const berg_axis *units = &berg_metadata_output(metadata, o)->axes[0];
    for (size_t i = 0; units->labels && i < units->length; i++) look_at(tried, units->labels[i]);
    if (*layout->outputs[o].name) look_at(tried, layout->outputs[o].name);
  }
  return status;
}

berg_status model_name_suggest(const berg_metadata *metadata, const char *name, char *text, size_t size,
                               berg_error *error) {
  tried_names tried = {.name = name, .best = 1 + strlen(name) / 3}; /* further away it is another word */
  berg_status status = look_at_all(&tried, metadata, error);
  size_t length = 0;
  *text = '\0';
  if (status || !tried.count) return status;
  if (*tried.nearest) {
    base_print(text, size, ": did you mean %s?", tried.nearest);
    return BERG_OK;
  }
  for (size_t i = 0; i < tried.count && i < LISTED && length < size; i++)
    length += (size_t)base_print(text + length, size - length, "%s%s", i ? ", " : ": there are ", tried.listed[i]);
  if (tried.count > LISTED && length < size) base_print(text + length, size - length, ", ...");
  return BERG_OK;
}
