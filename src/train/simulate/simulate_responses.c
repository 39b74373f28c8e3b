/* One subject's responses, block of voxels by block of voxels: signal, session offsets and gains, slow drifts,
 * noise. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "io/file/folders.h"
#include "io/hdf5/write_pandas.h"
#include "la/reliability.h"
#include "train/simulate/simulate.h"

#define BLOCK_BYTES ((size_t)1 << 25)
#define WAVES 2 /* of a drift within a session */
#define PI 3.14159265358979323846

/* What is the same for all voxels of a subject, and each thread's own memory. */
typedef struct response_workshop {
  simulate_subject *subject;
  berg_dtype dtype;
  uint64_t noise, session; /* streams */
  float *waves;            /* [WAVES][trials], each of mean 0 and variance 1 over any session */
  size_t rows, row_bytes;  /* of a block */
  char *block;
  float *signals;     /* [threads][2][images] */
  double *responses;  /* [threads][trials] */
  const char **tests; /* [sessions][tests] where in the block the first voxel's response to a test image is */
} response_workshop;

/* Half cosines over a session, as in the discrete cosine transform: they sum to 0, their squares to the number of
 * trials. */
static void make_waves(const response_workshop *shop) {
  const simulate_design *design = shop->subject->design;
  const simulate_trials *trials = &shop->subject->trials;
  for (size_t t = 0; t < design->trials; t++) {
    size_t first = trials->first[trials->session[t]], count = trials->first[trials->session[t] + 1] - first;
    for (size_t w = 0; w < WAVES; w++) {
      double turn = PI * (double)(w + 1) * ((double)(t - first) + 0.5) / (double)count;
      shop->waves[w * design->trials + t] = (float)(sqrt(2) * cos(turn));
    }
  }
}

/* Response = offset of the voxel + offset of the session + gain of the session * (signal + drift + noise). */
static void respond(const response_workshop *shop, const simulate_voxel *voxel, size_t index, const float *signal,
                    double *responses) {
  const simulate_design *design = shop->subject->design;
  const simulate_trials *trials = &shop->subject->trials;
  const uint64_t seed = design->seed, counter = (uint64_t)index * design->trials;
  const double scale = sqrt(voxel->signal), total = sqrt(voxel->signal + voxel->noise);
  const double white = sqrt(voxel->noise * (1 - SIMULATE_DRIFT)) / BASE_RANDOM_BELL_SPREAD;
  const double slow = sqrt(voxel->noise * SIMULATE_DRIFT / WAVES);
  base_dice dice = {seed, shop->session, (uint64_t)index * (2 + design->sessions * (2 + WAVES))};
  const double centre = 0.5 * total * base_dice_normal(&dice);
  for (size_t s = 0; s < design->sessions; s++) {
    const double offset = centre + 0.5 * total * base_dice_normal(&dice), gain = exp(0.12 * base_dice_normal(&dice));
    double drift[WAVES];
    for (size_t w = 0; w < WAVES; w++) drift[w] = slow * base_dice_normal(&dice);
    for (size_t t = trials->first[s]; t < trials->first[s + 1]; t++) {
      double noise = white * base_random_bell(base_random_bits(seed, shop->noise, counter + t));
      for (size_t w = 0; w < WAVES; w++) noise += drift[w] * shop->waves[w * design->trials + t];
      responses[t] = offset + gain * (scale * signal[trials->image[t]] + noise);
    }
  }
}

static void make_voxel(const response_workshop *shop, size_t thread, size_t index, char *row) {
  const simulate_subject *subject = shop->subject;
  const simulate_design *design = subject->design;
  float *signal = shop->signals + thread * 2 * design->images;
  double *responses = shop->responses + thread * design->trials;
  simulate_voxel voxel;
  simulate_voxel_draw(&voxel, &subject->brain, design->seed, index);
  if (!simulate_voxel_signal(&voxel, subject->features, design->tests, signal, signal + design->images))
    voxel.signal = 0;
  respond(shop, &voxel, index, signal, responses);
  if (shop->dtype == BERG_F32)
    for (size_t t = 0; t < design->trials; t++) ((float *)(void *)row)[t] = (float)responses[t];
  else
    memcpy(row, responses, shop->row_bytes);
  subject->truth.signal[index] = voxel.signal;
  subject->truth.noise[index] = voxel.noise;
  memcpy(subject->truth.test_signal + index * design->tests, signal + design->trainings,
         design->tests * sizeof *signal);
}

/* Voxels of a block; those of areas cost more than others. */
typedef struct voxel_block {
  const response_workshop *shop;
  size_t first;
} voxel_block;

