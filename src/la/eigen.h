/* The largest eigenvalues of a symmetric matrix, and their vectors.
 *
 * A small matrix, or many of its eigenvectors, goes to LAPACK's divide and conquer. Else a block Krylov space is built
 * with full reorthogonalisation and restarted from its best Ritz vectors (thick-restart block Lanczos; Wu & Simon 2000,
 * block form), until every residual |Gv - lv| is at most LA_EIGEN_TOLERANCE times the largest eigenvalue. Eigenvalues
 * of a multiplicity above the block size would be missed: so a converged space is extended once more from random
 * directions, and accepted when that changes nothing. The start is fixed: the same matrix gives the same bits, with any
 * number of threads. */
#ifndef LA_EIGEN_H
#define LA_EIGEN_H

#include <stddef.h>

#include "base/error.h"
#include "la/kernels.h"

#define LA_EIGEN_TOLERANCE 1e-12

/* Called now and then with the number of converged pairs; any status but BERG_OK ends the search with it. */
typedef struct la_eigen_watch {
  berg_status (*tell)(void *user, size_t converged, berg_error *error);
  void *user;
} la_eigen_watch;

/* `matrix` [n][n], both triangles, is kept. `values` [count] descending, `vectors` [count][n], orthonormal rows.
 * `watch` may be NULL. ELIMIT; EINTERNAL: no convergence, with the residual reached. */
berg_status la_eigen_largest(const la_kernels *kernels, const double *matrix, size_t n, size_t count, int threads,
                             double *values, double *vectors, const la_eigen_watch *watch, berg_error *error);

/* Bytes on top of matrix and results. */
size_t la_eigen_memory(size_t n, size_t count);

#endif
