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

typedef struct workspace {
  double *work;
  lapack_int *whole;
  lapack_int size, whole_size;
} workspace;

static int eigen(const la_lapack *lapack, double *matrix, lapack_int n, double *values, const workspace *w) {
  /* our rows are LAPACK's columns: its upper triangle is our lower one, and its eigenvectors are our rows */
  return lapack->dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, matrix, n, values, w->work, w->size, w->whole, w->whole_size);
}

berg_status la_eigen_dense(double *matrix, size_t n, double *values, berg_error *error) {
  const la_lapack *lapack;
  if (!n) return BERG_OK;
  if (has_nan(matrix, n)) return base_fail(error, BERG_EINTERNAL, "the matrix of %zu rows has NaN", n);
  berg_status status = la_lapack_enter(&lapack, error);
  if (status) return status;
  double size = 0;
  lapack_int whole_size = 0;
  workspace w = {&size, &whole_size, -1, -1}; /* asks for the workspace's size */
  int info = eigen(lapack, matrix, (lapack_int)n, values, &w);
  if (!info) {
    w = (workspace){base_alloc((size_t)size, sizeof *w.work, error),
                    base_alloc((size_t)whole_size, sizeof *w.whole, error), (lapack_int)size, whole_size};
    if (w.work && w.whole)
      info = eigen(lapack, matrix, (lapack_int)n, values, &w);
    else
      status = BERG_ELIMIT;
    base_free(w.work);
    base_free(w.whole);
  }
  la_lapack_leave(lapack);
  if (status) return status;
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK found no eigenvectors of a matrix of %zu rows (dsyevd: %d)", n,
                          info)
              : BERG_OK;
}

/* The larger of the two workspaces. */
static int ask_for_size(const la_lapack *lapack, double *rows, lapack_int count, lapack_int n, double *factors,
                        size_t *size) {
  double first = 0, second = 0;
  int info = lapack->dgeqrf(LAPACK_COL_MAJOR, n, count, rows, n, factors, &first, -1);
  if (!info) info = lapack->dorgqr(LAPACK_COL_MAJOR, n, count, count, rows, n, factors, &second, -1);
  *size = (size_t)(first > second ? first : second);
  return info;
}

static int orthonormalise(const la_lapack *lapack, double *rows, lapack_int count, lapack_int n, double *factors,
                          double *work, size_t size) {
  int info = lapack->dgeqrf(LAPACK_COL_MAJOR, n, count, rows, n, factors, work, (lapack_int)size);
  return info ? info : lapack->dorgqr(LAPACK_COL_MAJOR, n, count, count, rows, n, factors, work, (lapack_int)size);
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
  int info = ask_for_size(lapack, rows, (lapack_int)count, (lapack_int)n, factors, &size);
  double *work = info ? NULL : base_alloc(size, sizeof *work, error);
  if (work)
    info = orthonormalise(lapack, rows, (lapack_int)count, (lapack_int)n, factors, work, size);
  else if (!info)
    status = BERG_ELIMIT;
  la_lapack_leave(lapack);
  base_free(work);
  base_free(factors);
  if (status) return status;
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK could not orthonormalise %zu rows (%d)", count, info)
              : BERG_OK;
}

berg_status la_triangle(double *columns, size_t count, size_t n, berg_error *error) {
  const la_lapack *lapack;
  const lapack_int rows = (lapack_int)n, wide = (lapack_int)count;
  double size = 0, *work = NULL, *factors = base_alloc(count < n ? count : n, sizeof *factors, error);
  if (!factors) return BERG_ELIMIT;
  berg_status status = la_lapack_enter(&lapack, error);
  if (status) {
    base_free(factors);
    return status;
  }
  int info = lapack->dgeqrf(LAPACK_COL_MAJOR, rows, wide, columns, rows, factors, &size, -1);
  if (!info && !(work = base_alloc((size_t)size, sizeof *work, error))) status = BERG_ELIMIT;
  if (work) info = lapack->dgeqrf(LAPACK_COL_MAJOR, rows, wide, columns, rows, factors, work, (lapack_int)size);
  la_lapack_leave(lapack);
  base_free(work);
  base_free(factors);
  if (status) return status;
  return info ? base_fail(error, BERG_EINTERNAL, "LAPACK could not factor %zu rows (%d)", n, info) : BERG_OK;
}
