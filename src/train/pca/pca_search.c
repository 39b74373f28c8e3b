/* The largest eigenvectors of Z Z^T by passes over the panels alone, in memory of some blocks of vectors.
 *
 * A block Krylov space with full reorthogonalisation (Golub & Underwood 1977; from a random block, Musco & Musco 2015)
 * grows until the residuals that its last block implies are small. Its Ritz vectors then begin the next cycle, whose
 * first pass measures their residuals: that they are small is what ends the search. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/philox.h"
#include "io/file/whole_file.h"
#include "la/blas.h"
#include "la/eigen.h"
#include "train/pca/pca_products.h"
#include "train/pca/pca_space.h"

/* Residual of an eigenvector against its own eigenvalue: what turns the space of all of them by less than 1e-6, where
 * the first vector left out, behind a quarter more, has an eigenvalue of three quarters of the last one's. */
#define TOLERANCE 1e-7
/* An implied residual is to be so much smaller, so that the pass which measures it is the last. */
#define MARGIN 2
#define MAX_JOINS 8

typedef struct search {
  const train_pca_step *step;
  pca_job *job;
  pca_space space;
  pca_products products;
  double smallest;        /* eigenvalues below are rounding */
  double *rotation;       /* [capacity][capacity] Ritz vectors in the space, one a row, ascending */
  double *ritz;           /* [capacity] their values */
  double *gram;           /* [most][most] of what is left of the images, or of the block */
  double *small, *turned; /* scratch [most][most] */
  size_t converged;
  double worst; /* the largest residual over its tolerance */
} search;

static la_operand plain(const double *values, size_t ld) { return (la_operand){values, ld, false}; }
static la_operand turned(const double *values, size_t ld) { return (la_operand){values, ld, true}; }

/* --- Beginning and end --- */

static berg_status read_moments(const train_pca_step *step, pca_job *job, berg_error *error) {
  const pca_piece moments = {.magic = PCA_GRAM, .end = train_panels_count(step->panels), .visit = pca_visit_gram};
  berg_status status = pca_make_moments(job, error);
  return status ? status : pca_piece_need(job, step->fingerprint, &moments, step->gram, PCA_LACKS_PANELS, error);
}

static berg_status open_search(search *s, const train_pca_step *step, pca_job *job, berg_error *error) {
  const size_t k = step->options->components, n = step->panels->rows;
  *s = (search){.step = step, .job = job};
  berg_status status = read_moments(step, job, error);
  if (!status) status = pca_space_open(&s->space, step, job, error);
  const size_t most = s->space.shape.most, capacity = s->space.shape.capacity;
  if (!status) status = pca_products_open(&s->products, job, most, error);
  if (status) return status;
  s->rotation = base_alloc_large(capacity * capacity, sizeof(double), error);
  s->ritz = base_alloc(capacity, sizeof(double), error);
  s->gram = base_alloc(most * most, sizeof(double), error);
  s->small = base_alloc(most * most, sizeof(double), error);
  s->turned = base_alloc(most * most, sizeof(double), error);
  job->values = base_alloc(k, sizeof(double), error);
  job->vectors = base_alloc_large(k * n, sizeof(double), error);
  double trace = 0;
  for (size_t j = 0; j < step->panels->columns; j++)
    trace += (double)n * job->pca->variance[j] / (job->pca->scale[j] * job->pca->scale[j]);
  s->smallest = pca_smallest_eigenvalue(job, trace, n);
  return s->rotation && s->ritz && s->gram && s->small && s->turned && job->values && job->vectors ? BERG_OK
                                                                                                   : BERG_ELIMIT;
}

static void close_search(search *s) {
  pca_space_close(&s->space);
  pca_products_close(&s->products);
  base_free_large(s->rotation);
  base_free(s->ritz);
  base_free(s->gram);
  base_free(s->small);
  base_free(s->turned);
}

/* Beside what the job, the space and the products take: Ritz vectors, with LAPACK's workspace. */
size_t pca_search_memory(size_t rows, size_t components) {
  const pca_space_shape shape = pca_space_shape_of(rows, components);
  return (3 * shape.capacity * shape.capacity + 3 * shape.most * shape.most + components * rows) * sizeof(double);
}

