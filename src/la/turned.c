/* Products with the transpose of a matrix of few rows: its slabs are packed, then rows of x pass them in stripes. */
#include "la/turned.h"

#include "base/team.h"

/* Rows of x that are multiplied with one slab after another: as in gram.c. */
#define ROWS ((size_t)192)

typedef struct addition {
  const la_turned *turned;
  la_matrix w;
  size_t block;
  const float *x;
  size_t rows, ldx;
  double *sums;
  size_t ld;
} addition;

static size_t panels_of(size_t n) { return (n + LA_PANEL - 1) / LA_PANEL; }

size_t la_turned_floats(size_t n) { return panels_of(n) * LA_PANEL * LA_DEPTH; }

static float *slab_of(const addition *a, size_t panel) {
  return a->turned->slabs + panel * la_matrix_depth(&a->w, a->block) * LA_PANEL;
}

static void pack_panel(void *user, size_t panel, size_t rank) {
  const addition *a = user;
  (void)rank;
  la_matrix_pack(&a->w, a->block, panel, NULL, slab_of(a, panel));
}

static void multiply_stripe(void *user, size_t index, size_t rank) {
  const addition *a = user;
  const la_gemm *engine = a->turned->floats->engine;
  const size_t top = index * ROWS, depth = la_matrix_depth(&a->w, a->block), panels = panels_of(a->w.n);
  (void)rank;
  la_gemm_begin(engine);
  for (size_t panel = 0; panel < panels; panel++) {
    const size_t left = panel * LA_PANEL;
    const la_sums to = {a->sums + top * a->ld + left, a->ld, a->w.n - left < LA_PANEL ? a->w.n - left : LA_PANEL};
    la_product product = {.rows = a->rows - top < ROWS ? a->rows - top : ROWS,
                          .x = a->x + top * a->ldx + a->block * LA_DEPTH,
                          .row_bytes = a->ldx * sizeof *a->x,
                          .slab = slab_of(a, panel),
                          .depth = depth,
                          .finish = a->turned->kernels->sum,
                          .user = &to};
    if (panel + 1 < panels)
      product.next = (la_fetch){(const char *)slab_of(a, panel + 1), 1, depth * LA_PANEL * sizeof(float), 0};
    engine->multiply(&product);
  }
  la_gemm_end(engine);
}

void la_turned_multiply(const la_turned *turned, const float *x, size_t rows, size_t ldx, double *sums, size_t ld,
                        int threads) {
  addition a = {.turned = turned,
                .w = {.gemm = turned->floats->engine,
                      .n = turned->n,
                      .k = turned->k,
                      .rows = (const char *)turned->w,
                      .row_bytes = turned->ldw * sizeof *turned->w},
                .x = x,
                .rows = rows,
                .ldx = ldx,
                .sums = sums,
                .ld = ld};
  base_team *team = base_team_begin(threads);
  for (; a.block < la_matrix_blocks(&a.w); a.block++) {
    base_team_share(team, panels_of(a.w.n), pack_panel, &a);
    base_team_share(team, (rows + ROWS - 1) / ROWS, multiply_stripe, &a);
  }
  base_team_end(team);
}
