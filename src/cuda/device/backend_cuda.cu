/* Devices, streams and memory. */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cuda/device/device.h"

#define TEXT(value) #value
#define VALUE_TEXT(value) TEXT(value)

/* On an H100 the largest product of a block, [6400][3072], has six waves of tiles of 128 x 256; its activations, 40 MB
 * in bfloat16, stay in L2. By calculation, not measured. */
#define CHUNK 128
#define GRAM_STRIP 1024
/* As cuBLASLt's documentation advises for Hopper. */
#define WORKSPACE ((size_t)32 << 20)

cuda_status device_fail(cuda_fault *fault, cudaError_t error, const char *what) {
  cuda_status status = CUDA_FAILED;
  if (error == cudaErrorMemoryAllocation) status = CUDA_NO_MEMORY;
  if (error == cudaErrorNoDevice || error == cudaErrorInsufficientDriver || error == cudaErrorDevicesUnavailable ||
      error == cudaErrorInvalidDevice || error == cudaErrorNoKernelImageForDevice)
    status = CUDA_NO_DEVICE;
  cudaGetLastError(); /* or the next call would report it again */
  return cuda_fail(fault, status, "%s: %s (%s)", what, cudaGetErrorString(error), cudaGetErrorName(error));
}

static cuda_status check(cudaError_t error, const char *what, cuda_fault *fault) {
  return error == cudaSuccess ? CUDA_DONE : device_fail(fault, error, what);
}

size_t cuda_chunk_images(void) { return CHUNK; }
size_t cuda_gram_strip(void) { return GRAM_STRIP; }
size_t cuda_products_memory(void) { return WORKSPACE; }
const char *cuda_build_text(void) {
  return "CUDA " VALUE_TEXT(__CUDACC_VER_MAJOR__) "." VALUE_TEXT(__CUDACC_VER_MINOR__);
}

cuda_status cuda_count(int *devices, cuda_fault *fault) {
  *devices = 0;
  cudaError_t error = cudaGetDeviceCount(devices);
  if (error == cudaSuccess && !*devices) error = cudaErrorNoDevice;
  return check(error, "no CUDA device", fault);
}

cuda_status cuda_describe(int device, cuda_device *out, cuda_fault *fault) {
  cudaDeviceProp properties;
  memset(out, 0, sizeof *out);
  cudaError_t error = cudaGetDeviceProperties(&properties, device);
  if (error != cudaSuccess) return device_fail(fault, error, "CUDA device");
  snprintf(out->name, sizeof out->name, "%.127s", properties.name);
  out->major = properties.major, out->minor = properties.minor;
  out->memory = properties.totalGlobalMem;
  return CUDA_DONE;
}

/* --- Opening --- */

cuda_status cuda_backend_enter(cuda_backend *backend, cuda_fault *fault) {
  return check(cudaSetDevice(backend->device), "CUDA device", fault);
}

static cuda_status open_streams(cuda_backend *backend, cuda_fault *fault) {
  cudaError_t error = cudaSetDevice(backend->device);
  for (int s = 0; s < CUDA_STREAMS && error == cudaSuccess; s++)
    error = cudaStreamCreateWithFlags(&backend->streams[s], cudaStreamNonBlocking);
  for (int e = 0; e < CUDA_EVENTS && error == cudaSuccess; e++)
    error = cudaEventCreateWithFlags(&backend->events[e], cudaEventDisableTiming | cudaEventBlockingSync);
  return check(error, "CUDA streams", fault);
}

cuda_status cuda_backend_open(cuda_backend **out, int device, cuda_fault *fault) {
  *out = NULL;
  cuda_backend *backend = (cuda_backend *)calloc(1, sizeof *backend);
  if (!backend) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  backend->device = device;
  cuda_status status = open_streams(backend, fault);
  if (!status) status = check(cudaMalloc(&backend->workspace, WORKSPACE), "memory for cuBLASLt", fault);
  if (!status && cublasLtCreate(&backend->products) != CUBLAS_STATUS_SUCCESS)
    status = cuda_fail(fault, CUDA_FAILED, "cuBLASLt cannot start on this device");
  if (status)
    cuda_backend_close(backend);
  else
    *out = backend;
  return status;
}

void cuda_backend_close(cuda_backend *backend) {
  if (!backend) return;
  if (backend->products) cublasLtDestroy(backend->products);
  cudaFree(backend->workspace);
  for (int e = 0; e < CUDA_EVENTS; e++)
    if (backend->events[e]) cudaEventDestroy(backend->events[e]);
  for (int s = 0; s < CUDA_STREAMS; s++)
    if (backend->streams[s]) cudaStreamDestroy(backend->streams[s]);
  cudaGetLastError();
  free(backend);
}

