/* Filling the caller's fault record. */
#include "cuda/fault.h"

#include <stdarg.h>
#include <stdio.h>

cuda_status cuda_fail(cuda_fault *fault, cuda_status status, const char *format, ...) {
  va_list values;
  if (!fault) return status;
  fault->status = status;
  va_start(values, format);
  vsnprintf(fault->text, sizeof fault->text, format, values);
  va_end(values);
  return status;
}
