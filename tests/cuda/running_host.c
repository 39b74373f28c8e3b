/* Kernels as the host runs them: in memory of its own, the threads of a block in three orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cuda/host/host.h"
#include "running.h"

const size_t running_columns = 704, running_components = 8;

cuda_backend *running_open(cuda_fault *fault) {
  cuda_backend *backend = NULL;
  return cuda_backend_open(&backend, 0, fault) ? NULL : backend;
}

void running_close(cuda_backend *backend) { cuda_backend_close(backend); }

void *running_take(size_t bytes) {
  void *memory = malloc(bytes);
  assert_non_null(memory);
  return memory;
}

void running_give(void *memory) { free(memory); }

void running_kernel(int turn, int id, size_t blocks, const void *args) {
  cuda_host.threads = (cuda_host_threads)(CUDA_SHUFFLED - turn);
  host_run_kernel(id, blocks, args);
}
