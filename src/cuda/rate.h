/* The table's `rates`. */
#ifndef CUDA_RATE_H
#define CUDA_RATE_H

#include "cuda/plugin.h"

cuda_status cuda_measure(int device, cuda_precision precision, double seconds, cuda_rates *rates, cuda_fault *fault);

#endif
