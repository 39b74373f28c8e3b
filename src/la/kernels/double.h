/* The kernel of double.c, for the table of each instruction set. */
#ifndef LA_KERNELS_DOUBLE_H
#define LA_KERNELS_DOUBLE_H

#include "base/vector.h"

void KERNEL(la_double_tile)(const double *a, const double *strip, size_t k, double *c);

#endif
