/* The largest eigenvectors of a symmetric matrix by a block Krylov method. */
#include "la/eigen.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"

/* Up to this size, and for more than a quarter of the eigenvectors, LAPACK is not slower. */
#define DENSE_ROWS 1000
#define DENSE_SHARE 4
/* Block size: smaller blocks give a Krylov space of higher degree, larger ones faster products. */
#define BLOCK 32
/* Blocks that the space grows by between restarts, and for the last check whether eigenvectors were missed. */
#define GROWTH 14
#define DOUBT 6
#define MAX_RESTARTS 200
#define MAX_PASSES 8

typedef struct krylov {
  const la_kernels *kernels;
  const double *matrix;
  size_t n, count;
  size_t keep;     /* Ritz vectors that a restart keeps */
  size_t capacity; /* vectors the space can hold, one block more than it grows to */
  size_t size;     /* vectors it holds */
  int threads;
  double *space, *images;  /* [capacity][n]: orthonormal rows, and the matrix times each */
  double *kept;            /* [keep][n] */
  double *projection;      /* [capacity][capacity]: space times images */
  double *rotation, *ritz; /* [capacity][capacity], [capacity]: its eigenvectors, ascending */
  double *overlap;         /* [capacity][BLOCK] */
  uint64_t seed;
} krylov;

static la_operand plain(const double *values, size_t ld) { return (la_operand){values, ld, false}; }
static la_operand turned(const double *values, size_t ld) { return (la_operand){values, ld, true}; }

/* --- The dense way --- */

static bool is_dense(size_t n, size_t count) { return n <= DENSE_ROWS || count > n / DENSE_SHARE; }

static berg_status dense(const double *matrix, size_t n, size_t count, double *values, double *vectors,
                         berg_error *error) {
  double *copy = base_alloc_large(n * n, sizeof *copy, error), *all = base_alloc(n, sizeof *all, error);
  berg_status status = copy && all ? BERG_OK : BERG_ELIMIT;
  if (!status) {
    memcpy(copy, matrix, n * n * sizeof *copy);
    status = la_eigen_dense(copy, n, all, error);
  }
  for (size_t i = 0; i < count && !status; i++) {
    values[i] = all[n - 1 - i];
    memcpy(vectors + i * n, copy + (n - 1 - i) * n, n * sizeof *vectors);
  }
  base_free_large(copy);
  base_free(all);
  return status;
}

/* --- The Krylov way --- */

static size_t keep_for(size_t count) { return count + count / 4 + 8; }
static size_t capacity_for(size_t count) { return keep_for(count) + (GROWTH + 1) * BLOCK; }

static void release(krylov *k) {
  base_free_large(k->space);
  base_free_large(k->images);
  base_free_large(k->kept);
  base_free(k->projection);
  base_free(k->rotation);
  base_free(k->ritz);
  base_free(k->overlap);
}

static berg_status start(krylov *k, berg_error *error) {
  const size_t n = k->n;
  k->keep = keep_for(k->count);
  k->capacity = capacity_for(k->count);
  k->space = base_alloc_large(k->capacity * n, sizeof(double), error);
  k->images = base_alloc_large(k->capacity * n, sizeof(double), error);
  k->kept = base_alloc_large(k->keep * n, sizeof(double), error);
  k->projection = base_calloc(k->capacity * k->capacity, sizeof(double), error);
  k->rotation = base_alloc(k->capacity * k->capacity, sizeof(double), error);
  k->ritz = base_alloc(k->capacity, sizeof(double), error);
  k->overlap = base_alloc(k->capacity * BLOCK, sizeof(double), error);
  return k->space && k->images && k->kept && k->projection && k->rotation && k->ritz && k->overlap ? BERG_OK
                                                                                                   : BERG_ELIMIT;
}

/* SplitMix64 (Steele, Lea & Flood 2014), to numbers in [-1, 1). */
static void draw(krylov *k, double *to, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t z = k->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    to[i] = (double)(int64_t)(z ^ (z >> 31)) * 0x1p-63;
  }
}

