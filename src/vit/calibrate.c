#include "vit/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "vit/embed.h"
#include "vit/preprocess.h"

#define IMAGES 8
#define TOKENS ((size_t)IMAGES * VIT_TOKENS)
#define SQUARE ((size_t)VIT_CHANNELS * VIT_CHANNELS)
#define SEED 1

typedef struct calibrator {
  vit_network *network;
  const vit_weights *weights;
  const la_gemm *gemm;
  const vit_kernels *kernels;
  vit_calibration *calibration;
  int threads;
  float *turned; /* [768][TOKENS] what QKV is multiplied with, transposed */
  float *scratch;
} calibrator;

/* --- Pictures: grids of noise, each half as coarse and of less contrast than the one before, as photographs have it --- */

static double between(const double *grid, size_t cells, size_t y, size_t x) {
  const double v = (double)y * (double)(cells - 1) / VIT_IMAGE_SIZE, h = (double)x * (double)(cells - 1) / VIT_IMAGE_SIZE;
  const size_t top = (size_t)v, left = (size_t)h;
  const double *at = grid + top * cells + left, down = v - (double)top, right = h - (double)left;
  return (1 - down) * ((1 - right) * at[0] + right * at[1]) + down * ((1 - right) * at[cells] + right * at[cells + 1]);
}

static void add_noise(base_dice *dice, size_t cells, double contrast, double *plane) {
  double grid[64 * 64];
  for (size_t i = 0; i < cells * cells; i++) grid[i] = contrast * base_dice_normal(dice);
  for (size_t y = 0; y < VIT_IMAGE_SIZE; y++)
    for (size_t x = 0; x < VIT_IMAGE_SIZE; x++) plane[y * VIT_IMAGE_SIZE + x] += between(grid, cells, y, x);
}

