/* What a voxel responds to. Areas of the retinotopic maps pool energies and colours within a receptive field; areas of
 * the ventral and lateral streams prefer contents; the rest of the brain responds hardly or not at all. */
#include <math.h>
#include <string.h>

#include "train/simulate/simulate.h"

#define PI 3.14159265358979323846
#define VALUES_A_VOXEL 256 /* numbers that one is drawn from */

enum {
  ANIMAL = 1,
  FACE = 2,
  BODY = 4,
  FOOD = 8,
  PLANT = 16,
  VEHICLE = 32,
  TOOL = 64,
  BUILDING = 128,
  FURNITURE = 256,
  CLOTHING = 512,
  VESSEL = 1024,
  LANDSCAPE = 2048
};

/* For each ROI in the CSV's order: share of early vision; receptive field's spread at the fovea and its growth with
 * eccentricity (0: none), degrees; single-trial ceilings, percent; categories preferred. */
static const struct area {
  float early, spread, growth, least, most;
  int prefers;
} areas[SIMULATE_ROIS] = {
    {1.00f, 0.5f, 0.12f, 8, 32, 0},                              /* V1 */
    {0.97f, 0.6f, 0.16f, 8, 30, 0},                              /* V2 */
    {0.92f, 0.8f, 0.22f, 7, 28, 0},                              /* V3 */
    {0.75f, 1.0f, 0.30f, 6, 26, FOOD | PLANT},                   /* hV4 */
    {0.60f, 1.2f, 0.35f, 5, 22, FOOD | LANDSCAPE},               /* VO1 */
    {0.50f, 1.4f, 0.40f, 5, 20, FOOD | LANDSCAPE},               /* VO2 */
    {0.65f, 1.2f, 0.35f, 5, 24, VESSEL | TOOL},                  /* LO1 */
    {0.55f, 1.5f, 0.40f, 5, 24, VESSEL | ANIMAL},                /* LO2 */
    {0.50f, 1.8f, 0.45f, 3, 16, ANIMAL | BODY},                  /* TO1 */
    {0.45f, 2.0f, 0.50f, 3, 14, ANIMAL | BODY},                  /* TO2 */
    {0.80f, 1.2f, 0.35f, 4, 20, 0},                              /* V3b */
    {0.85f, 1.2f, 0.35f, 4, 20, 0},                              /* V3a */
    {0.15f, 2.5f, 0, 6, 28, BODY | ANIMAL | CLOTHING},           /* lEBA */
    {0.15f, 2.5f, 0, 6, 28, BODY | ANIMAL | CLOTHING},           /* rEBA */
    {0.15f, 2.0f, 0, 6, 28, FACE | ANIMAL},                      /* lFFA */
    {0.15f, 2.0f, 0, 6, 28, FACE | ANIMAL},                      /* rFFA */
    {0.25f, 1.5f, 0, 6, 26, FACE},                               /* lOFA */
    {0.25f, 1.5f, 0, 6, 26, FACE},                               /* rOFA */
    {0.05f, 3.0f, 0, 2, 12, FACE | BODY},                        /* lSTS */
    {0.05f, 3.0f, 0, 2, 12, FACE | BODY},                        /* rSTS */
    {0.15f, 3.0f, 0, 6, 26, BUILDING | LANDSCAPE | FURNITURE},   /* lPPA */
    {0.15f, 3.0f, 0, 6, 26, BUILDING | LANDSCAPE | FURNITURE},   /* rPPA */
    {0.10f, 3.5f, 0, 3, 18, BUILDING | LANDSCAPE},               /* lRSC */
    {0.10f, 3.5f, 0, 3, 18, BUILDING | LANDSCAPE},               /* rRSC */
    {0.20f, 3.0f, 0, 4, 20, BUILDING | VEHICLE | FURNITURE},     /* lTOS */
    {0.20f, 3.0f, 0, 4, 20, BUILDING | VEHICLE | FURNITURE},     /* rTOS */
    {0.25f, 2.5f, 0, 4, 26, TOOL | VESSEL | VEHICLE | CLOTHING}, /* lLOC */
    {0.25f, 2.5f, 0, 4, 26, TOOL | VESSEL | VEHICLE | CLOTHING}, /* rLOC */
    {0.15f, 3.0f, 0, 2, 18, ANIMAL | FACE | FOOD | PLANT},       /* IT */
};

