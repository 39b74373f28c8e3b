/* The processor's tile unit. Assembly, because compilers' own functions do not say which memory they read and write:
 * gcc 12 leaves out stores that a tile was to read. An operand that is named but not written out says it here, where
 * the clobber of all memory would make the compiler forget every field of every struct. */
#ifndef LA_KERNELS_AMX_UNIT_PROCESSOR_H
#define LA_KERNELS_AMX_UNIT_PROCESSOR_H

#include "base/vector.h"

/* As LDTILECFG reads it. */
typedef struct unit_configuration {
  uint8_t palette, first_row, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
} unit_configuration;
_Static_assert(sizeof(unit_configuration) == 64, "the processor reads 64 bytes");

/* Of every register the rows of UNIT_SHAPE, each at least one; all become zero. */
INLINE void unit_configure(size_t above, size_t below) {
  const uint8_t rows[UNIT_REGISTERS] = UNIT_SHAPE((uint8_t)above, (uint8_t)below);
  unit_configuration configuration = {.palette = 1};
  for (size_t i = 0; i < UNIT_REGISTERS; i++) configuration.bytes[i] = UNIT_BYTES, configuration.rows[i] = rows[i];
  __asm__ volatile("ldtilecfg %0" : : "m"(configuration));
}

/* Until the next configuration no register may be used, and the processor need not keep them. */
INLINE void unit_release(void) { __asm__ volatile("tilerelease"); }

#define UNIT_ZERO(sums) __asm__ volatile("tilezero %%tmm" #sums : :)
/* Of an unknown length, for which clang asks: more than 16 rows take. */
#ifdef __clang__
#define UNIT_MEMORY(at) (*(char(*)[1 << 20])(uintptr_t)(at))
#else
#define UNIT_MEMORY(at) (*(char(*)[])(uintptr_t)(at))
#endif
#define UNIT_LOAD_BY(instruction, number, from, stride) \
  __asm__ volatile(instruction " (%0,%1,1), %%tmm" #number : : "r"(from), "r"((size_t)(stride)), "m"(UNIT_MEMORY(from)))
/* Rows that lie `stride` bytes apart; _ONCE: which are not soon read again, and should drive nothing out of the first
 * cache. */
#define UNIT_LOAD(number, from, stride) UNIT_LOAD_BY("tileloadd", number, from, stride)
#define UNIT_LOAD_ONCE(number, from, stride) UNIT_LOAD_BY("tileloaddt1", number, from, stride)
#define UNIT_STORE(number, to, stride) \
  __asm__ volatile("tilestored %%tmm" #number ", (%1,%2,1)" : "+m"(UNIT_MEMORY(to)) : "r"(to), "r"((size_t)(stride)))
/* sums += x times w: pairs of bf16, and bytes, those of x unsigned. */
#define UNIT_BF16(sums, x, w) __asm__ volatile("tdpbf16ps %%tmm" #w ", %%tmm" #x ", %%tmm" #sums : :)
#define UNIT_BYTES_SUM(sums, x, w) __asm__ volatile("tdpbusd %%tmm" #w ", %%tmm" #x ", %%tmm" #sums : :)

#endif
