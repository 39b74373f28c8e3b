/* Gathering rows of regression weights. */
#include "model/weights/rows.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/text.h"
#include "model/weights/basis.h"

/* Which rows: those of `units`, each at the `chosen` of `times`. */
typedef struct choice {
  const model_list *units, *chosen;
  size_t times;
} choice;

static size_t row_of(const choice *c, size_t i) {
  const size_t each = c->chosen->count;
  return c->units->items[i / each] * c->times + c->chosen->items[i % each];
}

static berg_status not_finite(const model_readout *readout, const berg_array *array, size_t row, berg_error *error) {
  char found[64];
  base_print(found, sizeof found, "NaN or infinity in row %zu", row);
  return base_fail_at(error, &(base_fault){BERG_EMODEL, readout->path, BERG_NO_OFFSET, array->name, "not usable",
                                           "finite numbers", found});
}

static bool is_whole(const choice *c, size_t count, const model_readout *readout) {
  if (count != readout->rows) return false;
  for (size_t i = 0; i < count; i++)
    if (row_of(c, i) != i) return false;
  return true;
}

/* Rows that a thread looks through at a time. */
#define TOGETHER ((size_t)1024)

typedef struct finite_search {
  const model_rows *rows;
  size_t k;
  atomic_size_t bad; /* the first that is not finite; `count`: none */
} finite_search;

static void search_rows(void *user, size_t index, size_t rank) {
  finite_search *search = user;
  const model_rows *rows = search->rows;
  const size_t first = index * TOGETHER, end = rows->count - first < TOGETHER ? rows->count : first + TOGETHER;
  (void)rank;
  for (size_t i = end; i-- > first;)
    if (!model_row_is_finite((const char *)rows->coefficients + i * rows->coefficient_bytes, search->k))
      base_note_least(&search->bad, i);
}

static size_t first_not_finite(const model_rows *rows, size_t k, int threads) {
  finite_search search = {.rows = rows, .k = k, .bad = rows->count};
  base_share(threads, (rows->count + TOGETHER - 1) / TOGETHER, search_rows, &search);
  return search.bad;
}

static berg_status take_intercepts(model_rows *rows, const model_readout *readout, const choice *c, berg_error *error) {
  rows->intercepts = base_alloc(rows->count, sizeof(float), error);
  if (!rows->intercepts) return BERG_ELIMIT;
  for (size_t i = 0; i < rows->count; i++) {
    rows->intercepts[i] = model_readout_intercept(readout, row_of(c, i));
    if (!isfinite(rows->intercepts[i])) return not_finite(readout, readout->intercepts, row_of(c, i), error);
  }
  return BERG_OK;
}

static berg_status copy_rows(model_rows *rows, const model_readout *readout, const choice *c, berg_error *error) {
  const size_t k = readout->components;
  size_t floats;
  if (!base_multiply(rows->count, k, &floats)) return base_fail_memory(error, SIZE_MAX);
  rows->own_coefficients = base_alloc_large(floats, sizeof(float), error);
  if (!rows->own_coefficients) return BERG_ELIMIT;
  rows->coefficients = rows->own_coefficients;
  rows->coefficient_bytes = k * sizeof(float);
  for (size_t i = 0; i < rows->count; i++) model_readout_row(readout, row_of(c, i), rows->own_coefficients + i * k);
  return BERG_OK;
}

/* The file's own bytes serve where all rows are wanted in order; else the rows wanted are copied, and no other row
 * of the file is touched. */
berg_status model_rows_take(model_rows *rows, const model_readout *readout, const model_list *units,
                            const model_list *chosen, size_t times, int threads, berg_error *error) {
  const berg_array *coefficients = readout->coefficients;
  const choice c = {units, chosen, times};
  *rows = (model_rows){.count = units->count * chosen->count};
  const bool in_place = coefficients->dtype == BERG_F32 && coefficients->strides[1] == sizeof(float) &&
                        coefficients->strides[0] >= 0 && is_whole(&c, rows->count, readout);
  berg_status status = BERG_OK;
  if (in_place) {
    rows->coefficients = coefficients->data;
    rows->coefficient_bytes = (size_t)coefficients->strides[0];
  } else {
    status = copy_rows(rows, readout, &c, error);
  }
  if (!status) status = take_intercepts(rows, readout, &c, error);
  if (status) return status;
  const size_t bad = first_not_finite(rows, readout->components, threads);
  return bad == rows->count ? BERG_OK : not_finite(readout, coefficients, row_of(&c, bad), error);
}

/* `sum` [components + 1] and `row` are for the computing alone. */
static berg_status average_one(model_rows *rows, const model_readout *readout, size_t i, const model_list *units,
                               double *sum, float *row, berg_error *error) {
  const size_t k = readout->components;
  memset(sum, 0, (k + 1) * sizeof *sum);
  for (size_t v = 0; v < units->count; v++) {
    model_readout_row(readout, units->items[v], row);
    for (size_t j = 0; j < k; j++) sum[j] += row[j];
    sum[k] += model_readout_intercept(readout, units->items[v]);
  }
  float *mean = rows->own_coefficients + i * k;
  for (size_t j = 0; j < k; j++) mean[j] = (float)(sum[j] / (double)units->count);
  rows->intercepts[i] = (float)(sum[k] / (double)units->count);
  if (model_row_is_finite(mean, k) && isfinite(sum[k])) return BERG_OK;
  return not_finite(readout, readout->coefficients, units->items[0], error);
}

berg_status model_rows_average(model_rows *rows, const model_readout *readout, const model_mean *means, size_t count,
                               berg_error *error) {
  const size_t k = readout->components;
  *rows = (model_rows){.count = count, .coefficient_bytes = k * sizeof(float)};
  rows->coefficients = rows->own_coefficients = base_alloc_large(count * k, sizeof(float), error);
  rows->intercepts = base_alloc(count, sizeof(float), error);
  double *sum = base_alloc(k + 1, sizeof *sum, error);
  float *row = base_alloc(k, sizeof *row, error);
  berg_status status = rows->own_coefficients && rows->intercepts && sum && row ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++)
    status = average_one(rows, readout, i, &means[i].units, sum, row, error);
  base_free(sum);
  base_free(row);
  return status;
}

void model_rows_drop_coefficients(model_rows *rows) {
  base_free_large(rows->own_coefficients);
  rows->own_coefficients = NULL;
  rows->coefficients = NULL;
}

void model_rows_release(model_rows *rows) {
  base_free(rows->intercepts);
  base_free_large(rows->own_coefficients);
  memset(rows, 0, sizeof *rows);
}
