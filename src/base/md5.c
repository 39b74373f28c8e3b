/* MD5 (RFC 1321). */
#include "base/md5.h"

#include <string.h>

#include "base/text.h"

/* The first 32 bits behind the point of |sin(i + 1)|. */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static const unsigned turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t turned(uint32_t word, unsigned bits) { return word << bits | word >> (32 - bits); }

/* What a step of each round mixes, and the word of the block that it takes. */
static uint32_t mixed(unsigned step, uint32_t b, uint32_t c, uint32_t d, unsigned *word) {
  switch (step / 16) {
  case 0: *word = step; return (b & c) | (~b & d);
  case 1: *word = (5 * step + 1) % 16; return (d & b) | (~d & c);
  case 2: *word = (3 * step + 5) % 16; return b ^ c ^ d;
  default: *word = 7 * step % 16; return c ^ (b | ~d);
  }
}

static void take_block(uint32_t state[4], const uint8_t *bytes) {
  uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
  for (size_t i = 0; i < 16; i++)
    words[i] = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 | (uint32_t)bytes[4 * i + 2] << 16 |
               (uint32_t)bytes[4 * i + 3] << 24;
#pragma GCC unroll 64
  for (unsigned i = 0; i < 64; i++) {
    unsigned word;
    const uint32_t sum = a + mixed(i, b, c, d, &word) + sines[i] + words[word];
    a = d;
    d = c;
    c = b;
    b += turned(sum, turns[i / 16][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

void base_md5_start(base_md5 *hash) { *hash = (base_md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}}; }

void base_md5_add(base_md5 *hash, const void *bytes, size_t size) {
  const uint8_t *next = bytes;
  size_t used = hash->bytes % 64;
  hash->bytes += size;
  while (size) {
    if (!used && size >= 64) {
      take_block(hash->state, next);
      next += 64;
      size -= 64;
      continue;
    }
    const size_t part = size < 64 - used ? size : 64 - used;
    memcpy(hash->block + used, next, part);
    used += part;
    next += part;
    size -= part;
    if (used == 64) {
      take_block(hash->state, hash->block);
      used = 0;
    }
  }
}

void base_md5_end(base_md5 *hash, char text[BASE_MD5_TEXT]) {
  static const uint8_t padding[64] = {0x80};
  const uint64_t bits = 8 * hash->bytes;
  const size_t used = hash->bytes % 64;
  uint8_t length[8];
  for (size_t i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> 8 * i);
  base_md5_add(hash, padding, used < 56 ? 56 - used : 120 - used);
  base_md5_add(hash, length, sizeof length);
  for (size_t i = 0; i < 16; i++)
    base_print(text + 2 * i, 3, "%02x", (unsigned)(hash->state[i / 4] >> 8 * (i % 4) & 0xff));
}
