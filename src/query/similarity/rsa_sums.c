/* Sums over all pairs of images: of squared distances of points from cross products of the points themselves, with
 * their squared lengths and a 1 beside them, in one pass and without a pair; of anything else pair by pair. */
#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "query/scores/cross.h"
#include "query/similarity/rsa.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

double query_measure_of(const query_sums *s, query_measure measure) {
  if (measure == QUERY_BY_COSINE) return s->aa > 0 && s->bb > 0 ? s->ab / sqrt(s->aa * s->bb) : (double)NAN;
  const double a = s->aa - s->a * s->a / s->n, b = s->bb - s->b * s->b / s->n;
  /* what rounding leaves of no variance is none */
  if (!(a > 1e-13 * s->aa) || !(b > 1e-13 * s->bb)) return (double)NAN;
  return fmax(-1, fmin(1, (s->ab - s->a * s->b / s->n) / sqrt(a * b)));
}

/* --- Without pairs --- */

bool query_is_lifted(const query_rsa *rsa, const query_side *side) {
  return side->subject && rsa->metric != QUERY_EUCLIDEAN && rsa->measure <= QUERY_BY_COSINE;
}

typedef struct lifting {
  query_rsa *rsa;
  const query_side **sides; /* [count] */
  size_t *numbers;          /* [count] of the sides among all */
  size_t count;
  query_points *points; /* [count] */
  query_packed *packed; /* [count] of width + 2 */
  double **x;           /* [count][QUERY_BLOCK][width + 2] */
  double **cross;       /* [count][count], of i <= j */
  size_t left_out;
} lifting;

static void close_lifting(lifting *l) {
  for (size_t i = 0; i < l->count; i++) {
    if (l->points) query_points_close(&l->points[i]);
    if (l->packed) query_packed_release(&l->packed[i]);
    if (l->x) base_free(l->x[i]);
    for (size_t j = 0; l->cross && j < l->count; j++) base_free(l->cross[i * l->count + j]);
  }
  base_free(l->sides);
  base_free(l->numbers);
  base_free(l->points);
  base_free(l->packed);
  base_free(l->x);
  base_free(l->cross);
}

static berg_status open_side(lifting *l, size_t i, berg_error *error) {
  berg_status status = query_side_points(&l->points[i], l->rsa, l->sides[i], l->rsa->images, error);
  if (status) return status;
  const size_t width = l->points[i].width + 2;
  l->x[i] = base_alloc(QUERY_BLOCK * width, sizeof *l->x[i], error);
  return l->x[i] ? query_packed_new(&l->packed[i], width, error) : BERG_ELIMIT;
}

static berg_status open_lifting(lifting *l, berg_error *error) {
  const size_t all = l->rsa->count;
  l->sides = base_calloc(all, sizeof *l->sides, error);
  l->numbers = base_calloc(all, sizeof *l->numbers, error);
  l->points = base_calloc(all, sizeof *l->points, error);
  l->packed = base_calloc(all, sizeof *l->packed, error);
  l->x = base_calloc(all, sizeof *l->x, error);
  l->cross = base_calloc(all * all, sizeof *l->cross, error);
  if (!l->sides || !l->numbers || !l->points || !l->packed || !l->x || !l->cross) return BERG_ELIMIT;
  for (size_t i = 0; i < all; i++)
    if (query_is_lifted(l->rsa, &l->rsa->sides[i])) {
      l->numbers[l->count] = i;
      l->sides[l->count++] = &l->rsa->sides[i];
    }
  for (size_t i = 0; i < l->count; i++) {
    berg_status status = open_side(l, i, error);
    if (status) return status;
  }
  for (size_t i = 0; i < l->count; i++)
    for (size_t j = i; j < l->count; j++) {
      double **cross = &l->cross[i * l->count + j];
      *cross = base_calloc(l->packed[i].width * l->packed[j].width, sizeof **cross, error);
      if (!*cross) return BERG_ELIMIT;
    }
  return BERG_OK;
}

/* From [count][width] to [count][width + 2], in place, from the last on: squared length and 1 come behind. */
static void lift(double *x, size_t count, size_t width) {
  for (size_t i = count; i-- > 0;) {
    double square = 0, *to = x + i * (width + 2);
    memmove(to, x + i * width, width * sizeof *to);
    for (size_t j = 0; j < width; j++) square += to[j] * to[j];
    to[width] = square;
    to[width + 1] = 1;
  }
}

/* Images without a pattern on some side go from all of them. How many stay. */
static size_t drop_missing(const lifting *l, size_t count) {
  size_t kept = 0;
  for (size_t k = 0; k < count; k++) {
    bool there = true;
    for (size_t i = 0; i < l->count; i++) there &= !isnan(l->x[i][k * l->points[i].width]);
    if (!there) continue;
    for (size_t i = 0; i < l->count && kept < k; i++) {
      const size_t width = l->points[i].width;
      memmove(l->x[i] + kept * width, l->x[i] + k * width, width * sizeof *l->x[i]);
    }
    kept++;
  }
  return kept;
}

static berg_status add_block(lifting *l, size_t first, size_t count, berg_error *error) {
  for (size_t i = 0; i < l->count; i++) {
    berg_status status = query_points_block(&l->points[i], first, count, l->x[i], error);
    if (status) return status;
  }
  const size_t kept = drop_missing(l, count);
  l->left_out += count - kept;
  base_team *team = base_team_begin(l->rsa->threads);
  for (size_t i = 0; i < l->count; i++) {
    lift(l->x[i], kept, l->points[i].width);
    query_pack(&l->packed[i], l->x[i], kept, team);
  }
  for (size_t i = 0; i < l->count; i++)
    for (size_t j = i; j < l->count; j++)
      query_cross_add(&l->packed[i], &l->packed[j], l->cross[i * l->count + j], team);
  base_team_end(team);
  for (size_t s = 0; s < l->rsa->subject_count && !l->rsa->images.items; s++)
    model_store_drop(l->rsa->store, l->rsa->subjects[s].part, first, count);
  return BERG_OK;
}

