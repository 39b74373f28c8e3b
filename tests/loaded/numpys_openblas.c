/* The OpenBLAS of a NumPy wheel as the library sees it, over the system's: names that begin with "scipy_", integers of
 * 64 bits. */
#include <lapacke.h>
#include <cblas.h>
#include <stdint.h>

#define SHOWN __attribute__((visibility("default")))

SHOWN int64_t scipy_LAPACKE_dsyevd_work64_(int layout, char vectors, char triangle, int64_t n, double *matrix,
                                           int64_t stride, double *values, double *work, int64_t size, int64_t *whole,
                                           int64_t whole_size) {
  lapack_int asked = 0;
  const lapack_int info = LAPACKE_dsyevd_work(
      layout, vectors, triangle, (lapack_int)n, matrix, (lapack_int)stride, values, work, (lapack_int)size,
      whole_size < 0 ? &asked : (lapack_int *)(void *)whole, (lapack_int)whole_size);
  if (whole_size < 0) *whole = asked;
  return info;
}

SHOWN int64_t scipy_LAPACKE_dgeqrf_work64_(int layout, int64_t rows, int64_t columns, double *matrix, int64_t stride,
                                           double *factors, double *work, int64_t size) {
  return LAPACKE_dgeqrf_work(layout, (lapack_int)rows, (lapack_int)columns, matrix, (lapack_int)stride, factors, work,
                             (lapack_int)size);
}

SHOWN int64_t scipy_LAPACKE_dorgqr_work64_(int layout, int64_t rows, int64_t columns, int64_t reflections,
                                           double *matrix, int64_t stride, const double *factors, double *work,
                                           int64_t size) {
  return LAPACKE_dorgqr_work(layout, (lapack_int)rows, (lapack_int)columns, (lapack_int)reflections, matrix,
                             (lapack_int)stride, factors, work, (lapack_int)size);
}

SHOWN int scipy_openblas_get_num_threads64_(void) { return openblas_get_num_threads(); }
SHOWN void scipy_openblas_set_num_threads64_(int threads) { openblas_set_num_threads(threads); }
