/* How two regions' responses go together over all images. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "query/control/control.h"

/* Responses of subject `which` - 1 to an image, or with 0 the mean over subjects. */
static void take(const query_means *m, size_t which, size_t image, double *u) {
  for (size_t r = 0; r < m->regions; r++) {
    double sum = 0;
    for (size_t s = 0; s < m->subjects; s++) sum += !which || s == which - 1 ? query_mean_at(m, image, s, r) : 0;
    u[r] = which ? sum : sum / (double)m->subjects;
  }
}

/* r [regions][regions] from products about the mean. */
static void correlate(const query_means *m, size_t which, double *mean, double *u, double *r) {
  const size_t n = m->regions;
  memset(mean, 0, n * sizeof *mean);
  memset(r, 0, n * n * sizeof *r);
  for (size_t i = 0; i < m->images; i++) {
    take(m, which, i, u);
    for (size_t a = 0; a < n; a++) mean[a] += u[a] / (double)m->images;
  }
  for (size_t i = 0; i < m->images; i++) {
    take(m, which, i, u);
    for (size_t a = 0; a < n; a++) u[a] -= mean[a];
    for (size_t a = 0; a < n; a++)
      for (size_t b = a; b < n; b++) r[a * n + b] += u[a] * u[b];
  }
  for (size_t a = 0; a < n; a++)
    for (size_t b = a + 1; b < n; b++) r[a * n + b] /= sqrt(r[a * n + a] * r[b * n + b]);
}

berg_status query_correlate_means(query_univariate *found, berg_error *error) {
  const query_means *m = &found->means;
  const size_t n = m->regions;
  double *work = base_alloc(2 * n, sizeof *work, error);
  found->correlation = base_alloc((1 + m->subjects) * n * n, sizeof *found->correlation, error);
  const bool whole = work && found->correlation;
  for (size_t which = 0; which <= m->subjects && whole; which++)
    correlate(m, which, work, work + n, found->correlation + which * n * n);
  base_free(work);
  return whole ? BERG_OK : BERG_ELIMIT;
}
