/* Instruction sets by name: what is here, what is not and why, and what no processor has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/isa.h"

static void without_a_name_it_is_the_widest(void **state) {
  (void)state;
  const char *const names[] = {NULL, "auto"};
  for (size_t i = 0; i < 2; i++) {
    base_isa isa = BASE_ISA_COUNT;
    assert_int_equal(base_isa_choose(&isa, names[i], NULL), BERG_OK);
    assert_int_equal(isa, base_machine_isa());
    assert_false(base_isa_is_named(names[i]));
  }
}

static void each_that_is_here_has_its_name(void **state) {
  (void)state;
  assert_true(base_machine_has(BASE_ISA_PORTABLE) && base_machine_has(base_machine_isa()));
  for (base_isa isa = BASE_ISA_PORTABLE; isa < BASE_ISA_COUNT; isa++) {
    base_isa chosen = BASE_ISA_COUNT;
    const bool is_here = base_machine_has(isa);
    assert_true(!is_here || (base_isa_is_compiled(isa) && isa <= base_machine_isa()));
    assert_int_equal(base_isa_choose(&chosen, base_isa_name(isa), NULL), is_here ? BERG_OK : BERG_EDEVICE);
    if (is_here) assert_int_equal(chosen, isa);
    assert_true(base_isa_is_named(base_isa_name(isa)));
    assert_string_equal(base_isa_listed(isa), base_isa_name(isa));
  }
}

/* Those of another kind of processor. */
static void what_no_kernels_are_for_is_refused(void **state) {
  (void)state;
  const char *const foreign[] = {BASE_ISA_IS_NEON ? "amx" : "neon_matrix", BASE_ISA_IS_NEON ? "portable" : "neon",
                                 BASE_ISA_IS_NEON ? "avx2" : "neon_dot"};
  for (size_t i = 0; i < 3; i++) {
    berg_error error;
    base_isa isa;
    assert_int_equal(base_isa_choose(&isa, foreign[i], &error), BERG_EDEVICE);
    assert_non_null(strstr(error.message, foreign[i]));
    assert_non_null(strstr(error.message, "this build has no kernels for it"));
    assert_non_null(strstr(error.message, base_isa_name(BASE_ISA_PORTABLE)));
  }
}

static void other_names_are_not_known(void **state) {
  (void)state;
  const char *const names[] = {"", "AVX2", "avx", "avx512 ", "sse", "Auto", "unknown"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    base_isa isa;
    assert_int_equal(base_isa_choose(&isa, names[i], NULL), BERG_EPARAMETER);
  }
}

static void the_list_ends(void **state) {
  (void)state;
  size_t count = 0;
  while (base_isa_listed(count)) count++;
  assert_int_equal(count, BASE_ISA_IS_NEON ? 3 : 4);
  assert_null(base_isa_listed(count + 10));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_name_it_is_the_widest),
      cmocka_unit_test(each_that_is_here_has_its_name),
      cmocka_unit_test(what_no_kernels_are_for_is_refused),
      cmocka_unit_test(other_names_are_not_known),
      cmocka_unit_test(the_list_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
