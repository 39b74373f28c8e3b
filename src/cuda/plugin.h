/* The interface between libberg and its CUDA plug-in: plain C, a table of functions, a version. The library loads
 * libberg_cuda.so at run time (src/model/device/device.c) and includes nothing else of src/cuda; the plug-in links
 * nothing of the library. libberg_cuda_host.so is the same plug-in with the processor in place of the device: it exists
 * for the tests.
 *
 * Arrays are C order. Every function that can fail returns a cuda_status and then fills the caller's cuda_fault with
 * one line; outputs are NULL or untouched. A session and a gram belong to one thread at a time. */
#ifndef CUDA_PLUGIN_H
#define CUDA_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Increased with every change of this file. */
#define CUDA_PLUGIN_ABI 1
#define CUDA_PLUGIN_SYMBOL "berg_cuda_plugin"

typedef enum cuda_status {
  CUDA_DONE,
  CUDA_FAILED,    /* the device or its driver failed */
  CUDA_NO_DEVICE, /* no driver, no device, or one that is too old */
  CUDA_NO_MEMORY, /* of the device, or pinned memory of the host */
  CUDA_CANCELLED  /* by the callback for block outputs */
} cuda_status;

typedef struct cuda_fault {
  cuda_status status;
  char text[640]; /* one line */
} cuda_fault;

typedef struct cuda_device {
  char name[128];   /* "NVIDIA H100 80GB HBM3" */
  int major, minor; /* compute capability */
  size_t memory;    /* bytes */
} cuda_device;

/* Of the products. F32 is float32 throughout, never TF32. In TF32 and BF16 what is multiplied is rounded to these
 * types; sums, LayerNorm, softmax, GELU, the tokens between the blocks and the standardisation stay float32. In BF16
 * the regression stays float32 as well. */
typedef enum cuda_precision { CUDA_F32, CUDA_TF32, CUDA_BF16 } cuda_precision;

/* One basis and the rows on it, as model_basis and model_rows have them. Of each block the first `tokens` tokens are
 * features: f = (layer * tokens + token) * 768 + channel. Pointers to floats that say so need not be aligned. */
typedef struct cuda_subject {
  size_t tokens, components, columns;
  const float *centre_high, *centre_low, *reciprocal; /* [12 * tokens * 768]; z = ((x - high) - low) * reciprocal */
  const void *directions;                             /* float [components][12 * tokens * 768], any address */
  size_t direction_bytes;                             /* from one component to the next */
  const void *coefficients;                           /* float [columns][components], any address */
  size_t coefficient_bytes;                           /* from one column to the next */
  const float *intercepts;                            /* [columns] */
} cuda_subject;

typedef struct cuda_model {
  int device; /* from 0 */
  cuda_precision precision;
  size_t memory;               /* bytes of the device that may be used; 0: what is free */
  const float *const *tensors; /* [VIT_TENSORS], in the order of src/vit/weights.h; copied, as everything here */
  size_t tensor_count;         /* VIT_TENSORS, as a check */
  const cuda_subject *subjects;
  size_t subject_count; /* may be 0: the network alone, for its features */
} cuda_model;

typedef struct cuda_session cuda_session;

/* What a session takes. */
typedef struct cuda_session_facts {
  size_t chunk;         /* images that pass through the network together, whatever a batch is */
  size_t device_memory; /* bytes */
  size_t pinned_memory; /* bytes of the host */
  const char *products; /* "cuBLASLt 13.0.2"; lives as long as the plug-in */
} cuda_session_facts;

/* Takes the output of block `layer`, [images][50][768] in the host's memory, valid during the call. Blocks come in
 * order. Other than 0 ends the run with CUDA_CANCELLED. */
typedef int (*cuda_take_block)(void *user, size_t layer, const float *tokens);

typedef struct cuda_batch {
  const uint8_t *pixels; /* [images][3][224][224] */
  size_t images;
  float *responses;     /* [images][ld]: the columns of all subjects, one after the other; NULL: not wanted */
  size_t response_ld;   /* floats from image to image, at least the columns of all subjects */
  float *const *scores; /* for each subject [images][its score_ld]; NULL: not wanted */
  const size_t *score_ld;
  cuda_take_block
      block; /* wanted instead of scores and responses: then images is at most the session's chunk; or NULL */
  void *user;
} cuda_batch;

/* Upper bounds of the device's speed, for scripts/cuda_check.sh. */
typedef struct cuda_rates {
  double products;         /* flop a second: a block's four products at the shapes of a chunk, nothing else */
  double upload, download; /* bytes a second of pinned memory */
} cuda_rates;

/* G += Z Z^T over panels of columns, as src/la/gram.h: products in float32, sums in double on the device. */
typedef struct cuda_gram cuda_gram;

typedef struct cuda_plugin {
  uint32_t abi;      /* CUDA_PLUGIN_ABI of the plug-in. Always the first field */
  uint32_t size;     /* of this table */
  const char *build; /* "CUDA 13.0" */

  cuda_status (*count)(int *devices, cuda_fault *fault);
  cuda_status (*describe)(int device, cuda_device *out, cuda_fault *fault);

  /* All memory that the session will need is computed and allocated before the call returns. NO_MEMORY says what is
   * needed, what is available and what would fit. */
  cuda_status (*open)(cuda_session **session, const cuda_model *model, cuda_fault *fault);
  void (*close)(cuda_session *session); /* NULL is fine */
  void (*facts)(const cuda_session *session, cuda_session_facts *facts);
  cuda_status (*run)(cuda_session *session, const cuda_batch *batch, cuda_fault *fault);

  /* `seconds` for the products, half as many for the copies. */
  cuda_status (*rates)(int device, cuda_precision precision, double seconds, cuda_rates *rates, cuda_fault *fault);

  /* Pinned memory of the host, which is copied directly. NULL: not available; ordinary memory works too, more
   * slowly. */
  void *(*pinned)(size_t bytes);
  void (*unpin)(void *memory); /* NULL is fine */

  /* Z has `rows` rows, a panel up to `width` columns. `memory` as in cuda_model. G starts as zeros. */
  cuda_status (*gram_open)(cuda_gram **gram, int device, size_t memory, size_t rows, size_t width, cuda_fault *fault);
  void (*gram_close)(cuda_gram *gram); /* NULL is fine */
  /* Adds a panel [rows][ld] of `columns` columns. The panel has been copied when the call returns. */
  cuda_status (*gram_add)(cuda_gram *gram, const float *panel, size_t ld, size_t columns, cuda_fault *fault);
  /* G [rows][rows], the lower triangle: from a checkpoint, and back. What lies above the diagonal is not touched. */
  cuda_status (*gram_load)(cuda_gram *gram, const double *values, cuda_fault *fault);
  cuda_status (*gram_store)(cuda_gram *gram, double *values, cuda_fault *fault);
} cuda_plugin;

typedef const cuda_plugin *(*cuda_plugin_function)(void);

#ifdef __cplusplus
}
#endif

#endif
