/* How int8 rounds the weights whose errors cost most, by what a few pictures send through the network.
 *
 * Rounding errors of weights are the same for every token, so they do not average out as those of activations do: with LayerNorm's
 * outliers they cost 5.0e-4 of the correlation with float32's responses in QKV alone (whose errors the softmax makes larger) and
 * 1.1e-4 in the patch embedding, where the limit for all is 5e-4. Rounded so that errors cancel for rows like those to come, QKV
 * costs 1.1e-4 and the patches 0.1e-4. */
#ifndef VIT_CALIBRATE_H
#define VIT_CALIBRATE_H

#include "vit/network.h"

typedef struct vit_calibration {
  la_rounding patch, qkv[VIT_LAYERS];
  float *factors;
  uint16_t *orders;
} vit_calibration;

/* `network` is of int8 and neither packed nor run; `gemm` is float32's. Eight pictures of noise go through the float32 network: 0.3 s.
 * The same for any `threads`. ELIMIT. */
berg_status vit_calibrate(vit_calibration *calibration, vit_network *network, const la_gemm *gemm,
                          const vit_kernels *kernels, int threads, berg_error *error);
void vit_calibration_release(vit_calibration *calibration);

#endif
