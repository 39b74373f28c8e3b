/* Which LAPACK is loaded, and its functions. What is used of LAPACKE and OpenBLAS is declared here, so that the build
 * needs no header of them: the system's have integers of 32 bits, the OpenBLAS that NumPy's wheels bring along has
 * integers of 64 and other names. */
#ifndef LA_LAPACK_LOAD_H
#define LA_LAPACK_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LA_LAPACK_COLUMNS = 102 }; /* LAPACK_COL_MAJOR */

#define LA_LAPACK_FUNCTIONS(name, integer)                                                                            \
  typedef struct name {                                                                                               \
    integer (*dsyevd)(int layout, char vectors, char triangle, integer n, double *matrix, integer stride,             \
                      double *values, double *work, integer size, integer *whole, integer whole_size);                \
    integer (*dgeqrf)(int layout, integer rows, integer columns, double *matrix, integer stride, double *factors,     \
                      double *work, integer size);                                                                    \
    integer (*dorgqr)(int layout, integer rows, integer columns, integer reflections, double *matrix, integer stride, \
                      const double *factors, double *work, integer size);                                             \
  } name

LA_LAPACK_FUNCTIONS(la_lapack_narrow, int32_t);
LA_LAPACK_FUNCTIONS(la_lapack_wide, int64_t);

typedef struct la_lapack {
  bool is_wide;
  la_lapack_narrow narrow;
  la_lapack_wide wide;
  int (*get_threads)(void);
  void (*set_threads)(int threads);
} la_lapack;

/* Loads the system's (liblapacke.so.3 on libopenblas.so.0), else the OpenBLAS of a NumPy wheel: one that the process
 * has loaded, or one that is installed beside this code. Without any, false, and why. */
bool la_lapack_load(la_lapack *lapack, char *why, size_t room);

#endif
