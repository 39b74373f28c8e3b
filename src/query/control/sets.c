/* Dissimilarities of pairs of images, four by four. */
#include "query/control/sets.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

void query_sets_pick(const float *from, const uint16_t *places, size_t count, size_t first, float *triangle) {
  for (size_t i = 1; i < count; i++) {
    const float *row = from + query_sets_pairs(places[i]);
    float *to = triangle + query_sets_pairs(first + i) + first;
    for (size_t j = 0; j < i; j++) to[j] = row[places[j]];
  }
}

/* What pair_products needs of the images: the last one stands in for those beyond it. */
typedef struct lookup {
  const float *x[QUERY_SETS_MOST + LA_PAIRS];
  float half[QUERY_SETS_MOST + LA_PAIRS];
} lookup;

static void look_up(lookup *found, const query_vectors *of, const uint32_t *images, size_t count) {
  for (size_t i = 0; i < count + LA_PAIRS; i++) {
    const size_t image = images[smaller(i, count - 1)];
    found->x[i] = of->x + image * of->ld;
    found->half[i] = of->half[image];
  }
}

/* Pairs of images i, i + 1, ... < last with images j, j + 1, ... < before, which are LA_PAIRS of each at most. */
static void add_tile(const lookup *found, const float *products, size_t i, size_t j, size_t last, size_t before,
                     float *triangle) {
  for (size_t a = 0; a < LA_PAIRS && i + a < last; a++) {
    float *to = triangle + query_sets_pairs(i + a) + j;
    const size_t end = smaller(before, i + a), columns = j < end ? smaller(LA_PAIRS, end - j) : 0;
    for (size_t b = 0; b < columns; b++) to[b] = (found->half[i + a] + found->half[j + b]) - products[a * LA_PAIRS + b];
  }
}

/* Rows [first, last) are on their way to the cache while those before are multiplied: they lie anywhere in memory. */
static void fetch(const lookup *found, size_t ld, size_t first, size_t last) {
  for (size_t i = first; i < last; i++)
    for (size_t l = 0; l < ld; l += 16) __builtin_prefetch(found->x[i] + l, 0, 2);
}

void query_sets_add(const query_space *space, size_t region, const uint32_t *images, size_t first, size_t last,
                    size_t before, float *triangle) {
  const query_vectors *of = &space->of[region];
  float products[LA_PAIRS * LA_PAIRS];
  lookup found;
  if (!last) return;
  look_up(&found, of, images, last);
  for (size_t i = first; i < last; i += LA_PAIRS) {
    fetch(&found, of->ld, smaller(i + LA_PAIRS, last), smaller(i + 2 * LA_PAIRS, last));
    for (size_t j = 0; j < smaller(before, smaller(i + LA_PAIRS, last) - 1); j += LA_PAIRS) {
      space->kernels->pair_products(found.x + i, found.x + j, of->ld, products);
      add_tile(&found, products, i, j, last, before, triangle);
    }
  }
}

double query_sets_score(const query_space *space, const uint32_t *images, size_t count, float *work) {
  const size_t pairs = query_sets_pairs(count);
  for (size_t region = 0; region < 2; region++)
    query_sets_add(space, region, images, 0, count, count, work + region * pairs);
  return space->kernels->list_correlation(work, work + pairs, pairs);
}
