/* A network and its subjects on a device, with the memory for the forward pass of a chunk of images. */
#ifndef CUDA_SESSION_H
#define CUDA_SESSION_H

#include "cuda/backend.h"
#include "cuda/fault.h"
#include "cuda/tensors.h"
#include "vit/shape.h"

/* Sizes along which products are padded with zeros. */
#define CUDA_PAD 64
static inline size_t cuda_padded(size_t size) { return (size + CUDA_PAD - 1) / CUDA_PAD * CUDA_PAD; }

#define CUDA_PIXELS ((size_t)3 * VIT_GRID * VIT_PATCH * VIT_GRID * VIT_PATCH) /* bytes of an image */

typedef struct session_subject {
  size_t tokens, components, columns;
  size_t k, n; /* components and columns, padded: rows and columns of what follows are zero beyond */
  float *centre_high, *centre_low, *reciprocal; /* [12 * tokens * 768] */
  void *directions;                             /* any [k][12 * tokens * 768] */
  float *coefficients;                          /* [n][k] */
  float *intercepts;                            /* [n] */
  double *sums;                                 /* [chunk][k] */
  float *scores[2];                             /* [chunk][k] */
  float *responses[2];                          /* [chunk][n] */
  cuda_plan *project, *respond;
  float *pinned_scores[2]; /* [chunk][k] */
  size_t first_column;     /* among those of all subjects */
} session_subject;

typedef enum session_product { CUDA_PATCH, CUDA_QKV, CUDA_ATTENDED, CUDA_UP, CUDA_DOWN, CUDA_PRODUCTS } session_product;

struct cuda_session {
  cuda_backend *backend;
  cuda_precision precision;
  bool bf16;
  size_t chunk;         /* images */
  size_t columns;       /* of all subjects */
  size_t device_memory; /* bytes allocated */
  size_t pinned_memory;
  session_subject *subjects;
  size_t subject_count;
  void *tensor[VIT_TENSORS]; /* matrices as `any`, the rest float32 */
  cuda_plan *plans[CUDA_PRODUCTS];

  /* Intermediate results of one chunk. rows = chunk * 50 */
  float *table;       /* [3][256] */
  uint8_t *pixels[2]; /* [chunk][3][224][224] */
  float *tokens;      /* [rows][768] */
  void *narrow;       /* any [rows][768] */
  void *wide;         /* any [rows][3072]: patches, then q, k, v, then the hidden layer, then standardised features */
  float *products;    /* [tokens][chunk][k] of the subject at hand */
  float *blocks[2];   /* [rows][768] on their way to the host */
  float *staging;     /* float32 matrices on their way to bfloat16, CUDA_STAGING floats; freed after the upload */
  uint8_t *pinned_pixels[2];
  float *pinned_blocks[2];
  float *pinned_responses[2]; /* [chunk][columns] */
};

#define CUDA_STAGING ((size_t)VIT_FEATURES * 8)

/* --- session_memory.c --- */

/* Chooses the largest chunk, at most the backend's, that fits `limit` bytes (0: all that is free), and allocates all
 * memory. NO_MEMORY with the sizes. */
cuda_status cuda_session_allocate(cuda_session *session, size_t limit, cuda_fault *fault);
void cuda_session_free_staging(cuda_session *session);
void cuda_session_release(cuda_session *session);

/* --- session_upload.c --- */

/* Weights and models to the device, rounded where the precision says so. */
cuda_status cuda_session_upload(cuda_session *session, const cuda_model *model, cuda_fault *fault);

/* --- session_plan.c --- */

cuda_status cuda_session_plan(cuda_session *session, cuda_fault *fault);

/* --- forward.c: one chunk on the compute stream --- */

/* Pixels of `slot` to the tokens before the first block; records CUDA_CONSUMED. */
cuda_status cuda_embed(cuda_session *session, int slot, cuda_fault *fault);
cuda_status cuda_block(cuda_session *session, size_t layer, cuda_fault *fault);
/* Adds a block's share of the scores; with the last one they are in scores[slot]. */
cuda_status cuda_project(cuda_session *session, size_t layer, int slot, cuda_fault *fault);
/* scores[slot] to responses[slot]. */
cuda_status cuda_respond(cuda_session *session, int slot, cuda_fault *fault);

/* --- run.c --- */

cuda_status cuda_session_run(cuda_session *session, const cuda_batch *batch, cuda_fault *fault);

#endif
