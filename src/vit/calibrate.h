/* How int8 rounds weights: by the activations of a few calibration images.
 *
 * Rounding errors of weights are the same for every token, so they do not average out as those of activations do. To
 * the nearest number, they cost 7.2e-4 of the correlation with float32's responses on a backbone with LayerNorm's
 * outliers (the limit is 5e-4), 5.0e-4 in QKV alone, whose errors the softmax makes larger. Rounded so that errors
 * cancel for rows like those to come: a quarter of that. */
#ifndef VIT_CALIBRATE_H
#define VIT_CALIBRATE_H

#include "la/floats.h"
#include "vit/network.h"

typedef struct vit_calibration {
  vit_passed passed;
  const la_gemm *narrow; /* int8's */
  const la_floats *floats;
  const vit_kernels *kernels;
  float *operands; /* what each block of each matrix is multiplied with: float [layers][VIT_OPERANDS][tokens][768] */
  char *scratch;   /* for each thread */
  const berg_run *run;
  berg_status status; /* whether the pass went on */
  berg_error *error;
} vit_calibration;

/* Six pictures of noise go through the float32 network: 0.2 s and 77 MB. The same for any `threads`. ELIMIT;
 * ECANCELLED: `run`, which may be NULL. */
berg_status vit_calibrate(vit_calibration *calibration, const vit_network *network, const la_floats *floats,
                          const vit_kernels *kernels, vit_passed passed, int threads, const berg_run *run,
                          berg_error *error);
void vit_calibration_release(vit_calibration *calibration);

/* The rounding of the weights that operand `operand` of `layer` meets, `shift` [768] being divided out of it (NULL:
 * not); in the memory of thread `rank`, until its next call. */
la_rounding vit_calibration_of(const vit_calibration *calibration, size_t layer, size_t operand, const float *shift,
                               size_t rank);

#endif