/* Over ordered pairs the sum of |x_i - x_j|^2 |y_i - y_j|^2; `m` is the cross product of points with their squared
 * lengths and ones, [p + 2][q + 2]. */
static double sum_of_products(const double *m, size_t p, size_t q) {
  const size_t ld = q + 2;
  const double n = m[(p + 1) * ld + q + 1], a = m[p * ld + q + 1], b = m[(p + 1) * ld + q], ab = m[p * ld + q];
  double squares = 0, with_a = 0, with_b = 0;
  for (size_t k = 0; k < p; k++) {
    for (size_t l = 0; l < q; l++) squares += m[k * ld + l] * m[k * ld + l];
    with_b += m[k * ld + q] * m[k * ld + q + 1];
  }
  for (size_t l = 0; l < q; l++) with_a += m[p * ld + l] * m[(p + 1) * ld + l];
  return 2 * n * ab + 2 * a * b - 4 * with_a - 4 * with_b + 4 * squares;
}

/* The sum of |x_i - x_j|^2, from the symmetric one. */
static double sum_of_distances(const double *m, size_t p) {
  const size_t ld = p + 2;
  double square = 0;
  for (size_t k = 0; k < p; k++) square += m[k * ld + p + 1] * m[k * ld + p + 1];
  return 2 * m[(p + 1) * ld + p + 1] * m[p * ld + p + 1] - 2 * square;
}

static void finish(const lifting *l, query_sums *sums) {
  for (size_t i = 0; i < l->count; i++) query_mirror(l->cross[i * l->count + i], l->packed[i].width);
  for (size_t i = 0; i < l->count; i++)
    for (size_t j = i; j < l->count; j++) {
      const size_t p = l->points[i].width, q = l->points[j].width;
      const double *a = l->cross[i * l->count + i], *b = l->cross[j * l->count + j];
      const double n = a[(p + 2) * (p + 2) - 1];
      sums[l->numbers[i] * l->rsa->count + l->numbers[j]] = (query_sums){
          .n = n * (n - 1),
          .a = sum_of_distances(a, p),
          .b = sum_of_distances(b, q),
          .aa = sum_of_products(a, p, p),
          .bb = sum_of_products(b, q, q),
          .ab = sum_of_products(l->cross[i * l->count + j], p, q),
      };
    }
}

berg_status query_lifted_sums(query_rsa *rsa, query_sums *sums, size_t *left_out, const berg_run *run,
                              berg_error *error) {
  lifting l = {.rsa = rsa};
  const double start = base_machine_seconds();
  const size_t images = rsa->images.count;
  berg_status status = open_lifting(&l, error);
  for (size_t first = 0; first < images && l.count && !status; first += QUERY_BLOCK) {
    const size_t count = smaller(images - first, QUERY_BLOCK);
    status = add_block(&l, first, count, error);
    if (!status) status = base_progress(run, first + count, images, start, "images", error);
  }
  *left_out = l.left_out;
  if (!status && l.count) finish(&l, sums);
  close_lifting(&l);
  return status;
}

/* --- Pair by pair --- */

#define GROUPS (QUERY_SPAN / QUERY_GROUP)

typedef struct summing {
  double shift[2]; /* that is taken off, so that variances keep their digits */
  query_sums groups[GROUPS];
  size_t top;
} summing;

static void add_pairs(void *user, size_t row, size_t rows, size_t column, size_t columns, const double *const *tiles) {
  summing *s = user;
  query_sums *sums = &s->groups[(row - s->top) / QUERY_GROUP];
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      if (row + i >= column + j) continue;
      const double a = tiles[0][i * QUERY_TILE_COLUMNS + j] - s->shift[0],
                   b = tiles[1][i * QUERY_TILE_COLUMNS + j] - s->shift[1];
      sums->n++;
      sums->a += a;
      sums->b += b;
      sums->aa += a * a;
      sums->bb += b * b;
      sums->ab += a * b;
    }
}

static void add_to(query_sums *sums, const query_sums *more) {
  sums->n += more->n;
  sums->a += more->a;
  sums->b += more->b;
  sums->aa += more->aa;
  sums->bb += more->bb;
  sums->ab += more->ab;
}

static berg_status add_square(const query_pairs *const *sides, summing *s, size_t top, size_t left, int threads,
                              query_sums *sums, berg_error *error) {
  s->top = top;
  memset(s->groups, 0, sizeof s->groups);
  berg_status status = query_pairs_visit(sides, 2, top, left, threads, add_pairs, s, error);
  for (size_t g = 0; g < GROUPS; g++) add_to(sums, &s->groups[g]);
  return status;
}

/* Those of pearson are about a shift near the means, which changes nothing in it. */
berg_status query_pair_sums(const query_pairs *a, const query_pairs *b, query_measure measure, int threads,
                            query_sums *sums, berg_error *error) {
  const query_pairs *const sides[] = {a, b};
  const size_t n = a->count;
  summing s = {.top = 0};
  query_sums first = {0};
  berg_status status = BERG_OK;
  *sums = first;
  if (measure != QUERY_BY_COSINE) status = add_square(sides, &s, 0, 0, threads, &first, error);
  if (first.n > 0) {
    s.shift[0] = first.a / first.n;
    s.shift[1] = first.b / first.n;
  }
  for (size_t top = 0; top < n && !status; top += QUERY_SPAN)
    for (size_t left = top; left < n && !status; left += QUERY_SPAN)
      status = add_square(sides, &s, top, left, threads, sums, error);
  return status;
}
