/* The kernels of strip.c, for the table of each instruction set. */
#ifndef LA_KERNELS_STRIP_H
#define LA_KERNELS_STRIP_H

#include "base/vector.h"

void KERNEL(la_strip_sum)(const float *x, size_t ldx, size_t rows, double *sum);
void KERNEL(la_strip_deviations)(const float *x, size_t ldx, size_t rows, const double *mean, double *deviation,
                                 double *square);
void KERNEL(la_strip_standardise)(float *x, size_t ldx, size_t rows, const double *mean, const double *scale,
                                  double *sum);
void KERNEL(la_strip_centre)(const float *x, size_t ldx, size_t rows, const double *mean, float *to, size_t ldto);

#endif
