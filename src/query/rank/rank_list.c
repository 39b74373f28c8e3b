/* The largest or smallest of many numbers, by a heap, and how far out they are. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "query/rank/rank.h"

typedef struct heap {
  const double *values;
  bool ascending;
  size_t *at, count;
} heap;

/* Whether number a comes after number b in the list. */
static bool is_after(const heap *h, size_t a, size_t b) {
  const double x = h->values[a], y = h->values[b];
  if (x != y) return h->ascending ? x > y : x < y;
  return a > b;
}

static void swap(size_t *a, size_t *b) {
  const size_t kept = *a;
  *a = *b;
  *b = kept;
}

/* The root is the last of the list: the first to go. */
static void sift_down(const heap *h, size_t root, size_t count) {
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && is_after(h, h->at[child + 1], h->at[child])) child++;
    if (!is_after(h, h->at[child], h->at[root])) return;
    swap(&h->at[child], &h->at[root]);
  }
}

static void sift_up(const heap *h, size_t leaf) {
  for (size_t parent; leaf && is_after(h, h->at[leaf], h->at[parent = (leaf - 1) / 2]); leaf = parent)
    swap(&h->at[leaf], &h->at[parent]);
}

berg_status query_list_make(query_list *list, const double *values, size_t count, size_t most, bool ascending,
                            berg_error *error) {
  if (most > count) most = count;
  heap h = {values, ascending, base_alloc(most, sizeof *h.at, error), 0};
  *list = (query_list){h.at, 0};
  if (!h.at) return BERG_ELIMIT;
  for (size_t i = 0; i < count && most; i++) {
    if (isnan(values[i])) continue;
    if (h.count < most) {
      h.at[h.count] = i;
      sift_up(&h, h.count++);
    } else if (is_after(&h, h.at[0], i)) {
      h.at[0] = i;
      sift_down(&h, 0, h.count);
    }
  }
  for (size_t left = h.count; left > 1; left--) { /* the last goes to the end */
    swap(&h.at[0], &h.at[left - 1]);
    sift_down(&h, 0, left - 1);
  }
  list->count = h.count;
  return BERG_OK;
}

typedef struct mark {
  double value;
  size_t index, passed; /* values between it and the mark below */
} mark;

static int by_value(const void *a, const void *b) {
  const mark *x = a, *y = b;
  return (x->value > y->value) - (x->value < y->value);
}

/* The first of the sorted marks that is greater than the value. */
static size_t first_above(const mark *marks, size_t count, double value) {
  size_t low = 0;
  for (size_t high = count; low < high;) {
    const size_t middle = (low + high) / 2;
    if (marks[middle].value > value)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

berg_status query_count_lower(const double *values, size_t count, const double *marks, size_t mark_count, size_t *lower,
                              berg_error *error) {
  mark *sorted = base_alloc(mark_count, sizeof *sorted, error);
  if (!sorted) return BERG_ELIMIT;
  for (size_t i = 0; i < mark_count; i++) /* NaN has no place in an order: behind all others */
    sorted[i] = (mark){isnan(marks[i]) ? (double)INFINITY : marks[i], i, 0};
  if (mark_count) qsort(sorted, mark_count, sizeof *sorted, by_value);
  for (size_t i = 0; i < count; i++) {
    const size_t above = isnan(values[i]) ? mark_count : first_above(sorted, mark_count, values[i]);
    if (above < mark_count) sorted[above].passed++;
  }
  for (size_t i = 0, sum = 0; i < mark_count; i++) lower[sorted[i].index] = sum += sorted[i].passed;
  base_free(sorted);
  return BERG_OK;
}

query_summary query_summarise(const double *values, size_t count) {
  query_summary summary = {0, 0, 0};
  double shift = NAN, sum = 0, squares = 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(values[i])) continue;
    if (!summary.known++) shift = values[i];
    sum += values[i] - shift;
  }
  const double known = (double)summary.known;
  summary.mean = shift + sum / known;
  for (size_t i = 0; i < count; i++) {
    const double off = values[i] - summary.mean;
    if (!isnan(off)) squares += off * off;
  }
  summary.sd = summary.known > 1 ? sqrt(squares / (known - 1)) : NAN;
  return summary;
}