static void make_row(void *user, size_t row, size_t rank) {
  const voxel_block *block = user;
  make_voxel(block->shop, rank, block->first + row, block->shop->block + row * block->shop->row_bytes);
}

static void make_block(const response_workshop *shop, size_t first, size_t count) {
  base_share(shop->subject->threads, count, make_row, &(voxel_block){shop, first});
}

static berg_status open_workshop(response_workshop *shop, simulate_subject *subject, berg_dtype dtype,
                                 berg_error *error) {
  const simulate_design *design = subject->design;
  const size_t threads = (size_t)subject->threads;
  *shop = (response_workshop){.subject = subject, .dtype = dtype};
  shop->noise = simulate_subject_stream(SIMULATE_NOISE, subject->brain.subject);
  shop->session = simulate_subject_stream(SIMULATE_SESSION, subject->brain.subject);
  shop->row_bytes = design->trials * (dtype == BERG_F32 ? sizeof(float) : sizeof(double));
  shop->rows = BLOCK_BYTES / shop->row_bytes > threads ? BLOCK_BYTES / shop->row_bytes : threads;
  shop->block = base_alloc(shop->rows, shop->row_bytes, error);
  shop->waves = shop->block ? base_alloc(design->trials, WAVES * sizeof(float), error) : NULL;
  shop->signals = shop->waves ? base_alloc(threads * 2, design->images * sizeof(float), error) : NULL;
  shop->responses = shop->signals ? base_alloc(threads, design->trials * sizeof(double), error) : NULL;
  const size_t tests = design->sessions * design->tests, item = shop->row_bytes / design->trials;
  shop->tests = shop->responses ? base_alloc(tests, sizeof *shop->tests, error) : NULL;
  if (!shop->tests) return BERG_ELIMIT;
  for (size_t i = 0; i < tests; i++) shop->tests[i] = shop->block + subject->trials.of_test[i] * item;
  make_waves(shop);
  return BERG_OK;
}

static void close_workshop(response_workshop *shop) {
  base_free(shop->block);
  base_free(shop->waves);
  base_free(shop->signals);
  base_free(shop->responses);
  base_free(shop->tests);
}

/* What the block's responses to the test images show of voxels [first, first + count). */
static berg_status measure_block(const response_workshop *shop, size_t first, size_t count, berg_error *error) {
  const simulate_design *design = shop->subject->design;
  const berg_reliability *all = &shop->subject->reliability;
  const berg_reliability here = {.noise_ceiling_singletrial = all->noise_ceiling_singletrial + first,
                                 .noise_ceiling_testset = all->noise_ceiling_testset + first,
                                 .splithalf_uncorrected = all->splithalf_uncorrected + first,
                                 .splithalf_corrected = all->splithalf_corrected + first};
  const la_rows trials = {shop->tests, design->sessions * design->tests, count, (ptrdiff_t)shop->row_bytes,
                          shop->dtype};
  return la_reliability(&trials, design->sessions, design->tests, shop->subject->threads, &here, error);
}

static berg_status write_blocks(const response_workshop *shop, io_pandas *table, const train_stage *stage,
                                size_t before, berg_error *error) {
  const size_t voxels = shop->subject->brain.voxels;
  berg_status status = BERG_OK;
  for (size_t first = 0; first < voxels && !status; first += shop->rows) {
    size_t count = voxels - first < shop->rows ? voxels - first : shop->rows;
    make_block(shop, first, count);
    status = measure_block(shop, first, count, error);
    if (!status) status = io_pandas_write(table, first, count, shop->block, error);
    if (!status) status = train_stage_progress(stage, before + first + count, error);
  }
  return status;
}

berg_status simulate_write_responses(simulate_subject *subject, berg_dtype dtype, const train_stage *stage,
                                     size_t before, berg_error *error) {
  response_workshop shop;
  io_pandas *table = NULL;
  char *path = base_format(error, "%s/betas_csv/sub-%02d_ResponseData.h5", subject->folder, subject->brain.subject);
  if (!path) return BERG_ELIMIT;
  berg_status status = open_workshop(&shop, subject, dtype, error);
  if (!status) status = io_make_folders_for(path, error);
  if (!status)
    status = io_pandas_open(&table, path, subject->brain.voxels, subject->design->trials, dtype, subject->force, error);
  if (!status) {
    status = write_blocks(&shop, table, stage, before, error);
    if (status)
      io_pandas_abandon(table, error);
    else
      status = io_pandas_commit(table, error);
  }
  close_workshop(&shop);
  base_free(path);
  return status;
}
