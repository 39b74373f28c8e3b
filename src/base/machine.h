/* What this machine is: how many processors this process may use, which instruction sets, how much memory. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* Instruction sets that kernels are compiled for, in ascending order. AMX is AVX-512 and a tile unit beside it, which
 * multiplies in every precision. The first is what every processor of the kind has: of aarch64 NEON, beyond which there
 * are products of bytes (FEAT_DotProd), then such and bf16's of small matrices (FEAT_I8MM and FEAT_BF16). */
#ifdef __aarch64__
typedef enum base_isa { BASE_ISA_PORTABLE, BASE_ISA_NEON_DOT, BASE_ISA_NEON_MATRIX, BASE_ISA_COUNT } base_isa;
#define BASE_ISA_NAMES \
  { "neon", "neon_dot", "neon_matrix" }
#define BASE_ISA_IS_NEON 1
#else
typedef enum base_isa { BASE_ISA_PORTABLE, BASE_ISA_AVX2, BASE_ISA_AVX512, BASE_ISA_AMX, BASE_ISA_COUNT } base_isa;
#define BASE_ISA_NAMES \
  { "portable", "avx2", "avx512", "amx" }
#define BASE_ISA_IS_NEON 0
#endif

/* Whether this build has kernels for it; and whether the processor and the system have its instructions too. */
bool base_isa_is_compiled(base_isa isa);
bool base_machine_has(base_isa isa);
/* The highest one of these. */
base_isa base_machine_isa(void);
const char *base_isa_name(base_isa isa);

/* Dot products of bytes in one instruction (AVX512_VNNI, with BASE_ISA_AVX512 and above); and beside BASE_ISA_AVX2
 * alone, on half as many lanes (AVX_VNNI, which some processors have and those with the other need not). */
bool base_machine_multiplies_int8(void);
bool base_machine_multiplies_int8_by_avx(void);
/* Dot products of bf16 pairs that are faster than float32's (AVX512_BF16 as AMD has it; Intel's are half as fast as its
 * float32 products: 171 against 350 GFLOP/s on two cores of a Sapphire Rapids). */
bool base_machine_multiplies_bf16(void);

/* SHA-256 in instructions (SHA-NI, of which not every processor with AVX2 has them). */
bool base_machine_hashes_sha256(void);

/* Processors this process may run on (its affinity), at least 1. */
int base_machine_processors(void);
/* Calls `call` while the calling thread is pinned to one processor: a library loaded there sees only that one. */
void base_machine_on_one_processor(void (*call)(void));
/* Physical memory in bytes; 0 if unknown. */
size_t base_machine_memory(void);
/* The peak resident memory of this process so far, in bytes; 0 if unknown. */
size_t base_machine_peak_memory(void);
/* The processor's own name into `text`. */
void base_machine_name(char *text, size_t size);
/* Seconds on a clock that only goes forward. */
double base_machine_seconds(void);

#endif
