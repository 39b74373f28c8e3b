/* The forward pass of ViT-B/32 over a batch of images, layer by layer. */
#ifndef VIT_NETWORK_H
#define VIT_NETWORK_H

#include "base/team.h"
#include "la/gemm.h"
#include "vit/kernels.h"
#include "vit/weights.h"

typedef struct vit_network vit_network;
struct vit_calibration;

/* `weights`, `gemm` and `kernels` are borrowed. In float32 the network can run at once, multiplying the weights where
 * they lie; in other precisions it must be packed first. */
berg_status vit_network_new(vit_network **network, const vit_weights *weights, const la_gemm *gemm,
                            const vit_kernels *kernels, berg_error *error);
void vit_network_free(vit_network *network);

const vit_weights *vit_network_weights(const vit_network *network);
const la_gemm *vit_network_gemm(const vit_network *network);

/* Bytes of all packed matrices, in the engine's layout. */
size_t vit_network_packed_bytes(const vit_network *network);
/* Called by one thread when a layer's matrices are no longer needed for now, so that a mapped file need not be resident
 * as a whole. */
typedef struct vit_passed {
  void (*layer)(void *user, size_t layer);
  void *user;
} vit_passed;

/* Packs every matrix into `to`, 64-byte aligned; `passed` may be NULL. int8 is rounded by `calibration`
 * (vit/calibrate.h); NULL: to the nearest. ECANCELLED: `run`, which may be NULL. */
berg_status vit_network_pack_into(const vit_network *network, const struct vit_calibration *calibration,
                                  const vit_passed *passed, int threads, const berg_run *run, void *to,
                                  berg_error *error);
/* From now on multiplies what vit_network_pack_into wrote; the weights' own matrices are not read again. */
void vit_network_use_packed(vit_network *network, const void *packed);
bool vit_network_is_packed(const vit_network *network);

/* What else happens during a pass. Each may be NULL, except `beside` where `begin_beside` is given. */
typedef struct vit_hooks {
  /* After each block, by the caller's thread, which may share work on the team, with the block's output tokens
   * [images][50][768]. */
  void (*after_block)(void *user, base_team *team, size_t layer, const float *tokens);
  /* Work of another kind for threads that have nothing left to do in a block while others have. Before the block the
   * caller's thread asks how many pieces of it there are; they are begun after all of the block's own. */
  size_t (*begin_beside)(void *user, size_t layer);
  base_piece beside;
  /* Before each block, by the caller's thread: false ends the run there, without an output. */
  bool (*goes_on)(void *user);
  /* The rows [count][768], from row `first` of all images', that a product of a block is of: QKV, OUT, UP, and the four
   * parts of DOWN. By one thread, while others are elsewhere. */
  void (*operand)(void *user, size_t layer, size_t operand, const float *rows, size_t first, size_t count);
  void *user;
} vit_hooks;
#define VIT_OPERANDS 7

/* Memory that a pass by `gemm` needs with a team of up to `threads`, besides the tokens of the caller. */
size_t vit_network_workspace(const la_gemm *gemm, int threads);

/* `pixels` is uint8 [images][3][224][224], `tokens` float [images][50][768] and holds the last block's output
 * afterwards; `workspace` of vit_network_workspace bytes, 64-byte aligned. */
void vit_network_run(const vit_network *network, const uint8_t *pixels, size_t images, base_team *team, void *workspace,
                     float *tokens, const vit_hooks *hooks);

#endif
