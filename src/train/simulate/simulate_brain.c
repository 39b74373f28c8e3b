/* A brain: an ellipsoid with a groove along the top, regions that are blobs at plausible places and overlap, parcels of
 * the cortex. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "train/simulate/simulate.h"

#define REAL_VOXELS 211339 /* that the sizes below are of */

/* Of sub-01: voxels; hemisphere (-1 left, 1 right, 0 both); distance from the midline, posterior to anterior, inferior
 * to superior, each 0..1 of the brain's half width, length and height. */
static const struct region {
  int voxels, side;
  float lateral, anterior, superior;
} regions[SIMULATE_ROIS] = {
    {1049, 0, 0.10f, 0.05f, 0.45f}, {774, 0, 0.16f, 0.07f, 0.43f},  {762, 0, 0.24f, 0.09f, 0.42f},
    {613, 0, 0.34f, 0.13f, 0.33f},  {287, 0, 0.28f, 0.20f, 0.31f},  {149, 0, 0.29f, 0.25f, 0.30f},
    {349, 0, 0.50f, 0.10f, 0.46f},  {348, 0, 0.58f, 0.12f, 0.44f},  {369, 0, 0.68f, 0.18f, 0.43f},
    {316, 0, 0.72f, 0.20f, 0.41f},  {402, 0, 0.40f, 0.12f, 0.60f},  {642, 0, 0.32f, 0.10f, 0.62f},
    {563, -1, 0.70f, 0.17f, 0.46f}, {640, 1, 0.70f, 0.17f, 0.46f},  {154, -1, 0.56f, 0.30f, 0.26f},
    {399, 1, 0.56f, 0.30f, 0.26f},  {69, -1, 0.60f, 0.14f, 0.33f},  {250, 1, 0.60f, 0.14f, 0.33f},
    {69, -1, 0.76f, 0.36f, 0.44f},  {449, 1, 0.76f, 0.36f, 0.44f},  {395, -1, 0.38f, 0.36f, 0.28f},
    {414, 1, 0.38f, 0.36f, 0.28f},  {420, -1, 0.16f, 0.26f, 0.46f}, {558, 1, 0.16f, 0.26f, 0.46f},
    {38, -1, 0.44f, 0.14f, 0.60f},  {121, 1, 0.44f, 0.14f, 0.60f},  {1573, -1, 0.62f, 0.18f, 0.38f},
    {1127, 1, 0.62f, 0.18f, 0.38f}, {4145, 0, 0.54f, 0.34f, 0.27f},
};

/* Parcels that lie where a region does: {parcel, region}. The others are spread over the surface. */
static const uint8_t placed[][2] = {
    {0, 0},   {3, 1},   {4, 2},  {5, 3}, {12, 11},  {18, 10}, {19, 6}, {20, 7},
    {17, 15}, {21, 17}, {22, 8}, {1, 9}, {125, 21}, {162, 5}, {6, 4},  {135, 28},
};

/* Regions whose localiser found nothing: lSTS and rSTS in sub-02, lTOS in sub-03. */
static bool is_missing(int subject, size_t roi) {
  const char *name = simulate_roi_names[roi];
  return (subject == 2 && !strcmp(name + 1, "STS")) || (subject == 3 && !strcmp(name, "lTOS"));
}

typedef struct ranked {
  float distance;
  uint32_t index;
} ranked;

static int by_distance(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

static float distance_from_centre(const size_t shape[3], const float half[3], size_t x, size_t y, size_t z) {
  float u = ((float)x - 0.5f * (float)(shape[0] - 1)) / half[0],
        v = ((float)y - 0.5f * (float)(shape[1] - 1)) / half[1];
  float w = ((float)z - 0.5f * (float)(shape[2] - 1)) / half[2];
  return u * u + v * v + w * w + (w > 0.3f ? 0.25f * expf(-u * u / 0.0036f) : 0);
}

/* The mask holds the `voxels` nearest to the centre. */
static berg_status make_mask(simulate_brain *brain, berg_error *error) {
  const float radius = cbrtf((float)brain->voxels / 2.513f), half[3] = {0.8f * radius, radius, 0.75f * radius};
  for (int d = 0; d < 3; d++) brain->shape[d] = (size_t)(2 * half[d]) + 5;
  const size_t *n = brain->shape, all = n[0] * n[1] * n[2];
  ranked *order = base_alloc(all, sizeof *order, error);
  brain->mask = order ? base_calloc(all, 1, error) : NULL;
  if (brain->mask) {
    for (size_t i = 0; i < all; i++)
      order[i] = (ranked){distance_from_centre(n, half, i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]), (uint32_t)i};
    qsort(order, all, sizeof *order, by_distance);
    for (size_t i = 0; i < brain->voxels; i++) brain->mask[order[i].index] = 1;
  }
  base_free(order);
  return brain->mask ? BERG_OK : BERG_ELIMIT;
}

static void list_coordinates(simulate_brain *brain) {
  const size_t *n = brain->shape;
  size_t voxel = 0;
  for (size_t i = 0; i < n[0] * n[1] * n[2]; i++) {
    if (!brain->mask[i]) continue;
    const size_t at[3] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
    for (int d = 0; d < 3; d++) brain->coords[3 * voxel + (size_t)d] = (uint16_t)at[d];
    voxel++;
  }
}

