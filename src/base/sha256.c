#include "base/sha256.h"

#include <stdio.h>
#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, int bits) { return x >> bits | x << (32 - bits); }

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* One round with a = s[first], b = s[first + 1], ... around the eight. */
static inline __attribute__((always_inline)) void add_round(uint32_t s[8], int first, uint32_t input) {
#define S(i) s[(first + (i)) & 7]
  uint32_t one = S(7) + (turn(S(4), 6) ^ turn(S(4), 11) ^ turn(S(4), 25)) + ((S(4) & S(5)) ^ (~S(4) & S(6))) + input;
  uint32_t two = (turn(S(0), 2) ^ turn(S(0), 13) ^ turn(S(0), 22)) + ((S(0) & S(1)) ^ (S(0) & S(2)) ^ (S(1) & S(2)));
  S(3) += one;
  S(7) = one + two;
#undef S
}

static void add_block(uint32_t state[8], const uint8_t block[64]) {
  uint32_t w[64], s[8];
  for (int t = 0; t < 16; t++) w[t] = big_endian(block + 4 * t);
  for (int t = 16; t < 64; t++)
    w[t] = (turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7] +
           (turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
  memcpy(s, state, sizeof s);
  /* instead of moving a..h along, eight rounds rename them */
  for (int t = 0; t < 64; t += 8) {
    add_round(s, 0, w[t] + constants[t]);
    add_round(s, 7, w[t + 1] + constants[t + 1]);
    add_round(s, 6, w[t + 2] + constants[t + 2]);
    add_round(s, 5, w[t + 3] + constants[t + 3]);
    add_round(s, 4, w[t + 4] + constants[t + 4]);
    add_round(s, 3, w[t + 5] + constants[t + 5]);
    add_round(s, 2, w[t + 6] + constants[t + 6]);
    add_round(s, 1, w[t + 7] + constants[t + 7]);
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

void base_sha256_start(base_sha256 *hash) {
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(hash->state, first, sizeof first);
  hash->size = 0;
}

void base_sha256_add(base_sha256 *hash, const void *bytes, size_t size) {
  const uint8_t *next = bytes;
  size_t held = hash->size % 64;
  hash->size += size;
  if (held && held + size >= 64) {
    size_t part = 64 - held;
    memcpy(hash->block + held, next, part);
    add_block(hash->state, hash->block);
    next += part;
    size -= part;
    held = 0;
  }
  for (; size >= 64; next += 64, size -= 64) add_block(hash->state, next);
  if (size) memcpy(hash->block + held, next, size);
}

void base_sha256_end(base_sha256 *hash, char text[BASE_SHA256_TEXT]) {
  uint64_t bits = hash->size * 8;
  uint8_t tail[72] = {0x80};
  size_t padding = 1 + (119 - hash->size % 64) % 64;
  for (int i = 0; i < 8; i++) tail[padding + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
  base_sha256_add(hash, tail, padding + 8);
  for (int i = 0; i < 8; i++) snprintf(text + 8 * i, 9, "%08x", (unsigned)hash->state[i]);
}
