/* The triangular factor of a region's rows, and the products that make patterns of scores with it. */
#include "query/scores/patterns.h"

#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"
#include "la/kernels.h"

/* Rows that are factored at a time, on top of the factor of those before. */
#define FACTORED ((size_t)2048)
/* Images that one thread takes at a time: their scores, packed, lie in L2. */
#define IMAGES ((size_t)64)
#define TILE ((size_t)LA_DOUBLE_TILE)
#define STRIP ((size_t)LA_DOUBLE_STRIP)
/* Rounding of patterns, relative to what they were made from. */
#define NOTHING 1e-12
#define NOTHING_OF_ROWS 4e-14

struct query_patterns {
  size_t scores, width;
  int threads;
  double *scale;   /* [scores] the spread; 1 where there is none */
  double *strips;  /* the factor's rows, STRIP at a time: [strips][scores + 1][STRIP], the intercept first */
  double *scratch; /* each thread: IMAGES x (scores + 1) */
  const la_kernels *kernels;
  double least;
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/* --- The factor --- */

typedef struct factoring {
  const double *rows;
  size_t units, n; /* columns, the intercept counted */
  const query_patterns *patterns;
  double *means;      /* [n] of the columns, as they are factored */
  double *triangle;   /* [n][held]: column j's elements */
  size_t held;        /* rows of the factor so far */
  double whole, kept; /* sums of squares of the rows as they are, and as they are factored */
} factoring;

/* Element (unit, j) of what is factored: the intercept is column 0, coefficients are those of scores of spread 1. */
static double element(const factoring *f, size_t unit, size_t j) {
  const double *row = f->rows + unit * f->n;
  return j ? row[j - 1] * f->patterns->scale[j - 1] : row[f->n - 1];
}

/* Twice: what is left of the mean after the first time is rounding. */
static void find_means(factoring *f) {
  for (int pass = 0; pass < 2; pass++) {
    double *sums = f->triangle; /* not in use yet */
    memset(sums, 0, f->n * sizeof *sums);
    for (size_t i = 0; i < f->units; i++)
      for (size_t j = 0; j < f->n; j++) sums[j] += element(f, i, j) - f->means[j];
    for (size_t j = 0; j < f->n; j++) f->means[j] += sums[j] / (double)f->units;
  }
}

/* The factor so far and rows [first, first + count) become the factor of all. */
static berg_status add_rows(factoring *f, size_t first, size_t count, double *work, berg_error *error) {
  const size_t rows = f->held + count;
  for (size_t j = 0; j < f->n; j++) {
    double *column = work + j * rows;
    for (size_t i = 0; i < f->held; i++) column[i] = i <= j ? f->triangle[j * f->held + i] : 0;
    for (size_t i = 0; i < count; i++) {
      const double value = element(f, first + i, j), centred = value - f->means[j];
      column[f->held + i] = centred;
      f->whole += value * value;
      f->kept += centred * centred;
    }
  }
  berg_status status = la_triangle(work, f->n, rows, error);
  f->held = smaller(rows, f->n);
  for (size_t j = 0; j < f->n; j++) memcpy(f->triangle + j * f->held, work + j * rows, f->held * sizeof *work);
  return status;
}

static berg_status factor(factoring *f, query_centring centring, berg_error *error) {
  const size_t most = f->n + smaller(f->units, FACTORED);
  double *work = base_alloc(f->n * most, sizeof *work, error);
  f->means = base_calloc(f->n, sizeof *f->means, error);
  f->triangle = base_alloc(f->n * f->n, sizeof *f->triangle, error);
  berg_status status = work && f->means && f->triangle ? BERG_OK : BERG_ELIMIT;
  if (!status && centring == QUERY_CENTRED) find_means(f);
  for (size_t first = 0; first < f->units && !status; first += FACTORED)
    status = add_rows(f, first, smaller(f->units - first, FACTORED), work, error);
  base_free(work);
  base_free(f->means);
  return status;
}

static void pack_strips(query_patterns *patterns, const factoring *f) {
  for (size_t s = 0; s < up(f->held, STRIP); s += STRIP)
    for (size_t j = 0; j < f->n; j++)
      for (size_t c = 0; c < STRIP; c++)
        patterns->strips[s * f->n + j * STRIP + c] =
            s + c <= j && s + c < f->held ? f->triangle[j * f->held + s + c] : 0;
}

static berg_status fill(query_patterns *patterns, const double *rows, size_t units, const double *spread,
                        query_centring centring, berg_error *error) {
  const size_t n = patterns->scores + 1;
  factoring f = {.rows = rows, .units = units, .n = n, .patterns = patterns};
  patterns->scale = base_alloc(patterns->scores, sizeof *patterns->scale, error);
  patterns->strips = base_alloc(up(patterns->width, STRIP) * n, sizeof *patterns->strips, error);
  patterns->scratch = base_alloc((size_t)patterns->threads * IMAGES * n, sizeof *patterns->scratch, error);
  if (!patterns->scale || !patterns->strips || !patterns->scratch) return BERG_ELIMIT;
  for (size_t j = 0; j < patterns->scores; j++) patterns->scale[j] = spread[j] > 0 ? spread[j] : 1;
  berg_status status = factor(&f, centring, error);
  if (!status) pack_strips(patterns, &f);
  patterns->least = fmax(NOTHING * sqrt(f.kept), NOTHING_OF_ROWS * sqrt(f.whole));
  base_free(f.triangle);
  return status;
}

berg_status query_patterns_make(query_patterns **out, const double *rows, size_t units, size_t scores,
                                const double *spread, query_centring centring, int threads, berg_error *error) {
  const size_t least = centring == QUERY_CENTRED ? 2 : 1;
  *out = NULL;
  if (units < least)
    return base_fail(error, BERG_EPARAMETER, "a pattern needs at least %zu units, found %zu", least, units);
  query_patterns *patterns = base_calloc(1, sizeof *patterns, error);
  if (!patterns) return BERG_ELIMIT;
  *patterns = (query_patterns){.scores = scores,
                               .width = smaller(units, scores + 1),
                               .threads = threads,
                               .kernels = la_kernels_for(base_machine_isa())};
  berg_status status = fill(patterns, rows, units, spread, centring, error);
  if (status)
    query_patterns_free(patterns);
  else
    *out = patterns;
  return status;
}

berg_status query_patterns_new(query_patterns **patterns, const double *rows, size_t units, size_t scores,
                               const double *spread, int threads, berg_error *error) {
  return query_patterns_make(patterns, rows, units, scores, spread, QUERY_CENTRED, threads, error);
}

void query_patterns_free(query_patterns *patterns) {
  if (!patterns) return;
  base_free(patterns->scale);
  base_free(patterns->strips);
  base_free(patterns->scratch);
  base_free(patterns);
}

size_t query_patterns_width(const query_patterns *patterns) { return patterns->width; }

/* --- Products --- */

typedef struct making {
  const query_patterns *patterns;
  const float *scores;
  size_t ld, count;
  double *x;
} making;

/* Scores of `images` images as tiles [scores + 1][TILE]: a 1 for the intercept, and each score by its spread. */
static void pack_scores(const making *m, size_t first, size_t images, double *to) {
  const query_patterns *p = m->patterns;
  const size_t n = p->scores + 1;
  for (size_t i = 0; i < up(images, TILE); i++) {
    double *tile = to + i / TILE * TILE * n + i % TILE;
    const float *row = m->scores + (first + i) * m->ld;
    tile[0] = i < images;
    for (size_t j = 1; j < n; j++) tile[j * TILE] = i < images ? (double)row[j - 1] / p->scale[j - 1] : 0;
  }
}

/* One tile of images by one strip of the factor, whose rows begin with zeros, which are passed over. */
static void make_tile(const making *m, const double *tile, size_t first, size_t images, size_t left) {
  const query_patterns *p = m->patterns;
  const size_t n = p->scores + 1, columns = smaller(p->width - left, STRIP);
  double sums[LA_DOUBLE_TILE * LA_DOUBLE_STRIP] = {0};
  p->kernels->double_tile(tile + left * TILE, p->strips + left * n + left * STRIP, n - left, sums);
  for (size_t i = 0; i < images; i++)
    memcpy(m->x + (first + i) * p->width + left, sums + i * STRIP, columns * sizeof *sums);
}

static void make_some(void *user, size_t index, size_t rank) {
  const making *m = user;
  const query_patterns *p = m->patterns;
  const size_t n = p->scores + 1, first = index * IMAGES, images = smaller(m->count - first, IMAGES);
  double *packed = p->scratch + rank * IMAGES * n;
  pack_scores(m, first, images, packed);
  for (size_t left = 0; left < p->width; left += STRIP)
    for (size_t i = 0; i < images; i += TILE) make_tile(m, packed + i * n, first + i, smaller(images - i, TILE), left);
}

void query_patterns_of(const query_patterns *patterns, const float *scores, size_t ld, size_t count, double *x) {
  making m = {.patterns = patterns, .scores = scores, .ld = ld, .count = count, .x = x};
  base_share(patterns->threads, (count + IMAGES - 1) / IMAGES, make_some, &m);
}

/* --- Lengths --- */

size_t query_patterns_normalise(const query_patterns *patterns, size_t count, double *x) {
  size_t undefined = 0;
  for (size_t i = 0; i < count; i++) {
    double *row = x + i * patterns->width, square = 0;
    for (size_t j = 0; j < patterns->width; j++) square += row[j] * row[j];
    const double length = sqrt(square);
    const bool is_there = length > patterns->least;
    undefined += !is_there;
    for (size_t j = 0; j < patterns->width; j++) row[j] = is_there ? row[j] / length : (double)NAN;
  }
  return undefined;
}
