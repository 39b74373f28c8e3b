/* All images: rendered, written, and looked at by the model of early vision, an image a thread at a time. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "io/file/folders.h"
#include "io/image/jpeg_write.h"
#include "train/simulate/scene.h"

#define AT_ONCE 64 /* images between two reports of progress */

typedef struct image_studio {
  const simulate_design *design;
  const simulate_keeper *keeper;
  size_t size;
  texture_tile *tiles;
  float *canvas;   /* [threads][size][size][3] */
  uint8_t *pixels; /* the same */
  float *early;    /* [threads][SIMULATE_EARLY + SIMULATE_LATENTS] */
  simulate_features *features;
} image_studio;

berg_status simulate_keep_jpeg(const simulate_keeper *keeper, size_t image, const uint8_t *pixels, size_t size,
                               berg_error *error) {
  char concept[SIMULATE_NAME_ROOM], name[SIMULATE_NAME_ROOM];
  simulate_concept_name(simulate_concept_of(keeper->design, image), concept);
  simulate_image_name(keeper->design, image, name);
  char *path = base_format(error, "%s/%s/%s", keeper->folder, concept, name);
  if (!path) return BERG_ELIMIT;
  berg_status status = io_make_folders_for(path, error);
  if (!status) status = io_write_jpeg(path, pixels, size, size, SIMULATE_QUALITY, keeper->force, error);
  base_free(path);
  return status;
}

static berg_status make_image(const image_studio *studio, size_t thread, size_t image, berg_error *error) {
  const size_t values = studio->size * studio->size * 3;
  float *canvas = studio->canvas + thread * values, *own = studio->early + thread * SIMULATE_FEATURES;
  uint8_t *pixels = studio->pixels + thread * values;
  const uint64_t seed = studio->design->seed;
  scene_view scene;
  scene_make(&scene, seed, simulate_concept_of(studio->design, image), image);
  scene_draw(&scene, (const texture_tile *)studio->tiles, seed, image, studio->size, canvas, pixels);
  vision_early(pixels, studio->size, own);
  scene_latents(&scene, own + SIMULATE_EARLY);
  for (size_t f = 0; f < SIMULATE_EARLY + SIMULATE_LATENTS; f++)
    studio->features->values[f * studio->design->images + image] = own[f];
  return studio->keeper->keep(studio->keeper, image, pixels, studio->size, error);
}

typedef struct some_images {
  const image_studio *studio;
  size_t first;
  berg_error errors[AT_ONCE];
  berg_status statuses[AT_ONCE];
} some_images;

static void make_one(void *user, size_t index, size_t rank) {
  some_images *some = user;
  some->statuses[index] = make_image(some->studio, rank, some->first + index, &some->errors[index]);
}

/* Images [first, last); the error is that of the first image that failed. */
static berg_status make_some(const image_studio *studio, size_t first, size_t last, int threads, berg_error *error) {
  some_images some = {.studio = studio, .first = first};
  base_share(threads, last - first, make_one, &some);
  for (size_t i = 0; i < last - first; i++) {
    if (!some.statuses[i]) continue;
    if (error) *error = some.errors[i];
    return some.statuses[i];
  }
  return BERG_OK;
}

/* Sum and sum of squares of one row, in the images' order. */
static void sums(const float *row, size_t count, double *sum, double *squares) {
  *sum = *squares = 0;
  for (size_t i = 0; i < count; i++) {
    *sum += row[i];
    *squares += (double)row[i] * row[i];
  }
}

static void scale_row(float *row, size_t count, double mean, double scale) {
  for (size_t i = 0; i < count; i++) row[i] = (float)((row[i] - mean) * scale);
}

static double reciprocal_spread(double sum, double squares, double count) {
  double variance = squares / count - sum / count * (sum / count);
  return variance > 1e-12 ? 1 / sqrt(variance) : 0;
}

