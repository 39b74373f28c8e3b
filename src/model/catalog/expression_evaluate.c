/* An expression on one subject: each step pushes marks of columns, or makes one of the last one or two. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/expression_names.h"
#include "model/catalog/expression_numbers.h"
#include "model/catalog/expression_steps.h"
#include "model/catalog/space.h"

typedef struct stack {
  const model_expression *expression;
  const berg_metadata *metadata;
  size_t columns; /* of all outputs */
  uint8_t **sets; /* [count] of [columns] */
  size_t count;
  berg_error *error;
} stack;

static uint8_t *push(stack *s) {
  uint8_t *set = base_calloc(s->columns, 1, s->error);
  if (set) s->sets[s->count++] = set;
  return set;
}

static size_t columns_of(const berg_metadata *metadata) {
  size_t columns = 0;
  for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) columns += berg_metadata_output(metadata, o)->columns;
  return columns;
}

/* --- Names --- */

/* Hemispheres go by the names of outputs. */
static bool mark_output(const stack *s, const char *name, uint8_t *set) {
  for (size_t o = 0; o < berg_metadata_outputs(s->metadata); o++) {
    const berg_output *output = berg_metadata_output(s->metadata, o);
    if (!*name || strcmp(output->name, name)) continue;
    memset(set + output->first, 1, output->columns);
    return true;
  }
  return false;
}

static const char *owner(const berg_metadata *metadata) {
  const char *named = model_metadata_layout(metadata)->named;
  return named ? named : model_metadata_layout(metadata)->unit;
}

static berg_status no_name(const stack *s, const model_step *step) {
  char suggestion[400];
  berg_status status = model_name_suggest(s->metadata, step->name, suggestion, sizeof suggestion, s->error);
  if (status) return status;
  const char *blanks = strchr(step->name, '-') && !step->quoted ? " (a difference has blanks around its -)" : "";
  return model_point_at(s->error, s->expression->text, s->expression->what, step->at,
                        "this subject has no %s '%.64s'%s%s", owner(s->metadata), step->name, blanks, suggestion);
}

static berg_status take_name(stack *s, const model_step *step) {
  uint8_t *set = push(s);
  bool found = false;
  if (!set) return BERG_ELIMIT;
  if (!step->quoted && !strcmp(step->name, "all")) {
    memset(set, 1, s->columns);
    return BERG_OK;
  }
  if (!step->quoted && mark_output(s, step->name, set)) return BERG_OK;
  berg_status status = model_name_mark(s->metadata, step->name, set, &found, s->error);
  if (status || found) return status;
  if (step->quoted || !model_number_is_known(s->metadata, step->name)) return no_name(s, step);
  return model_point_at(s->error, s->expression->text, s->expression->what, step->at,
                        "%s is a number of each %s: compare it with one, as in %s > 0.1", step->name,
                        model_metadata_layout(s->metadata)->unit, step->name);
}

/* --- Masks --- */

static berg_status read_mask(const stack *s, const char *path, uint8_t *set) {
  const berg_array *array = berg_metadata_find(s->metadata, model_metadata_layout(s->metadata)->outputs[0].units);
  int64_t *coordinates;
  size_t count, volume[3];
  berg_status status = model_coordinates(array, &coordinates, &count, volume, s->error);
  if (!status) status = model_mask_read(path, coordinates, count, set, s->error);
  base_free(coordinates);
  return status;
}

static berg_status take_mask(stack *s, const model_step *step) {
  uint8_t *set = push(s);
  if (!set) return BERG_ELIMIT;
  if (!strcmp(model_metadata_layout(s->metadata)->unit, "voxel")) return read_mask(s, step->name, set);
  return model_point_at(s->error, s->expression->text, s->expression->what, step->at,
                        "a volume masks voxels, and this model has %s",
                        !strcmp(model_metadata_layout(s->metadata)->unit, "vertex") ? "vertices" : "none");
}

/* --- Comparisons --- */

/* NaN compares with nothing. */
static bool holds(double value, char sign, double number) {
  if (isnan(value)) return false;
  switch (sign) {
  case '<': return value < number;
  case '>': return value > number;
  case MODEL_AT_MOST: return value <= number;
  case MODEL_AT_LEAST: return value >= number;
  case MODEL_EQUAL: return value == number;
  default: return value != number;
  }
}

static berg_status no_number(const stack *s, const model_step *step, const char *misshapen) {
  char list[200];
  const char *unit = model_metadata_layout(s->metadata)->unit;
  model_numbers_list(s->metadata, list, sizeof list);
  if (misshapen)
    return model_point_at(s->error, s->expression->text, s->expression->what, step->at,
                          "%.96s has not one number for each %s", misshapen, unit);
  return model_point_at(s->error, s->expression->text, s->expression->what, step->at,
                        "this subject's metadata have no number '%.64s' of each %s%s%s", step->name, unit,
                        *list ? ": there are " : "", list);
}

static berg_status ambiguous(const stack *s, const model_step *step, const model_number *number) {
  return model_point_at(s->error, s->expression->text, s->expression->what, step->at,
                        "'%.64s' may be %.96s or %.96s: give more of its name", step->name, number->array->name,
                        number->several);
}

