/* q from p: sorted, times tests over rank, the least of what lies behind. */
#include "la/false_discovery.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

typedef struct test {
  double p;
  size_t index;
} test;

static int by_p(const void *a, const void *b) {
  const test *x = a, *y = b;
  if (x->p != y->p) return x->p < y->p ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

berg_status la_false_discovery(const double *p, size_t count, bool any_dependence, double *q, size_t *tests,
                               berg_error *error) {
  size_t found = 0;
  double factor = any_dependence ? 0 : 1, least = 1;
  test *sorted = base_alloc(count, sizeof *sorted, error);
  if (!sorted) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) {
    q[i] = NAN;
    if (!isnan(p[i])) sorted[found++] = (test){p[i], i};
  }
  if (found) qsort(sorted, found, sizeof *sorted, by_p);
  for (size_t i = 1; i <= found && any_dependence; i++) factor += 1 / (double)i;
  for (size_t i = found; i-- > 0;) {
    least = fmin(least, sorted[i].p * factor * (double)found / (double)(i + 1));
    q[sorted[i].index] = least;
  }
  base_free(sorted);
  if (tests) *tests = found;
  return BERG_OK;
}
