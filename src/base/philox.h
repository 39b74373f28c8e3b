/* Philox4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011): 128 random bits as a function of a counter and a key. */
#ifndef BASE_PHILOX_H
#define BASE_PHILOX_H

#include <stdint.h>

#define BASE_PHILOX_ROUNDS 10

static inline void base_philox_round(uint32_t counter[4], const uint32_t key[2]) {
  const uint64_t first = (uint64_t)counter[0] * 0xD2511F53u, second = (uint64_t)counter[2] * 0xCD9E8D57u;
  counter[0] = (uint32_t)(second >> 32) ^ counter[1] ^ key[0];
  counter[1] = (uint32_t)second;
  counter[2] = (uint32_t)(first >> 32) ^ counter[3] ^ key[1];
  counter[3] = (uint32_t)first;
}

/* `counter` becomes the bits. */
static inline void base_philox(uint32_t counter[4], uint32_t key_0, uint32_t key_1) {
  for (int round = 0; round < BASE_PHILOX_ROUNDS; round++) {
    base_philox_round(counter, (const uint32_t[]){key_0, key_1});
    key_0 += 0x9E3779B9u;
    key_1 += 0xBB67AE85u;
  }
}

#endif
