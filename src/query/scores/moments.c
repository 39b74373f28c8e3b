/* Two passes over blocks of images: means, then what lies around them. */
#include "query/scores/moments.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/scores/cross.h"

#define TOGETHER ((size_t)128) /* images whose sums one thread takes as a piece */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

berg_status query_scores(const berg_store *store, size_t part, const size_t *images, size_t first, size_t count,
                         base_team *team, float *gathered, const float **rows, berg_error *error) {
  const size_t width = store->about.parts[part].width;
  *rows = gathered;
  if (!images) return model_store_rows(store, part, first, count, team, rows, error);
  for (size_t i = 0, run; i < count; i += run) { /* neighbours are checked together */
    const float *from;
    for (run = 1; i + run < count && images[first + i + run] == images[first + i] + run;) run++;
    berg_status status = model_store_rows(store, part, images[first + i], run, team, &from, error);
    if (status) return status;
    memcpy(gathered + i * width, from, run * width * sizeof *from);
  }
  return BERG_OK;
}

typedef struct gathering {
  const berg_store *store;
  size_t part, width, count;
  const size_t *images;
  base_team *team;
  const berg_run *run;
  float *gathered;
  const float *rows;  /* of the block at hand */
  size_t block;       /* images in it */
  double *pieces;     /* [QUERY_BLOCK / TOGETHER][width]: sums of each */
  double *deviations; /* [QUERY_BLOCK][width], for covariance; NULL */
  const double *mean;
  bool squares;
} gathering;

static void add_piece(void *user, size_t index, size_t rank) {
  const gathering *g = user;
  const size_t end = smaller((index + 1) * TOGETHER, g->block);
  double *sums = g->pieces + index * g->width;
  (void)rank;
  memset(sums, 0, g->width * sizeof *sums);
  for (size_t i = index * TOGETHER; i < end; i++)
    for (size_t j = 0; j < g->width; j++) {
      const double off = (double)g->rows[i * g->width + j] - g->mean[j];
      sums[j] += g->squares ? off * off : off;
      if (g->deviations) g->deviations[i * g->width + j] = off;
    }
}

typedef void (*block_step)(const gathering *g, void *user);

/* One pass: `sums` [width] of deviations from the mean or of their squares, and what `step` does with each block. */
static berg_status pass(gathering *g, double *sums, block_step step, void *user, berg_error *error) {
  memset(sums, 0, g->width * sizeof *sums);
  for (size_t first = 0; first < g->count; first += QUERY_BLOCK) {
    g->block = smaller(g->count - first, QUERY_BLOCK);
    berg_status status = base_ask_cancel(g->run, error);
    if (!status)
      status = query_scores(g->store, g->part, g->images, first, g->block, g->team, g->gathered, &g->rows, error);
    if (status) return status;
    const size_t pieces = (g->block + TOGETHER - 1) / TOGETHER;
    base_team_share(g->team, pieces, add_piece, g);
    for (size_t p = 0; p < pieces; p++)
      for (size_t j = 0; j < g->width; j++) sums[j] += g->pieces[p * g->width + j];
    if (step) step(g, user);
    if (!g->images) model_store_drop(g->store, g->part, first, g->block);
  }
  return BERG_OK;
}

typedef struct covering {
  query_packed packed;
  double *covariance;
} covering;

static void add_products(const gathering *g, void *user) {
  covering *c = user;
  query_pack(&c->packed, g->deviations, g->block, g->team);
  query_cross_add(&c->packed, &c->packed, c->covariance, g->team);
}

static berg_status find_spread(gathering *g, double *spread, double *covariance, berg_error *error) {
  covering c = {.covariance = covariance};
  const double divisor = g->count > 1 ? (double)(g->count - 1) : 1;
  berg_status status = BERG_OK;
  g->squares = true;
  if (covariance) {
    memset(covariance, 0, g->width * g->width * sizeof *covariance);
    g->deviations = base_alloc(QUERY_BLOCK * g->width, sizeof *g->deviations, error);
    status = g->deviations ? query_packed_new(&c.packed, g->width, error) : BERG_ELIMIT;
  }
  if (!status) status = pass(g, spread, covariance ? add_products : NULL, &c, error);
  for (size_t j = 0; j < g->width && !status; j++) spread[j] = sqrt(spread[j] / divisor);
  if (covariance && !status) {
    query_mirror(covariance, g->width);
    for (size_t i = 0; i < g->width * g->width; i++) covariance[i] /= divisor;
  }
  query_packed_release(&c.packed);
  base_free(g->deviations);
  return status;
}

static berg_status check_images(const berg_store *store, const size_t *images, size_t count, berg_error *error) {
  const size_t held = store->about.images;
  if (!count) return base_fail(error, BERG_EARGUMENT, "there are no images to take moments of");
  for (size_t i = 0; images && i < count; i++)
    if (images[i] >= held) return base_fail(error, BERG_EARGUMENT, "there is no image %zu among %zu", images[i], held);
  return images || count <= held ? BERG_OK
                                 : base_fail(error, BERG_EARGUMENT, "there are %zu images, not %zu", held, count);
}

berg_status query_moments(const berg_store *store, size_t part, const size_t *images, size_t count, int threads,
                          const berg_run *run, double *mean, double *spread, double *covariance, berg_error *error) {
  const size_t width = store->about.parts[part].width;
  berg_status status = check_images(store, images, count, error);
  if (status) return status;
  gathering g = {
      .store = store, .part = part, .width = width, .count = count, .images = images, .mean = mean, .run = run};
  g.pieces = base_alloc(QUERY_BLOCK / TOGETHER * width, sizeof *g.pieces, error);
  g.gathered = base_alloc(images ? QUERY_BLOCK * width : 0, sizeof *g.gathered, error);
  double *sums = base_alloc(width, sizeof *sums, error);
  status = g.pieces && g.gathered && sums ? BERG_OK : BERG_ELIMIT;
  g.team = base_team_begin(threads);
  memset(mean, 0, width * sizeof *mean);
  for (int turn = 0; turn < 2 && !status; turn++) { /* the second takes what rounding has left */
    status = pass(&g, sums, NULL, NULL, error);
    for (size_t j = 0; j < width && !status; j++) mean[j] += sums[j] / (double)count;
  }
  if (!status) status = find_spread(&g, spread, covariance, error);
  base_team_end(g.team);
  base_free(g.pieces);
  base_free(g.gathered);
  base_free(sums);
  return status;
}
