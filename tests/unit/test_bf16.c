/* Floats as bf16: NaN, infinities, ties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "la/gemm.h"

#ifdef BERG_HAS_AVX512
extern const la_gemm la_gemm_bf16_avx512;
#endif

/* Of each instruction set, then the one that multiplies bf16, which a machine may have and not prefer. */
static const la_gemm *table(int isa) {
  if (isa <= (int)base_machine_isa()) return la_gemm_for((base_isa)isa, LA_BF16);
#ifdef BERG_HAS_AVX512
  if (base_machine_isa() >= BASE_ISA_AVX512 && __builtin_cpu_supports("avx512bf16")) return &la_gemm_bf16_avx512;
#endif
  return NULL;
}

static void bf16_keeps_every_nan_and_rounds_the_rest(void **state) {
  (void)state;
  static const struct {
    uint32_t from;
    uint16_t to;
  } cases[] = {
      {0x7fffffff, 0x7fff}, {0xffffffff, 0xffff}, {0x7f800001, 0x7fc0}, {0xff800001, 0xffc0}, /* NaN: quiet */
      {0x7fc00000, 0x7fc0}, {0xffc00000, 0xffc0}, {0x7fbfffff, 0x7fff}, {0x7fff8000, 0x7fff},
      {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, {0x7f7fffff, 0x7f80}, {0xff7fffff, 0xff80}, /* infinite */
      {0x7f7f8000, 0x7f80}, {0x7f7f7fff, 0x7f7f}, {0x00000000, 0x0000}, {0x80000000, 0x8000},
      {0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81}, {0x00000001, 0x0000}, /* ties to even */
  };
  const size_t count = sizeof cases / sizeof *cases;
  float column[LA_PANEL * 2] __attribute__((aligned(64))), row[LA_PANEL];
  for (size_t i = 0; i < LA_PANEL; i++) {
    memcpy(row + i, &cases[i % count].from, sizeof *row);
    memcpy(column + i, row + i, sizeof *row);
    memcpy(column + LA_PANEL + (i + 1) % LA_PANEL, row + i, sizeof *row);
  }
  for (int isa = 0; isa <= (int)base_machine_isa() + 1; isa++) {
    const la_gemm *gemm = table(isa);
    if (!gemm) continue;
    uint16_t slab[LA_PANEL][2] __attribute__((aligned(64))), loaded[LA_PANEL] __attribute__((aligned(64)));
    float scale;
    gemm->pack(column, 2, slab);
    for (size_t i = 0; i < LA_PANEL; i++) {
      assert_int_equal(slab[i][0], cases[i % count].to);
      assert_int_equal(slab[(i + 1) % LA_PANEL][1], cases[i % count].to);
    }
    if (gemm->load) gemm->load(row, LA_PANEL, loaded, &scale);
    for (size_t i = 0; i < LA_PANEL && gemm->load; i++) assert_int_equal(loaded[i], cases[i % count].to);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bf16_keeps_every_nan_and_rounds_the_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
