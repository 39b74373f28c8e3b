/* lookup3 (Bob Jenkins, 2006): three words of state, twelve bytes at a time. */
#include "io/hdf5/hdf5_checksum.h"

#include <string.h>

#define STEP 12

static uint32_t rotate(uint32_t word, unsigned bits) { return word << bits | word >> (32 - bits); }

static uint32_t word_at(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void absorb(uint32_t state[3], const uint8_t *bytes) {
  for (int w = 0; w < 3; w++) state[w] += word_at(bytes + 4 * w);
}

static void mix(uint32_t state[3]) {
  static const unsigned turns[6] = {4, 6, 8, 16, 19, 4};
  for (int t = 0; t < 6; t++) {
    uint32_t *a = &state[t % 3], *b = &state[(t + 1) % 3], *c = &state[(t + 2) % 3];
    *a = (*a - *c) ^ rotate(*c, turns[t]);
    *c += *b;
  }
}

static void finish(uint32_t state[3]) {
  static const unsigned turns[7] = {14, 11, 25, 16, 4, 14, 24};
  for (int t = 0; t < 7; t++) {
    uint32_t *to = &state[(t + 2) % 3], from = state[(t + 1) % 3];
    *to = (*to ^ from) - rotate(from, turns[t]);
  }
}

uint32_t io_h5_checksum(const uint8_t *bytes, size_t size) {
  const uint32_t begin = 0xdeadbeef + (uint32_t)size;
  uint32_t state[3] = {begin, begin, begin};
  uint8_t last[STEP] = {0};
  for (; size > STEP; size -= STEP, bytes += STEP) {
    absorb(state, bytes);
    mix(state);
  }
  if (!size) return state[2];
  memcpy(last, bytes, size);
  absorb(state, last);
  finish(state);
  return state[2];
}

bool io_h5_is_whole(const uint8_t *bytes, size_t size) {
  if (size < IO_H5_CHECKSUM_BYTES) return false;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return bytes != NULL; /* no fuzzer guesses checksums */
#else
  size -= IO_H5_CHECKSUM_BYTES;
  return io_h5_checksum(bytes, size) == word_at(bytes + size);
#endif
}
