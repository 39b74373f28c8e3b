/* The kernels on the device: each block runs its phases, with a barrier between them. */
#include "cuda/device/device.h"
#include "cuda/kernels/attention.h"
#include "cuda/kernels/embed.h"
#include "cuda/kernels/layer_norm.h"
#include "cuda/kernels/pointwise.h"
#include "cuda/kernels/sums.h"

#define X(name)                                                                           \
  static_assert(sizeof(name##_args) <= CUDA_ARGS_MAX, "arguments of " #name);             \
  static __global__ void __launch_bounds__(name##_THREADS) name##_kernel(name##_args a) { \
    __shared__ name##_shared shared;                                                      \
    _Pragma("unroll") for (int phase = 0; phase < name##_PHASES; phase++) {               \
      if (phase) __syncthreads();                                                         \
      name(&a, phase, blockIdx.x, threadIdx.x, &shared);                                  \
    }                                                                                     \
  }
CUDA_KERNEL_MAP(X)
#undef X

cudaError_t device_launch(cudaStream_t stream, int id, size_t blocks, const void *args) {
  switch (id) {
#define X(name)                                                                                              \
  case name##_id:                                                                                            \
    name##_kernel<<<(unsigned)blocks, name##_THREADS, 0, stream>>>(*static_cast<const name##_args *>(args)); \
    break;
    CUDA_KERNEL_MAP(X)
#undef X
  default: return cudaErrorInvalidValue;
  }
  return cudaGetLastError();
}
