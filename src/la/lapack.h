/* LAPACK, loaded when it is first needed: by training and by patterns of regions, never by an encode. If it were
 * linked, OpenBLAS would start threads in every process, which spin for some 25 ms of processor time: a fifth of what
 * one image takes from start to end. */
#ifndef LA_LAPACK_H
#define LA_LAPACK_H

#include <cblas.h> /* openblas_set_num_threads */
#include <lapacke.h>

#include "base/error.h"

typedef struct la_lapack {
  __typeof__(&LAPACKE_dsyevd_work) dsyevd;
  __typeof__(&LAPACKE_dgeqrf_work) dgeqrf;
  __typeof__(&LAPACKE_dorgqr_work) dorgqr;
  __typeof__(&openblas_get_num_threads) get_threads;
  __typeof__(&openblas_set_num_threads) set_threads;
} la_lapack;

/* From here to la_lapack_leave LAPACK belongs to this thread and computes in one thread: OpenBLAS splits work by its
 * number of threads, on which the bits would depend. That number is global to the process; a host that uses OpenBLAS
 * too gets its own back. EINTERNAL: it is not installed; ELIMIT. */
berg_status la_lapack_enter(const la_lapack **lapack, berg_error *error);
void la_lapack_leave(const la_lapack *lapack);

#endif