/* Products with panels and with the space, twice for each block, and Ritz vectors. */
train_pca_effort train_pca_search(size_t rows, size_t features, size_t components) {
  const pca_space_shape shape = pca_space_shape_of(rows, components);
  const double n = (double)rows, p = (double)features, wide = (double)shape.wide, blocks = TRAIN_PCA_PASSES - 1;
  const double vectors = fmin(blocks * wide, n), ritz = 9 * pow(vectors, 3) * blocks / 4;
  return (train_pca_effort){.flop = 4 * n * p * (blocks * wide + (double)shape.most) + 6 * n * vectors * vectors + ritz,
                            .bytes_read = TRAIN_PCA_PASSES * n * p * sizeof(float),
                            .disk = pca_space_disk(rows, components)};
}

/* --- Residuals --- */

/* What rounding alone makes of residuals: of both products, sums of LA_DEPTH at random signs, and of the vectors, whose
 * errors are as long in every direction. `all` is the root of the sum of all squared eigenvalues. */
static double tolerance_of(const search *s, double value, double largest, double all) {
  const double n = (double)s->step->panels->rows, unit = FLT_EPSILON / 2;
  if (s->job->exact) return LA_EIGEN_TOLERANCE * largest;
  return TOLERANCE * value + unit * (sqrt(LA_DEPTH * n * fmax(value, 0)) + all / sqrt(n));
}

/* Counts the pairs of value[i], residual[i], that are converged. */
static void count_converged(search *s, const double *values, const double *residuals, double margin) {
  const size_t k = s->step->options->components;
  double all = 0;
  for (size_t i = 0; i < k; i++) all += values[i] * values[i];
  s->converged = 0;
  s->worst = 0;
  for (size_t i = 0; i < k; i++) {
    const double tolerance = tolerance_of(s, values[i], values[0], sqrt(all));
    const double over = values[i] > s->smallest ? margin * residuals[i] / tolerance : 0; /* rounding: to be refused */
    s->converged += over <= 1;
    if (!(over <= s->worst)) s->worst = over;
  }
}

/* --- Of a cycle that began with Ritz vectors: are they the eigenvectors? --- */

/* `small` becomes C [count][count], a row a vector: the Ritz vectors of the block, which need not be quite orthonormal.
 * With I + D its Gram matrix these are those of N H N, times N = I - D / 2, which is right as far as D^2, 1e-16. */
static berg_status rotate_block(search *s, size_t count, berg_error *error) {
  const size_t n = s->step->panels->rows;
  const int threads = s->job->machine->threads;
  const double *block = s->space.block, *images = s->products.sum;
  double *product = s->space.overlap;
  berg_status status = la_multiply(s->job->machine->kernels, count, count, n, 1, plain(images, n), turned(block, n), 0,
                                   s->turned, count, threads, error);
  if (!status)
    status = la_multiply(s->job->machine->kernels, count, count, n, 1, plain(block, n), turned(block, n), 0, s->gram,
                         count, threads, error);
  for (size_t i = 0; i < count * count && !status; i++) s->gram[i] = (i % (count + 1) ? 0 : 1.5) - 0.5 * s->gram[i];
  for (size_t i = 0; i < count && !status; i++)
    for (size_t j = 0; j < i; j++)
      s->turned[i * count + j] = s->turned[j * count + i] = (s->turned[i * count + j] + s->turned[j * count + i]) / 2;
  if (!status)
    status = la_multiply(s->job->machine->kernels, count, count, count, 1, plain(s->gram, count),
                         plain(s->turned, count), 0, product, count, threads, error);
  if (!status)
    status = la_multiply(s->job->machine->kernels, count, count, count, 1, plain(product, count), plain(s->gram, count),
                         0, s->turned, count, threads, error);
  if (!status) status = la_eigen_dense(s->turned, count, s->ritz, error);
  return status ? status
                : la_multiply(s->job->machine->kernels, count, count, count, 1, plain(s->turned, count),
                              plain(s->gram, count), 0, s->small, count, threads, error);
}

