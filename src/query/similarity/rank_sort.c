/* Merge sort from runs of a fixed length upwards. */
#include "query/similarity/rank_sort.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define SHORT ((size_t)16)      /* sorted by insertion */
#define ASKED ((size_t)1 << 20) /* records between two looks at whether the caller asks for the end */
#define RUN ((size_t)1 << 15)   /* that one thread sorts by itself: lies in L2 */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Whether y has to come before x, which stands before it. */
static bool is_inverted(const query_record *x, const query_record *y, query_order order) {
  if (order == QUERY_ORDER_B) return y->b < x->b;
  return y->a < x->a || (order == QUERY_ORDER_A_THEN_B && y->a == x->a && y->b < x->b);
}

static uint64_t insert(query_record *records, size_t count, query_order order) {
  uint64_t inversions = 0;
  for (size_t i = 1; i < count; i++) {
    const query_record one = records[i];
    size_t at = i;
    for (; at > 0 && is_inverted(&records[at - 1], &one, order); at--) records[at] = records[at - 1];
    records[at] = one;
    inversions += i - at;
  }
  return inversions;
}

/* Two neighbouring runs, from where they stand to where they are merged to. */
typedef struct merging {
  const query_record *from;
  size_t middle, count, left, right;
  query_record *to;
  uint64_t inversions;
} merging;

/* Up to `end` records of what is merged. */
static void merge_to(merging *m, size_t end, query_order order) {
  for (size_t k = m->left + m->right - m->middle; k < end; k++) {
    const bool second =
        m->left == m->middle || (m->right < m->count && is_inverted(&m->from[m->left], &m->from[m->right], order));
    if (second) m->inversions += m->middle - m->left;
    m->to[k] = second ? m->from[m->right++] : m->from[m->left++];
  }
}

static merging start_merge(const query_record *from, size_t middle, size_t count, query_record *to) {
  return (merging){.from = from, .middle = middle, .count = count, .right = middle, .to = to};
}

typedef struct sorting {
  query_record *from, *to;
  size_t count, length; /* of the runs that are merged */
  query_order order;
  atomic_uint_least64_t inversions;
  base_asking asking;
} sorting;

/* A whole run, which ends where it began. */
static void sort_run(void *user, size_t index, size_t rank) {
  sorting *s = user;
  const size_t first = index * RUN, count = smaller(s->count - first, RUN);
  query_record *from = s->from + first, *to = s->to + first;
  uint64_t inversions = 0;
  if (base_asking_ended(&s->asking, rank)) return;
  for (size_t i = 0; i < count; i += SHORT) inversions += insert(from + i, smaller(count - i, SHORT), s->order);
  for (size_t length = SHORT; length < count; length *= 2) {
    for (size_t i = 0; i < count; i += 2 * length) {
      merging m = start_merge(from + i, smaller(length, count - i), smaller(2 * length, count - i), to + i);
      merge_to(&m, m.count, s->order);
      inversions += m.inversions;
    }
    query_record *other = from;
    from = to;
    to = other;
  }
  if (from != s->from + first) memcpy(s->from + first, from, count * sizeof *from);
  atomic_fetch_add_explicit(&s->inversions, inversions, memory_order_relaxed);
}

static void merge_runs(void *user, size_t index, size_t rank) {
  sorting *s = user;
  const size_t first = index * 2 * s->length, count = smaller(s->count - first, 2 * s->length);
  merging m = start_merge(s->from + first, smaller(s->length, count), count, s->to + first);
  for (size_t end = 0; end < count && !base_asking_ended(&s->asking, rank);)
    merge_to(&m, end = smaller(end + ASKED, count), s->order);
  atomic_fetch_add_explicit(&s->inversions, m.inversions, memory_order_relaxed);
}

berg_status query_sort(query_record **sorted, query_record *records, query_record *other, size_t count,
                       query_order order, base_team *team, const berg_run *run, uint64_t *inversions,
                       berg_error *error) {
  sorting s = {.from = records,
               .to = other,
               .count = count,
               .length = RUN,
               .order = order,
               .asking = {.run = run, .error = error}};
  base_team_share(team, (count + RUN - 1) / RUN, sort_run, &s);
  for (; s.length < count && !s.asking.status; s.length *= 2) {
    base_team_share(team, (count + 2 * s.length - 1) / (2 * s.length), merge_runs, &s);
    query_record *before = s.from;
    s.from = s.to;
    s.to = before;
  }
  if (inversions) *inversions = atomic_load(&s.inversions);
  *sorted = s.from;
  return (berg_status)s.asking.status;
}
