/* The Gram matrix made that of rows without their mean. */
#include "base/memory.h"
#include "base/team.h"
#include "train/pca/pca_job.h"

/* Rows of G that a thread takes at a time. */
#define ROWS ((size_t)16)

typedef struct centring {
  double *g;
  size_t n;
  double *mean; /* of each row */
  double all;   /* of all */
} centring;

static size_t end_of(const centring *c, size_t index) { return c->n - index * ROWS < ROWS ? c->n : (index + 1) * ROWS; }

static void find_means(void *user, size_t index, size_t rank) {
  const centring *c = user;
  (void)rank;
  for (size_t i = index * ROWS; i < end_of(c, index); i++) {
    double sum = 0;
    for (size_t j = 0; j < c->n; j++) sum += c->g[i * c->n + j];
    c->mean[i] = sum / (double)c->n;
  }
}

static void take_means_off(void *user, size_t index, size_t rank) {
  const centring *c = user;
  (void)rank;
  for (size_t i = index * ROWS; i < end_of(c, index); i++)
    for (size_t j = 0; j < c->n; j++) c->g[i * c->n + j] = c->g[i * c->n + j] - (c->mean[i] + c->mean[j]) + c->all;
}

/* Centres G, as if the columns of Z had been centred: their means are about 1e-9, and the scores must have mean 0. */
static berg_status centre(double *g, size_t n, int threads, berg_error *error) {
  centring c = {.g = g, .n = n, .mean = base_alloc(n, sizeof *c.mean, error)};
  const size_t pieces = (n + ROWS - 1) / ROWS;
  if (!c.mean) return BERG_ELIMIT;
  base_share(threads, pieces, find_means, &c);
  for (size_t i = 0; i < n; i++) c.all += c.mean[i] / (double)n;
  base_share(threads, pieces, take_means_off, &c);
  base_free(c.mean);
  return BERG_OK;
}

berg_status pca_gram_finish(const pca_job *job, la_gram *gram, berg_error *error) {
  la_gram_end_total(gram);
  return centre(la_gram_values(gram), job->panels->rows, job->machine->threads, error);
}