/* Makes the block behind the space orthonormal, and orthogonal to the space. A block that was nearly within the space
 * has, once normalised, a component in it that is no longer small: hence several passes, of which two suffice unless
 * directions are missing. */
static berg_status join_block(krylov *k, berg_error *error) {
  const size_t n = k->n;
  double *block = k->space + k->size * n;
  for (int pass = 0; pass < MAX_PASSES; pass++) {
    double largest = 0;
    berg_status status = BERG_OK;
    if (k->size) {
      status = la_multiply(k->kernels, BLOCK, k->size, n, 1, plain(block, n), turned(k->space, n), 0, k->overlap,
                           k->size, k->threads, error);
      if (status) return status;
      for (size_t i = 0; i < BLOCK * k->size; i++) largest = fmax(largest, fabs(k->overlap[i]));
      if (pass && largest < 1e-14) return BERG_OK;
      status = la_multiply(k->kernels, BLOCK, n, k->size, -1, plain(k->overlap, k->size), plain(k->space, n), 1, block,
                           n, k->threads, error);
    }
    if (!status) status = la_orthonormalise(block, BLOCK, n, error);
    if (status) return status;
    if (pass && largest < 1e-8) return BERG_OK; /* this pass removed it */
  }
  return base_fail(error, BERG_EINTERNAL, "no further directions were found for the eigenvectors");
}

/* The block behind the space becomes part of it: its images, and its part of the projection. */
static berg_status take_block(krylov *k, berg_error *error) {
  const size_t n = k->n, first = k->size, size = first + BLOCK;
  double *images = k->images + first * n;
  berg_status status = la_multiply(k->kernels, BLOCK, n, n, 1, plain(k->space + first * n, n), plain(k->matrix, n), 0,
                                   images, n, k->threads, error);
  if (!status)
    status = la_multiply(k->kernels, BLOCK, size, n, 1, plain(images, n), turned(k->space, n), 0,
                         k->projection + first * k->capacity, k->capacity, k->threads, error);
  k->size = size;
  return status;
}

static berg_status find_ritz(krylov *k, berg_error *error) {
  for (size_t i = 0; i < k->size; i++)
    memcpy(k->rotation + i * k->size, k->projection + i * k->capacity, (i + 1) * sizeof(double));
  return la_eigen_dense(k->rotation, k->size, k->ritz, error);
}

/* `rows` [count] of the result: Ritz vectors (or their images), the largest first, of what `from` holds. */
static berg_status rotate(const krylov *k, const double *from, size_t count, double *to, berg_error *error) {
  berg_status status =
      la_multiply(k->kernels, count, k->n, k->size, 1, plain(k->rotation + (k->size - count) * k->size, k->size),
                  plain(from, k->n), 0, to, k->n, k->threads, error);
  for (size_t i = 0; i < count / 2; i++) /* ascending to descending */
    for (size_t j = 0; j < k->n; j++) {
      double *a = to + i * k->n + j, *b = to + (count - 1 - i) * k->n + j, other = *a;
      *a = *b;
      *b = other;
    }
  return status;
}

/* Fills values and vectors, and counts those whose residual is small enough; `*worst` is the largest, relative to the
 * largest eigenvalue. */
static berg_status measure(krylov *k, double *values, double *vectors, size_t *converged, double *worst,
                           berg_error *error) {
  double scale = fmax(fabs(k->ritz[k->size - 1]), fabs(k->ritz[0]));
  berg_status status = rotate(k, k->space, k->count, vectors, error);
  if (!status) status = rotate(k, k->images, k->count, k->kept, error);
  *worst = 0;
  *converged = 0;
  for (size_t i = 0; i < k->count; i++) {
    double sum = 0;
    values[i] = k->ritz[k->size - 1 - i];
    for (size_t j = 0; j < k->n; j++) {
      double off = k->kept[i * k->n + j] - values[i] * vectors[i * k->n + j];
      sum += off * off;
    }
    double residual = scale > 0 ? sqrt(sum) / scale : 0;
    if (!(residual <= *worst)) *worst = residual; /* NaN too */
    *converged += residual <= LA_EIGEN_TOLERANCE;
  }
  return status;
}

