/* Packs the network's matrices one after the other. */
#include <omp.h>

#include "vit/calibrate.h"
#include "vit/network_parts.h"

/* Matrix `index` of the network: the patch embedding, then those of each block. */
static la_matrix *matrix_at(vit_network *network, size_t index) {
  if (index == 0) return &network->patch;
  return &network->blocks[(index - 1) / MATRICES].matrix[(index - 1) % MATRICES];
}

#define NETWORK_MATRICES (1 + VIT_LAYERS * MATRICES)

size_t vit_network_packed_bytes(const vit_network *network) {
  size_t bytes = 0;
  for (size_t i = 0; i < NETWORK_MATRICES; i++) bytes += la_matrix_bytes(matrix_at((vit_network *)network, i));
  return bytes;
}

/* One block of a matrix and the operand that it meets. */
static void pack_rounded(const vit_network *network, const vit_calibration *calibration, size_t layer, size_t operand,
                         char *to) {
  const size_t which = operand < DOWN ? operand : DOWN, b = operand - which;
  la_matrix matrix = network->blocks[layer].matrix[which];
  const la_rounding rounding = vit_calibration_of(calibration, layer, operand, matrix.gain, omp_get_thread_num());
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  matrix.rounding = &rounding;
  for (size_t panel = 0; panel < la_matrix_panels(&matrix); panel++)
    la_matrix_pack(&matrix, b, panel, buffer, to + la_matrix_offset(&matrix, b, panel));
}

static void pack_all_rounded(const vit_network *network, const vit_calibration *calibration, int threads, char *to) {
#pragma omp parallel for schedule(monotonic : dynamic, 1) num_threads(threads)
  for (size_t i = 0; i < VIT_LAYERS * VIT_OPERANDS; i++) {
    const size_t layer = i / VIT_OPERANDS, operand = i % VIT_OPERANDS;
    char *at = to;
    for (size_t m = 0; m < 1 + layer * MATRICES + (operand < DOWN ? operand : DOWN); m++)
      at += la_matrix_bytes(matrix_at((vit_network *)network, m));
    pack_rounded(network, calibration, layer, operand, at);
    if (operand + 1 == VIT_OPERANDS) calibration->passed.layer(calibration->passed.user, layer);
  }
}

void vit_network_pack_into(const vit_network *network, const vit_calibration *calibration, const vit_passed *passed,
                           int threads, void *to) {
  static const la_rounding along_pixels = {NULL, NULL};
  const size_t matrices = calibration ? 1 : NETWORK_MATRICES;
#pragma omp parallel num_threads(threads)
  {
    float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
    char *at = to;
    for (size_t i = 0; i < matrices; i++) {
      la_matrix matrix = *matrix_at((vit_network *)network, i);
      const size_t panels = la_matrix_panels(&matrix), slabs = panels * la_matrix_blocks(&matrix);
      if (calibration) matrix.rounding = &along_pixels;
#pragma omp for schedule(static)
      for (size_t s = 0; s < slabs; s++)
        la_matrix_pack(&matrix, s / panels, s % panels, buffer, at + la_matrix_offset(&matrix, s / panels, s % panels));
      at += la_matrix_bytes(&matrix);
#pragma omp master
      if (passed && i && i % MATRICES == 0) passed->layer(passed->user, i / MATRICES - 1);
    }
  }
  if (calibration) pack_all_rounded(network, calibration, threads, to);
}

void vit_network_use_packed(vit_network *network, const void *packed) {
  const char *at = packed;
  for (size_t i = 0; i < NETWORK_MATRICES; i++) {
    la_matrix *matrix = matrix_at(network, i);
    matrix->packed = at;
    at += la_matrix_bytes(matrix);
  }
}

bool vit_network_is_packed(const vit_network *network) { return network->patch.packed != NULL; }
