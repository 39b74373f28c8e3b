/* Counter-based random numbers: number `index` of a stream is a function of seed, stream and index alone, so that any
 * thread can draw any of them with the same result. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* Steele, Lea & Flood's SplitMix64 finaliser (OOPSLA 2014) over a counter. `stream` below 2^24, `index` below 2^40. */
static inline uint64_t base_random_bits(uint64_t seed, uint64_t stream, uint64_t index) {
  uint64_t x = (seed * 0xD1342543DE82EF95u + (stream << 40) + index) * 0x9E3779B97F4A7C15u;
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9u;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

/* The sum of four 16-bit numbers, centred, is nearly normal. */
static inline int32_t base_random_bell(uint64_t bits) {
  return (int32_t)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)) - 131070;
}
/* Its standard deviation: sqrt((2^32 - 1) / 3). */
#define BASE_RANDOM_BELL_SPREAD 37837.2265

/* In [0, 1), with 53 bits. */
static inline double base_random_unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

/* One number after another, for objects made of many. */
typedef struct base_dice {
  uint64_t seed, stream, index;
} base_dice;

static inline uint64_t base_dice_bits(base_dice *dice) {
  return base_random_bits(dice->seed, dice->stream, dice->index++);
}
static inline double base_dice_unit(base_dice *dice) { return base_random_unit(base_dice_bits(dice)); }
static inline double base_dice_between(base_dice *dice, double low, double high) {
  return low + (high - low) * base_dice_unit(dice);
}
static inline double base_dice_normal(base_dice *dice) {
  return base_random_bell(base_dice_bits(dice)) / BASE_RANDOM_BELL_SPREAD;
}
/* 0 .. count - 1. */
static inline uint64_t base_dice_below(base_dice *dice, uint64_t count) {
  return (uint64_t)(base_dice_unit(dice) * (double)count);
}

#endif
