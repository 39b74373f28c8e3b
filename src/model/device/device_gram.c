/* The Gram matrix of training on the device. */
#include "base/memory.h"
#include "model/device/device_handle.h"

struct model_device_gram {
  const cuda_plugin *plugin;
  cuda_gram *gram;
};

static berg_status check(cuda_status status, const cuda_fault *fault, berg_error *error) {
  return status ? model_device_blame("Gram matrix on the device", status, fault, error) : BERG_OK;
}

berg_status model_device_gram_open(model_device_gram **out, const model_device *device, size_t rows, size_t width,
                                   berg_error *error) {
  cuda_fault fault = {.text = ""};
  *out = NULL;
  model_device_gram *gram = base_calloc(1, sizeof *gram, error);
  if (!gram) return BERG_ELIMIT;
  gram->plugin = device->plugin;
  berg_status status =
      check(gram->plugin->gram_open(&gram->gram, device->index, 0, rows, width, &fault), &fault, error);
  if (status)
    model_device_gram_close(gram);
  else
    *out = gram;
  return status;
}

void model_device_gram_close(model_device_gram *gram) {
  if (!gram) return;
  gram->plugin->gram_close(gram->gram);
  base_free(gram);
}

berg_status model_device_gram_add(model_device_gram *gram, const float *panel, size_t ld, size_t columns,
                                  berg_error *error) {
  cuda_fault fault = {.text = ""};
  return check(gram->plugin->gram_add(gram->gram, panel, ld, columns, &fault), &fault, error);
}

berg_status model_device_gram_load(model_device_gram *gram, const double *values, berg_error *error) {
  cuda_fault fault = {.text = ""};
  return check(gram->plugin->gram_load(gram->gram, values, &fault), &fault, error);
}

berg_status model_device_gram_store(model_device_gram *gram, double *values, berg_error *error) {
  cuda_fault fault = {.text = ""};
  return check(gram->plugin->gram_store(gram->gram, values, &fault), &fault, error);
}
