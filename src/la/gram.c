/* Gram matrices: stripes of rows by runs of panels. */
#include "la/gram.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"

/* Rows of Z that are multiplied with one slab after another: with LA_DEPTH columns 590 KB, which stay in the L2 cache
 * beside the slab and the one that is fetched. Twice as many are slower. */
#define ROWS ((size_t)192)
/* Panels of columns that one thread takes at a time. */
#define RUN ((size_t)16)
#define MIRRORED 64

struct la_gram {
  const la_floats *floats;
  const la_kernels *kernels;
  size_t rows;
  int threads;
  double *values;   /* [rows][rows] */
  double *diagonal; /* [rows][LA_PANEL] of the total; NULL: there is none */
  float *slabs;     /* of LA_DEPTH columns of all rows */
};

static size_t panels_of(size_t rows) { return (rows + LA_PANEL - 1) / LA_PANEL; }

static size_t floats_of_slabs(size_t rows, size_t width) {
  return panels_of(rows) * LA_PANEL * (width < LA_DEPTH ? width : LA_DEPTH);
}

size_t la_gram_memory(size_t rows, size_t width) {
  return rows * (rows + LA_PANEL) * sizeof(double) + floats_of_slabs(rows, width) * sizeof(float);
}

berg_status la_gram_new(la_gram **out, const la_floats *floats, const la_kernels *kernels, size_t rows, size_t width,
                        int threads, berg_error *error) {
  *out = NULL;
  la_gram *gram = base_calloc(1, sizeof *gram, error);
  if (!gram) return BERG_ELIMIT;
  *gram = (la_gram){.floats = floats, .kernels = kernels, .rows = rows, .threads = threads};
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
  base_free_large(gram->diagonal);
  base_free_large(gram->slabs);
  base_free(gram);
}

double *la_gram_values(la_gram *gram) { return gram->values; }

/* Rows [top, top + ROWS) by panels [first, end), as far as they touch the lower triangle. */
static void add_run(const la_gram *gram, const la_matrix *z, size_t block, size_t top, size_t first, size_t end) {
  const size_t n = gram->rows, depth = la_matrix_depth(z, block), floats = depth * LA_PANEL,
               bottom = n - top < ROWS ? n : top + ROWS;
  la_gemm_begin(gram->floats->engine);
  for (size_t panel = first; panel < end && panel * LA_PANEL < bottom; panel++) {
    const size_t left = panel * LA_PANEL, from = left > top ? left : top; /* nothing to do above the diagonal */
    const la_sums to = {gram->values + from * n + left, n, n - left < LA_PANEL ? n - left : LA_PANEL};
    la_product product = {.rows = bottom - from,
                          .x = z->rows + from * z->row_bytes + block * LA_DEPTH * sizeof(float),
                          .row_bytes = z->row_bytes,
                          .slab = gram->slabs + panel * floats,
                          .depth = depth,
                          .finish = gram->kernels->sum,
                          .user = &to};
    if (panel + 1 < end)
      product.next = (la_fetch){(const char *)(gram->slabs + (panel + 1) * floats), 1, floats * sizeof(float), 0};
    gram->floats->engine->multiply(&product);
  }
  la_gemm_end(gram->floats->engine);
}

/* One block of a panel's columns, and the pieces that its sums are cut into: stripes of rows, from the bottom, where
 * they are longest, by runs of panels. */
typedef struct addition {
  const la_gram *gram;
  la_matrix z;
  size_t block, panels, stripes, runs;
} addition;

static void pack_panel(void *user, size_t i, size_t rank) {
  const addition *a = user;
  (void)rank;
  la_matrix_pack(&a->z, a->block, i, NULL, a->gram->slabs + i * la_matrix_depth(&a->z, a->block) * LA_PANEL);
}

static void add_piece(void *user, size_t index, size_t rank) {
  const addition *a = user;
  const size_t stripe = a->stripes - 1 - index / a->runs, first = index % a->runs * RUN;
  (void)rank;
  add_run(a->gram, &a->z, a->block, stripe * ROWS, first, first + RUN < a->panels ? first + RUN : a->panels);
}

