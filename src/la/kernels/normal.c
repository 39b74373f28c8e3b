/* Box & Muller's transform of Philox's bits. Logarithm, sine and cosine are series of additions and products, one
 * quotient and one root, each rounded once (this file is compiled without fused multiply-adds): no instruction set and
 * no mathematical library changes a bit, and the compiler makes vectors of them. */
#include "la/kernels/normal.h"

#include <math.h>
#include <stdbool.h>

#include "base/philox.h"

#define TOGETHER 64 /* blocks of Philox at a time, of two numbers each */

#define ONE UINT64_C(0x3ff0000000000000)       /* the bits of 1 */
#define ROOT_HALF UINT64_C(0x3fe6a09e667f3bcd) /* of sqrt(1/2) */
#define TWO_52 UINT64_C(0x4330000000000000)    /* of 2^52; with n below 2^52 in its low bits, of 2^52 + n */
#define LN_2 0.69314718055994530942
#define QUARTER 1.57079632679489661923 /* of a turn */

INLINE double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE uint64_t to_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* ln x of a normal x > 0: with x = 2^e f and f in [sqrt(1/2), sqrt(2)), e ln 2 + 2 artanh((f - 1) / (f + 1)), whose
 * series ends where terms are below 2^-54 of the first. */
INLINE double logarithm(double x) {
  const uint64_t bits = to_bits(x), biased = (bits + (ONE - ROOT_HALF)) >> 52;
  const double exponent = from_bits(TWO_52 | biased) - (0x1p52 + 1023);
  const double f = from_bits(bits - (biased << 52) + ONE), s = (f - 1) / (f + 1), z = s * s;
  double sum = 1.0 / 21;
  sum = sum * z + 1.0 / 19;
  sum = sum * z + 1.0 / 17;
  sum = sum * z + 1.0 / 15;
  sum = sum * z + 1.0 / 13;
  sum = sum * z + 1.0 / 11;
  sum = sum * z + 1.0 / 9;
  sum = sum * z + 1.0 / 7;
  sum = sum * z + 1.0 / 5;
  sum = sum * z + 1.0 / 3;
  return exponent * LN_2 + 2 * (s + s * z * sum);
}

/* Taylor's series for an eighth of a turn to either side; they end where terms are below 2^-54. */
INLINE double sine(double x) {
  const double z = x * x;
  double sum = -1.0 / 1307674368000;
  sum = sum * z + 1.0 / 6227020800;
  sum = sum * z - 1.0 / 39916800;
  sum = sum * z + 1.0 / 362880;
  sum = sum * z - 1.0 / 5040;
  sum = sum * z + 1.0 / 120;
  sum = sum * z - 1.0 / 6;
  return x + x * z * sum;
}

INLINE double cosine(double x) {
  const double z = x * x;
  double sum = 1.0 / 20922789888000;
  sum = sum * z - 1.0 / 87178291200;
  sum = sum * z + 1.0 / 479001600;
  sum = sum * z - 1.0 / 3628800;
  sum = sum * z + 1.0 / 40320;
  sum = sum * z - 1.0 / 720;
  sum = sum * z + 1.0 / 24;
  return 1 - 0.5 * z + z * z * sum;
}

/* Two numbers of 128 bits: 52 of the first word say the radius, 52 of the second the angle within a quarter of a turn
 * about 0, and two more which quarter it is: whether the two change places, and sign. */
INLINE void transform(uint64_t radius_word, uint64_t angle_word, double *first, double *second) {
  const double uniform = 2 - from_bits(ONE | radius_word >> 12); /* (0, 1], in steps of 2^-52 */
  const double radius = sqrt(-2 * logarithm(uniform));
  const double angle = (from_bits(ONE | angle_word << 2 >> 12) - 1.5) * QUARTER;
  const uint64_t swap = UINT64_C(0) - (angle_word >> 63), sign = angle_word << 1 & UINT64_C(1) << 63;
  const uint64_t a = to_bits(radius * cosine(angle)), b = to_bits(radius * sine(angle)), differ = (a ^ b) & swap;
  *first = from_bits(a ^ differ ^ sign);
  *second = from_bits(b ^ differ ^ sign);
}

/* The first numbers of all blocks, then the second ones. */
static void draw(const la_normal_stream *stream, const uint32_t blocks[TOGETHER], double numbers[2 * TOGETHER]) {
  uint64_t radius[TOGETHER], angle[TOGETHER];
  for (size_t i = 0; i < TOGETHER; i++) {
    uint32_t words[4] = {blocks[i], stream->counter[0], stream->counter[1], stream->counter[2]};
    base_philox(words, stream->key[0], stream->key[1]);
    radius[i] = (uint64_t)words[1] << 32 | words[0];
    angle[i] = (uint64_t)words[3] << 32 | words[2];
  }
  for (size_t i = 0; i < TOGETHER; i++) transform(radius[i], angle[i], &numbers[i], &numbers[TOGETHER + i]);
}

/* The blocks of places[first] and what follows, until there are enough: returns the place after those. */
static size_t find_blocks(const uint64_t *places, size_t first, size_t count, uint32_t blocks[TOGETHER]) {
  size_t used = 0, next = first;
  for (; next < count; next++) {
    const bool is_new = next == first || places[next] >> 1 != places[next - 1] >> 1;
    if (is_new && used == TOGETHER) break;
    if (is_new) blocks[used++] = (uint32_t)(places[next] >> 1);
  }
  return next;
}

void KERNEL(la_draw_normals)(const la_normal_stream *stream, const uint64_t *places, size_t count, double *numbers) {
  uint32_t blocks[TOGETHER] = {0};
  double drawn[2 * TOGETHER];
  for (size_t first = 0, end; first < count; first = end) {
    end = find_blocks(places, first, count, blocks);
    draw(stream, blocks, drawn);
    for (size_t i = first, block = 0; i < end; i++) {
      if (i > first && places[i] >> 1 != places[i - 1] >> 1) block++;
      numbers[i] = drawn[block + (places[i] & 1 ? TOGETHER : 0)];
    }
  }
}