static void draw(size_t image, double *plane, uint8_t *pixels) {
  const size_t size = (size_t)VIT_IMAGE_SIZE * VIT_IMAGE_SIZE;
  base_dice light = {.seed = SEED, .stream = 2 * image};
  const double middle = base_dice_between(&light, 80, 170), contrast = base_dice_between(&light, 15, 60);
  for (size_t channel = 0; channel < 3; channel++) {
    /* the grey part is drawn again from the same numbers, so that channels resemble each other */
    base_dice grey = {.seed = SEED, .stream = 2 * image, .index = 2}, colour = {SEED, 2 * image + 1, channel << 20};
    memset(plane, 0, size * sizeof *plane);
    for (size_t cells = 2; cells <= 64; cells *= 2) {
      const double strength = 2 * base_dice_between(&grey, 0.3, 1.7) / pow((double)cells, 0.7);
      add_noise(&grey, cells, strength, plane);
      add_noise(&colour, cells, strength / 2, plane);
    }
    for (size_t i = 0; i < size; i++) {
      const double value = middle + contrast * plane[i];
      pixels[channel * size + i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
  }
}

/* --- Moments --- */

/* factor of layer `layer` from tokens [TOKENS][768], by all threads of the team */
static void take_tokens(calibrator *c, size_t layer, const float *tokens) {
  const float *gain = c->weights->tensor[VIT_BLOCK(layer, VIT_LN1_GAIN)],
              *bias = c->weights->tensor[VIT_BLOCK(layer, VIT_LN1_BIAS)], *shift = vit_network_shift(c->network, layer);
  float *moments = c->calibration->factors + layer * SQUARE;
#pragma omp for schedule(static)
  for (size_t t = 0; t < TOKENS; t++) {
    float row[VIT_CHANNELS] __attribute__((aligned(64)));
    c->kernels->layer_norm(tokens + t * VIT_CHANNELS, gain, bias, row);
    for (size_t i = 0; i < VIT_CHANNELS; i++) c->turned[i * TOKENS + t] = row[i] / shift[i];
  }
#pragma omp for schedule(static)
  for (size_t panel = 0; panel < VIT_CHANNELS / LA_PANEL; panel++) {
    float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
    const la_matrix matrix = {.gemm = c->gemm,
                              .n = VIT_CHANNELS,
                              .k = TOKENS,
                              .rows = (const char *)c->turned,
                              .row_bytes = TOKENS * sizeof(float)};
    const vit_output output = {moments + panel * LA_PANEL, VIT_CHANNELS, NULL};
    la_product product = {.rows = VIT_CHANNELS,
                          .x = c->turned,
                          .row_bytes = TOKENS * sizeof(float),
                          .buffer = buffer,
                          .finish = c->kernels->add,
                          .user = &output};
    la_matrix_multiply(&matrix, 0, panel, &product);
  }
}

static void after_block(void *user, size_t layer, const float *tokens) {
  if (layer + 1 < VIT_LAYERS) take_tokens(user, layer + 1, tokens);
}

/* The first block's tokens: patches, their positions, the class token. */
static void embed(const calibrator *c, const uint8_t *pixels, float *patches, float *tokens) {
  vit_normalisation normalisation;
  vit_normalisation_init(&normalisation);
  const la_matrix matrix = {.gemm = c->gemm,
                            .n = VIT_CHANNELS,
                            .k = VIT_PATCH_VALUES,
                            .rows = (const char *)c->weights->tensor[VIT_PATCH_WEIGHT],
                            .row_bytes = VIT_PATCH_VALUES * sizeof(float)};
  const float *position = c->weights->tensor[VIT_POSITION], *class_token = c->weights->tensor[VIT_CLASS_TOKEN];
  const float *bias = c->weights->tensor[VIT_PATCH_BIAS];
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  for (size_t image = 0; image < IMAGES; image++)
    vit_cut_patches(&normalisation, pixels + image * VIT_PIXELS, patches + image * VIT_TOKENS * VIT_PATCH_VALUES);
  for (size_t t = 0; t < TOKENS; t++)
    for (size_t i = 0; i < VIT_CHANNELS; i++)
      tokens[t * VIT_CHANNELS + i] = position[t % VIT_TOKENS * VIT_CHANNELS + i] + (t % VIT_TOKENS ? bias : class_token)[i];
  for (size_t panel = 0; panel < VIT_CHANNELS / LA_PANEL; panel++)
    for (size_t b = 0; b < la_matrix_blocks(&matrix); b++) {
      const vit_output output = {tokens + panel * LA_PANEL, VIT_CHANNELS, NULL};
      la_product product = {.rows = TOKENS,
                            .x = patches + b * LA_DEPTH,
                            .row_bytes = VIT_PATCH_VALUES * sizeof(float),
                            .buffer = buffer,
                            .finish = c->kernels->add,
                            .user = &output};
      la_matrix_multiply(&matrix, b, panel, &product);
    }
}

static void run(calibrator *c, const vit_network *plain, uint8_t *pixels, float *tokens, void *workspace) {
  double *plane = (double *)(void *)c->turned;
  for (size_t image = 0; image < IMAGES; image++) draw(image, plane, pixels + image * VIT_PIXELS);
  embed(c, pixels, c->scratch, tokens);
#pragma omp parallel num_threads(c->threads)
  take_tokens(c, 0, tokens);
  vit_network_run(plain, pixels, IMAGES, c->threads, workspace, tokens, &(vit_hooks){after_block, NULL, c});
}

static berg_status factor(calibrator *c, const la_gemm *narrow, berg_error *error) {
  vit_calibration *to = c->calibration;
  bool failed = false;
#pragma omp parallel for schedule(dynamic, 1) num_threads(c->threads)
  for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
    float *scratch = base_alloc(SQUARE, sizeof *scratch, NULL);
    uint16_t *order = to->orders + layer * VIT_CHANNELS;
    if (scratch) {
      narrow->factor(to->factors + layer * SQUARE, VIT_CHANNELS, order, scratch);
      to->qkv[layer] = (la_rounding){to->factors + layer * SQUARE, order};
    } else {
#pragma omp atomic write
      failed = true;
    }
    base_free(scratch);
  }
  return failed ? base_fail_memory(error, SQUARE * sizeof(float)) : BERG_OK;
}

berg_status vit_calibrate(vit_calibration *calibration, vit_network *network, const la_gemm *gemm,
                          const vit_kernels *kernels, int threads, berg_error *error) {
  *calibration = (vit_calibration){.factors = base_calloc(VIT_LAYERS, SQUARE * sizeof(float), error)};
  calibration->orders = base_alloc((size_t)VIT_LAYERS * VIT_CHANNELS, sizeof(uint16_t), error);
  calibrator c = {network, vit_network_weights(network), gemm, kernels, calibration, threads, NULL, NULL};
  /* `turned` also holds a plane of a picture being drawn, `scratch` the patches */
  c.turned = base_alloc(TOKENS * VIT_CHANNELS, sizeof *c.turned, error);
  c.scratch = base_alloc(TOKENS * VIT_PATCH_VALUES, sizeof *c.scratch, error);
  uint8_t *pixels = base_alloc(IMAGES, VIT_PIXELS, error);
  float *tokens = base_alloc(TOKENS * VIT_CHANNELS, sizeof *tokens, error);
  void *workspace = base_alloc_large(vit_network_workspace(threads), 1, error);
  vit_network *plain = NULL;
  berg_status status = vit_network_new(&plain, c.weights, gemm, kernels, error);
  if (!calibration->factors || !calibration->orders || !c.turned || !c.scratch || !pixels || !tokens || !workspace)
    status = BERG_ELIMIT;
  if (!status) {
    run(&c, plain, pixels, tokens, workspace);
    status = factor(&c, vit_network_gemm(network), error);
  }
  if (!status) vit_network_round_by(network, calibration);
  vit_network_free(plain);
  base_free(c.turned);
  base_free(c.scratch);
  base_free(pixels);
  base_free(tokens);
  base_free_large(workspace);
  if (status) vit_calibration_release(calibration);
  return status;
}

void vit_calibration_release(vit_calibration *calibration) {
  base_free(calibration->factors);
  base_free(calibration->orders);
  *calibration = (vit_calibration){.factors = NULL};
}
