/* Numbers turned into bytes. */
#include "io/value/big_endian.h"

#include <string.h>

void io_big_endian(uint8_t *at, uint32_t number, size_t size) {
  for (size_t i = 0; i < size; i++) at[i] = (uint8_t)(number >> 8 * (size - 1 - i));
}

void io_big_endian_floats(uint8_t *at, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    io_big_endian(at + 4 * i, bits, sizeof bits);
  }
}
