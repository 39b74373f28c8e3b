/* Bootstraps over images by row sums.
 *
 * With w the times that each image was drawn, a sum over pairs is w'Hw, H the products of two sides' dissimilarities,
 * with zeros on its diagonal. With w = 1 + e it is 1'H1 + 2 e'H1 + e'He: the first two are exact in N steps once the
 * row sums H1 are known; the last is replaced by its expectation, - 1'H1 / N. What its spread would add is a share of
 * the variance of order 1 / N, which is estimated from the pairs of some images, and made up for. */
#include <math.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/team.h"
#include "la/blas.h"
#include "query/scores/cross.h"
#include "query/similarity/rsa.h"

#define SUMS 5 /* a, b, aa, ab, bb: of each image over all others */
#define SAMPLED ((size_t)512)
/* Up to so many images all pairs are taken for each sample. */
#define EXACT ((size_t)4096)
#define STREAM ((uint64_t)1 << 22) /* of the random numbers: sample k draws from stream STREAM + k */

typedef struct rows {
  size_t count, sampled, stride;
  double *sums;     /* [count][SUMS] */
  double *pairs[2]; /* [sampled][sampled]: of each side, of images 0, stride, 2 stride, ... */
  double totals[SUMS];
} rows;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

bool query_bootstrap_is_exact(const query_rsa *rsa) { return rsa->options->exact || rsa->kept_count <= EXACT; }

static berg_status open_rows(rows *r, size_t count, berg_error *error) {
  *r = (rows){.count = count, .sampled = smaller(count, SAMPLED)};
  r->stride = count / r->sampled;
  r->sums = base_calloc(count * SUMS, sizeof *r->sums, error);
  for (size_t side = 0; side < 2; side++)
    r->pairs[side] = base_alloc(r->sampled * r->sampled, sizeof *r->pairs[side], error);
  return r->sums && r->pairs[0] && r->pairs[1] ? BERG_OK : BERG_ELIMIT;
}

static void close_rows(rows *r) {
  base_free(r->sums);
  base_free(r->pairs[0]);
  base_free(r->pairs[1]);
}

/* --- Row sums of clouds --- */

/* What the products of two sides' squared distances need of the points. */
typedef struct products {
  const query_cloud *a, *b;
  double a_total, b_total, ab_total;
  double *a_with_b, *b_with_a; /* sums of points times the other side's squared lengths */
  double *cross, *turned;      /* [p][q]; of a block of images, x'(X'Y): [QUERY_BLOCK][q] */
} products;

static double dot(const double *x, const double *y, size_t n) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += x[j] * y[j];
  return sum;
}

static void add_weighted(const query_cloud *cloud, const double *weights, double *to) {
  for (size_t i = 0; i < cloud->count; i++)
    for (size_t j = 0; j < cloud->width; j++) to[j] += weights[i] * cloud->x[i * cloud->width + j];
}

static berg_status open_products(products *p, const query_rsa *rsa, const query_cloud *a, const query_cloud *b,
                                 berg_error *error) {
  *p = (products){.a = a, .b = b};
  p->a_with_b = base_calloc(a->width, sizeof *p->a_with_b, error);
  p->b_with_a = base_calloc(b->width, sizeof *p->b_with_a, error);
  p->cross = base_alloc(a->width * b->width, sizeof *p->cross, error);
  p->turned = base_alloc(QUERY_BLOCK * b->width, sizeof *p->turned, error);
  if (!p->a_with_b || !p->b_with_a || !p->cross || !p->turned) return BERG_ELIMIT;
  for (size_t i = 0; i < a->count; i++) {
    p->a_total += a->squares[i];
    p->b_total += b->squares[i];
    p->ab_total += a->squares[i] * b->squares[i];
  }
  add_weighted(a, b->squares, p->a_with_b);
  add_weighted(b, a->squares, p->b_with_a);
  return query_cloud_cross(rsa, a, b, p->cross, error);
}

static void close_products(products *p) {
  base_free(p->a_with_b);
  base_free(p->b_with_a);
  base_free(p->cross);
  base_free(p->turned);
}

/* The sum over j of |x_i - x_j|^2 |y_i - y_j|^2, of centred points. */
static double row_of(const products *p, size_t i, const double *turned) {
  const double *x = p->a->x + i * p->a->width, *y = p->b->x + i * p->b->width;
  const double a = p->a->squares[i], b = p->b->squares[i];
  return (double)p->a->count * a * b + a * p->b_total + b * p->a_total + p->ab_total -
         2 * dot(x, p->a_with_b, p->a->width) - 2 * dot(y, p->b_with_a, p->b->width) + 4 * dot(turned, y, p->b->width);
}

