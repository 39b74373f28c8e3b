/* Engines that multiply by the twin of the tile unit, for tests of products on any processor. */
#ifndef TILES_TWINS_H
#define TILES_TWINS_H

#include "la/gemm.h"

extern const la_gemm la_gemm_f32_tiles_portable, la_gemm_bf16_tiles_portable, la_gemm_int8_tiles_portable;

static const la_gemm *const twins[LA_PRECISIONS] = {&la_gemm_f32_tiles_portable, &la_gemm_bf16_tiles_portable,
                                                    &la_gemm_int8_tiles_portable};

#endif
