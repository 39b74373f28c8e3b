/* Opening what the tests of kernels and products run on, once for all tests of a program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "running.h"

cuda_backend *running_backend;

int running_start(void **state) {
  cuda_fault fault = {.text = ""};
  (void)state;
  running_backend = running_open(&fault);
  if (!running_backend) print_error("%s\n", fault.text);
  return running_backend ? 0 : -1;
}

int running_finish(void **state) {
  (void)state;
  running_close(running_backend);
  return 0;
}
