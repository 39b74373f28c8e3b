/* Packs the network's matrices one after the other. */
#include "base/progress.h"
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
                         size_t rank, char *to) {
  const size_t which = operand < DOWN ? operand : DOWN, b = operand - which;
  la_matrix matrix = network->blocks[layer].matrix[which];
  const la_rounding rounding = vit_calibration_of(calibration, layer, operand, matrix.gain, rank);
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  matrix.rounding = &rounding;
  for (size_t panel = 0; panel < la_matrix_panels(&matrix); panel++)
    la_matrix_pack(&matrix, b, panel, buffer, to + la_matrix_offset(&matrix, b, panel));
}

/* What packing is of, for its pieces. */
typedef struct packing {
  const vit_network *network;
  const vit_calibration *calibration;
  la_matrix matrix; /* of the slabs */
  char *to;
  base_asking asking;
} packing;

static void pack_operand(void *user, size_t index, size_t rank) {
  packing *p = user;
  const size_t layer = index / VIT_OPERANDS, operand = index % VIT_OPERANDS;
  char *at = p->to;
  if (base_asking_ended(&p->asking, rank)) return;
  for (size_t m = 0; m < 1 + layer * MATRICES + (operand < DOWN ? operand : DOWN); m++)
    at += la_matrix_bytes(matrix_at((vit_network *)p->network, m));
  pack_rounded(p->network, p->calibration, layer, operand, rank, at);
  if (operand + 1 == VIT_OPERANDS) p->calibration->passed.layer(p->calibration->passed.user, layer);
}

static void pack_slab(void *user, size_t s, size_t rank) {
  const packing *p = user;
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  const size_t panels = la_matrix_panels(&p->matrix), block = s / panels, panel = s % panels;
  (void)rank;
  la_matrix_pack(&p->matrix, block, panel, buffer, p->to + la_matrix_offset(&p->matrix, block, panel));
}

berg_status vit_network_pack_into(const vit_network *network, const vit_calibration *calibration,
                                  const vit_passed *passed, int threads, const berg_run *run, void *to,
                                  berg_error *error) {
  static const la_rounding along_pixels = {NULL, NULL};
  const size_t matrices = calibration ? 1 : NETWORK_MATRICES;
  base_team *team = base_team_begin(threads);
  packing p = {.network = network, .calibration = calibration, .to = to, .asking = {.run = run, .error = error}};
  for (size_t i = 0; i < matrices && !base_asking_ended(&p.asking, 0); i++) {
    p.matrix = *matrix_at((vit_network *)network, i);
    if (calibration) p.matrix.rounding = &along_pixels;
    base_team_share(team, la_matrix_panels(&p.matrix) * la_matrix_blocks(&p.matrix), pack_slab, &p);
    p.to += la_matrix_bytes(&p.matrix);
    if (passed && i && i % MATRICES == 0) passed->layer(passed->user, i / MATRICES - 1);
  }
  p.to = to;
  if (calibration) base_team_share(team, VIT_LAYERS * VIT_OPERANDS, pack_operand, &p);
  base_team_end(team);
  return (berg_status)p.asking.status;
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
