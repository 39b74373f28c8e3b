#include "la/gram.h"

#include <string.h>

#include "base/memory.h"

/* Rows of Z that are multiplied with one slab after another: with LA_DEPTH columns 590 KB, which stay in the second cache beside
 * the slab and the one that is fetched. Twice as many were slower. */
#define ROWS ((size_t)192)
/* Panels of columns that one thread takes at a time. */
#define RUN ((size_t)16)
#define MIRRORED 64

struct la_gram {
  const la_gemm *gemm;
  const la_kernels *kernels;
  size_t rows;
  int threads;
  double *values; /* [rows][rows] */
  float *slabs;   /* of LA_DEPTH columns of all rows */
};

static size_t panels_of(size_t rows) { return (rows + LA_PANEL - 1) / LA_PANEL; }

static size_t floats_of_slabs(size_t rows, size_t width) {
  return panels_of(rows) * LA_PANEL * (width < LA_DEPTH ? width : LA_DEPTH);
}

size_t la_gram_memory(size_t rows, size_t width) {
  return rows * rows * sizeof(double) + floats_of_slabs(rows, width) * sizeof(float);
}

berg_status la_gram_new(la_gram **out, const la_gemm *gemm, const la_kernels *kernels, size_t rows, size_t width,
                        int threads, berg_error *error) {
  *out = NULL;
  la_gram *gram = base_calloc(1, sizeof *gram, error);
  if (!gram) return BERG_ELIMIT;
  *gram = (la_gram){.gemm = gemm, .kernels = kernels, .rows = rows, .threads = threads};
  size_t count;
  gram->values = base_multiply(rows, rows, &count) ? base_alloc_large(count, sizeof(double), error) : NULL;
  gram->slabs = base_alloc_large(floats_of_slabs(rows, width), sizeof(float), error);
  if (!gram->values || !gram->slabs) {
    la_gram_free(gram);
    return base_fail_memory(error, rows * rows * sizeof(double));
  }
  memset(gram->values, 0, rows * rows * sizeof(double));
  *out = gram;
  return BERG_OK;
}

void la_gram_free(la_gram *gram) {
  if (!gram) return;
  base_free_large(gram->values);
  base_free_large(gram->slabs);
  base_free(gram);
}

double *la_gram_values(la_gram *gram) { return gram->values; }

/* Rows [top, top + ROWS) by panels [first, end), as far as they touch the lower triangle. */
static void add_run(const la_gram *gram, const la_matrix *z, size_t block, size_t top, size_t first, size_t end) {
  const size_t n = gram->rows, depth = la_matrix_depth(z, block), floats = depth * LA_PANEL,
               bottom = n - top < ROWS ? n : top + ROWS;
  for (size_t panel = first; panel < end && panel * LA_PANEL < bottom; panel++) {
    const size_t left = panel * LA_PANEL, from = left > top ? left : top; /* above the diagonal is nothing to do */
    const la_sums to = {gram->values + from * n + left, n, n - left < LA_PANEL ? n - left : LA_PANEL};
    la_product product = {.rows = bottom - from,
                          .x = z->rows + from * z->row_bytes + block * LA_DEPTH * sizeof(float),
                          .row_bytes = z->row_bytes,
                          .slab = gram->slabs + panel * floats,
                          .depth = depth,
                          .finish = gram->kernels->sum,
                          .user = &to};
    if (panel + 1 < end)
      product.next = (la_fetch){(const char *)(gram->slabs + (panel + 1) * floats), 1, floats * 4, 0};
    gram->gemm->multiply(&product);
  }
}

void la_gram_add(la_gram *gram, const float *panel, size_t ld, size_t columns) {
  const size_t panels = panels_of(gram->rows), stripes = (gram->rows + ROWS - 1) / ROWS;
  const la_matrix z = {
      .gemm = gram->gemm, .n = gram->rows, .k = columns, .rows = (const char *)panel, .row_bytes = ld * sizeof *panel};
#pragma omp parallel num_threads(gram->threads)
  for (size_t block = 0; block < la_matrix_blocks(&z); block++) {
    const size_t floats = la_matrix_depth(&z, block) * LA_PANEL;
#pragma omp for schedule(dynamic, 4)
    for (size_t i = 0; i < panels; i++) la_matrix_pack(&z, block, i, NULL, gram->slabs + i * floats);
#pragma omp for collapse(2) schedule(dynamic, 1)
    for (size_t stripe = 0; stripe < stripes; stripe++) /* from the bottom: the longest first */
      for (size_t first = 0; first < panels; first += RUN)
        add_run(gram, &z, block, (stripes - 1 - stripe) * ROWS, first, first + RUN < panels ? first + RUN : panels);
  }
}

void la_gram_mirror(la_gram *gram) {
  const size_t n = gram->rows, block = MIRRORED;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gram->threads)
  for (size_t top = 0; top < n; top += block)
    for (size_t left = 0; left <= top; left += block)
      for (size_t i = top; i < n && i < top + block; i++)
        for (size_t j = left; j < i && j < left + block; j++) gram->values[j * n + i] = gram->values[i * n + j];
}
