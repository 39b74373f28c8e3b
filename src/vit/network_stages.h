/* The stages of the forward pass of one chunk of images, and their memory. */
#ifndef VIT_NETWORK_STAGES_H
#define VIT_NETWORK_STAGES_H

#include "vit/network_parts.h"

/* Images that a thread takes through a block at a time. */
static inline size_t vit_chunk_images(const la_gemm *gemm) { return gemm->cached_rows / VIT_TOKENS; }
static inline size_t vit_chunk_rows(const la_gemm *gemm) { return vit_chunk_images(gemm) * VIT_TOKENS; }
/* The hidden layer is made and used in parts as wide as the tokens: blocks of the second product's depth. All parts of
 * one image are there at a time, or one of a chunk. */
#define PARTS (VIT_HIDDEN / VIT_CHANNELS)

/* What passes between the stages of one chunk. `wide` holds patches, then q, k, v, then the hidden layer: one part of
 * it for a chunk of one thread, all parts for the one image that threads share. */
typedef struct vit_chunk {
  float *tokens; /* [rows][768] in the caller's memory */
  size_t images, rows;
  float *narrow; /* [rows][768] */
  float *wide;   /* [rows][3072] */
  /* rows of 768 as products take them, where those are not floats: vit_chunk_rows, then the hidden layer's */
  char *operand;
  float *scale; /* of these rows */
} vit_chunk;

/* The memory of one thread. */
typedef struct vit_thread_memory {
  float *buffer;
  float *attention;
} vit_thread_memory;

typedef struct vit_pass {
  const vit_network *network;
  base_team *team; /* that shares the chunk's stages; NULL: one thread goes through them alone ... */
  size_t rank;     /* ... of this rank */
  char *workspace;
  vit_chunk c;
  const vit_hooks *hooks;
  size_t layer, first; /* image */
} vit_pass;

/* The memory of the thread of this rank. */
vit_thread_memory vit_memory_of(const vit_pass *p, size_t rank);

/* Pixels of the chunk's images to tokens. */
void vit_embed_chunk(const vit_pass *p, const uint8_t *pixels);
/* Attention and MLP of one block. `after`: what is multiplied next. */
void vit_run_block(const vit_pass *p, const vit_block *layer, const la_matrix *after);

#endif
