/* The device that a model runs on instead of the processor: finding the CUDA plug-in, and running batches by it. Of
 * src/cuda nothing is known here but the plug-in's table (cuda/plugin.h). */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/weights/backbone.h"
#include "model/weights/basis.h"
#include "model/weights/rows.h"

typedef struct model_device model_device;

/* A place where the plug-in was looked for. */
typedef struct model_device_place {
  char path[512];
  char found[256]; /* "not there", "CUDA 13.0, ABI 1", or what is wrong with it */
} model_device_place;

#define MODEL_DEVICE_PLACES 3

/* What a search came to; for berg doctor, and for the error when there is none. */
typedef struct model_device_search {
  model_device_place places[MODEL_DEVICE_PLACES];
  size_t count;
  char device[160];  /* "NVIDIA H100 80GB HBM3"; empty: none */
  int major, minor;  /* compute capability */
  size_t memory;     /* bytes */
  char problem[512]; /* why there is none, one line; empty: there is one */
} model_device_search;

/* Loads the plug-in, from `plugin` alone (for tests) or (NULL) from the usual places: beside the library or program
 * that runs, the folder that libraries are installed to, the loader's own search. EDEVICE: none that serves, or no
 * device; `search` (may be NULL) is filled either way. */
berg_status model_device_find(model_device **device, const char *plugin, model_device_search *search,
                              berg_error *error);
void model_device_free(model_device *device); /* NULL is fine */
/* "cuda: NVIDIA H100 80GB HBM3" */
const char *model_device_name(const model_device *device);
/* What multiplies, once a model is there: "cuBLASLt 13.0.2". */
const char *model_device_products(const model_device *device);
/* "f32", "tf32" or "bf16": whether devices compute in it. */
bool model_device_knows(const char *precision);

/* One basis of a model, and the rows that are selected of the readouts on it. */
typedef struct model_device_subject {
  const model_basis *basis;
  const model_rows *rows;
} model_device_subject;

/* Copies a network and `count` subjects to the device. ELIMIT: the device's memory, with what would fit; EDEVICE: it
 * failed. */
berg_status model_device_load(model_device *device, const model_backbone *backbone,
                              const model_device_subject *subjects, size_t count, const char *precision,
                              berg_error *error);
/* Images that a batch should have, so that copies hide behind computing. */
size_t model_device_usual_batch(const model_device *device);
/* Bytes of the host that are pinned. */
size_t model_device_pinned_memory(const model_device *device);

/* Memory of the host that the device copies without a detour; NULL when it cannot be allocated. */
void *model_device_alloc(const model_device *device, size_t bytes);
void model_device_release(const model_device *device, void *memory);

/* A batch, and what is wanted of it. */
typedef struct model_device_batch {
  const uint8_t *pixels; /* [images][3][224][224] */
  size_t images;
  float *responses; /* [images][columns], those of all subjects; NULL: not wanted */
  size_t columns;
  float *const *scores; /* for each subject [images][its width] */
  const size_t *score_widths;
  /* Wanted instead of all these: the output of block `layer`, `tokens` [images][50][768], of the batch's images
   * [first, first + images). */
  void (*block)(void *user, size_t first, size_t images, size_t layer, const float *tokens);
  void *user;
} model_device_batch;

/* EDEVICE. */
berg_status model_device_run(model_device *device, const model_device_batch *batch, berg_error *error);

/* The Gram matrix of training: la_gram's sums on the device. `values` [rows][rows] are the lower triangle. */
typedef struct model_device_gram model_device_gram;
berg_status model_device_gram_open(model_device_gram **gram, const model_device *device, size_t rows, size_t width,
                                   berg_error *error);
void model_device_gram_close(model_device_gram *gram); /* NULL is fine */
berg_status model_device_gram_add(model_device_gram *gram, const float *panel, size_t ld, size_t columns,
                                  berg_error *error);
berg_status model_device_gram_load(model_device_gram *gram, const double *values, berg_error *error);
berg_status model_device_gram_store(model_device_gram *gram, double *values, berg_error *error);

#endif
