/* Which products a precision gets on which processor, and the checksum of converted weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/checksum.h"
#include "model/weights/precision.h"

static void each_precision_has_products(void **state) {
  (void)state;
  assert_string_equal(la_precision_name(LA_F32), "f32");
  assert_string_equal(la_precision_name(LA_BF16), "bf16");
  assert_string_equal(la_precision_name(LA_INT8), "int8");
  assert_null(la_gemm_for(BASE_ISA_PORTABLE, LA_INT8));
  const la_gemm *chosen;
  for (base_isa isa = BASE_ISA_PORTABLE; isa <= base_machine_isa(); isa++) {
    assert_int_equal(model_precision_choose(&chosen, isa, NULL, true, NULL), BERG_OK);
    assert_int_equal(chosen->precision, LA_F32);
    assert_int_equal(model_precision_choose(&chosen, isa, "bf16", true, NULL), BERG_OK);
    assert_int_equal(chosen->precision, LA_BF16);
  }
}

/* What all processors of a kind have has no products of bytes. */
static void int8_falls_back_to_float32_or_is_refused(void **state) {
  (void)state;
  berg_error error;
  const la_gemm *chosen;
  assert_int_equal(model_precision_choose(&chosen, BASE_ISA_PORTABLE, "int8", false, &error), BERG_OK);
  assert_int_equal(chosen->precision, LA_F32);
  assert_int_equal(model_precision_choose(&chosen, BASE_ISA_PORTABLE, "int8", true, &error), BERG_EDEVICE);
  assert_non_null(strstr(error.message, "int8"));
  assert_non_null(strstr(error.message, base_isa_name(BASE_ISA_PORTABLE)));
}

static void other_names_are_refused(void **state) {
  (void)state;
  static const char *const names[] = {"auto", "f16", "", "INT8", "int8 "};
  const la_gemm *chosen;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_int_equal(model_precision_choose(&chosen, BASE_ISA_PORTABLE, names[i], false, NULL), BERG_EPARAMETER);
}

static void the_checksum_sees_every_bit_and_no_thread(void **state) {
  (void)state;
  const size_t size = ((size_t)3 << 20) + 77;
  uint8_t *bytes = malloc(size);
  assert_non_null(bytes);
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i * 2654435761u >> 13);
  char whole[BASE_CHECKSUM_TEXT], other[BASE_CHECKSUM_TEXT];
  base_checksum(bytes, size, 1, whole);
  for (int threads = 2; threads < 5; threads++) {
    base_checksum(bytes, size, threads, other);
    assert_string_equal(whole, other);
  }
  for (size_t at = 0; at < size; at += at < 1000 ? 1 : 99991)
    for (int bit = 0; bit < 8; bit += 7) {
      bytes[at] ^= (uint8_t)(1 << bit);
      base_checksum(bytes, at < 1000 ? 1000 : size, 1, other);
      bytes[at] ^= (uint8_t)(1 << bit);
      base_checksum(bytes, at < 1000 ? 1000 : size, 2, whole);
      assert_string_not_equal(whole, other);
    }
  base_checksum(bytes, size - 1, 1, other);
  assert_string_not_equal(whole, other);
  /* two blocks that change places */
  for (size_t i = 0; i < (size_t)1 << 20; i++) {
    const uint8_t kept = bytes[i];
    bytes[i] = bytes[i + ((size_t)1 << 20)];
    bytes[i + ((size_t)1 << 20)] = kept;
  }
  base_checksum(bytes, size, 1, other);
  assert_string_not_equal(whole, other);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_precision_has_products),
      cmocka_unit_test(int8_falls_back_to_float32_or_is_refused),
      cmocka_unit_test(other_names_are_refused),
      cmocka_unit_test(the_checksum_sees_every_bit_and_no_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