/* Beside the areas, a third of the voxels responds a little. */
static const struct area elsewhere = {0, 4.0f, 0, 0.05f, 1.5f, 0};
#define SHARE_ELSEWHERE 0.35

static double normal(base_dice *dice) { return base_dice_normal(dice); }

/* Preferred orientation and scale, or colour. */
static void tune_channels(simulate_voxel *voxel, base_dice *dice) {
  double orientation = base_dice_between(dice, 0, PI), scale = base_dice_between(dice, -0.5, 2.5);
  double sharpness = base_dice_between(dice, 0.3, 2.5), colours = base_dice_unit(dice) < 0.35 ? 0.8 : 0.15;
  for (int s = 0; s < SIMULATE_SCALES; s++)
    for (int o = 0; o < SIMULATE_ORIENTATIONS; o++)
      voxel->channels[s * SIMULATE_ORIENTATIONS + o] =
          (float)(exp(sharpness * (cos(2 * (PI * o / SIMULATE_ORIENTATIONS - orientation)) - 1)) *
                  exp(-(s - scale) * (s - scale)));
  for (int c = 0; c < 3; c++)
    voxel->channels[SIMULATE_SCALES * SIMULATE_ORIENTATIONS + c] = (float)(colours * normal(dice));
}

static void tune_contents(simulate_voxel *voxel, int prefers, base_dice *dice) {
  double strength = prefers ? base_dice_between(dice, 0.8, 1.6) : 0;
  for (int l = 0; l < SIMULATE_LATENTS; l++) {
    voxel->latents[l] = (float)((l < SIMULATE_CATEGORIES ? 0.35 : 0.22) * normal(dice));
    if (l < SIMULATE_CATEGORIES && prefers >> l & 1) voxel->latents[l] += (float)strength;
  }
}

/* More voxels near the fovea; each hemisphere sees the opposite half of the field. */
static void place_field(simulate_voxel *voxel, const struct area *area, bool is_left, base_dice *dice) {
  double eccentricity = 5.5 * pow(base_dice_unit(dice), 1.3), turn = base_dice_between(dice, -0.5 * PI, 0.5 * PI);
  double side = is_left ? 1 : -1;
  if (!area->growth) eccentricity *= 0.4;
  voxel->x = side * eccentricity * cos(turn);
  voxel->y = eccentricity * sin(turn);
  voxel->size = area->spread + area->growth * eccentricity;
}

void simulate_voxel_draw(simulate_voxel *voxel, const simulate_brain *brain, uint64_t seed, size_t index) {
  base_dice dice = {seed, simulate_subject_stream(SIMULATE_VOXEL, brain->subject), (uint64_t)index * VALUES_A_VOXEL};
  uint32_t rois = brain->rois[index];
  const struct area *area = &elsewhere;
  memset(voxel, 0, sizeof *voxel);
  for (size_t r = SIMULATE_ROIS; r-- > 0;) /* of several, the first and most specific */
    if (rois >> r & 1) area = &areas[r];
  double ceiling = base_dice_between(&dice, area->least, area->most), spread = exp(0.35 * normal(&dice));
  bool responds = rois ? base_dice_unit(&dice) < 0.97 : base_dice_unit(&dice) < SHARE_ELSEWHERE;
  if (area == &elsewhere) ceiling *= base_dice_unit(&dice);
  double share = responds ? ceiling / 100 : 0, variance = 0.0225 * spread * spread;
  voxel->signal = variance * share;
  voxel->noise = variance * (1 - share);
  voxel->is_visual = responds && rois;
  voxel->is_retinotopic = area->growth > 0;
  voxel->early = area->early;
  voxel->fit = (float)(area->growth ? base_dice_between(&dice, 0.1, 0.6) : base_dice_between(&dice, 0, 0.15));
  place_field(voxel, area, 2 * brain->coords[3 * index] < brain->shape[0] - 1, &dice);
  tune_channels(voxel, &dice);
  tune_contents(voxel, area->prefers, &dice);
}

