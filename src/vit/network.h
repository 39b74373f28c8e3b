/* The forward pass of ViT-B/32 over a batch of images, layer by layer. */
#ifndef VIT_NETWORK_H
#define VIT_NETWORK_H

#include "la/gemm.h"
#include "vit/kernels.h"
#include "vit/weights.h"

typedef struct vit_network vit_network;

/* `weights`, `engine` and `kernels` are borrowed. */
berg_status vit_network_new(vit_network **network, const vit_weights *weights, la_engine *engine,
                            const vit_kernels *kernels, berg_error *error);
void vit_network_free(vit_network *network);

/* Packs the matrices for speed (340 MB more, 0.1 s): worth it from some fifty images on, and changes no bit. Done once;
 * afterwards the weights' own matrices are not read again. */
berg_status vit_network_pack(vit_network *network, int threads, berg_error *error);
bool vit_network_is_packed(const vit_network *network);

/* Called after each block by every thread of the team, between barriers, with the block's output tokens
 * [images][50][768]. Work is shared by orphaned worksharing directives (#pragma omp for). */
typedef void (*vit_after_block)(void *user, size_t layer, const float *tokens);

/* Memory that a pass over `images` needs, besides the tokens of the caller. */
size_t vit_network_workspace(const vit_network *network, int threads);

/* `pixels` is uint8 [images][3][224][224], `tokens` float [images][50][768] and holds the last block's output afterwards;
 * `workspace` of vit_network_workspace bytes, 64-byte aligned. EINTERNAL: oneDNN failed. */
berg_status vit_network_run(vit_network *network, const uint8_t *pixels, size_t images, int threads, void *workspace,
                            float *tokens, vit_after_block after, void *user, berg_error *error);

#endif
