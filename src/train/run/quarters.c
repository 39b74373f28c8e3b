/* NumPy's legacy shuffle: Mersenne Twister (Matsumoto and Nishimura 1998) seeded by one number, and Fisher-Yates from
 * the end with numbers drawn by masking and rejection. */
#include "train/run/quarters.h"

#include <stdint.h>

#define SEED 20200220u
#define WORDS 624
#define AHEAD 397

typedef struct twister {
  uint32_t words[WORDS];
  size_t next;
} twister;

static void seed(twister *t, uint32_t number) {
  t->words[0] = number;
  for (uint32_t i = 1; i < WORDS; i++) t->words[i] = 1812433253u * (t->words[i - 1] ^ (t->words[i - 1] >> 30)) + i;
  t->next = WORDS;
}

static void turn(twister *t) {
  for (size_t i = 0; i < WORDS; i++) {
    const uint32_t bits = (t->words[i] & 0x80000000u) | (t->words[(i + 1) % WORDS] & 0x7fffffffu);
    t->words[i] = t->words[(i + AHEAD) % WORDS] ^ (bits >> 1) ^ (bits & 1 ? 0x9908b0dfu : 0);
  }
  t->next = 0;
}

static uint32_t draw(twister *t) {
  if (t->next == WORDS) turn(t);
  uint32_t bits = t->words[t->next++];
  bits ^= bits >> 11;
  bits ^= (bits << 7) & 0x9d2c5680u;
  bits ^= (bits << 15) & 0xefc60000u;
  return bits ^ (bits >> 18);
}

/* 0 to `most`, each as likely. */
static uint32_t draw_to(twister *t, uint32_t most) {
  uint32_t mask = most, drawn;
  for (unsigned shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
  while ((drawn = draw(t) & mask) > most) continue;
  return drawn;
}

void train_permutation(size_t *order, size_t count) {
  twister t;
  seed(&t, SEED);
  for (size_t i = 0; i < count; i++) order[i] = i;
  for (size_t i = count; i-- > 1;) {
    const size_t other = draw_to(&t, (uint32_t)i), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
}