/* Side to side -1..1, posterior to anterior and inferior to superior 0..1. */
static void place_of(const simulate_brain *brain, size_t voxel, float place[3]) {
  for (int d = 0; d < 3; d++) {
    float edge = d == 0 ? 0 : 2, span = (float)(brain->shape[d] - 1) - 2 * edge;
    place[d] = ((float)brain->coords[3 * voxel + (size_t)d] - edge) / span;
  }
  place[0] = 2 * place[0] - 1;
}

static float squared(float value) { return value * value; }

/* The voxels nearest to the region's place; the other subjects' regions differ by up to a fifth, small brains' are
 * small. */
static void mark_region(simulate_brain *brain, uint64_t seed, size_t roi, ranked *order) {
  const struct region *region = &regions[roi];
  size_t candidates = 0;
  for (size_t v = 0; v < brain->voxels; v++) {
    float place[3];
    place_of(brain, v, place);
    if (region->side && (place[0] < 0) != (region->side < 0)) continue;
    float distance = squared(0.5f * (fabsf(place[0]) - region->lateral)) + squared(place[1] - region->anterior) +
                     squared(place[2] - region->superior);
    order[candidates++] = (ranked){distance, (uint32_t)v};
  }
  base_dice dice = {seed, simulate_subject_stream(SIMULATE_VOXEL, brain->subject), (UINT64_C(1) << 39) + roi};
  double vary = brain->subject == 1 ? 1 : base_dice_between(&dice, 0.8, 1.2);
  double share = fmin(1, 4.0 * (double)brain->voxels / REAL_VOXELS);
  size_t size = (size_t)fmax(3, round(region->voxels * share * vary));
  qsort(order, candidates, sizeof *order, by_distance);
  for (size_t i = 0; i < size && i < candidates; i++) brain->rois[order[i].index] |= UINT32_C(1) << roi;
}

static void place_parcels(float places[SIMULATE_PARCELS][3], uint64_t seed) {
  base_dice dice = {seed, SIMULATE_PARCEL, 0};
  for (size_t p = 0; p < SIMULATE_PARCELS; p++) { /* evenly over half of a sphere, a little shaken */
    double height = 1 - 2 * ((double)p + base_dice_unit(&dice)) / SIMULATE_PARCELS, round = sqrt(1 - height * height);
    double turn = 2.39996323 * (double)p; /* the golden angle */
    places[p][0] = (float)(round * fabs(cos(turn)));
    places[p][1] = (float)(0.5 + 0.5 * round * sin(turn));
    places[p][2] = (float)(0.5 + 0.5 * height);
  }
  for (size_t i = 0; i < sizeof placed / sizeof *placed; i++) {
    const struct region *region = &regions[placed[i][1]];
    const float at[3] = {region->lateral, region->anterior, region->superior};
    memcpy(places[placed[i][0]], at, sizeof at);
  }
}

typedef struct parcels {
  simulate_brain *brain;
  float places[SIMULATE_PARCELS][3];
} parcels;

/* A voxel of the outer half belongs to the nearest parcel. */
static void mark_voxel(const parcels *all, size_t v) {
  float place[3], least = 1e9f;
  size_t nearest = 0;
  place_of(all->brain, v, place);
  if (squared(place[0]) + squared(2 * place[1] - 1) + squared(2 * place[2] - 1) < 0.5f) return;
  for (size_t p = 0; p < SIMULATE_PARCELS; p++) {
    const float *at = all->places[p];
    float distance = squared(0.5f * (fabsf(place[0]) - at[0])) + squared(place[1] - at[1]) + squared(place[2] - at[2]);
    if (distance >= least) continue;
    least = distance;
    nearest = p;
  }
  all->brain->parcel[v] = (uint8_t)(nearest + 1);
}

/* Voxels that a thread marks at a time. */
#define TOGETHER ((size_t)1024)

static void mark_some(void *user, size_t index, size_t rank) {
  const parcels *all = user;
  const size_t first = index * TOGETHER, left = all->brain->voxels - first;
  (void)rank;
  for (size_t v = first; v < first + (left < TOGETHER ? left : TOGETHER); v++) mark_voxel(all, v);
}

static void mark_parcels(simulate_brain *brain, uint64_t seed, int threads) {
  parcels all = {.brain = brain};
  place_parcels(all.places, seed);
  base_share(threads, (brain->voxels + TOGETHER - 1) / TOGETHER, mark_some, &all);
}

berg_status simulate_brain_init(simulate_brain *brain, uint64_t seed, int subject, size_t voxels, int threads,
                                berg_error *error) {
  *brain = (simulate_brain){.subject = subject, .voxels = voxels};
  ranked *order = base_alloc(voxels, sizeof *order, error);
  brain->coords = order ? base_alloc(voxels, 3 * sizeof *brain->coords, error) : NULL;
  brain->rois = brain->coords ? base_calloc(voxels, sizeof *brain->rois, error) : NULL;
  brain->parcel = brain->rois ? base_calloc(voxels, 1, error) : NULL;
  berg_status status = brain->parcel ? make_mask(brain, error) : BERG_ELIMIT;
  if (!status) {
    list_coordinates(brain);
    for (size_t r = 0; r < SIMULATE_ROIS; r++)
      if (!is_missing(subject, r)) mark_region(brain, seed, r, order);
    mark_parcels(brain, seed, threads);
  }
  base_free(order);
  if (status) simulate_brain_release(brain);
  return status;
}

void simulate_brain_release(simulate_brain *brain) {
  base_free(brain->mask);
  base_free(brain->coords);
  base_free(brain->rois);
  base_free(brain->parcel);
  *brain = (simulate_brain){.mask = NULL};
}
