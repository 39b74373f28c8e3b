#include "la/blas.h"

#include <cblas.h> /* openblas_set_num_threads */
#include <lapacke.h>

#include "base/memory.h"

/* OpenBLAS shares its work out by the number of threads it finds, and the bits go with it; ours are shared out here. The
 * number is the process's: it is put back. */
static int own_threads(void) {
  int before = openblas_get_num_threads();
  openblas_set_num_threads(1);
  return before;
}

berg_status la_eigen_dense(double *matrix, size_t n, double *values, berg_error *error) {
  if (!n) return BERG_OK;
  const int before = own_threads();
  /* our rows are LAPACK's columns: its upper triangle is our lower one, and its eigenvectors are our rows */
  int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, matrix, (lapack_int)n, values);
  openblas_set_num_threads(before);
  if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
    return base_fail(error, BERG_ELIMIT, "out of memory for the eigenvectors of a matrix of %zu rows", n);
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK found no eigenvectors of a matrix of %zu rows (dsyevd: %d)", n,
                          info)
              : BERG_OK;
}

berg_status la_orthonormalise(double *rows, size_t count, size_t n, berg_error *error) {
  double *factors = base_alloc(count, sizeof *factors, error);
  if (!factors) return BERG_ELIMIT;
  const int before = own_threads();
  int info = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)count, rows, (lapack_int)n, factors);
  if (!info)
    info = LAPACKE_dorgqr(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)count, (lapack_int)count, rows, (lapack_int)n,
                          factors);
  openblas_set_num_threads(before);
  base_free(factors);
  return info ? base_fail(error, info == LAPACK_WORK_MEMORY_ERROR ? BERG_ELIMIT : BERG_EINTERNAL,
                          "LAPACK could not orthonormalise %zu rows (%d)", count, info)
              : BERG_OK;
}
