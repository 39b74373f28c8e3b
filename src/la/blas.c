/* What LAPACK does here: dense eigenvectors, orthonormal rows, triangular factors. */
#include "la/blas.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "la/lapack.h"

/* Like LAPACKE's own entry points, which print to standard output when they cannot allocate their workspace. */
static bool has_nan(const double *matrix, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      if (isnan(matrix[i * n + j])) return true;
  return false;
}

berg_status la_eigen_dense(double *matrix, size_t n, double *values, berg_error *error) {
  const la_lapack *lapack;
  if (!n) return BERG_OK;
  if (has_nan(matrix, n)) return base_fail(error, BERG_EINTERNAL, "the matrix of %zu rows has NaN", n);
  berg_status status = la_lapack_enter(&lapack, error);
  if (status) return status;
  double size = 0;
  int64_t whole_size = 0;
  /* our rows are LAPACK's columns: its upper triangle is our lower one, and its eigenvectors are our rows */
  int64_t info = la_dsyevd(lapack, matrix, (int64_t)n, values, &size, -1, &whole_size, -1);
  if (!info) {
    double *work = base_alloc((size_t)size, sizeof *work, error);
    int64_t *whole = base_alloc((size_t)whole_size, sizeof *whole, error);
    if (work && whole)
      info = la_dsyevd(lapack, matrix, (int64_t)n, values, work, (int64_t)size, whole, whole_size);
    else
      status = BERG_ELIMIT;
    base_free(work);
    base_free(whole);
  }
  la_lapack_leave(lapack);
  if (status) return status;
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK found no eigenvectors of a matrix of %zu rows (dsyevd: %d)", n,
                          (int)info)
              : BERG_OK;
}

/* The larger of the two workspaces. */
static int64_t ask_for_size(const la_lapack *lapack, double *rows, int64_t count, int64_t n, double *factors,
                            size_t *size) {
  double first = 0, second = 0;
  int64_t info = la_dgeqrf(lapack, n, count, rows, factors, &first, -1);
  if (!info) info = la_dorgqr(lapack, n, count, rows, factors, &second, -1);
  *size = (size_t)(first > second ? first : second);
  return info;
}

static int64_t orthonormalise(const la_lapack *lapack, double *rows, int64_t count, int64_t n, double *factors,
                              double *work, size_t size) {
  const int64_t info = la_dgeqrf(lapack, n, count, rows, factors, work, (int64_t)size);
  return info ? info : la_dorgqr(lapack, n, count, rows, factors, work, (int64_t)size);
}

berg_status la_orthonormalise(double *rows, size_t count, size_t n, berg_error *error) {
  const la_lapack *lapack;
  size_t size;
  double *factors = base_alloc(count, sizeof *factors, error);
  if (!factors) return BERG_ELIMIT;
  berg_status status = la_lapack_enter(&lapack, error);
  if (status) {
    base_free(factors);
    return status;
  }
  int64_t info = ask_for_size(lapack, rows, (int64_t)count, (int64_t)n, factors, &size);
  double *work = info ? NULL : base_alloc(size, sizeof *work, error);
  if (work)
    info = orthonormalise(lapack, rows, (int64_t)count, (int64_t)n, factors, work, size);
  else if (!info)
    status = BERG_ELIMIT;
  la_lapack_leave(lapack);
  base_free(work);
  base_free(factors);
  if (status) return status;
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK could not orthonormalise %zu rows (%d)", count, (int)info)
              : BERG_OK;
}

berg_status la_triangle(double *columns, size_t count, size_t n, berg_error *error) {
  const la_lapack *lapack;
  const int64_t rows = (int64_t)n, wide = (int64_t)count;
  double size = 0, *work = NULL, *factors = base_alloc(count < n ? count : n, sizeof *factors, error);
  if (!factors) return BERG_ELIMIT;
  berg_status status = la_lapack_enter(&lapack, error);
  if (status) {
    base_free(factors);
    return status;
  }
  int64_t info = la_dgeqrf(lapack, rows, wide, columns, factors, &size, -1);
  if (!info && !(work = base_alloc((size_t)size, sizeof *work, error))) status = BERG_ELIMIT;
  if (work) info = la_dgeqrf(lapack, rows, wide, columns, factors, work, (int64_t)size);
  la_lapack_leave(lapack);
  base_free(work);
  base_free(factors);
  if (status) return status;
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK could not factor %zu rows (%d)", n, (int)info) : BERG_OK;
}
