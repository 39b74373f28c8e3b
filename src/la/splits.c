/* All ways to halve a set of repeats. */
#include "la/splits.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

#define SEED 20200220u

/* C(n, k), or `most` + 1 where it is more. */
static size_t choose(size_t n, size_t k, size_t most) {
  size_t count = 1;
  for (size_t i = 1; i <= k; i++) {
    count = count * (n - k + i) / i; /* C(n - k + i, i), a whole number at each step */
    if (count > most) return most + 1;
  }
  return count;
}

/* The next `k` of 0..n-1 in lexicographic order; false after the last. */
static bool next_choice(size_t *chosen, size_t k, size_t n) {
  size_t i = k;
  while (i > 0 && chosen[i - 1] == n - k + i - 1) i--;
  if (!i) return false;
  chosen[i - 1]++;
  for (; i < k; i++) chosen[i] = chosen[i - 1] + 1;
  return true;
}

/* With even R the half that holds repeat 0 names the split, so that no pair of halves comes twice. */
static void list_all(la_splits *splits, size_t *chosen) {
  const size_t repeats = splits->repeats, fixed = repeats % 2 == 0, k = repeats / 2 - fixed;
  for (size_t i = 0; i < k; i++) chosen[i] = i;
  uint8_t *side = splits->side;
  do {
    memset(side, 1, repeats);
    if (fixed) side[0] = 0;
    for (size_t i = 0; i < k; i++) side[chosen[i] + fixed] = 0;
    side += repeats;
  } while (next_choice(chosen, k, repeats - fixed));
}

static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void draw(la_splits *splits, size_t *order) {
  const size_t repeats = splits->repeats;
  uint64_t state = SEED;
  for (size_t s = 0; s < splits->count; s++) {
    uint8_t *side = splits->side + s * repeats;
    memset(side, 1, repeats);
    for (size_t i = 0; i < repeats; i++) order[i] = i;
    for (size_t j = 0; j < repeats / 2; j++) {
      size_t other = j + (size_t)(next_random(&state) % (repeats - j)), kept = order[j];
      order[j] = order[other];
      order[other] = kept;
      side[order[j]] = 0;
    }
  }
}

berg_status la_splits_make(la_splits *splits, size_t repeats, berg_error *error) {
  size_t bytes, count = choose(repeats, repeats / 2, 2 * LA_SPLITS_MOST);
  if (repeats % 2 == 0) count = (count + 1) / 2;
  const bool all = count <= LA_SPLITS_MOST;
  *splits = (la_splits){.count = all ? count : LA_SPLITS_MOST, .repeats = repeats};
  if (!base_multiply(splits->count, repeats, &bytes)) return base_fail_memory(error, SIZE_MAX);
  size_t *order = base_alloc(repeats, sizeof *order, error);
  splits->side = order ? base_alloc(bytes, 1, error) : NULL;
  if (splits->side && all) list_all(splits, order);
  if (splits->side && !all) draw(splits, order);
  base_free(order);
  return splits->side ? BERG_OK : BERG_ELIMIT;
}

void la_splits_release(la_splits *splits) {
  base_free(splits->side);
  splits->side = NULL;
}