/* --- Memory --- */

cuda_status cuda_memory(cuda_backend *, size_t *available, size_t *total, cuda_fault *fault) {
  return check(cudaMemGetInfo(available, total), "memory of the device", fault);
}

cuda_status cuda_take(cuda_backend *, void **memory, size_t bytes, cuda_fault *fault) {
  *memory = NULL;
  const cudaError_t error = cudaMalloc(memory, bytes ? bytes : 1);
  if (error == cudaSuccess) return CUDA_DONE;
  char what[96];
  snprintf(what, sizeof what, "%zu MB of the device's memory", (bytes >> 20) + 1);
  *memory = NULL;
  return device_fail(fault, error, what);
}

void cuda_give(cuda_backend *, void *memory) {
  if (memory && cudaFree(memory) != cudaSuccess) cudaGetLastError();
}

void *cuda_pin(size_t bytes) {
  void *memory = NULL;
  if (cudaHostAlloc(&memory, bytes ? bytes : 1, cudaHostAllocPortable) == cudaSuccess) return memory;
  cudaGetLastError();
  return NULL;
}

void cuda_unpin(void *memory) {
  if (memory && cudaFreeHost(memory) != cudaSuccess) cudaGetLastError();
}

bool cuda_is_pinned(const void *memory) {
  cudaPointerAttributes about;
  if (memory && cudaPointerGetAttributes(&about, memory) == cudaSuccess) return about.type == cudaMemoryTypeHost;
  cudaGetLastError();
  return false;
}

/* --- On a stream --- */

static cudaError_t copy(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                        size_t from_ld, size_t row, size_t rows, cudaMemcpyKind kind) {
  if (rows == 1 || (to_ld == row && from_ld == row))
    return cudaMemcpyAsync(to, from, row * rows, kind, backend->streams[stream]);
  return cudaMemcpy2DAsync(to, to_ld, from, from_ld, row, rows, kind, backend->streams[stream]);
}

cuda_status cuda_upload(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                        size_t from_ld, size_t row, size_t rows, cuda_fault *fault) {
  return check(copy(backend, stream, to, to_ld, from, from_ld, row, rows, cudaMemcpyHostToDevice),
               "copying to the device", fault);
}

cuda_status cuda_download(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                          size_t from_ld, size_t row, size_t rows, cuda_fault *fault) {
  return check(copy(backend, stream, to, to_ld, from, from_ld, row, rows, cudaMemcpyDeviceToHost),
               "copying from the device", fault);
}

cuda_status cuda_copy(cuda_backend *backend, cuda_stream stream, void *to, const void *from, size_t bytes,
                      cuda_fault *fault) {
  return check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, backend->streams[stream]),
               "copying within the device", fault);
}

cuda_status cuda_zero(cuda_backend *backend, cuda_stream stream, void *memory, size_t bytes, cuda_fault *fault) {
  return check(cudaMemsetAsync(memory, 0, bytes, backend->streams[stream]), "clearing the device's memory", fault);
}

cuda_status cuda_launch(cuda_backend *backend, cuda_stream stream, int id, size_t blocks, const void *args, size_t,
                        cuda_fault *fault) {
  static const char *const names[CUDA_KERNELS] = {
#define X(name) #name,
      CUDA_KERNEL_MAP(X)
#undef X
  };
  return check(device_launch(backend->streams[stream], id, blocks, args), names[id], fault);
}

cuda_status cuda_record(cuda_backend *backend, cuda_stream stream, int event, cuda_fault *fault) {
  return check(cudaEventRecord(backend->events[event], backend->streams[stream]), "CUDA event", fault);
}

cuda_status cuda_wait(cuda_backend *backend, cuda_stream stream, int event, cuda_fault *fault) {
  return check(cudaStreamWaitEvent(backend->streams[stream], backend->events[event], 0), "CUDA event", fault);
}

cuda_status cuda_finish(cuda_backend *backend, int event, cuda_fault *fault) {
  return check(cudaEventSynchronize(backend->events[event]), "computing on the device", fault);
}

cuda_status cuda_finish_all(cuda_backend *backend, cuda_fault *fault) {
  cudaError_t error = cudaSuccess;
  for (int s = 0; s < CUDA_STREAMS && error == cudaSuccess; s++) error = cudaStreamSynchronize(backend->streams[s]);
  return check(error, "computing on the device", fault);
}
