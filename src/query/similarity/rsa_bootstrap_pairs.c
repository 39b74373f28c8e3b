/* Bootstraps over images with all pairs in each sample: w'Hw for all samples at once, a square of H at a time. */
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/team.h"
#include "la/blas.h"
#include "query/similarity/rsa.h"

#define SUMS 5                     /* a, b, aa, ab, bb */
#define TOGETHER ((size_t)1024)    /* samples that share a pass */
#define STREAM ((uint64_t)1 << 22) /* as in rsa_bootstrap.c */

typedef struct sampling {
  const query_rsa *rsa;
  const query_pairs *sides[2];
  size_t count, first, samples; /* of the pass at hand */
  double *weights;              /* [count][samples]: times that each image was drawn */
  double *values[2];            /* [QUERY_SPAN][QUERY_SPAN] of the square at hand */
  double *products, *turned;    /* the square's H; times the weights: [QUERY_SPAN][samples] */
  double *sums;                 /* [SUMS][samples] */
  double shift[2];              /* taken off, so that variances keep their digits */
  size_t top, left, rows, columns;
} sampling;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void draw(void *user, size_t index, size_t rank) {
  const sampling *s = user;
  base_dice dice = {s->rsa->options->seed, STREAM + s->first + index, 0};
  (void)rank;
  for (size_t i = 0; i < s->count; i++) s->weights[base_dice_below(&dice, s->count) * s->samples + index] += 1;
}

static void take_tile(void *user, size_t row, size_t rows, size_t column, size_t columns, const double *const *tiles) {
  const sampling *s = user;
  for (size_t side = 0; side < 2; side++)
    for (size_t i = 0; i < rows; i++)
      memcpy(s->values[side] + (row - s->top + i) * s->columns + column - s->left, tiles[side] + i * QUERY_TILE_COLUMNS,
             columns * sizeof(double));
}

/* The means of the first square, once. */
static void find_shift(sampling *s) {
  double sums[2] = {0};
  if (s->rsa->measure == QUERY_BY_COSINE) return;
  for (size_t side = 0; side < 2; side++)
    for (size_t i = 0; i < s->rows; i++)
      for (size_t j = i + 1; j < s->columns; j++) sums[side] += s->values[side][i * s->columns + j];
  for (size_t side = 0; side < 2; side++)
    s->shift[side] = sums[side] / ((double)s->rows * (double)(s->columns - 1) / 2);
}

/* H of sum `which`; of a square on the diagonal what is above it. */
static void form(const sampling *s, size_t which) {
  for (size_t i = 0; i < s->rows; i++)
    for (size_t j = 0; j < s->columns; j++) {
      const double a = s->values[0][i * s->columns + j] - s->shift[0],
                   b = s->values[1][i * s->columns + j] - s->shift[1];
      const double terms[SUMS] = {a, b, a * a, a * b, b * b};
      s->products[i * s->columns + j] = s->top == s->left && j <= i ? 0 : terms[which];
    }
}

static berg_status add_square(const sampling *s, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t which = 0; which < SUMS && !status; which++) {
    if ((status = base_ask_cancel(s->rsa->run, error))) break;
    form(s, which);
    status = la_multiply(la_kernels_for(base_machine_isa()), s->rows, s->samples, s->columns, 1,
                         (la_operand){s->products, s->columns, false},
                         (la_operand){s->weights + s->left * s->samples, s->samples, false}, 0, s->turned, s->samples,
                         s->rsa->threads, error);
    double *sums = s->sums + which * s->samples;
    for (size_t i = 0; i < s->rows && !status; i++)
      for (size_t k = 0; k < s->samples; k++)
        sums[k] += s->weights[(s->top + i) * s->samples + k] * s->turned[i * s->samples + k];
  }
  return status;
}

/* Weights sum up to the number of images; pairs of an image with itself are none. */
static double pairs_of(const sampling *s, size_t sample) {
  double squares = 0;
  for (size_t i = 0; i < s->count; i++) {
    const double times = s->weights[i * s->samples + sample];
    squares += times * times;
  }
  return ((double)s->count * (double)s->count - squares) / 2;
}

static berg_status pass(sampling *s, double *values, berg_error *error) {
  berg_status status = BERG_OK;
  memset(s->weights, 0, s->count * s->samples * sizeof *s->weights);
  memset(s->sums, 0, SUMS * s->samples * sizeof *s->sums);
  base_share(s->rsa->threads, s->samples, draw, s);
  for (s->top = 0; s->top < s->count && !status; s->top += QUERY_SPAN)
    for (s->left = s->top; s->left < s->count && !status; s->left += QUERY_SPAN) {
      s->rows = smaller(s->count - s->top, QUERY_SPAN);
      s->columns = smaller(s->count - s->left, QUERY_SPAN);
      status = query_rsa_go_on(s->rsa, error);
      if (!status) status = query_pairs_visit(s->sides, 2, s->top, s->left, s->rsa->threads, take_tile, s, error);
      if (!status && !s->left && !s->first) find_shift(s);
      if (!status) status = add_square(s, error);
    }
  for (size_t k = 0; k < s->samples && !status; k++) {
    const double *t = s->sums + k;
    const size_t n = s->samples;
    const query_sums sums = {.n = pairs_of(s, k), .a = t[0], .b = t[n], .aa = t[2 * n], .ab = t[3 * n], .bb = t[4 * n]};
    values[s->first + k] = query_measure_of(&sums, s->rsa->measure);
  }
  return status;
}

static berg_status open_sampling(sampling *s, berg_error *error) {
  const size_t span = smaller(s->count, QUERY_SPAN), most = smaller(s->rsa->options->bootstraps, TOGETHER);
  s->weights = base_alloc_large(s->count * most, sizeof(double), error);
  s->products = base_alloc_large(span * span, sizeof(double), error);
  s->turned = base_alloc_large(span * most, sizeof(double), error);
  s->sums = base_alloc(SUMS * most, sizeof *s->sums, error);
  for (size_t side = 0; side < 2; side++) s->values[side] = base_alloc_large(span * span, sizeof(double), error);
  return s->weights && s->products && s->turned && s->sums && s->values[0] && s->values[1] ? BERG_OK : BERG_ELIMIT;
}

static void close_sampling(sampling *s) {
  base_free_large(s->weights);
  base_free_large(s->products);
  base_free_large(s->turned);
  base_free(s->sums);
  base_free_large(s->values[0]);
  base_free_large(s->values[1]);
}

berg_status query_bootstrap_pairs(const query_rsa *rsa, const query_pairs *a, const query_pairs *b,
                                  query_resampled *found, berg_error *error) {
  const size_t count = rsa->options->bootstraps;
  sampling s = {.rsa = rsa, .sides = {a, b}, .count = a->count};
  double *values = base_alloc(count, sizeof *values, error);
  *found = (query_resampled){.asked = true, .exact = true};
  berg_status status = values ? open_sampling(&s, error) : BERG_ELIMIT;
  for (; s.first < count && !status; s.first += TOGETHER) {
    s.samples = smaller(count - s.first, TOGETHER);
    status = pass(&s, values, error);
  }
  if (!status) query_resampled_summarise(values, count, found);
  close_sampling(&s);
  base_free(values);
  return status;
}
