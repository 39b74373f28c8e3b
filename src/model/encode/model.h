/* A loaded model: what berg_model holds. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "la/kernels.h"
#include "model/weights/backbone.h"
#include "model/weights/columns.h"
#include "model/weights/converted.h"
#include "model/weights/fitted.h"
#include "vit/network.h"

typedef struct model_subject {
  int number;
  berg_metadata *metadata;
  model_fitted fitted;
  model_columns columns;
  size_t first_column;    /* among the columns of all subjects */
  la_matrix directions;   /* principal components [components][features] */
  la_matrix coefficients; /* [columns][components] */
  char *packed_directions, *packed_coefficients;
  float *coefficient_gain;   /* [components] int8: see model/encode/packed.c; else NULL */
  model_converted converted; /* where the components come from instead */
} model_subject;

struct berg_model {
  char *id;
  model_subject *subjects;
  size_t subject_count;
  size_t columns;   /* of all subjects */
  char **roi_names; /* the model's own copy of the options' ROIs */
  size_t roi_count;
  model_backbone backbone;
  base_isa isa;
  const la_kernels *kernels;
  const la_gemm *gemm;  /* how the processor multiplies everything */
  vit_network *network; /* NULL on a device */
  char *packed_network;
  model_converted converted;   /* where the network's matrices come from instead */
  char *cache;                 /* folder of converted weights; NULL: none */
  struct model_device *device; /* NULL: the processor */
  const char *precision;       /* "f32", "tf32", "bf16", "int8" */
  char products[224];          /* what multiplies: the name of the processor's kernels, or the device and its library */
  int threads;
  size_t batch;       /* images at a time, at most */
  size_t images_done; /* over the model's life */
  size_t calls;       /* of encoding, over the model's life */
  struct model_batch *kept;
  size_t memory;      /* limit in bytes, 0: none */
  atomic_bool in_use; /* by a call that encodes */
};

/* A model of no subjects: the network alone, for its features. Of the options berg_dir, backbone, device, threads, batch and
 * memory count. */
berg_status model_open_network(berg_model **model, const berg_model_options *options, berg_error *error);

/* berg_model_open (or, with `model_id` NULL, model_open_network) with the plug-in of the file `plugin` and no other: for tests. */
berg_status model_open_with(berg_model **model, const char *model_id, const berg_model_options *options,
                            const char *plugin, berg_error *error);

/* Bytes that the process holds when `images` at a time go through `model`: what is multiplied, in the mapped file or as this
 * precision packs it, and buffers; `packed`: also while the network is packed. What converting took is not in it. */
size_t model_memory_needed(const berg_model *model, size_t images, bool packed);

#endif
