/* Rank measures by sorting all pairs. */
#include <math.h>
#include <stdint.h>

#include "base/memory.h"
#include "query/similarity/rank_sort.h"
#include "query/similarity/rsa.h"

/* Where pair (i, j), i < j, stands among those above the diagonal. */
static size_t place_of(size_t i, size_t j, size_t n) { return i * n - i * (i + 1) / 2 + j - i - 1; }

static size_t pairs_of(size_t n) { return n * (n - 1) / 2; }

bool query_ranks_fit(size_t images, size_t memory) {
  return (double)images * (double)(images - 1) / 2 * 2 * sizeof(query_record) <= (double)memory;
}

typedef struct taking {
  query_record *records;
  size_t images;
  bool one; /* side alone: b is the pair's place */
} taking;

static void take_pairs(void *user, size_t row, size_t rows, size_t column, size_t columns, const double *const *tiles) {
  const taking *t = user;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      if (row + i >= column + j) continue;
      const size_t place = place_of(row + i, column + j, t->images), at = i * QUERY_TILE_COLUMNS + j;
      t->records[place] = (query_record){tiles[0][at], t->one ? (double)place : tiles[1][at]};
    }
}

static berg_status take_all(const query_pairs *const *sides, size_t count, query_record *records, int threads,
                            berg_error *error) {
  const size_t n = sides[0]->count;
  taking t = {.records = records, .images = n, .one = count == 1};
  berg_status status = BERG_OK;
  for (size_t top = 0; top < n && !status; top += QUERY_SPAN)
    for (size_t left = top; left < n && !status; left += QUERY_SPAN)
      status = query_pairs_visit(sides, count, top, left, threads, take_pairs, &t, error);
  return status;
}

/* --- Spearman and rho-a --- */

__extension__ typedef __int128 wide;

static double *side_of(query_record *record, query_order order) {
  return order == QUERY_ORDER_B ? &record->b : &record->a;
}

/* Values, which are sorted, become twice their mid-ranks less the mean, which are whole numbers. The sum of their
 * squares, in whole numbers too: doubles would lose digits over millions of pairs. */
static wide rank(query_record *sorted, size_t count, query_order order) {
  wide squares = 0;
  for (size_t first = 0, end; first < count; first = end) {
    const double value = *side_of(&sorted[first], order);
    for (end = first + 1; end < count && *side_of(&sorted[end], order) == value;) end++;
    const int64_t middle = (int64_t)(first + end) - (int64_t)count;
    for (size_t i = first; i < end; i++) *side_of(&sorted[i], order) = (double)middle;
    squares += (wide)middle * middle * (wide)(end - first);
  }
  return squares;
}

/* All pairs of two sides, that are sorted in turn. */
typedef struct ranking {
  query_record *records, *other;
  size_t count;
  base_team *team;
  const berg_run *run;
} ranking;

/* The records become `other` where they end there. */
static berg_status sort(ranking *r, query_order order, uint64_t *inversions, berg_error *error) {
  query_record *sorted;
  berg_status status = query_sort(&sorted, r->records, r->other, r->count, order, r->team, r->run, inversions, error);
  if (sorted == r->records) return status;
  r->other = r->records;
  r->records = sorted;
  return status;
}

static berg_status spearman(ranking *r, query_measure measure, double *value, berg_error *error) {
  const size_t count = r->count;
  berg_status status = sort(r, QUERY_ORDER_A, NULL, error);
  if (status) return status;
  const double a = (double)rank(r->records, count, QUERY_ORDER_A), n = (double)count;
  status = sort(r, QUERY_ORDER_B, NULL, error);
  if (status) return status;
  const query_record *by_b = r->records;
  const double b = (double)rank(r->records, count, QUERY_ORDER_B);
  wide products = 0;
  for (size_t i = 0; i < count; i++) products += (wide)(int64_t)by_b[i].a * (int64_t)by_b[i].b;
  *value = measure == QUERY_BY_RHO_A ? 3 * (double)products / (n * n * n - n)
           : a > 0 && b > 0          ? (double)products / sqrt(a) / sqrt(b)
                                     : (double)NAN;
  return BERG_OK;
}

/* --- Kendall --- */

/* Pairs of records that are equal in what `order` looks at, of records in its order. */
static double ties(const query_record *sorted, size_t count, query_order order) {
  double tied = 0;
  for (size_t first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count; end++)
      if ((order != QUERY_ORDER_B && sorted[end].a != sorted[first].a) ||
          (order != QUERY_ORDER_A && sorted[end].b != sorted[first].b))
        break;
    tied += (double)(end - first) * (double)(end - first - 1) / 2;
  }
  return tied;
}

/* Knight's way (1966): sorted by a, then b, the discordant ones are the exchanges that sorting by b takes. */
static berg_status kendall(ranking *r, double *value, berg_error *error) {
  const size_t count = r->count;
  uint64_t discordant;
  const double all = (double)count * (double)(count - 1) / 2;
  berg_status status = sort(r, QUERY_ORDER_A_THEN_B, NULL, error);
  if (status) return status;
  const double in_a = ties(r->records, count, QUERY_ORDER_A), in_both = ties(r->records, count, QUERY_ORDER_A_THEN_B);
  status = sort(r, QUERY_ORDER_B, &discordant, error);
  if (status) return status;
  const double in_b = ties(r->records, count, QUERY_ORDER_B);
  *value = (all - in_a - in_b + in_both - 2 * (double)discordant) / all;
  return BERG_OK;
}

berg_status query_sorted(const query_pairs *a, const query_pairs *b, query_measure measure, int threads, double *value,
                         berg_error *error) {
  const size_t count = pairs_of(a->count);
  const query_pairs *const sides[] = {a, b};
  query_record *records = base_alloc_large(count, sizeof *records, error),
               *other = base_alloc_large(count, sizeof *other, error);
  berg_status status = records && other ? take_all(sides, 2, records, threads, error) : BERG_ELIMIT;
  if (!status) {
    ranking r = {records, other, count, base_team_begin(threads), a->run};
    status = measure == QUERY_BY_KENDALL ? kendall(&r, value, error) : spearman(&r, measure, value, error);
    base_team_end(r.team);
  }
  base_free_large(records);
  base_free_large(other);
  return status;
}

/* --- Ranks as a matrix --- */

berg_status query_rank_matrix(const query_pairs *pairs, int threads, double *ranks, berg_error *error) {
  const size_t n = pairs->count, count = pairs_of(n);
  query_record *records = base_alloc_large(count, sizeof *records, error),
               *other = base_alloc_large(count, sizeof *other, error);
  berg_status status = records && other ? take_all(&pairs, 1, records, threads, error) : BERG_ELIMIT;
  if (!status) {
    ranking r = {records, other, count, base_team_begin(threads), pairs->run};
    status = sort(&r, QUERY_ORDER_A, NULL, error);
    if (!status) rank(r.records, count, QUERY_ORDER_A);
    if (!status) status = sort(&r, QUERY_ORDER_B, NULL, error);
    base_team_end(r.team);
    for (size_t i = 0; i < n && !status; i++) {
      ranks[i * n + i] = 0;
      for (size_t j = i + 1; j < n; j++) ranks[i * n + j] = ranks[j * n + i] = r.records[place_of(i, j, n)].a / 2;
    }
  }
  base_free_large(records);
  base_free_large(other);
  return status;
}
