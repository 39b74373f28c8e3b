/* A twin of the tile unit (src/la/kernels/amx/unit.h), bit for bit what the processor computes, and as strict: a use
 * that the processor refuses ends the process. Sums of bf16 are, as seen on processors and as Intel's manual writes
 * them: of 32 numbers the even and the odd ones in two chains of 16 fused multiply-adds from zero, those added, then
 * added to what was there; rounded to nearest even, with subnormal operands and results zero at every step. */
#ifndef TILES_UNIT_TWIN_H
#define TILES_UNIT_TWIN_H

#include <math.h>
#include <stdlib.h>

#include "base/vector.h"

#define UNIT_DWORDS (UNIT_BYTES / 4)

typedef struct unit_twin {
  uint8_t rows[UNIT_REGISTERS]; /* zeros: not configured */
  uint32_t values[UNIT_REGISTERS][UNIT_ROWS][UNIT_DWORDS];
} unit_twin;

/* One for all engines of a program, as a thread has one unit. */
__attribute__((weak)) _Thread_local unit_twin twin;

static inline void unit_configure(size_t above, size_t below) {
  const uint8_t rows[UNIT_REGISTERS] = UNIT_SHAPE((uint8_t)above, (uint8_t)below);
  memset(&twin, 0, sizeof twin);
  memcpy(twin.rows, rows, sizeof rows);
}

static inline void unit_release(void) { memset(&twin, 0, sizeof twin); }

static inline void unit_demand(int is_allowed) {
  if (!is_allowed) abort();
}

static inline void unit_zero(size_t number) {
  unit_demand(twin.rows[number] > 0);
  memset(twin.values[number], 0, sizeof twin.values[number]);
}

static inline void unit_load(size_t number, const void *from, size_t stride) {
  unit_zero(number);
  for (size_t r = 0; r < twin.rows[number]; r++)
    memcpy(twin.values[number][r], (const char *)from + r * stride, UNIT_BYTES);
}

static inline void unit_store(size_t number, void *to, size_t stride) {
  unit_demand(twin.rows[number] > 0);
  for (size_t r = 0; r < twin.rows[number]; r++) memcpy((char *)to + r * stride, twin.values[number][r], UNIT_BYTES);
}

static inline void unit_demand_product(size_t sums, size_t x, size_t w) {
  unit_demand(twin.rows[x] > 0 && twin.rows[sums] == twin.rows[x] && twin.rows[w] == UNIT_ROWS);
}

/* A float of these bits, and back, a subnormal being zero. */
static inline float unit_float(uint32_t bits) {
  float value;
  if (!(bits & 0x7f800000)) bits &= 0x80000000;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline float unit_flush(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return unit_float(bits);
}

static inline uint32_t unit_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline void unit_sum_bf16(size_t sums, size_t x, size_t w) {
  unit_demand_product(sums, x, w);
  for (size_t m = 0; m < twin.rows[sums]; m++) {
    float even[UNIT_DWORDS] = {0}, odd[UNIT_DWORDS] = {0};
    for (size_t k = 0; k < UNIT_DWORDS; k++) {
      const uint32_t pair = twin.values[x][m][k];
      const float first = unit_float(pair << 16), second = unit_float(pair & 0xffff0000);
      for (size_t n = 0; n < UNIT_DWORDS; n++) {
        const uint32_t weights = twin.values[w][k][n];
        even[n] = unit_flush(fmaf(first, unit_float(weights << 16), even[n]));
        odd[n] = unit_flush(fmaf(second, unit_float(weights & 0xffff0000), odd[n]));
      }
    }
    for (size_t n = 0; n < UNIT_DWORDS; n++) {
      const float both = unit_flush(even[n] + odd[n]);
      twin.values[sums][m][n] = unit_bits(unit_flush(unit_float(twin.values[sums][m][n]) + both));
    }
  }
}

static inline uint32_t unit_sum_four(uint32_t x, uint32_t w) {
  int32_t sum = 0;
  for (int byte = 0; byte < 32; byte += 8) sum += (int32_t)(x >> byte & 0xff) * (int8_t)(uint8_t)(w >> byte & 0xff);
  return (uint32_t)sum;
}

static inline void unit_sum_bytes(size_t sums, size_t x, size_t w) {
  unit_demand_product(sums, x, w);
  for (size_t m = 0; m < twin.rows[sums]; m++)
    for (size_t k = 0; k < UNIT_DWORDS; k++)
      for (size_t n = 0; n < UNIT_DWORDS; n++)
        twin.values[sums][m][n] += unit_sum_four(twin.values[x][m][k], twin.values[w][k][n]);
}

#define UNIT_ZERO(sums) unit_zero(sums)
#define UNIT_LOAD(number, from, stride) unit_load(number, from, stride)
#define UNIT_LOAD_ONCE(number, from, stride) unit_load(number, from, stride)
#define UNIT_STORE(number, to, stride) unit_store(number, to, stride)
#define UNIT_BF16(sums, x, w) unit_sum_bf16(sums, x, w)
#define UNIT_BYTES_SUM(sums, x, w) unit_sum_bytes(sums, x, w)

#endif
