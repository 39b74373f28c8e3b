/* Rank measures of more pairs than memory holds: dissimilarities are rounded to levels, which are counted; a second
 * pass adds products of the mid-ranks of levels. Sums are whole numbers, so that their order does not matter. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "query/similarity/rsa.h"

#define LEVELS (((size_t)1 << 24) + 1)
#define GROUPS (QUERY_SPAN / QUERY_GROUP)

__extension__ typedef __int128 wide;

typedef struct counting {
  double least[2], step[2]; /* of each side: level = (value - least) / step */
  double least_of[GROUPS][2], most_of[GROUPS][2];
  _Atomic uint64_t *counts[2]; /* [LEVELS] */
  int64_t *ranks[2];           /* the same memory: twice the mid-rank of each level, less n + 1 */
  wide products[GROUPS];
  size_t top;
} counting;

static size_t level_of(const counting *c, size_t side, double value) {
  const double level = (value - c->least[side]) / c->step[side] + 0.5;
  return level < (double)(LEVELS - 1) ? (size_t)level : LEVELS - 1;
}

static void find_bounds(void *user, size_t row, size_t rows, size_t column, size_t columns,
                        const double *const *tiles) {
  counting *c = user;
  const size_t group = (row - c->top) / QUERY_GROUP;
  for (size_t side = 0; side < 2; side++)
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++) {
        if (row + i >= column + j) continue;
        const double value = tiles[side][i * QUERY_TILE_COLUMNS + j];
        c->least_of[group][side] = fmin(c->least_of[group][side], value);
        c->most_of[group][side] = fmax(c->most_of[group][side], value);
      }
}

static void count_levels(void *user, size_t row, size_t rows, size_t column, size_t columns,
                         const double *const *tiles) {
  counting *c = user;
  for (size_t side = 0; side < 2; side++)
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++)
        if (row + i < column + j)
          atomic_fetch_add_explicit(&c->counts[side][level_of(c, side, tiles[side][i * QUERY_TILE_COLUMNS + j])], 1,
                                    memory_order_relaxed);
}

static void add_products(void *user, size_t row, size_t rows, size_t column, size_t columns,
                         const double *const *tiles) {
  counting *c = user;
  wide sum = 0;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      const size_t at = i * QUERY_TILE_COLUMNS + j;
      if (row + i >= column + j) continue;
      sum += (wide)c->ranks[0][level_of(c, 0, tiles[0][at])] * c->ranks[1][level_of(c, 1, tiles[1][at])];
    }
  c->products[(row - c->top) / QUERY_GROUP] += sum;
}

static berg_status pass(counting *c, const query_pairs *const *sides, int threads, query_visit visit, wide *products,
                        berg_error *error) {
  const size_t n = sides[0]->count;
  berg_status status = BERG_OK;
  for (size_t top = 0; top < n && !status; top += QUERY_SPAN)
    for (size_t left = top; left < n && !status; left += QUERY_SPAN) {
      c->top = top;
      memset(c->products, 0, sizeof c->products);
      status = query_pairs_visit(sides, 2, top, left, threads, visit, c, error);
      for (size_t g = 0; g < GROUPS && products; g++) *products += c->products[g];
    }
  return status;
}

/* Of 1 - r the bounds are known; of all else they are looked for. */
static berg_status choose_grid(counting *c, const query_pairs *const *sides, int threads, berg_error *error) {
  const query_metric metric = sides[0]->metric, other = sides[1]->metric;
  berg_status status = BERG_OK;
  double most[2] = {2, 2};
  if (metric > QUERY_COSINE || other > QUERY_COSINE) {
    for (size_t g = 0; g < GROUPS; g++)
      for (size_t side = 0; side < 2; side++) {
        c->least_of[g][side] = INFINITY;
        c->most_of[g][side] = -INFINITY;
      }
    status = pass(c, sides, threads, find_bounds, NULL, error);
    for (size_t side = 0; side < 2; side++) {
      if (sides[side]->metric <= QUERY_COSINE) continue;
      c->least[side] = INFINITY;
      most[side] = -INFINITY;
      for (size_t g = 0; g < GROUPS; g++) {
        c->least[side] = fmin(c->least[side], c->least_of[g][side]);
        most[side] = fmax(most[side], c->most_of[g][side]);
      }
    }
  }
  for (size_t side = 0; side < 2; side++) {
    const double range = most[side] - c->least[side];
    c->step[side] = range > 0 ? range / (double)(LEVELS - 1) : 1;
  }
  return status;
}

/* Counts become ranks; the sum of their squares over pairs. */
static wide rank_levels(counting *c, size_t side, uint64_t pairs) {
  uint64_t before = 0;
  wide squares = 0;
  for (size_t level = 0; level < LEVELS; level++) {
    const uint64_t here = atomic_load_explicit(&c->counts[side][level], memory_order_relaxed);
    const int64_t rank = (int64_t)(2 * before + here) - (int64_t)pairs;
    c->ranks[side][level] = rank;
    squares += (wide)rank * rank * (wide)here;
    before += here;
  }
  return squares;
}

berg_status query_counted(const query_pairs *a, const query_pairs *b, query_measure measure, int threads, double *value,
                          berg_error *error) {
  const query_pairs *const sides[] = {a, b};
  const uint64_t pairs = (uint64_t)a->count * (a->count - 1) / 2;
  const double n = (double)pairs;
  counting *c = base_calloc(1, sizeof *c, error);
  berg_status status = c ? BERG_OK : BERG_ELIMIT;
  for (size_t side = 0; side < 2 && !status; side++) {
    c->counts[side] = base_calloc(LEVELS, sizeof *c->counts[side], error);
    c->ranks[side] = (int64_t *)(void *)c->counts[side];
    if (!c->counts[side]) status = BERG_ELIMIT;
  }
  if (!status) status = choose_grid(c, sides, threads, error);
  if (!status) status = pass(c, sides, threads, count_levels, NULL, error);
  if (!status) {
    wide products = 0, squares[2];
    for (size_t side = 0; side < 2; side++) squares[side] = rank_levels(c, side, pairs);
    status = pass(c, sides, threads, add_products, &products, error);
    const double both = (double)products, in_a = (double)squares[0], in_b = (double)squares[1];
    *value = measure == QUERY_BY_RHO_A ? 3 * both / (n * n * n - n)
             : in_a > 0 && in_b > 0    ? both / sqrt(in_a) / sqrt(in_b)
                                       : (double)NAN;
  }
  for (size_t side = 0; c && side < 2; side++) base_free(c->counts[side]);
  base_free(c);
  return status;
}
