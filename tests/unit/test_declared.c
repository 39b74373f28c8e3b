/* Functions of libraries that are loaded later, which src/ declares itself, held against the headers where these are
 * installed: what differs does not compile. And the system's cairo has every one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "la/lapack_load.h"
#include "report/cairo.h"

#define SAME(declared, real, name) \
  _Static_assert(_Generic(&(real), declared : 1, default : 0), name " is declared otherwise")

#if __has_include(<cairo-pdf.h>)
#include <cairo-pdf.h>
_Static_assert(sizeof(report_cairo_extents) == sizeof(cairo_text_extents_t) &&
                   offsetof(report_cairo_extents, x_advance) == offsetof(cairo_text_extents_t, x_advance),
               "extents");
#define report_cairo_extents cairo_text_extents_t /* the structure has no tag */
#define HOLD(result, name, arguments) SAME(result(*) arguments, cairo_##name, "cairo_" #name);
REPORT_CAIRO_FUNCTIONS(HOLD)
_Static_assert(
    (int)REPORT_CAIRO_NO_MEMORY == (int)CAIRO_STATUS_NO_MEMORY && (int)REPORT_CAIRO_OK == CAIRO_STATUS_SUCCESS &&
        (int)REPORT_CAIRO_ARGB == CAIRO_FORMAT_ARGB32 && (int)REPORT_CAIRO_RGB == CAIRO_FORMAT_RGB24 &&
        (int)REPORT_CAIRO_BUTT == CAIRO_LINE_CAP_BUTT && (int)REPORT_CAIRO_ROUND_CAP == CAIRO_LINE_CAP_ROUND &&
        (int)REPORT_CAIRO_MITER == CAIRO_LINE_JOIN_MITER && (int)REPORT_CAIRO_ROUND_JOIN == CAIRO_LINE_JOIN_ROUND &&
        (int)REPORT_CAIRO_UPRIGHT == CAIRO_FONT_SLANT_NORMAL && (int)REPORT_CAIRO_NORMAL == CAIRO_FONT_WEIGHT_NORMAL &&
        (int)REPORT_CAIRO_BOLD == CAIRO_FONT_WEIGHT_BOLD && (int)REPORT_CAIRO_NEAREST == CAIRO_FILTER_NEAREST &&
        (int)REPORT_CAIRO_TITLE == CAIRO_PDF_METADATA_TITLE &&
        (int)REPORT_CAIRO_CREATED == CAIRO_PDF_METADATA_CREATE_DATE,
    "numbers of cairo");
#endif

#if __has_include(<lapacke.h>)
#include <lapacke.h>
#define DECLARED(name) __typeof__(((la_lapack_narrow *)NULL)->name)
SAME(DECLARED(dsyevd), LAPACKE_dsyevd_work, "dsyevd");
SAME(DECLARED(dgeqrf), LAPACKE_dgeqrf_work, "dgeqrf");
SAME(DECLARED(dorgqr), LAPACKE_dorgqr_work, "dorgqr");
_Static_assert((int)LA_LAPACK_COLUMNS == LAPACK_COL_MAJOR, "columns");
#endif

static void libraries_have_what_is_declared(void **state) {
  (void)state;
  const report_cairo *cairo;
  la_lapack lapack;
  berg_error error;
  char why[256];
  assert_int_equal(report_cairo_load(&cairo, &error), BERG_OK);
  assert_true(la_lapack_load(&lapack, why, sizeof why));
  assert_true(lapack.get_threads() > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(libraries_have_what_is_declared)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
