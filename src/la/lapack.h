/* LAPACK, loaded when it is first needed: by training and by patterns of regions, never by an encode. If it were
 * linked, OpenBLAS would start threads in every process, which spin for some 25 ms of processor time: a fifth of what
 * one image takes from start to end. */
#ifndef LA_LAPACK_H
#define LA_LAPACK_H

#include <stdint.h>

#include "base/error.h"

typedef struct la_lapack la_lapack;

/* From here to la_lapack_leave LAPACK belongs to this thread and computes in one thread: OpenBLAS splits work by its
 * number of threads, on which the bits would depend. That number is global to the process; a host that uses OpenBLAS
 * too gets its own back. EINTERNAL: it is not installed; ELIMIT. */
berg_status la_lapack_enter(const la_lapack **lapack, berg_error *error);
void la_lapack_leave(const la_lapack *lapack);
/* Loads it, so that what needs it late fails early. EINTERNAL, ELIMIT. */
berg_status la_lapack_check(berg_error *error);

/* LAPACK's functions of these names, of matrices in columns without gaps. They return its `info`. A size of -1 asks for
 * the size of the workspace, which comes as its first number. */
/* Eigenvalues and, in place, eigenvectors of a symmetric matrix given by its upper triangle. `whole` is a workspace of
 * integers. */
int64_t la_dsyevd(const la_lapack *lapack, double *matrix, int64_t n, double *values, double *work, int64_t size,
                  int64_t *whole, int64_t whole_size);
/* R, and Q as reflections. */
int64_t la_dgeqrf(const la_lapack *lapack, int64_t rows, int64_t columns, double *matrix, double *factors, double *work,
                  int64_t size);
/* Q of la_dgeqrf's reflections, as many as there are columns. */
int64_t la_dorgqr(const la_lapack *lapack, int64_t rows, int64_t columns, double *matrix, double *factors, double *work,
                  int64_t size);

#endif
