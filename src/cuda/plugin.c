/* The table, and the life of a session. */
#include "cuda/plugin.h"

#include <stdlib.h>

#include "cuda/gram.h"
#include "cuda/rate.h"
#include "cuda/session.h"

/* Below it cuBLASLt has no bfloat16 and no TF32, and the plug-in no code. */
#define OLDEST_MAJOR 8

static cuda_status check_device(int device, cuda_fault *fault) {
  int devices;
  cuda_device about;
  cuda_status status = cuda_count(&devices, fault);
  if (status) return status;
  if (device < 0 || device >= devices)
    return cuda_fail(fault, CUDA_NO_DEVICE, "no device %d: there are %d", device, devices);
  status = cuda_describe(device, &about, fault);
  if (status || about.major >= OLDEST_MAJOR) return status;
  return cuda_fail(fault, CUDA_NO_DEVICE, "%s is too old: compute capability %d.%d, %d.0 or later is needed",
                   about.name, about.major, about.minor, OLDEST_MAJOR);
}

static cuda_status shape(cuda_session *session, const cuda_model *model, cuda_fault *fault) {
  session->precision = model->precision;
  session->bf16 = model->precision == CUDA_BF16;
  session->subjects = calloc(model->subject_count + 1, sizeof *session->subjects);
  if (!session->subjects) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  session->subject_count = model->subject_count;
  for (size_t i = 0; i < model->subject_count; i++) {
    const cuda_subject *from = &model->subjects[i];
    session_subject *to = &session->subjects[i];
    to->tokens = from->tokens, to->components = from->components, to->columns = from->columns;
    to->k = cuda_padded(to->components), to->n = cuda_padded(to->columns);
    to->first_column = session->columns;
    session->columns += to->columns;
  }
  return CUDA_DONE;
}

static void close_session(cuda_session *session) {
  if (!session) return;
  if (session->backend && !cuda_backend_enter(session->backend, NULL)) {
    cuda_finish_all(session->backend, NULL);
    for (int i = 0; i < CUDA_PRODUCTS; i++) cuda_plan_free(session->plans[i]);
    for (size_t i = 0; i < session->subject_count; i++) {
      cuda_plan_free(session->subjects[i].project);
      cuda_plan_free(session->subjects[i].respond);
    }
    cuda_session_release(session);
    cuda_backend_close(session->backend);
  }
  free(session->subjects);
  free(session);
}

static cuda_status open_session(cuda_session **out, const cuda_model *model, cuda_fault *fault) {
  *out = NULL;
  if (model->tensor_count != VIT_TENSORS)
    return cuda_fail(fault, CUDA_FAILED, "%zu tensors: expected %d", model->tensor_count, VIT_TENSORS);
  cuda_status status = check_device(model->device, fault);
  if (status) return status;
  cuda_session *session = calloc(1, sizeof *session);
  if (!session) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  status = shape(session, model, fault);
  if (!status) status = cuda_backend_open(&session->backend, model->device, fault);
  if (!status) status = cuda_session_allocate(session, model->memory, fault);
  if (!status) status = cuda_session_plan(session, fault);
  if (!status) status = cuda_session_upload(session, model, fault);
  if (status)
    close_session(session);
  else
    *out = session;
  return status;
}

static void tell_facts(const cuda_session *session, cuda_session_facts *facts) {
  *facts = (cuda_session_facts){session->chunk, session->device_memory + cuda_products_memory(), session->pinned_memory,
                                cuda_products_text()};
}

__attribute__((visibility("default"))) const cuda_plugin *berg_cuda_plugin(void);

const cuda_plugin *berg_cuda_plugin(void) {
  static cuda_plugin table = {.abi = CUDA_PLUGIN_ABI,
                              .size = sizeof table,
                              .count = cuda_count,
                              .describe = cuda_describe,
                              .open = open_session,
                              .close = close_session,
                              .facts = tell_facts,
                              .run = cuda_session_run,
                              .rates = cuda_measure,
                              .pinned = cuda_pin,
                              .unpin = cuda_unpin,
                              .gram_open = cuda_gram_open,
                              .gram_close = cuda_gram_close,
                              .gram_add = cuda_gram_add,
                              .gram_load = cuda_gram_load,
                              .gram_store = cuda_gram_store};
  table.build = cuda_build_text();
  return &table;
}
