/* What upstream computes is, for each session, data.T[rows].mean(axis=0) and .std(axis=0). NumPy (1.24 and 2.4 were tried)
 * makes data.T[rows] with a list or a mask of rows C-contiguous, and sums such an array over its first axis row by row, one
 * accumulator a column, in the array's type. So each voxel's sum is a plain loop over trials.
 *
 * One source serves both types: sums, differences, products, quotients and roots of float32 numbers, computed in float64 and
 * rounded to float32, are what float32 arithmetic gives (float64 has more than 2 x 24 + 2 bits). */
#include "train/sessions.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define LANES ((size_t)TRAIN_SESSION_LANES)
#define INLINE static inline __attribute__((always_inline))
#define LEAST_DEVIATION 1e-8

INLINE double rounded(double value, bool single) { return single ? (double)(float)value : value; }

typedef struct moments {
  float mean[LANES], deviation[LANES];
} moments;

/* Of `count` trials; `tile` is [trials][LANES]. */
INLINE void measure(const double *tile, const size_t *trials, size_t count, bool single, moments *m) {
  double sum[LANES] = {0}, mean[LANES], squares[LANES] = {0};
  for (size_t i = 0; i < count; i++)
    for (size_t l = 0; l < LANES; l++) sum[l] = rounded(sum[l] + tile[trials[i] * LANES + l], single);
  for (size_t l = 0; l < LANES; l++) mean[l] = rounded(sum[l] / (double)count, single);
  for (size_t i = 0; i < count; i++)
    for (size_t l = 0; l < LANES; l++) {
      double difference = rounded(tile[trials[i] * LANES + l] - mean[l], single);
      double square = rounded(difference * difference, single);
      squares[l] = rounded(squares[l] + square, single);
    }
  for (size_t l = 0; l < LANES; l++) {
    double deviation = rounded(sqrt(rounded(squares[l] / (double)count, single)), single);
    m->mean[l] = (float)mean[l];
    m->deviation[l] = (float)(deviation > LEAST_DEVIATION ? deviation : LEAST_DEVIATION);
  }
}

INLINE void measure_either(const double *tile, const size_t *trials, size_t count, bool single, moments *m) {
  if (single)
    measure(tile, trials, count, true, m);
  else
    measure(tile, trials, count, false, m);
}

/* Lanes beyond the last voxel are zero. */
static void fill_tile(const train_block *block, size_t trials, size_t first, size_t lanes, double *tile,
                      train_unfit *unfit) {
  if (lanes < LANES) memset(tile, 0, trials * LANES * sizeof *tile);
  for (size_t l = 0; l < lanes; l++) {
    const size_t voxel = first + l;
    const float *singles = (const float *)block->betas + voxel * trials;
    const double *doubles = (const double *)block->betas + voxel * trials;
    for (size_t t = 0; t < trials; t++) {
      double value = block->dtype == BERG_F32 ? (double)singles[t] : doubles[t];
      tile[t * LANES + l] = value;
      if (isfinite((float)value)) continue;
      if (!unfit->count++) {
        unfit->voxel = voxel;
        unfit->trial = t;
      }
    }
  }
}

static void score_tile(const train_trials *trials, const double *tile, bool single, float *scores) {
  moments m;
  for (size_t s = 0; s < trials->sessions; s++) {
    const size_t *of_session = trials->by_session + trials->session_start[s];
    const size_t count = trials->session_start[s + 1] - trials->session_start[s];
    measure_either(tile, of_session, count, single, &m);
    for (size_t i = 0; i < count; i++)
      for (size_t l = 0; l < LANES; l++) {
        float centred = (float)tile[of_session[i] * LANES + l] - m.mean[l];
        scores[of_session[i] * LANES + l] = centred / m.deviation[l];
      }
  }
}

static void store(const train_trials *trials, const float *scores, const train_block *block, size_t first,
                  size_t lanes) {
  const size_t bytes = lanes * sizeof *scores, width = block->voxels;
  for (size_t row = 0; row < trials->train_count; row++)
    memcpy(block->train + row * width + first, scores + trials->train[row] * LANES, bytes);
  for (size_t row = 0; row < trials->test_count; row++)
    memcpy(block->test + row * width + first, scores + trials->test[row] * LANES, bytes);
  for (size_t a = 0; a < trials->averaged_count; a++) {
    const size_t *rows = trials->averaged + a * trials->repeats;
    float sum[LANES] = {0};
    for (size_t r = 0; r < trials->repeats; r++)
      for (size_t l = 0; l < LANES; l++) sum[l] += scores[trials->test[rows[r]] * LANES + l];
    for (size_t l = 0; l < lanes; l++) block->averaged[a * width + first + l] = sum[l] / (float)trials->repeats;
  }
}

static bool comes_before(const train_unfit *a, const train_unfit *b) { return !b->count || a->voxel < b->voxel; }

size_t train_sessions_scratch(const train_trials *trials, int threads) {
  return (size_t)threads * trials->count * LANES * (sizeof(double) + sizeof(float));
}

void train_sessions(const train_trials *trials, const train_block *block, void *scratch, int threads,
                    train_unfit *unfit) {
  const size_t groups = (block->voxels + LANES - 1) / LANES, items = trials->count * LANES;
  train_unfit all = {0};
#pragma omp parallel num_threads(threads)
  {
    const size_t rank = (size_t)omp_get_thread_num();
    double *tile = (double *)scratch + rank * items;
    float *scores = (float *)((double *)scratch + (size_t)threads * items) + rank * items;
#pragma omp for schedule(static)
    for (size_t g = 0; g < groups; g++) {
      const size_t first = g * LANES, left = block->voxels - first, lanes = left < LANES ? left : LANES;
      train_unfit mine = {0};
      fill_tile(block, trials->count, first, lanes, tile, &mine);
      if (mine.count) {
#pragma omp critical(train_sessions)
        {
          train_unfit before = all;
          if (comes_before(&mine, &before)) all = mine;
          all.count = before.count + mine.count;
        }
        continue;
      }
      score_tile(trials, tile, block->dtype == BERG_F32, scores);
      store(trials, scores, block, first, lanes);
    }
  }
  *unfit = all;
}
