/* Float64 products (multiply.c) and dense eigenvectors by LAPACK (blas.c), for what is too small or too delicate for
 * float32. The work is cut into stripes that do not depend on the number of threads, each computed by one, so that
 * neither do the bits. */
#ifndef LA_BLAS_H
#define LA_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "la/kernels.h"

/* A matrix of doubles, row by row with `ld` from row to row, or its transpose. */
typedef struct la_operand {
  const double *values;
  size_t ld;
  bool transposed;
} la_operand;

/* c [m][n] (ldc) = alpha * a [m][k] times b [k][n] + beta * c. ELIMIT. */
berg_status la_multiply(const la_kernels *kernels, size_t m, size_t n, size_t k, double alpha, la_operand a,
                        la_operand b, double beta, double *c, size_t ldc, int threads, berg_error *error);

/* All eigenvalues, ascending, of the symmetric matrix [n][n], whose lower triangle is read; the matrix becomes its
 * eigenvectors, one a row. ELIMIT, EINTERNAL: not finite, or no convergence. */
berg_status la_eigen_dense(double *matrix, size_t n, double *values, berg_error *error);

/* The rows [count][n] (n >= count) become an orthonormal basis of what they span; rows that depend on those before
 * become some other direction. ELIMIT. */
berg_status la_orthonormalise(double *rows, size_t count, size_t n, berg_error *error);

/* The triangular factor of a matrix of `count` columns, each `n` long and lying together: element (i, j), i <= j and
 * i < n, comes to stand at columns[j * n + i]; what is below it is overwritten too. ELIMIT. */
berg_status la_triangle(double *columns, size_t count, size_t n, berg_error *error);

#endif
