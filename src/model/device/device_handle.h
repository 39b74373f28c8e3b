/* What the files that implement model/device/device.h share. */
#ifndef MODEL_DEVICE_HANDLE_H
#define MODEL_DEVICE_HANDLE_H

#include "cuda/plugin.h"
#include "model/device/device.h"

struct model_device {
  void *library;
  const cuda_plugin *plugin;
  int index; /* among the plug-in's devices */
  char name[160];
  cuda_session *session; /* NULL until a model is loaded */
  cuda_session_facts facts;
};

/* The plug-in's status as ours: memory is ELIMIT, all else EDEVICE. */
berg_status model_device_blame(const char *doing, cuda_status status, const cuda_fault *fault, berg_error *error);

#endif
