/* How fast this machine multiplies and reads: the limits that speeds are quoted against. */
#ifndef LA_RATE_H
#define LA_RATE_H

#include "la/kernels.h"

typedef struct la_rate la_rate;

/* Packed products of `rows` rows at the four shapes of a ViT-B block (768 x 2304, 768 x 768, 768 x 3072, 3072 x 768),
 * and nothing else, by all threads at once. */
berg_status la_rate_new(la_rate **rate, const la_gemm *gemm, size_t rows, int threads, berg_error *error);
void la_rate_free(la_rate *rate);
/* Operations a second over about `seconds`, a multiplication and an addition being two. */
double la_rate_products(la_rate *rate, double seconds);

/* Operations a second that all threads reach in registers alone, the upper bound of any product: of float32 with an
 * instruction set, and of an engine that has a limit of its own. */
double la_rate_peak(const la_kernels *kernels, int threads, double seconds);
double la_rate_limit(const la_gemm *gemm, int threads, double seconds);

/* Bytes a second that all threads read from memory together, out of a block larger than the caches. */
berg_status la_rate_memory(int threads, double seconds, double *bytes_per_second, berg_error *error);

#endif
