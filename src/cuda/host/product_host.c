/* d = a b^T (+ d) (+ bias) by plain loops in float32, whose operands are rounded first as the precision requires. */
#include <stdlib.h>
#include <string.h>

#include "base/team.h"
#include "cuda/threads.h"
#include "cuda/host/host.h"
#include "cuda/kernel.h"

#define LANES 8 /* divides every k; 2 x 4 sums of them are half of the registers */
#define ROWS 2
#define COLUMNS 4 /* divides every n */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* TF32: ten bits of fraction, to the nearest. */
static float to_tf32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0x1000u) & ~0x1fffu;
  memcpy(&value, &bits, sizeof bits);
  return value;
}

/* A row of an operand as float32: as it lies, or rounded into `own`. */
static const float *row_of(const cuda_product *p, const void *operand, size_t at, float *own) {
  if (p->precision == CUDA_F32) return (const float *)operand + at;
  for (size_t i = 0; i < p->k; i++)
    own[i] = p->precision == CUDA_BF16 ? cuda_from_bf16(((const uint16_t *)operand)[at + i])
                                       : to_tf32(((const float *)operand)[at + i]);
  return own;
}

static void multiply_tile(const float *const a[ROWS], const float *const b[COLUMNS], size_t k,
                          float out[ROWS][COLUMNS]) {
  lanes sum[ROWS][COLUMNS] = {{{0}}};
  for (size_t i = 0; i < k; i += LANES) {
    lanes x[ROWS], y;
    for (int r = 0; r < ROWS; r++) memcpy(&x[r], a[r] + i, sizeof x[r]);
    for (int c = 0; c < COLUMNS; c++) {
      memcpy(&y, b[c] + i, sizeof y);
      for (int r = 0; r < ROWS; r++) sum[r][c] += x[r] * y;
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int c = 0; c < COLUMNS; c++) {
      out[r][c] = 0;
      for (int l = 0; l < LANES; l++) out[r][c] += sum[r][c][l];
    }
}

static void finish(const cuda_product *p, size_t row, size_t column, float value, void *d, size_t step,
                   const float *bias) {
  const size_t at = step + row * p->ldd + column;
  const bool narrow = p->narrow_out && p->precision == CUDA_BF16;
  if (p->add_to) value += ((const float *)d)[at];
  if (p->add_bias) value += bias[column];
  if (narrow)
    ((uint16_t *)d)[at] = (uint16_t)cuda_to_bf16(value);
  else
    ((float *)d)[at] = value;
}

static void run_panel(const cuda_product *p, size_t batch, size_t first, const float *a, const void *b, void *d,
                      const float *bias, float *memory) {
  const float *columns[COLUMNS];
  for (size_t c = 0; c < COLUMNS; c++)
    columns[c] = row_of(p, b, batch * p->step_b + (first + c) * p->ldb, memory + c * p->k);
  for (size_t row = 0; row < p->m; row += ROWS) {
    const float *rows[ROWS];
    float out[ROWS][COLUMNS];
    for (size_t r = 0; r < ROWS; r++) {
      const size_t real = row + r < p->m ? row + r : p->m - 1;
      rows[r] = a + (batch * p->m + real) * p->k;
    }
    multiply_tile(rows, columns, p->k, out);
    for (size_t r = 0; r < ROWS && row + r < p->m; r++)
      for (size_t c = 0; c < COLUMNS; c++) finish(p, row + r, first + c, out[r][c], d, batch * p->step_d, bias);
  }
}

/* A product and what its pieces share. */
typedef struct product_task {
  const cuda_product *p;
  const void *a, *b;
  void *d;
  const float *bias;
  float *rows;   /* all of a, once: [batch * m][k] */
  float *memory; /* each thread: [COLUMNS][k] */
} product_task;

static void load_row(void *user, size_t i, size_t rank) {
  const product_task *task = user;
  const cuda_product *p = task->p;
  float *own = task->rows + i * p->k;
  const float *row = row_of(p, task->a, i / p->m * p->step_a + i % p->m * p->lda, own);
  (void)rank;
  if (row != own) memcpy(own, row, p->k * sizeof *row);
}

static void multiply_piece(void *user, size_t i, size_t rank) {
  const product_task *task = user;
  const size_t panels = task->p->n / COLUMNS;
  run_panel(task->p, i / panels, i % panels * COLUMNS, task->rows, task->b, task->d, task->bias,
            task->memory + rank * COLUMNS * task->p->k);
}

void host_run_product(const cuda_product *p, const void *a, const void *b, void *d, const float *bias) {
  const size_t rows = p->batch * p->m;
  const int threads = cuda_threads();
  product_task task = {
      p, a, b, d, bias, malloc(rows * p->k * sizeof(float)), malloc((size_t)threads * COLUMNS * p->k * sizeof(float))};
  if (task.rows && task.memory) {
    base_share(threads, rows, load_row, &task);
    base_share(threads, p->batch * (p->n / COLUMNS), multiply_piece, &task);
  }
  free(task.rows);
  free(task.memory);
}
