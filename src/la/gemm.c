/* The table of engines: which kernels multiply in which precision on which processor. */
#include "la/gemm.h"

extern const la_gemm la_gemm_f32_portable, la_gemm_widened_portable;
#ifdef BERG_HAS_AVX2
extern const la_gemm la_gemm_f32_avx2, la_gemm_widened_avx2;
#endif
#ifdef BERG_HAS_AVX_VNNI
extern const la_gemm la_gemm_int8_avx2;
#endif
#ifdef BERG_HAS_AVX512
extern const la_gemm la_gemm_f32_avx512, la_gemm_widened_avx512, la_gemm_bf16_avx512, la_gemm_int8_avx512;
#endif
#ifdef BERG_HAS_AMX
extern const la_gemm la_gemm_f32_tiles_avx512, la_gemm_bf16_tiles_avx512, la_gemm_int8_tiles_avx512;
#endif
#ifdef BERG_HAS_NEON_DOT
extern const la_gemm la_gemm_int8_neon_dot;
#endif
#ifdef BERG_HAS_NEON_MATRIX
extern const la_gemm la_gemm_bf16_neon_matrix, la_gemm_int8_neon_matrix;
#endif

static const la_gemm *int8_for(base_isa isa) {
  switch (isa) {
#ifdef BERG_HAS_AMX
  case BASE_ISA_AMX: return &la_gemm_int8_tiles_avx512;
#endif
#ifdef BERG_HAS_AVX512
  case BASE_ISA_AVX512: return base_machine_multiplies_int8() ? &la_gemm_int8_avx512 : NULL;
#endif
#ifdef BERG_HAS_AVX_VNNI
  case BASE_ISA_AVX2: return base_machine_multiplies_int8_by_avx() ? &la_gemm_int8_avx2 : NULL;
#endif
#ifdef BERG_HAS_NEON_DOT
  case BASE_ISA_NEON_DOT: return &la_gemm_int8_neon_dot;
#endif
#ifdef BERG_HAS_NEON_MATRIX
  case BASE_ISA_NEON_MATRIX: return &la_gemm_int8_neon_matrix;
#endif
  default: return NULL;
  }
}

static const la_gemm *bf16_for(base_isa isa) {
  switch (isa) {
#ifdef BERG_HAS_AMX
  case BASE_ISA_AMX: return &la_gemm_bf16_tiles_avx512;
#endif
#ifdef BERG_HAS_AVX512
  case BASE_ISA_AVX512: return base_machine_multiplies_bf16() ? &la_gemm_bf16_avx512 : &la_gemm_widened_avx512;
#endif
#ifdef BERG_HAS_AVX2
  case BASE_ISA_AVX2: return &la_gemm_widened_avx2;
#endif
#ifdef BERG_HAS_NEON_MATRIX
  case BASE_ISA_NEON_MATRIX: return &la_gemm_bf16_neon_matrix;
#endif
  default: return &la_gemm_widened_portable;
  }
}

static const la_gemm *f32_for(base_isa isa) {
  switch (isa) {
#ifdef BERG_HAS_AMX
  case BASE_ISA_AMX: return &la_gemm_f32_tiles_avx512;
#endif
#ifdef BERG_HAS_AVX512
  case BASE_ISA_AVX512: return &la_gemm_f32_avx512;
#endif
#ifdef BERG_HAS_AVX2
  case BASE_ISA_AVX2: return &la_gemm_f32_avx2;
#endif
  default: return &la_gemm_f32_portable;
  }
}

const la_gemm *la_gemm_for(base_isa isa, la_precision precision) {
  return precision == LA_INT8 ? int8_for(isa) : precision == LA_BF16 ? bf16_for(isa) : f32_for(isa);
}

const char *la_precision_name(la_precision precision) {
  static const char *const names[] = {"f32", "bf16", "int8"};
  return (size_t)precision < LA_PRECISIONS ? names[precision] : "unknown";
}

size_t la_matrix_offset(const la_matrix *matrix, size_t block, size_t panel) {
  const la_layout *layout = matrix->gemm->layout;
  return la_matrix_panels(matrix) * block * layout->slab_bytes(LA_DEPTH) +
         panel * layout->slab_bytes(la_matrix_depth(matrix, block));
}

size_t la_matrix_bytes(const la_matrix *matrix) {
  const size_t last = la_matrix_blocks(matrix) - 1;
  return la_matrix_offset(matrix, last, la_matrix_panels(matrix));
}

static size_t columns_of(const la_matrix *matrix, size_t panel) {
  return matrix->n - panel * LA_PANEL < LA_PANEL ? matrix->n - panel * LA_PANEL : LA_PANEL;
}

static const char *rows_of(const la_matrix *matrix, size_t block, size_t panel) {
  return matrix->rows + panel * LA_PANEL * matrix->row_bytes + block * LA_DEPTH * sizeof(float);
}

void la_matrix_pack(const la_matrix *matrix, size_t block, size_t panel, float *buffer, void *slab) {
  const la_gemm *gemm = matrix->gemm;
  const size_t depth = la_matrix_depth(matrix, block);
  float *floats = gemm->pack ? buffer : slab;
  gemm->transpose(rows_of(matrix, block, panel), matrix->row_bytes, columns_of(matrix, panel), depth, floats);
  for (size_t p = 0; matrix->gain && p < depth; p++)
    for (size_t c = 0; c < LA_PANEL; c++) floats[p * LA_PANEL + c] *= matrix->gain[block * LA_DEPTH + p];
  if (matrix->rounding)
    gemm->round(floats, depth, matrix->rounding, slab);
  else if (gemm->pack)
    gemm->pack(floats, depth, slab);
}

la_fetch la_matrix_fetch(const la_matrix *matrix, size_t block, size_t panel) {
  const size_t depth = la_matrix_depth(matrix, block);
  if (matrix->packed)
    return (la_fetch){matrix->packed + la_matrix_offset(matrix, block, panel), 1,
                      matrix->gemm->layout->slab_bytes(depth), 0};
  return (la_fetch){rows_of(matrix, block, panel), columns_of(matrix, panel), depth * sizeof(float), matrix->row_bytes};
}

void la_matrix_multiply(const la_matrix *matrix, size_t block, size_t panel, la_product *product) {
  const la_gemm *gemm = matrix->gemm;
  product->depth = la_matrix_depth(matrix, block);
  if (matrix->packed) {
    product->slab = matrix->packed + la_matrix_offset(matrix, block, panel);
  } else if (product->rows <= gemm->tile_rows && gemm->multiply_plain && !matrix->gain) {
    gemm->multiply_plain(product, rows_of(matrix, block, panel), matrix->row_bytes, columns_of(matrix, panel));
    return;
  } else {
    la_matrix_pack(matrix, block, panel, product->buffer, product->buffer);
    product->slab = product->buffer;
  }
  gemm->multiply(product);
}
