/* Calibration tokens for int8: pictures of noise through the float32 network. */
#include "vit/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "vit/embed.h"
#include "vit/preprocess.h"

#define IMAGES 6 /* two more gain 3e-5 at most, and take 25 MB */
#define TOKENS ((size_t)IMAGES * VIT_TOKENS)
#define SQUARE ((size_t)VIT_CHANNELS * VIT_CHANNELS)
#define SEED 1

/* --- Pictures: grids of noise, each half as coarse and of less contrast than the one before, as in photographs --- */

static double between(const double *grid, size_t cells, size_t y, size_t x) {
  const double v = (double)y * (double)(cells - 1) / VIT_IMAGE_SIZE,
               h = (double)x * (double)(cells - 1) / VIT_IMAGE_SIZE;
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

/* --- Operands --- */

static float *operand_of(const vit_calibration *calibration, size_t layer, size_t operand) {
  return calibration->operands + (layer * VIT_OPERANDS + operand) * TOKENS * VIT_CHANNELS;
}

static void take(void *user, size_t layer, size_t operand, const float *rows, size_t first, size_t count) {
  memcpy(operand_of(user, layer, operand) + first * VIT_CHANNELS, rows, count * VIT_CHANNELS * sizeof *rows);
}

static void after_block(void *user, base_team *team, size_t layer, const float *tokens) {
  const vit_calibration *calibration = user;
  (void)team, (void)tokens;
  calibration->passed.layer(calibration->passed.user, layer);
}

static bool goes_on(void *user) {
  vit_calibration *calibration = user;
  calibration->status = base_ask_cancel(calibration->run, calibration->error);
  return !calibration->status;
}

typedef struct buffers {
  uint8_t *pixels;
  double *plane;
  float *tokens;
  void *workspace;
} buffers;

static void release(buffers *r) {
  base_free(r->pixels);
  base_free(r->plane);
  base_free(r->tokens);
  base_free_large(r->workspace);
}

#define THREAD_BYTES \
  (TOKENS * VIT_CHANNELS * sizeof(float) + 2 * SQUARE * sizeof(float) + VIT_CHANNELS * sizeof(uint16_t))

berg_status vit_calibrate(vit_calibration *calibration, const vit_network *network, const la_floats *floats,
                          const vit_kernels *kernels, vit_passed passed, int threads, const berg_run *run,
                          berg_error *error) {
  *calibration = (vit_calibration){.passed = passed,
                                   .narrow = vit_network_gemm(network),
                                   .floats = floats,
                                   .kernels = kernels,
                                   .run = run,
                                   .error = error};
  calibration->operands = base_alloc_large(VIT_LAYERS * VIT_OPERANDS * TOKENS, VIT_CHANNELS * sizeof(float), error);
  calibration->scratch = base_alloc_large((size_t)threads, THREAD_BYTES, error);
  buffers r = {.pixels = base_alloc(IMAGES, VIT_PIXELS, error),
               .plane = base_alloc((size_t)VIT_IMAGE_SIZE * VIT_IMAGE_SIZE, sizeof(double), error),
               .tokens = base_alloc(TOKENS * VIT_CHANNELS, sizeof(float), error),
               .workspace = base_alloc_large(vit_network_workspace(floats->engine, threads), 1, error)};
  vit_network *plain = NULL;
  berg_status status = vit_network_new(&plain, vit_network_weights(network), floats->engine, kernels, error);
  if (!calibration->operands || !calibration->scratch || !r.pixels || !r.plane || !r.tokens || !r.workspace)
    status = BERG_ELIMIT;
  for (size_t image = 0; image < IMAGES && !status; image++) draw(image, r.plane, r.pixels + image * VIT_PIXELS);
  base_team *team = base_team_begin(threads);
  if (!status)
    vit_network_run(plain, r.pixels, IMAGES, team, r.workspace, r.tokens,
                    &(vit_hooks){.after_block = after_block, .goes_on = goes_on, .operand = take, .user = calibration});
  base_team_end(team);
  vit_network_free(plain);
  release(&r);
  if (!status) status = calibration->status;
  if (status) vit_calibration_release(calibration);
  return status;
}

void vit_calibration_release(vit_calibration *calibration) {
  base_free_large(calibration->operands);
  base_free_large(calibration->scratch);
  *calibration = (vit_calibration){.operands = NULL};
}

/* --- Rounding --- */

/* [768][768] += X^T X, X [TOKENS][768] being given transposed. */
static void add_moments(const vit_calibration *calibration, const float *turned, float *moments) {
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  const la_matrix matrix = {.gemm = calibration->floats->engine,
                            .n = VIT_CHANNELS,
                            .k = TOKENS,
                            .rows = (const char *)turned,
                            .row_bytes = TOKENS * sizeof(float)};
  la_gemm_begin(matrix.gemm);
  for (size_t panel = 0; panel < VIT_CHANNELS / LA_PANEL; panel++) {
    const vit_output output = {moments + panel * LA_PANEL, VIT_CHANNELS, NULL};
    la_product product = {.rows = VIT_CHANNELS,
                          .x = turned,
                          .row_bytes = TOKENS * sizeof(float),
                          .buffer = buffer,
                          .finish = calibration->kernels->add,
                          .user = &output};
    la_matrix_multiply(&matrix, 0, panel, &product);
  }
  la_gemm_end(matrix.gemm);
}

la_rounding vit_calibration_of(const vit_calibration *calibration, size_t layer, size_t operand, const float *shift,
                               size_t rank) {
  const float *rows = operand_of(calibration, layer, operand);
  float *turned = (float *)(void *)(calibration->scratch + rank * THREAD_BYTES);
  float *moments = turned + TOKENS * VIT_CHANNELS, *scratch = moments + SQUARE;
  uint16_t *order = (uint16_t *)(void *)(scratch + SQUARE);
  for (size_t t = 0; t < TOKENS; t++)
    for (size_t i = 0; i < VIT_CHANNELS; i++)
      turned[i * TOKENS + t] = rows[t * VIT_CHANNELS + i] / (shift ? shift[i] : 1);
  memset(moments, 0, SQUARE * sizeof *moments);
  add_moments(calibration, turned, moments);
  calibration->narrow->factor(moments, VIT_CHANNELS, order, scratch);
  return (la_rounding){moments, order};
}
