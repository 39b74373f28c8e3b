/* What upstream computes is, for each session, data.T[rows].mean(axis=0) and .std(axis=0). NumPy (1.24 and 2.4 were
 * tried) makes data.T[rows] with a list or a mask of rows C-contiguous, and sums such an array over its first axis row
 * by row, one accumulator a column, in the array's type. So each voxel's sum is a plain loop over trials.
 *
 * One source serves both types: sums, differences, products, quotients and roots of float32 numbers, computed in
 * float64 and rounded to float32, are what float32 arithmetic gives (float64 has more than 2 x 24 + 2 bits). */
#include "train/prepare/sessions.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/team.h"

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

size_t train_sessions_scratch(const train_trials *trials, int threads) {
  return (size_t)threads * trials->count * LANES * (sizeof(double) + sizeof(float));
}

/* Groups of LANES voxels of one block. */
typedef struct scoring {
  const train_trials *trials;
  const train_block *block;
  double *tiles; /* each thread: [trials][LANES] */
  float *scores; /* the same */
  pthread_mutex_t guard;
  train_unfit unfit; /* the first, and how many */
} scoring;

static void note(scoring *s, const train_unfit *unfit) {
  pthread_mutex_lock(&s->guard);
  const size_t count = s->unfit.count + unfit->count;
  if (!s->unfit.count || unfit->voxel < s->unfit.voxel) s->unfit = *unfit;
  s->unfit.count = count;
  pthread_mutex_unlock(&s->guard);
}

static void score_group(void *user, size_t index, size_t rank) {
  scoring *s = user;
  const train_block *block = s->block;
  const size_t items = s->trials->count * LANES, first = index * LANES, left = block->voxels - first,
               lanes = left < LANES ? left : LANES;
  double *tile = s->tiles + rank * items;
  float *scores = s->scores + rank * items;
  train_unfit mine = {0};
  fill_tile(block, s->trials->count, first, lanes, tile, &mine);
  if (mine.count) {
    note(s, &mine);
    return;
  }
  score_tile(s->trials, tile, block->dtype == BERG_F32, scores);
  store(s->trials, scores, block, first, lanes);
}

void train_sessions(const train_trials *trials, const train_block *block, void *scratch, int threads,
                    train_unfit *unfit) {
  double *tiles = scratch;
  scoring s = {.trials = trials,
               .block = block,
               .tiles = tiles,
               .scores = (float *)(void *)(tiles + (size_t)threads * trials->count * LANES)};
  pthread_mutex_init(&s.guard, NULL);
  base_share(threads, (block->voxels + LANES - 1) / LANES, score_group, &s);
  pthread_mutex_destroy(&s.guard);
  *unfit = s.unfit;
}
