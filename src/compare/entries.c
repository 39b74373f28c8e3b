/* Comparing the named entries of two files that are not rows of responses. */
#include "compare/entries.h"

#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/text_array.h"

#define REASONS_MOST 20 /* of a thousand entries that differ; the list has the rest */

typedef struct entries {
  const berg_file *a, *b;
  const berg_compare_options *options;
  const compare_limits *limits;
  const berg_run *run;
  cJSON *list;
  compare_reasons *reasons;
  size_t different;
  compare_verdict verdict;
} entries;

static bool same_shape(const berg_array *a, const berg_array *b) {
  if (a->ndim != b->ndim) return false;
  for (size_t d = 0; d < a->ndim; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

static void finish(entries *all, cJSON *item, const char *name, compare_verdict verdict, const char *reason) {
  io_json_add_text(item, "verdict", compare_verdict_text(verdict));
  if (verdict > all->verdict) all->verdict = verdict;
  if (verdict != COMPARE_DIFFERENT) return;
  io_json_add_text(item, "reason", reason);
  if (++all->different > REASONS_MOST) return;
  char text[512];
  base_print(text, sizeof text, "%.200s: %.280s", *name ? name : "the array", reason);
  compare_reason(all->reasons, text);
}

static void add_side(cJSON *item, const char *key, const berg_array *array) {
  cJSON *side = io_json_add_object(item, key);
  io_json_add_text(side, "dtype", berg_dtype_name(array->dtype));
  compare_json_shape(side, "shape", array);
}

static berg_status compare_texts(entries *all, cJSON *item, const berg_array *a, const berg_array *b,
                                 berg_error *error) {
  size_t count = io_text_count(a), unequal = 0, first = 0;
  berg_error why = {.status = BERG_EINPUT};
  for (size_t i = 0; i < count; i++) {
    char *x = io_text_at(a, i, &why), *y = x ? io_text_at(b, i, &why) : NULL;
    bool is_read = x && y, is_equal = is_read && !strcmp(x, y);
    base_free(x);
    base_free(y);
    if (!is_read) return base_fail(error, why.status, "%s", why.message);
    if (!is_equal && !unequal++) first = i;
  }
  char reason[96];
  io_json_add_number(item, "values", (double)count);
  io_json_add_number(item, "equal", (double)(count - unequal));
  base_print(reason, sizeof reason, "%zu of %zu texts differ, from %zu on", unequal, count, first);
  finish(all, item, a->name, unequal ? COMPARE_DIFFERENT : COMPARE_EQUAL, reason);
  return BERG_OK;
}

static berg_status compare_numbers(entries *all, cJSON *item, const berg_array *a, const berg_array *b,
                                   berg_error *error) {
  compare_rows x, y;
  compare_moments moments;
  compare_summary summary;
  compare_rows_from_array(&x, a);
  compare_rows_from_array(&y, b);
  berg_status status = compare_moments_take(&moments, &x, &y, all->limits, all->run, error);
  if (status) return status;
  status = compare_summary_make(&summary, &moments, NULL, error);
  if (!status) {
    compare_reasons reasons = {.count = 0};
    compare_verdict verdict = compare_judge(&summary, moments.rows, all->options, &reasons);
    compare_json_figures(item, &moments, &summary, &x, &y);
    finish(all, item, a->name, verdict, reasons.first);
  }
  compare_moments_free(&moments);
  return status;
}

static berg_status compare_entry(entries *all, const berg_array *a, berg_error *error) {
  const berg_array *b = berg_file_find(all->b, a->name);
  cJSON *item = io_json_add_object(all->list, NULL);
  io_json_add_text(item, "name", a->name);
  add_side(item, "a", a);
  if (!b) {
    finish(all, item, a->name, COMPARE_DIFFERENT, "only in A");
    return BERG_OK;
  }
  add_side(item, "b", b);
  const char *reason = NULL;
  if (base_is_numeric(a->dtype) != base_is_numeric(b->dtype))
    reason = "text in one, numbers in the other";
  else if (!same_shape(a, b))
    reason = "another shape";
  if (reason) {
    finish(all, item, a->name, COMPARE_DIFFERENT, reason);
    return BERG_OK;
  }
  return base_is_numeric(a->dtype) ? compare_numbers(all, item, a, b, error) : compare_texts(all, item, a, b, error);
}

static void add_missing(entries *all, const berg_array *b) {
  if (berg_file_find(all->a, b->name)) return;
  cJSON *item = io_json_add_object(all->list, NULL);
  io_json_add_text(item, "name", b->name);
  add_side(item, "b", b);
  finish(all, item, b->name, COMPARE_DIFFERENT, "only in B");
}

berg_status compare_json_entries(cJSON *to, const berg_file *a, const berg_file *b, const berg_compare_options *options,
                                 const compare_limits *limits, const berg_run *run, compare_reasons *reasons,
                                 compare_verdict *verdict, berg_error *error) {
  entries all = {a, b, options, limits, run, io_json_add_list(to, "entries"), reasons, 0, COMPARE_EQUAL};
  berg_status status = BERG_OK;
  for (size_t i = 0; i < berg_file_count(a) && !status; i++) status = compare_entry(&all, berg_file_entry(a, i), error);
  for (size_t i = 0; i < berg_file_count(b) && !status; i++) add_missing(&all, berg_file_entry(b, i));
  if (all.different > REASONS_MOST) {
    char text[64];
    base_print(text, sizeof text, "and %zu more entries", all.different - REASONS_MOST);
    compare_reason(reasons, text);
  }
  *verdict = all.verdict;
  return status;
}
