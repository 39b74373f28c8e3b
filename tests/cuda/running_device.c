/* Kernels on the first device, in pinned memory of the host, which kernels read and write by the same addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "running.h"

const size_t running_columns = 211392, running_components = 256;

static cuda_backend *opened;

cuda_backend *running_open(cuda_fault *fault) {
  if (cuda_backend_open(&opened, 0, fault)) return NULL;
  return opened;
}

void running_close(cuda_backend *backend) {
  cuda_backend_close(backend);
  opened = NULL;
}

void *running_take(size_t bytes) {
  void *memory = cuda_pin(bytes);
  assert_non_null(memory);
  return memory;
}

void running_give(void *memory) { cuda_unpin(memory); }

void running_kernel(int turn, int id, size_t blocks, const void *args) {
  cuda_fault fault = {.text = ""};
  (void)turn;
  if (cuda_launch(opened, CUDA_COMPUTE, id, blocks, args, 0, &fault) || cuda_finish_all(opened, &fault))
    fail_msg("%s", fault.text);
}