static berg_status add_products(rows *r, const query_rsa *rsa, const query_cloud *a, const query_cloud *b, size_t which,
                                berg_error *error) {
  products p;
  const size_t width = b->width;
  berg_status status = open_products(&p, rsa, a, b, error);
  for (size_t first = 0; first < a->count && !status; first += QUERY_BLOCK) {
    const size_t count = smaller(a->count - first, QUERY_BLOCK);
    status = base_ask_cancel(rsa->run, error);
    if (!status)
      status = la_multiply(la_kernels_for(base_machine_isa()), count, width, a->width, 1,
                           (la_operand){a->x + first * a->width, a->width, false}, (la_operand){p.cross, width, false},
                           0, p.turned, width, rsa->threads, error);
    for (size_t i = 0; i < count && !status; i++)
      r->sums[(first + i) * SUMS + which] = row_of(&p, first + i, p.turned + i * width);
  }
  close_products(&p);
  return status;
}

static void add_distances(rows *r, const query_cloud *cloud, size_t which) {
  double total = 0;
  for (size_t i = 0; i < cloud->count; i++) total += cloud->squares[i];
  for (size_t i = 0; i < cloud->count; i++)
    r->sums[i * SUMS + which] = (double)cloud->count * cloud->squares[i] + total;
}

static void sample_cloud(rows *r, const query_cloud *cloud, size_t side) {
  for (size_t s = 0; s < r->sampled; s++)
    for (size_t t = 0; t < r->sampled; t++) {
      const double *x = cloud->x + s * r->stride * cloud->width, *y = cloud->x + t * r->stride * cloud->width;
      double square = 0;
      for (size_t j = 0; j < cloud->width; j++) square += (x[j] - y[j]) * (x[j] - y[j]);
      r->pairs[side][s * r->sampled + t] = square;
    }
}

/* --- Row sums of pairs --- */

static void add_tile(void *user, size_t row, size_t n, size_t column, size_t m, const double *const *tiles) {
  const rows *r = user;
  for (size_t i = 0; i < n; i++) {
    double *sums = r->sums + (row + i) * SUMS;
    for (size_t j = 0; j < m; j++) {
      const size_t s = (row + i) / r->stride, t = (column + j) / r->stride;
      const double a = tiles[0][i * QUERY_TILE_COLUMNS + j], b = tiles[1][i * QUERY_TILE_COLUMNS + j];
      const double terms[SUMS] = {a, b, a * a, a * b, b * b};
      for (size_t k = 0; k < SUMS; k++) sums[k] += terms[k];
      if (s * r->stride != row + i || t * r->stride != column + j || s >= r->sampled || t >= r->sampled) continue;
      r->pairs[0][s * r->sampled + t] = a;
      r->pairs[1][s * r->sampled + t] = b;
    }
  }
}

/* --- The share left out --- */

/* The influence of a pair, or with sums over an image's pairs of the image, on the value: its derivative. */
typedef struct influence {
  query_measure measure;
  double a, b, aa, bb, value; /* means over pairs; the value itself */
} influence;

static double influence_of(const influence *f, double a, double b, double aa, double ab, double bb) {
  if (f->measure == QUERY_BY_COSINE) return ab / sqrt(f->aa * f->bb) - f->value / 2 * (aa / f->aa + bb / f->bb);
  const double va = f->aa - f->a * f->a, vb = f->bb - f->b * f->b;
  const double za = aa - 2 * f->a * a + f->a * f->a, zb = bb - 2 * f->b * b + f->b * f->b,
               zab = ab - f->a * b - f->b * a + f->a * f->b;
  return zab / sqrt(va * vb) - f->value / 2 * (za / va + zb / vb);
}