void la_gram_add(la_gram *gram, const float *panel, size_t ld, size_t columns) {
  const size_t panels = panels_of(gram->rows);
  addition a = {.gram = gram,
                .z = {.gemm = gram->floats->engine,
                      .n = gram->rows,
                      .k = columns,
                      .rows = (const char *)panel,
                      .row_bytes = ld * sizeof *panel},
                .panels = panels,
                .stripes = (gram->rows + ROWS - 1) / ROWS,
                .runs = (panels + RUN - 1) / RUN};
  base_team *team = base_team_begin(gram->threads);
  for (; a.block < la_matrix_blocks(&a.z); a.block++) {
    base_team_share(team, panels, pack_panel, &a);
    base_team_share(team, a.stripes * a.runs, add_piece, &a);
  }
  base_team_end(team);
}

static void mirror_stripe(void *user, size_t index, size_t rank) {
  const la_gram *gram = user;
  const size_t n = gram->rows, block = MIRRORED, top = index * block;
  (void)rank;
  for (size_t left = 0; left <= top; left += block)
    for (size_t i = top; i < n && i < top + block; i++)
      for (size_t j = left; j < i && j < left + block; j++) gram->values[j * n + i] = gram->values[i * n + j];
}

void la_gram_mirror(la_gram *gram) {
  base_share(gram->threads, (gram->rows + MIRRORED - 1) / MIRRORED, mirror_stripe, gram);
}

/* --- The total --- */

typedef void (*tile_step)(const la_gram *gram, size_t top, size_t left);

typedef struct tiles {
  const la_gram *gram;
  tile_step step;
} tiles;

static size_t end_of_tile(const la_gram *gram, size_t first) {
  return gram->rows - first < LA_PANEL ? gram->rows : first + LA_PANEL;
}

/* The tiles of a stripe of LA_PANEL rows, up to the diagonal. */
static void pass_stripe(void *user, size_t index, size_t rank) {
  const tiles *t = user;
  (void)rank;
  for (size_t left = 0; left <= index * LA_PANEL; left += LA_PANEL) t->step(t->gram, index * LA_PANEL, left);
}

static void pass_tiles(const la_gram *gram, tile_step step) {
  base_share(gram->threads, panels_of(gram->rows), pass_stripe, &(tiles){gram, step});
}

/* Where the total of element (i, j) lies, i >= j. */
static double *total_at(const la_gram *gram, size_t i, size_t j) {
  return i / LA_PANEL == j / LA_PANEL ? gram->diagonal + i * LA_PANEL + j % LA_PANEL
                                      : gram->values + j * gram->rows + i;
}

static void settle_tile(const la_gram *gram, size_t top, size_t left) {
  const size_t down = left == top ? 1 : gram->rows; /* from (i, j) to (i, j + 1) in the total */
  for (size_t i = top; i < end_of_tile(gram, top); i++) {
    const size_t end = left == top ? i + 1 : left + LA_PANEL;
    double *sum = gram->values + i * gram->rows, *total = total_at(gram, i, left);
    for (size_t j = left; j < end; j++, total += down) {
      *total += sum[j];
      sum[j] = 0;
    }
    for (size_t j = end; j < end_of_tile(gram, left); j++)
      sum[j] = 0; /* above the diagonal, where products end up too */
  }
}

static void spread_tile(const la_gram *gram, size_t top, size_t left) {
  for (size_t i = top; i < end_of_tile(gram, top); i++)
    for (size_t j = left; j < (left == top ? i + 1 : left + LA_PANEL); j++)
      gram->values[i * gram->rows + j] = gram->values[j * gram->rows + i] = *total_at(gram, i, j);
}

berg_status la_gram_begin_total(la_gram *gram, berg_error *error) {
  const size_t n = gram->rows;
  if (!gram->diagonal) gram->diagonal = base_alloc_large(n * LA_PANEL, sizeof(double), error);
  if (!gram->diagonal) return BERG_ELIMIT;
  memset(gram->diagonal, 0, n * LA_PANEL * sizeof(double));
  memset(gram->values, 0, n * n * sizeof(double));
  return BERG_OK;
}

void la_gram_settle(la_gram *gram) { pass_tiles(gram, settle_tile); }

void la_gram_end_total(la_gram *gram) { pass_tiles(gram, spread_tile); }

double *la_gram_diagonal(la_gram *gram, size_t *count) {
  *count = gram->rows * LA_PANEL;
  return gram->diagonal;
}

double *la_gram_right(la_gram *gram, size_t row, size_t *count) {
  const size_t first = end_of_tile(gram, row / LA_PANEL * LA_PANEL);
  *count = gram->rows - first;
  return gram->values + row * gram->rows + first;
}
