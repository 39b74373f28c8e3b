/* The network's matrices: where the weights lie, and for int8 which share of LayerNorm's gains they absorb. */
#include "vit/network.h"

#include <math.h>

#include "base/memory.h"
#include "vit/network_parts.h"

static la_matrix matrix_of(const la_gemm *gemm, const float *rows, size_t n, size_t k) {
  return (la_matrix){.gemm = gemm, .n = n, .k = k, .rows = (const char *)rows, .row_bytes = k * sizeof *rows};
}

static void bind_block(const vit_weights *weights, const la_gemm *gemm, size_t layer, vit_block *b) {
#define OF(which) weights->tensor[VIT_BLOCK(layer, which)]
  *b = (vit_block){.ln1_gain = OF(VIT_LN1_GAIN),
                   .ln1_bias = OF(VIT_LN1_BIAS),
                   .qkv_bias = OF(VIT_QKV_BIAS),
                   .out_bias = OF(VIT_OUT_BIAS),
                   .ln2_gain = OF(VIT_LN2_GAIN),
                   .ln2_bias = OF(VIT_LN2_BIAS),
                   .up_bias = OF(VIT_UP_BIAS),
                   .down_bias = OF(VIT_DOWN_BIAS)};
  b->matrix[QKV] = matrix_of(gemm, OF(VIT_QKV_WEIGHT), VIT_QKV, VIT_CHANNELS);
  b->matrix[OUT] = matrix_of(gemm, OF(VIT_OUT_WEIGHT), VIT_CHANNELS, VIT_CHANNELS);
  b->matrix[UP] = matrix_of(gemm, OF(VIT_UP_WEIGHT), VIT_HIDDEN, VIT_CHANNELS);
  b->matrix[DOWN] = matrix_of(gemm, OF(VIT_DOWN_WEIGHT), VIT_CHANNELS, VIT_HIDDEN);
#undef OF
}

/* LayerNorm's gains have outliers, an order of magnitude above the rest, which would take most of int8's steps from the
 * other channels. The square root of the gain stays with the activations, the other goes to the weights: the
 * correlation of responses with float32's is 0.99963 so, and 0.99907 or 0.99922 with the whole gain on either side.
 * `balanced` gets the gain and bias that are left and the factor of the weights. */
static void balance(const float **gain, const float **bias, la_matrix *matrix, float *balanced) {
  for (size_t c = 0; c < VIT_CHANNELS; c++) {
    const float root = sqrtf(fabsf((*gain)[c])), factor = root > 1e-6f ? root : 1e-6f;
    balanced[c] = (*gain)[c] / factor;
    balanced[VIT_CHANNELS + c] = (*bias)[c] / factor;
    balanced[2 * VIT_CHANNELS + c] = factor;
  }
  *gain = balanced;
  *bias = balanced + VIT_CHANNELS;
  matrix->gain = balanced + 2 * VIT_CHANNELS;
}

berg_status vit_network_new(vit_network **out, const vit_weights *weights, const la_gemm *gemm,
                            const vit_kernels *kernels, berg_error *error) {
  *out = NULL;
  vit_network *network = base_calloc(1, sizeof *network, error);
  if (!network) return BERG_ELIMIT;
  *network = (vit_network){.weights = weights, .gemm = gemm, .kernels = kernels};
  network->gelu = gemm->precision == LA_INT8 ? kernels->add_bias_gelu_coarse : kernels->add_bias_gelu;
  vit_normalisation_init(&network->normalisation);
  network->patch = matrix_of(gemm, weights->tensor[VIT_PATCH_WEIGHT], VIT_CHANNELS, VIT_PATCH_VALUES);
  for (size_t layer = 0; layer < VIT_LAYERS; layer++) bind_block(weights, gemm, layer, &network->blocks[layer]);
  if (gemm->precision == LA_INT8) {
    network->balanced = base_alloc(VIT_LAYERS * 6 * VIT_CHANNELS, sizeof(float), error);
    if (!network->balanced) {
      vit_network_free(network);
      return BERG_ELIMIT;
    }
    for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
      vit_block *b = &network->blocks[layer];
      float *balanced = network->balanced + layer * 6 * VIT_CHANNELS;
      balance(&b->ln1_gain, &b->ln1_bias, &b->matrix[QKV], balanced);
      balance(&b->ln2_gain, &b->ln2_bias, &b->matrix[UP], balanced + 3 * VIT_CHANNELS);
    }
  }
  *out = network;
  return BERG_OK;
}

const vit_weights *vit_network_weights(const vit_network *network) { return network->weights; }
const la_gemm *vit_network_gemm(const vit_network *network) { return network->gemm; }

void vit_network_free(vit_network *network) {
  if (!network) return;
  base_free(network->balanced);
  base_free(network);
}
