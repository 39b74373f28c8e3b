/* Controls for tests of the plug-in for the host, in libberg_cuda_host.so only. */
#ifndef CUDA_HOST_CONTROL_H
#define CUDA_HOST_CONTROL_H

#include "cuda/plugin.h"

#define CUDA_HOST_CONTROL_SYMBOL "berg_cuda_host_control"

/* In which order the threads of a block run within a phase. */
typedef enum cuda_host_threads { CUDA_FORWARDS, CUDA_BACKWARDS, CUDA_SHUFFLED } cuda_host_threads;
/* When commands of a stream run: at once; or only when the host waits for them, the streams taking turns at random as
 * far as events allow. */
typedef enum cuda_host_streams { CUDA_EAGER, CUDA_RANDOM } cuda_host_streams;

typedef struct cuda_host_control {
  cuda_host_threads threads;
  cuda_host_streams streams;
  uint64_t seed;      /* seed of the randomness */
  size_t fail_at;     /* the n-th operation from now fails, counted from 1; 0: none */
  size_t operations;  /* counted since the control was set */
  size_t memory;      /* memory of the device in bytes; 0: unlimited */
  int devices;        /* number of devices */
  int major;          /* compute capability of each */
  size_t chunk;       /* images in a chunk; 0: the default of 2 */
  size_t memory_held; /* bytes allocated and not freed, of the device and pinned: 0 when all is closed */
} cuda_host_control;

/* The one control of the process. */
typedef cuda_host_control *(*cuda_host_control_function)(void);

#endif
