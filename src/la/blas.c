#include "la/blas.h"

#include "base/memory.h"
#include "la/lapack.h"

/* OpenBLAS shares its work out by the number of threads it finds, and the bits go with it; ours are shared out here. The
 * number is the process's: it is put back. */
static int own_threads(const la_lapack *lapack) {
  int before = lapack->get_threads();
  lapack->set_threads(1);
  return before;
}

berg_status la_eigen_dense(double *matrix, size_t n, double *values, berg_error *error) {
  const la_lapack *lapack;
  if (!n) return BERG_OK;
  berg_status status = la_lapack_load(&lapack, error);
  if (status) return status;
  const int before = own_threads(lapack);
  /* our rows are LAPACK's columns: its upper triangle is our lower one, and its eigenvectors are our rows */
  int info = lapack->dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, matrix, (lapack_int)n, values);
  lapack->set_threads(before);
  if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
    return base_fail(error, BERG_ELIMIT, "out of memory for the eigenvectors of a matrix of %zu rows", n);
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK found no eigenvectors of a matrix of %zu rows (dsyevd: %d)", n,
                          info)
              : BERG_OK;
}

berg_status la_orthonormalise(double *rows, size_t count, size_t n, berg_error *error) {
  const la_lapack *lapack;
  berg_status status = la_lapack_load(&lapack, error);
  if (status) return status;
  double *factors = base_alloc(count, sizeof *factors, error);
  if (!factors) return BERG_ELIMIT;
  const int before = own_threads(lapack);
  int info = lapack->dgeqrf(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)count, rows, (lapack_int)n, factors);
  if (!info)
    info = lapack->dorgqr(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)count, (lapack_int)count, rows, (lapack_int)n,
                          factors);
  lapack->set_threads(before);
  base_free(factors);
  return info ? base_fail(error, info == LAPACK_WORK_MEMORY_ERROR ? BERG_ELIMIT : BERG_EINTERNAL,
                          "LAPACK could not orthonormalise %zu rows (%d)", count, info)
              : BERG_OK;
}
