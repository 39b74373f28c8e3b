/* Ways to cut a number of repeats into two halves. */
#ifndef LA_SPLITS_H
#define LA_SPLITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Where there are more splits than this, this many are drawn at random. */
#define LA_SPLITS_MOST 1000

typedef struct la_splits {
  size_t count, repeats;
  uint8_t *side; /* [count][repeats]: the half, 0 or 1, that a repeat is in */
} la_splits;

/* All splits of `repeats` (2 or more) into halves of floor(repeats/2) and the rest, each pair of halves once: C(R, R/2)
 * / 2 of them for even R, C(R, (R-1)/2) for odd, in lexicographic order. From 13 repeats on there are more than
 * LA_SPLITS_MOST: then so many are drawn, each on its own (one may come twice), by the first floor(repeats/2) steps of
 * a Fisher-Yates shuffle of 0..R-1, "swap j with j + next() mod (R - j)", where next() is SplitMix64 (Steele, Lea and
 * Flood 2014) seeded once with 20200220. ELIMIT. */
berg_status la_splits_make(la_splits *splits, size_t repeats, berg_error *error);
void la_splits_release(la_splits *splits);

#endif
