/* Where the tests of kernels and products run: as the host's backend runs them, or on a device (scripts/cuda_check.sh).
 * One of running_host.c and running_device.c is linked, and running.c. */
#ifndef TESTS_CUDA_RUNNING_H
#define TESTS_CUDA_RUNNING_H

#include "cuda/backend.h"

/* As a whole brain has them, padded, where products are fast enough for that. */
extern const size_t running_columns, running_components;

/* Around all tests of a program, as cmocka takes them. */
extern cuda_backend *running_backend;
int running_start(void **state);
int running_finish(void **state);

/* NULL where there is none, and why. */
cuda_backend *running_open(cuda_fault *fault);
void running_close(cuda_backend *backend);

/* Memory that the test and a kernel see alike; it fails the test where there is none. */
void *running_take(size_t bytes);
void running_give(void *memory);

/* Runs a kernel to its end. Turns must not differ in a bit: on the host they are three orders of threads, on a device
 * the same again. */
#define RUNNING_TURNS 3
void running_kernel(int turn, int id, size_t blocks, const void *args);

#endif