/* The space shrinks to its best Ritz vectors. The block behind it moves up to it. */
static berg_status restart(krylov *k, berg_error *error) {
  const size_t n = k->n, block = k->size * n;
  berg_status status = rotate(k, k->images, k->keep, k->kept, error);
  memcpy(k->images, k->kept, k->keep * n * sizeof(double));
  if (!status) status = rotate(k, k->space, k->keep, k->kept, error);
  memcpy(k->space, k->kept, k->keep * n * sizeof(double));
  memmove(k->space + k->keep * n, k->space + block, BLOCK * n * sizeof(double));
  memset(k->projection, 0, k->capacity * k->capacity * sizeof(double));
  for (size_t i = 0; i < k->keep; i++) k->projection[i * k->capacity + i] = k->ritz[k->size - 1 - i];
  k->size = k->keep;
  return status;
}

/* From a space and a block behind it to one that fills `capacity`, with a block behind it. */
static berg_status grow(krylov *k, size_t capacity, berg_error *error) {
  berg_status status = BERG_OK;
  while (k->size + 2 * BLOCK <= capacity && !status) {
    status = take_block(k, error);
    memcpy(k->space + k->size * k->n, k->images + (k->size - BLOCK) * k->n, BLOCK * k->n * sizeof(double));
    if (!status) status = join_block(k, error);
  }
  return status;
}

static bool unchanged(const double *values, const double *before, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fabs(values[i] - before[i]) > 10 * LA_EIGEN_TOLERANCE * fabs(values[0])) return false;
  return true;
}

static berg_status search(krylov *k, double *values, double *vectors, double *before, const la_eigen_watch *watch,
                          berg_error *error) {
  bool converged_before = false;
  double worst = INFINITY;
  draw(k, k->space, BLOCK * k->n);
  berg_status status = join_block(k, error);
  for (int turn = 0; turn < MAX_RESTARTS && !status; turn++) {
    status = grow(k, converged_before ? k->keep + (DOUBT + 1) * BLOCK : k->capacity, error);
    size_t converged = 0;
    if (!status) status = find_ritz(k, error);
    if (!status) status = measure(k, values, vectors, &converged, &worst, error);
    if (status) break;
    if (converged == k->count && converged_before && unchanged(values, before, k->count)) return BERG_OK;
    converged_before = converged == k->count;
    if (watch) status = watch->tell(watch->user, converged, error);
    memcpy(before, values, k->count * sizeof *before);
    if (!status) status = restart(k, error);
    if (converged_before && !status) {
      draw(k, k->space + k->size * k->n, BLOCK * k->n);
      status = join_block(k, error);
    }
  }
  return status ? status
                : base_fail(error, BERG_EINTERNAL,
                            "the eigenvectors did not converge: residual %.1e after %d restarts, wanted %.0e", worst,
                            MAX_RESTARTS, LA_EIGEN_TOLERANCE);
}

size_t la_eigen_memory(size_t n, size_t count) {
  if (is_dense(n, count)) return 4 * n * n * sizeof(double); /* the copy, and LAPACK's 2 n^2 */
  const size_t capacity = capacity_for(count);
  return (n * (2 * capacity + keep_for(count)) + 5 * capacity * capacity) * sizeof(double);
}

berg_status la_eigen_largest(const la_kernels *kernels, const double *matrix, size_t n, size_t count, int threads,
                             double *values, double *vectors, const la_eigen_watch *watch, berg_error *error) {
  if (is_dense(n, count)) return dense(matrix, n, count, values, vectors, error);
  krylov k = {.kernels = kernels, .matrix = matrix, .n = n, .count = count, .threads = threads};
  double *before = base_alloc(count, sizeof *before, error);
  berg_status status = before ? start(&k, error) : BERG_ELIMIT;
  if (before && !status) status = search(&k, values, vectors, before, watch, error);
  if (before) release(&k);
  base_free(before);
  return status;
}