static double variance(const double *values, size_t count) {
  double mean = 0, squares = 0;
  for (size_t i = 0; i < count; i++) mean += values[i] / (double)count;
  for (size_t i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
  return count > 1 ? squares / (double)(count - 1) : 0;
}

static berg_status estimate_left_out(const rows *r, const influence *f, double *share, berg_error *error) {
  const size_t n = r->count, m = r->sampled;
  const double others = (double)n - 1;
  double *of_images = base_alloc(n, sizeof *of_images, error),
         *of_pairs = base_alloc(m * (m - 1) / 2, sizeof *of_pairs, error);
  if (of_images && of_pairs) {
    size_t pair = 0;
    for (size_t i = 0; i < n; i++) {
      const double *s = r->sums + i * SUMS;
      of_images[i] = influence_of(f, s[0] / others, s[1] / others, s[2] / others, s[3] / others, s[4] / others);
    }
    for (size_t s = 0; s < m; s++)
      for (size_t t = s + 1; t < m; t++) {
        const double a = r->pairs[0][s * m + t], b = r->pairs[1][s * m + t];
        of_pairs[pair++] = influence_of(f, a, b, a * a, a * b, b * b);
      }
    const double linear = 4 * variance(of_images, n) / (double)n,
                 rest = 2 * fmax(0, variance(of_pairs, pair) - 2 * variance(of_images, n)) / ((double)n * (double)n);
    *share = linear + rest > 0 ? rest / (linear + rest) : 0;
  }
  const bool there = of_images && of_pairs;
  base_free(of_images);
  base_free(of_pairs);
  return there ? BERG_OK : BERG_ELIMIT;
}

/* --- Samples --- */

typedef struct drawing {
  const query_rsa *rsa;
  const rows *rows;
  double *values;
  base_asking asking;
} drawing;

static void draw(void *user, size_t index, size_t rank) {
  drawing *d = user;
  const rows *r = d->rows;
  const double n = (double)r->count;
  base_dice dice = {d->rsa->options->seed, STREAM + index, 0};
  double drawn[SUMS] = {0}, sums[SUMS];
  if (base_asking_ended(&d->asking, rank)) return;
  for (size_t i = 0; i < r->count; i++) {
    const double *row = r->sums + base_dice_below(&dice, r->count) * SUMS;
    for (size_t k = 0; k < SUMS; k++) drawn[k] += row[k];
  }
  for (size_t k = 0; k < SUMS; k++) sums[k] = 2 * drawn[k] - r->totals[k] * (1 + 1 / n);
  const query_sums found = {
      .n = (n - 1) * (n - 1), .a = sums[0], .b = sums[1], .aa = sums[2], .ab = sums[3], .bb = sums[4]};
  d->values[index] = query_measure_of(&found, d->rsa->measure);
}

static berg_status draw_all(const query_rsa *rsa, rows *r, query_resampled *found, berg_error *error) {
  const size_t count = rsa->options->bootstraps;
  const double n = (double)r->count, pairs = n * (n - 1);
  drawing d = {.rsa = rsa,
               .rows = r,
               .values = base_alloc(count, sizeof *d.values, error),
               .asking = {.run = rsa->run, .error = error}};
  if (!d.values) return BERG_ELIMIT;
  for (size_t i = 0; i < r->count; i++)
    for (size_t k = 0; k < SUMS; k++) r->totals[k] += r->sums[i * SUMS + k];
  const double *t = r->totals;
  const query_sums whole = {.n = pairs, .a = t[0], .b = t[1], .aa = t[2], .ab = t[3], .bb = t[4]};
  const influence f = {rsa->measure, t[0] / pairs, t[1] / pairs,
                       t[2] / pairs, t[4] / pairs, query_measure_of(&whole, rsa->measure)};
  berg_status status = estimate_left_out(r, &f, &found->left_out, error);
  if (!status) {
    base_share(rsa->threads, count, draw, &d);
    status = (berg_status)d.asking.status;
  }
  if (!status) query_resampled_summarise(d.values, count, found);
  base_free(d.values);
  return status;
}

berg_status query_bootstrap_clouds(const query_rsa *rsa, const query_cloud *a, const query_cloud *b,
                                   query_resampled *found, berg_error *error) {
  rows r;
  *found = (query_resampled){.asked = true};
  berg_status status = open_rows(&r, a->count, error);
  if (!status) {
    add_distances(&r, a, 0);
    add_distances(&r, b, 1);
    status = add_products(&r, rsa, a, a, 2, error);
  }
  if (!status) status = add_products(&r, rsa, a, b, 3, error);
  if (!status) status = add_products(&r, rsa, b, b, 4, error);
  if (!status) {
    sample_cloud(&r, a, 0);
    sample_cloud(&r, b, 1);
    status = draw_all(rsa, &r, found, error);
  }
  close_rows(&r);
  return status;
}

berg_status query_bootstrap_rows(const query_rsa *rsa, const query_pairs *a, const query_pairs *b,
                                 query_resampled *found, berg_error *error) {
  const query_pairs *const sides[] = {a, b};
  rows r;
  *found = (query_resampled){.asked = true};
  berg_status status = open_rows(&r, a->count, error);
  for (size_t top = 0; top < r.count && !status; top += QUERY_SPAN)
    for (size_t left = 0; left < r.count && !status; left += QUERY_SPAN)
      if (!(status = query_rsa_go_on(rsa, error)))
        status = query_pairs_visit(sides, 2, top, left, rsa->threads, add_tile, &r, error);
  if (!status) status = draw_all(rsa, &r, found, error);
  close_rows(&r);
  return status;
}