/* A cell keeps its own mean and variance beside those of its channel. */
static void standardise_channel(void *user, size_t channel, size_t rank) {
  simulate_features *features = user;
  const size_t images = features->images;
  double sum = 0, squares = 0, one, two;
  float *rows = features->values + channel * SIMULATE_CELLS * images;
  (void)rank;
  for (size_t cell = 0; cell < SIMULATE_CELLS; cell++) {
    sums(rows + cell * images, images, &one, &two);
    sum += one;
    squares += two;
  }
  double count = (double)(SIMULATE_CELLS * images), scale = reciprocal_spread(sum, squares, count);
  for (size_t cell = 0; cell < SIMULATE_CELLS; cell++) scale_row(rows + cell * images, images, sum / count, scale);
}

static void standardise(simulate_features *features, int threads) {
  const size_t images = features->images;
  base_share(threads, SIMULATE_CHANNELS, standardise_channel, features);
  for (size_t l = 0; l < SIMULATE_LATENTS; l++) {
    double sum, squares;
    float *row = features->values + (SIMULATE_EARLY + l) * images;
    sums(row, images, &sum, &squares);
    scale_row(row, images, sum / (double)images, reciprocal_spread(sum, squares, (double)images));
  }
}

/* Each coarse cell is the mean of the 3 x 3 cells in it. */
static void coarsen_row(void *user, size_t row, size_t rank) {
  simulate_features *features = user;
  const size_t images = features->images, channel = row / SIMULATE_COARSE_CELLS, cell = row % SIMULATE_COARSE_CELLS;
  size_t x = cell % SIMULATE_COARSE_GRID * 3, y = cell / SIMULATE_COARSE_GRID * 3;
  float *to = features->values + (SIMULATE_EARLY + SIMULATE_LATENTS + row) * images;
  (void)rank;
  memset(to, 0, images * sizeof *to);
  for (size_t k = 0; k < 9; k++) {
    size_t fine = channel * SIMULATE_CELLS + (y + k / 3) * SIMULATE_GRID + x + k % 3;
    const float *from = features->values + fine * images;
    for (size_t i = 0; i < images; i++) to[i] += from[i] / 9;
  }
}

static berg_status open_studio(image_studio *studio, int threads, berg_error *error) {
  size_t values = studio->size * studio->size * 3 * (size_t)threads;
  studio->tiles = base_alloc(TEXTURES, sizeof *studio->tiles, error);
  studio->canvas = studio->tiles ? base_alloc(values, sizeof(float), error) : NULL;
  studio->pixels = studio->canvas ? base_alloc(values, 1, error) : NULL;
  studio->early = studio->pixels ? base_alloc(SIMULATE_FEATURES * (size_t)threads, sizeof(float), error) : NULL;
  return studio->early ? BERG_OK : BERG_ELIMIT;
}

berg_status simulate_images(simulate_features *features, const simulate_design *design, const simulate_keeper *keeper,
                            size_t size, int threads, const berg_run *run, berg_error *error) {
  image_studio studio = {.design = design, .keeper = keeper, .size = size, .features = features};
  train_stage stage;
  features->images = design->images;
  features->values = base_alloc(design->images, SIMULATE_FEATURES * sizeof(float), error);
  berg_status status = features->values ? open_studio(&studio, threads, error) : BERG_ELIMIT;
  if (!status) {
    texture_make_all(studio.tiles, design->seed, threads);
    train_stage_begin(&stage, run, "images", "images", design->images);
  }
  for (size_t first = 0; first < design->images && !status; first += AT_ONCE) {
    size_t left = design->images - first, last = first + (left < AT_ONCE ? left : AT_ONCE);
    status = make_some(&studio, first, last, threads, error);
    if (!status) status = train_stage_progress(&stage, last, error);
  }
  if (!status) {
    standardise(features, threads);
    base_share(threads, SIMULATE_COARSE, coarsen_row, features);
  }
  base_free(studio.tiles);
  base_free(studio.canvas);
  base_free(studio.pixels);
  base_free(studio.early);
  if (status) simulate_features_release(features);
  return status;
}

void simulate_features_release(simulate_features *features) {
  base_free(features->values);
  features->values = NULL;
}