/* Values and vectors of the job, and how far they are from eigenvectors. */
static berg_status measure(search *s, size_t count, berg_error *error) {
  const size_t n = s->step->panels->rows, k = s->step->options->components;
  const int threads = s->job->machine->threads;
  double *vectors = s->job->vectors, *images = s->products.total;
  berg_status status = rotate_block(s, count, error);
  for (size_t i = 0; i < k && !status; i++) {
    s->job->values[i] = s->ritz[count - 1 - i];
    memcpy(s->turned + i * count, s->small + (count - 1 - i) * count, count * sizeof(double));
  }
  if (!status)
    status = la_multiply(s->job->machine->kernels, k, n, count, 1, plain(s->turned, count), plain(s->space.block, n), 0,
                         vectors, n, threads, error);
  if (!status)
    status = la_multiply(s->job->machine->kernels, k, n, count, 1, plain(s->turned, count), plain(s->products.sum, n),
                         0, images, n, threads, error);
  for (size_t i = 0; i < k && !status; i++) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
      const double off = images[i * n + j] - s->job->values[i] * vectors[i * n + j];
      sum += off * off;
    }
    s->small[i] = sqrt(sum);
  }
  if (!status) count_converged(s, s->job->values, s->small, 1);
  return status;
}

/* --- Of a space that has grown: how far are its Ritz vectors? --- */

/* G B c - value B c = W c', W being what the last block's images have outside the space and c' the coefficients of the
 * last block. `gram` is W W^T. */
static double implied_residual(const search *s, const double *coefficients, size_t width) {
  double sum = 0;
  for (size_t i = 0; i < width; i++)
    for (size_t j = 0; j < width; j++) sum += coefficients[i] * coefficients[j] * s->gram[i * width + j];
  return sqrt(fmax(sum, 0));
}

static berg_status find_ritz(search *s, berg_error *error) {
  const pca_space *space = &s->space;
  const size_t size = pca_space_size(space), k = s->step->options->components, n = s->step->panels->rows,
               last = space->starts[space->blocks - 1], width = size - last;
  double *values = s->small, *residuals = s->small + k;
  for (size_t i = 0; i < size; i++)
    memcpy(s->rotation + i * size, space->projection + i * space->shape.capacity, (i + 1) * sizeof(double));
  berg_status status = la_eigen_dense(s->rotation, size, s->ritz, error);
  if (!status)
    status = la_multiply(s->job->machine->kernels, width, width, n, 1, plain(s->products.sum, n),
                         turned(s->products.sum, n), 0, s->gram, width, s->job->machine->threads, error);
  for (size_t i = 0; i < k && !status; i++) {
    values[i] = s->ritz[size - 1 - i];
    residuals[i] = implied_residual(s, s->rotation + (size - 1 - i) * size + last, width);
  }
  if (!status) count_converged(s, values, residuals, MARGIN);
  return status;
}

/* --- Blocks --- */

/* Counter by counter, so that the start follows from the sizes alone; numbers in [-1, 1). */
static void draw(double *block, size_t width, size_t rows) {
  for (size_t c = 0; c < width; c++)
    for (size_t i = 0; i < rows; i += 4) {
      uint32_t words[4] = {(uint32_t)(i / 4), (uint32_t)c, 0, 0};
      base_philox(words, 0x62657267, 0x70726f64);
      for (size_t j = i; j < rows && j < i + 4; j++) block[c * rows + j] = (double)(int32_t)words[j - i] * 0x1p-31;
    }
}

static berg_status begin(search *s, size_t cycle, size_t width, berg_error *error) {
  const size_t n = s->step->panels->rows;
  berg_status status = la_orthonormalise(s->space.block, width, n, error);
  if (status) return status;
  pca_space_round(&s->space, s->space.block, width);
  return pca_space_begin(&s->space, cycle, width, error);
}

/* The best Ritz vectors begin the next cycle. */
static berg_status begin_again(search *s, berg_error *error) {
  const size_t size = pca_space_size(&s->space), n = s->step->panels->rows;
  const size_t count = size < s->space.shape.most ? size : s->space.shape.most;
  for (size_t i = 0; i < count / 2; i++) /* the best first */
    for (size_t j = 0; j < size; j++) {
      double *a = s->rotation + (size - count + i) * size + j, *b = s->rotation + (size - 1 - i) * size + j, other = *a;
      *a = *b;
      *b = other;
    }
  berg_status status = pca_space_combine(&s->space, s->rotation + (size - count) * size, count, s->products.sum,
                                         s->products.total, error);
  memcpy(s->space.block, s->products.sum, count * n * sizeof(double));
  return status ? status : begin(s, s->space.cycle + 1, count, error);
}