static void mark_where(const stack *s, const model_step *step, size_t o, const double *values, size_t count,
                       uint8_t *set) {
  const berg_output *output = berg_metadata_output(s->metadata, o);
  for (size_t c = 0; c < output->columns; c++)
    set[output->first + c] = holds(values[count ? c % count : c], step->sign, step->number);
}

static berg_status compare_times(const stack *s, const model_step *step, uint8_t *set) {
  const size_t times = model_metadata_times(s->metadata);
  double *values = base_alloc(times, sizeof *values, s->error);
  if (!values) return BERG_ELIMIT;
  model_times_read(s->metadata, values);
  for (size_t o = 0; o < berg_metadata_outputs(s->metadata); o++) mark_where(s, step, o, values, times, set);
  base_free(values);
  return BERG_OK;
}

static berg_status compare_output(const stack *s, const model_step *step, size_t o, const model_number *number,
                                  uint8_t *set) {
  double *values = base_alloc(berg_metadata_output(s->metadata, o)->columns, sizeof *values, s->error);
  if (!values) return BERG_ELIMIT;
  model_number_read(number, s->metadata, o, values);
  mark_where(s, step, o, values, 0, set);
  base_free(values);
  return BERG_OK;
}

static berg_status take_comparison(stack *s, const model_step *step) {
  uint8_t *set = push(s);
  const char *misshapen = NULL;
  bool found = false;
  berg_status status = set ? BERG_OK : BERG_ELIMIT;
  if (set && model_metadata_layout(s->metadata)->times && !strcmp(step->name, "time"))
    return compare_times(s, step, set);
  for (size_t o = 0; o < berg_metadata_outputs(s->metadata) && !status; o++) {
    model_number number;
    model_number_find(&number, s->metadata, o, step->name);
    if (number.several) return ambiguous(s, step, &number);
    if (number.misshapen) misshapen = number.misshapen;
    found |= number.array != NULL;
    if (number.array) status = compare_output(s, step, o, &number, set);
  }
  return status || found ? status : no_number(s, step, misshapen);
}

/* --- Sets of sets --- */

static void combine(stack *s, model_step_kind kind) {
  uint8_t *b = s->sets[--s->count], *a = s->sets[s->count - 1];
  for (size_t c = 0; c < s->columns; c++) {
    if (kind == MODEL_STEP_UNION)
      a[c] |= b[c];
    else
      a[c] &= kind == MODEL_STEP_BOTH ? b[c] : !b[c];
  }
  base_free(b);
}

static berg_status take_step(stack *s, const model_step *step) {
  switch (step->kind) {
  case MODEL_STEP_NAME: return take_name(s, step);
  case MODEL_STEP_MASK: return take_mask(s, step);
  case MODEL_STEP_COMPARE: return take_comparison(s, step);
  case MODEL_STEP_NOT:
    for (size_t c = 0; c < s->columns; c++) s->sets[s->count - 1][c] = !s->sets[s->count - 1][c];
    return BERG_OK;
  case MODEL_STEP_UNION:
  case MODEL_STEP_DIFFERENCE:
  case MODEL_STEP_BOTH: combine(s, step->kind); return BERG_OK;
  }
  return BERG_EINTERNAL;
}

/* --- The whole --- */

static const char *unit_of(const berg_metadata *metadata) {
  return model_metadata_times(metadata) > 1 ? "column" : model_metadata_layout(metadata)->unit;
}

static berg_status list_columns(const stack *s, model_list *columns) {
  size_t count = 0;
  *columns = (model_list){.items = NULL};
  for (size_t c = 0; c < s->columns; c++) count += s->sets[0][c];
  if (!count) {
    base_fail(s->error, BERG_EPARAMETER, "%s: '%.200s' selects no %s of this subject", s->expression->what,
              s->expression->text, unit_of(s->metadata));
    if (s->error) base_print(s->error->item, sizeof s->error->item, "%s", s->expression->text);
    return BERG_EPARAMETER;
  }
  columns->items = base_alloc(count, sizeof *columns->items, s->error);
  if (!columns->items) return BERG_ELIMIT;
  columns->capacity = count;
  for (size_t c = 0; c < s->columns; c++)
    if (s->sets[0][c]) columns->items[columns->count++] = c;
  return BERG_OK;
}

berg_status model_expression_evaluate(const model_expression *expression, const berg_metadata *metadata,
                                      model_list *columns, berg_error *error) {
  stack s = {expression, metadata, columns_of(metadata), NULL, 0, error};
  *columns = (model_list){.items = NULL};
  s.sets = base_calloc(expression->count, sizeof *s.sets, error);
  berg_status status = s.sets ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < expression->count && !status; i++) status = take_step(&s, &expression->steps[i]);
  if (!status) status = list_columns(&s, columns);
  while (s.count) base_free(s.sets[--s.count]);
  base_free(s.sets);
  return status;
}

berg_status berg_metadata_select(const berg_metadata *metadata, const char *expression, size_t **columns, size_t *count,
                                 berg_error *error) {
  model_expression *parsed;
  model_list list = {.items = NULL};
  berg_status status = model_expression_parse(&parsed, expression, error);
  if (!status) status = model_expression_evaluate(parsed, metadata, &list, error);
  model_expression_free(parsed);
  *columns = list.items;
  *count = list.count;
  return status;
}