static void add(float *restrict sum, const float *restrict row, float weight, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] += weight * row[i];
}

/* Mean 0 and variance 1 over the last `tests` of `count`. */
static bool standardise(float *values, size_t count, size_t tests) {
  double sum = 0, squares = 0;
  for (size_t i = count - tests; i < count; i++) sum += values[i];
  double mean = sum / (double)tests;
  for (size_t i = count - tests; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
  double spread = sqrt(squares / (double)tests);
  if (!(spread > 1e-6)) {
    memset(values, 0, count * sizeof *values);
    return false;
  }
  for (size_t i = 0; i < count; i++) values[i] = (float)((values[i] - mean) / spread);
  return true;
}

/* A Gaussian of the distance of a cell of a `grid` x `grid`, in degrees; what is below a hundredth is left out. */
static float field_weight(const simulate_voxel *voxel, size_t cell, size_t grid) {
  const size_t row = cell / grid, column = cell % grid;
  double side = SIMULATE_DEGREES / (double)grid, x = side * ((double)column + 0.5) - SIMULATE_DEGREES / 2;
  double y = SIMULATE_DEGREES / 2 - side * ((double)row + 0.5);
  double square = (x - voxel->x) * (x - voxel->x) + (y - voxel->y) * (y - voxel->y);
  double weight = exp(-square / (2 * voxel->size * voxel->size));
  return weight < 0.01 ? 0 : (float)weight;
}

static void add_early(const simulate_voxel *voxel, const simulate_features *features, float *sum) {
  const size_t images = features->images, grid = voxel->is_retinotopic ? SIMULATE_GRID : SIMULATE_COARSE_GRID;
  const float *rows = features->values;
  if (!voxel->is_retinotopic) rows += (SIMULATE_EARLY + SIMULATE_LATENTS) * images;
  float most = 0;
  for (size_t c = 0; c < SIMULATE_CHANNELS; c++) most = fmaxf(most, fabsf(voxel->channels[c]));
  for (size_t cell = 0; cell < grid * grid; cell++) {
    float weight = field_weight(voxel, cell, grid);
    if (weight <= 0) continue;
    for (size_t c = 0; c < SIMULATE_CHANNELS; c++)
      if (fabsf(voxel->channels[c]) > 0.1f * most)
        add(sum, rows + (c * grid * grid + cell) * images, weight * voxel->channels[c], images);
  }
}

bool simulate_voxel_signal(const simulate_voxel *voxel, const simulate_features *features, size_t tests, float *signal,
                           float *scratch) {
  const size_t images = features->images;
  memset(signal, 0, images * sizeof *signal);
  memset(scratch, 0, images * sizeof *scratch);
  if (voxel->signal <= 0) return false;
  for (size_t l = 0; l < SIMULATE_LATENTS; l++)
    add(signal, features->values + (SIMULATE_EARLY + l) * images, voxel->latents[l], images);
  standardise(signal, images, tests);
  if (voxel->is_visual) {
    add_early(voxel, features, scratch);
    standardise(scratch, images, tests);
    float early = sqrtf(voxel->early), late = sqrtf(1 - voxel->early);
    for (size_t i = 0; i < images; i++) signal[i] = late * signal[i] + early * scratch[i];
  }
  return standardise(signal, images, tests);
}