/* What the images have outside the space, of the first vectors where that are more than a block's, becomes the next
 * block: orthonormal, and orthogonal to the space. Images that were nearly within it have, once normalised, a part in
 * it that is no longer small: hence several times. */
static berg_status grow(search *s, size_t width, berg_error *error) {
  const size_t n = s->step->panels->rows;
  double *block = s->products.sum;
  for (int join = 0; join < MAX_JOINS; join++) {
    double largest;
    berg_status status = la_orthonormalise(block, width, n, error);
    if (!status) status = pca_space_project(&s->space, block, width, false, s->products.total, &largest, error);
    if (status) return status;
    if (largest > 1e-8) continue;
    pca_space_round(&s->space, block, width);
    memcpy(s->space.block, block, width * n * sizeof *block);
    return pca_space_append(&s->space, width, error);
  }
  return base_fail(error, BERG_EINTERNAL, "no further directions were found for the eigenvectors");
}

/* One pass, and what follows from it. */
static berg_status advance(search *s, bool *found, berg_error *error) {
  pca_space *space = &s->space;
  const size_t n = s->step->panels->rows, width = pca_space_width(space, space->blocks - 1);
  double largest;
  berg_status status = pca_products_pass(&s->products, space->block, width, error);
  if (!status && space->cycle && space->blocks == 1) {
    status = measure(s, width, error);
    *found = !status && s->converged == s->step->options->components;
  }
  if (status || *found) return status;
  status = pca_space_project(space, s->products.sum, width, true, s->products.total, &largest, error);
  if (!status) status = find_ritz(s, error);
  if (status) return status;
  const size_t left = n - pca_space_size(space), next = left < space->shape.wide ? left : space->shape.wide;
  const bool ends = s->converged == s->step->options->components || space->blocks == PCA_SPACE_BLOCKS || !next;
  if (!ends) return grow(s, next, error);
  if (space->cycle + 1 < PCA_SPACE_CYCLES) return begin_again(s, error);
  return base_fail(error, BERG_EINTERNAL,
                   "the eigenvectors did not converge: a residual is %.1e times its tolerance after %zu cycles",
                   s->worst, PCA_SPACE_CYCLES);
}

static berg_status find(search *s, berg_error *error) {
  const train_pca_step *step = s->step;
  bool found = false, is_there;
  if (!isfinite(s->smallest))
    return base_fail(error, BERG_EINPUT, "the features are too large to be multiplied in float32: standardise them");
  const size_t panels = train_panels_count(step->panels);
  berg_status status = pca_space_resume(&s->space, s->products.total, &is_there, error);
  if (status) return status;
  if (is_there) {
    s->products.told = (s->space.cycle ? TRAIN_PCA_PASSES : s->space.blocks) * panels - panels;
  } else {
    draw(s->space.block, s->space.shape.wide, step->panels->rows);
    status = begin(s, 0, s->space.shape.wide, error);
  }
  while (!status && !found) status = advance(s, &found, error);
  if (!status) status = pca_check_eigenvalues(s->job, s->smallest, error);
  return status ? status : train_stage_progress(&s->job->stage, s->job->stage.total, error);
}

berg_status train_pca_remove_vectors(const train_pca_step *step, berg_error *error) {
  berg_status status = pca_space_remove(step, error);
  return status ? status : io_remove_file(step->vectors, error);
}

berg_status pca_search(const train_pca_step *step, berg_error *error) {
  const pca_piece vectors = {.magic = PCA_VECTORS, .end = 1, .visit = pca_visit_vectors};
  train_pca pca;
  search s;
  pca_job job = pca_step_begin(step, &pca);
  berg_status status = open_search(&s, step, &job, error);
  if (!status) status = find(&s, error);
  close_search(&s);
  if (!status) status = pca_piece_write(&job, step->fingerprint, &vectors, step->vectors, error);
  if (!status) status = pca_space_remove(step, error);
  pca_step_end(&job);
  return status;
}
