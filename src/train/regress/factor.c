/* The factored scores that all voxels share. */
#include "train/regress/factor.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"

/* In double while the factor is made. */
typedef struct parts {
  size_t rows, width, rank; /* rows left in */
  double *x;                /* [rows][width] centred */
  double *left, *right;     /* U^T [rank][rows], V^T [rank][width] */
} parts;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Row i of those left in, of all. */
static size_t row_of(const train_factor *f, size_t i) { return i < f->first_out ? i : i + (f->end_out - f->first_out); }

static void centre(const train_factor *f, const train_scores *scores, parts *p) {
  for (size_t j = 0; j < p->width; j++) f->mean[j] = 0;
  for (size_t i = 0; i < p->rows; i++)
    for (size_t j = 0; j < p->width; j++) f->mean[j] += scores->values[row_of(f, i) * p->width + j];
  for (size_t j = 0; j < p->width; j++) f->mean[j] /= (double)p->rows;
  for (size_t i = 0; i < p->rows; i++)
    for (size_t j = 0; j < p->width; j++)
      p->x[i * p->width + j] = scores->values[row_of(f, i) * p->width + j] - f->mean[j];
}

/* From the eigenvectors of X^T X (or X X^T), one a row ascending, to those that count, and by X to those of the other
 * side, of length 1. */
static berg_status take_vectors(train_factor *f, parts *p, const double *vectors, const double *values, size_t n,
                                bool narrow, const train_machine *machine, berg_error *error) {
  const double largest = n ? values[n - 1] : 0,
               least = 10 * DBL_EPSILON * (double)(p->rows > p->width ? p->rows : p->width) * largest;
  double *own = narrow ? p->right : p->left, *other = narrow ? p->left : p->right;
  const size_t across = narrow ? p->rows : p->width;
  p->rank = 0;
  while (p->rank < n && values[n - 1 - p->rank] > least) {
    f->singular[p->rank] = sqrt(values[n - 1 - p->rank]);
    memcpy(own + p->rank * n, vectors + (n - 1 - p->rank) * n, n * sizeof *own);
    p->rank++;
  }
  berg_status status = la_multiply(machine->kernels, p->rank, across, n, 1, (la_operand){own, n, false},
                                   (la_operand){p->x, p->width, narrow}, 0, other, across, machine->threads, error);
  for (size_t r = 0; r < p->rank; r++)
    for (size_t i = 0; i < across; i++) other[r * across + i] /= f->singular[r];
  return status;
}

static berg_status decompose(train_factor *f, parts *p, const train_machine *machine, berg_error *error) {
  const bool narrow = p->width <= p->rows;
  const size_t n = narrow ? p->width : p->rows;
  double *square = base_alloc_large(n * n, sizeof *square, error), *values = base_alloc(n, sizeof *values, error);
  berg_status status = square && values ? BERG_OK : BERG_ELIMIT;
  if (!status)
    status = la_multiply(machine->kernels, n, n, narrow ? p->rows : p->width, 1, (la_operand){p->x, p->width, narrow},
                         (la_operand){p->x, p->width, !narrow}, 0, square, n, machine->threads, error);
  if (!status) status = la_eigen_dense(square, n, values, error);
  if (!status) status = take_vectors(f, p, square, values, n, narrow, machine, error);
  base_free_large(square);
  base_free(values);
  return status;
}

/* A matrix of at least one element. */
static float *zeros(size_t rows, size_t pitch, berg_error *error) {
  const size_t count = rows && pitch ? rows * pitch : 1;
  float *values = base_alloc_large(count, sizeof *values, error);
  if (values) memset(values, 0, count * sizeof *values);
  return values;
}

static berg_status fill_left(train_factor *f, const parts *p, size_t pitch, berg_error *error) {
  f->left = zeros(p->rank, pitch, error);
  for (size_t r = 0; r < p->rank && f->left; r++)
    for (size_t i = 0; i < p->rows; i++) f->left[r * pitch + row_of(f, i)] = (float)p->left[r * p->rows + i];
  return f->left ? BERG_OK : BERG_ELIMIT;
}

static berg_status fill_right(train_factor *f, const parts *p, berg_error *error) {
  f->right = zeros(p->width, f->pitch, error);
  for (size_t j = 0; j < p->width && f->right; j++)
    for (size_t r = 0; r < p->rank; r++) f->right[j * f->pitch + r] = (float)p->right[r * p->width + j];
  return f->right ? BERG_OK : BERG_ELIMIT;
}

static berg_status fill_predict(train_factor *f, const parts *p, const train_scores *scores,
                                const train_machine *machine, berg_error *error) {
  const size_t out = f->end_out - f->first_out, rank = p->rank;
  f->predict = zeros(out, f->pitch, error);
  double *x = base_alloc_large(out * p->width, sizeof *x, error),
         *product = base_alloc_large(out * (rank ? rank : 1), sizeof *product, error);
  berg_status status = f->predict && x && product ? BERG_OK : BERG_ELIMIT;
  if (!status && rank) {
    for (size_t i = 0; i < out; i++)
      for (size_t j = 0; j < p->width; j++)
        x[i * p->width + j] = scores->values[(f->first_out + i) * p->width + j] - f->mean[j];
    status = la_multiply(machine->kernels, out, rank, p->width, 1, (la_operand){x, p->width, false},
                         (la_operand){p->right, p->width, true}, 0, product, rank, machine->threads, error);
    for (size_t i = 0; i < out && !status; i++)
      for (size_t r = 0; r < rank; r++) f->predict[i * f->pitch + r] = (float)product[i * rank + r];
  }
  base_free_large(x);
  base_free_large(product);
  return status;
}

size_t train_factor_memory(size_t rows, size_t width) {
  const size_t rank = smaller(rows, width);
  return (rank * la_pitch(rows) + width * la_pitch(rank)) * sizeof(float);
}

void train_factor_release(train_factor *f) {
  base_free(f->mean);
  base_free(f->singular);
  base_free_large(f->left);
  base_free_large(f->right);
  base_free_large(f->predict);
  memset(f, 0, sizeof *f);
}

berg_status train_factor_make(train_factor *f, const train_scores *scores, size_t first_out, size_t end_out,
                              const train_machine *machine, berg_error *error) {
  parts p = {.rows = scores->rows - (end_out - first_out), .width = scores->width};
  const size_t most = smaller(p.rows, p.width);
  *f = (train_factor){.first_out = first_out, .end_out = end_out};
  f->mean = base_alloc(p.width, sizeof(double), error);
  f->singular = base_alloc(most, sizeof(double), error);
  p.x = base_alloc_large(p.rows * p.width, sizeof(double), error);
  p.left = base_alloc_large(most * p.rows, sizeof(double), error);
  p.right = base_alloc_large(most * p.width, sizeof(double), error);
  berg_status status = f->mean && f->singular && p.x && p.left && p.right ? BERG_OK : BERG_ELIMIT;
  if (!status) {
    centre(f, scores, &p);
    status = decompose(f, &p, machine, error);
  }
  if (!status) {
    f->rank = p.rank;
    f->pitch = la_pitch(p.rank);
    status = fill_left(f, &p, la_pitch(scores->rows), error);
  }
  if (!status) status = first_out == end_out ? fill_right(f, &p, error) : fill_predict(f, &p, scores, machine, error);
  base_free_large(p.x);
  base_free_large(p.left);
  base_free_large(p.right);
  if (status) train_factor_release(f);
  return status;
}
