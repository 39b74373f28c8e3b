/* What the tests may do to the plug-in for the host: libberg_cuda_host.so alone has this. */
#ifndef CUDA_HOST_CONTROL_H
#define CUDA_HOST_CONTROL_H

#include "cuda/plugin.h"

#define CUDA_HOST_CONTROL_SYMBOL "berg_cuda_host_control"

/* In which order the threads of a block run within a phase. */
typedef enum cuda_host_threads { CUDA_FORWARDS, CUDA_BACKWARDS, CUDA_SHUFFLED } cuda_host_threads;
/* When what is put on a stream runs: at once; or only when the host waits for it, the streams taking turns at random as far as
 * events let them. */
typedef enum cuda_host_streams { CUDA_EAGER, CUDA_RANDOM } cuda_host_streams;

typedef struct cuda_host_control {
  cuda_host_threads threads;
  cuda_host_streams streams;
  uint64_t seed;      /* of what is random */
  size_t fail_at;     /* the n-th operation from now fails, counted from 1; 0: none */
  size_t operations;  /* counted since the control was set */
  size_t memory;      /* bytes that the device has; 0: very many */
  int devices;        /* that there are */
  int major;          /* compute capability of each */
  size_t chunk;       /* images; 0: the usual 2 */
  size_t memory_held; /* bytes taken and not given back, of the device and pinned: 0 when all is closed */
} cuda_host_control;

/* The one control of the process. */
typedef cuda_host_control *(*cuda_host_control_function)(void);

#endif
