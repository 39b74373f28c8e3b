/* Faulty plug-ins, one for each value of BROKEN. */
#include <stdio.h>

#include "cuda/plugin.h"

enum { OTHER_VERSION = 1, NO_COUNT, NO_DEVICES, NO_DESCRIPTION, TOO_OLD, NO_OPEN, NO_MEMORY, NO_RUN };

static cuda_status fail(cuda_status status, const char *text, cuda_fault *fault) {
  fault->status = status;
  snprintf(fault->text, sizeof fault->text, "%s", text);
  return status;
}

static cuda_status count(int *devices, cuda_fault *fault) {
  *devices = BROKEN == NO_DEVICES ? 0 : 1;
  return BROKEN == NO_COUNT ? fail(CUDA_NO_DEVICE, "the driver is too old", fault) : CUDA_DONE;
}

static cuda_status describe(int device, cuda_device *out, cuda_fault *fault) {
  (void)device;
  *out = (cuda_device){.name = "broken device", .major = BROKEN == TOO_OLD ? 7 : 9, .minor = 5};
  return BROKEN == NO_DESCRIPTION ? fail(CUDA_FAILED, "the device does not answer", fault) : CUDA_DONE;
}

static cuda_status open_session(cuda_session **session, const cuda_model *model, cuda_fault *fault) {
  static char something;
  (void)model;
  *session = NULL;
  if (BROKEN == NO_OPEN) return fail(CUDA_FAILED, "the device fell off the bus", fault);
  if (BROKEN == NO_MEMORY) return fail(CUDA_NO_MEMORY, "one image at a time needs 9999 MB, 7 may be used", fault);
  *session = (cuda_session *)(void *)&something;
  return CUDA_DONE;
}

static void close_session(cuda_session *session) { (void)session; }

static void facts(const cuda_session *session, cuda_session_facts *out) {
  (void)session;
  *out = (cuda_session_facts){.chunk = 2, .products = "none"};
}

static cuda_status run(cuda_session *session, const cuda_batch *batch, cuda_fault *fault) {
  (void)session, (void)batch;
  return fail(CUDA_FAILED, "an illegal memory access was encountered", fault);
}

/* A pointer that belongs to no session. */
static void *pinned(size_t bytes) {
  static char memory[1 << 23];
  return bytes <= sizeof memory ? memory : NULL;
}
static void unpin(void *memory) { (void)memory; }

__attribute__((visibility("default"))) const cuda_plugin *berg_cuda_plugin(void);
const cuda_plugin *berg_cuda_plugin(void) {
  static const cuda_plugin table = {.abi = BROKEN == OTHER_VERSION ? CUDA_PLUGIN_ABI + 1 : CUDA_PLUGIN_ABI,
                                    .size = sizeof table,
                                    .build = "broken",
                                    .count = count,
                                    .describe = describe,
                                    .open = open_session,
                                    .close = close_session,
                                    .facts = facts,
                                    .run = run,
                                    .pinned = pinned,
                                    .unpin = unpin};
  return &table;
}
