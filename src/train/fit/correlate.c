/* Correlation and reliability of arrays in memory: the public calls. */
#include <stdint.h>

#include "base/array.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "base/text.h"
#include "la/correlation.h"
#include "la/reliability.h"

static berg_status refuse(const char *name, const berg_array *array, const char *expected, berg_error *error) {
  char found[128];
  base_array_describe(array, found, sizeof found);
  return base_fail_at(error,
                      &(base_fault){BERG_EARGUMENT, NULL, BERG_NO_OFFSET, name, "does not fit", expected, found});
}

static berg_status check_threads(int threads, berg_error *error) {
  if (threads >= 0 && threads <= 1024) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "threads: expected 0 (as many as there are) to 1024, found %d", threads);
}

/* The rows of an array of `ndim` dimensions, of which the last is the columns. `*at` is base_free'd by the caller. */
static berg_status view(la_rows *rows, const char ***at, const char *name, const berg_array *array, size_t ndim,
                        const char *expected, berg_error *error) {
  *at = NULL;
  if (!array) return base_fail(error, BERG_EARGUMENT, "%s: no array", name);
  if (array->ndim != ndim || (array->dtype != BERG_F32 && array->dtype != BERG_F64))
    return refuse(name, array, expected, error);
  size_t count = 1;
  for (size_t d = 0; d + 1 < ndim; d++) {
    if (!array->shape[d]) return refuse(name, array, expected, error);
    if (!base_multiply(count, array->shape[d], &count)) return base_fail_memory(error, SIZE_MAX);
  }
  if (array->shape[ndim - 1] && !array->data) return base_fail(error, BERG_EARGUMENT, "%s: no data", name);
  const char **list = base_alloc(count, sizeof *list, error);
  if (!list) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) {
    size_t rest = i;
    list[i] = array->data;
    for (size_t d = ndim - 1; d-- > 0; rest /= array->shape[d])
      list[i] += (ptrdiff_t)(rest % array->shape[d]) * array->strides[d];
  }
  *at = list;
  *rows = (la_rows){list, count, array->shape[ndim - 1], array->strides[ndim - 1], array->dtype};
  return BERG_OK;
}

berg_status berg_correlate(const berg_array *a, const berg_array *b, int threads, double *r, berg_error *error) {
  static const char expected[] = "float32 or float64 [n][columns], n at least 1";
  la_rows of_a = {.count = 0}, of_b = {.count = 0};
  const char **at_a = NULL, **at_b = NULL;
  berg_status status = check_threads(threads, error);
  if (!status && !r) status = base_fail(error, BERG_EARGUMENT, "berg_correlate: no place for the result");
  if (!status) status = view(&of_a, &at_a, "a", a, 2, expected, error);
  if (!status) status = view(&of_b, &at_b, "b", b, 2, expected, error);
  if (!status && (of_a.count != of_b.count || of_a.columns != of_b.columns)) {
    char shape[64];
    base_print(shape, sizeof shape, "as many as a has, (%zu, %zu)", of_a.count, of_a.columns);
    status = refuse("b", b, shape, error);
  }
  if (!status) la_correlate(&of_a, &of_b, base_threads_for(threads), r);
  base_free(at_a);
  base_free(at_b);
  return status;
}

void(berg_reliability_init)(berg_reliability *result, size_t size) {
  const berg_reliability defaults = {0};
  base_options_init(result, size, &defaults, sizeof defaults);
}

berg_status berg_estimate_reliability(const berg_array *responses, int threads, const berg_reliability *given,
                                      berg_error *error) {
  la_rows trials;
  berg_reliability result;
  const char **at = NULL;
  berg_status status = check_threads(threads, error);
  if (!status && !given)
    status = base_fail(error, BERG_EARGUMENT, "berg_estimate_reliability: no place for the result");
  if (!status) status = BASE_TAKE(berg_reliability, &result, given, error);
  if (!status)
    status = view(&trials, &at, "responses", responses, 3,
                  "float32 or float64 [repeats][stimuli][voxels], at least one of each of the first two", error);
  if (!status)
    status =
        la_reliability(&trials, responses->shape[0], responses->shape[1], base_threads_for(threads), &result, error);
  base_free(at);
  return status;
}
