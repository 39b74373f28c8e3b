/* The kernels on the host: block by block, phase by phase, thread by thread. */
#include <string.h>

#include "base/team.h"
#include "cuda/threads.h"
#include "cuda/host/host.h"
#include "cuda/kernels/attention.h"
#include "cuda/kernels/embed.h"
#include "cuda/kernels/layer_norm.h"
#include "cuda/kernels/pointwise.h"
#include "cuda/kernels/sums.h"

/* A prime larger than any block: steps of this size visit every thread. */
#define STRIDE 7919u

static unsigned thread_at(unsigned i, unsigned threads) {
  switch (cuda_host.threads) {
  case CUDA_BACKWARDS: return threads - 1 - i;
  case CUDA_SHUFFLED: return (unsigned)(((uint64_t)i * STRIDE + cuda_host.seed % threads) % threads);
  default: return i;
  }
}

/* Shared memory is full of NaN when a block begins: on the device it is undefined. */
#define X(name)                                                                                         \
  _Static_assert(sizeof(name##_args) <= CUDA_ARGS_MAX, "arguments of " #name);                          \
  _Static_assert(sizeof(name##_shared) <= 49152, "shared memory of " #name);                            \
  static void run_##name(void *args, size_t block, size_t rank) {                                       \
    name##_shared shared;                                                                               \
    (void)rank;                                                                                         \
    memset(&shared, 0xff, sizeof shared);                                                               \
    for (int phase = 0; phase < name##_PHASES; phase++)                                                 \
      for (unsigned i = 0; i < name##_THREADS; i++)                                                     \
        name((const name##_args *)args, phase, (unsigned)block, thread_at(i, name##_THREADS), &shared); \
  }
CUDA_KERNEL_MAP(X)
#undef X

void host_run_kernel(int id, size_t blocks, const void *args) {
  static const base_piece run[CUDA_KERNELS] = {
#define X(name) run_##name,
      CUDA_KERNEL_MAP(X)
#undef X
  };
  base_share(cuda_threads(), blocks, run[id], (void *)(uintptr_t)args);
}
