/* Products of a matrix whose columns are multiplied. */
#include "la/columns.h"

#include <string.h>

static size_t depth_of(const la_columns *w, size_t first) { return w->k - first < LA_DEPTH ? w->k - first : LA_DEPTH; }

static size_t width_of(const la_columns *w, size_t panel) {
  return w->n - panel * LA_PANEL < LA_PANEL ? w->n - panel * LA_PANEL : LA_PANEL;
}

static const float *slab_at(const la_columns *w, size_t first, size_t panel) {
  return w->values + first * w->ld + panel * w->stride;
}

static const float *make_slab(const la_columns *w, size_t first, size_t panel, float *buffer) {
  const float *from = slab_at(w, first, panel);
  const size_t depth = depth_of(w, first), width = width_of(w, panel);
  if (w->ld == LA_PANEL) return from;
  for (size_t p = 0; p < depth; p++, from += w->ld) {
    float *to = buffer + p * LA_PANEL;
    if (width == LA_PANEL) {
      memcpy(to, from, LA_PANEL * sizeof *to);
    } else {
      memset(to, 0, LA_PANEL * sizeof *to);
      memcpy(to, from, width * sizeof *to);
    }
  }
  return buffer;
}

static la_fetch fetch(const la_columns *w, size_t first, size_t panel) {
  const char *at = (const char *)slab_at(w, first, panel);
  const size_t depth = depth_of(w, first), row = w->ld * sizeof(float);
  return w->ld == LA_PANEL ? (la_fetch){at, 1, depth * row, 0}
                           : (la_fetch){at, depth, width_of(w, panel) * sizeof(float), row};
}

void la_columns_multiply(const la_floats *floats, const la_kernels *kernels, const float *x, size_t rows, size_t ldx,
                         const la_columns *w, double *sums, size_t ld, float *buffer) {
  const size_t panels = (w->n + LA_PANEL - 1) / LA_PANEL;
  la_gemm_begin(floats->engine);
  for (size_t first = 0; first < w->k; first += LA_DEPTH)
    for (size_t panel = 0; panel < panels; panel++) {
      const la_sums to = {sums + panel * LA_PANEL, ld, width_of(w, panel)};
      la_product product = {.rows = rows,
                            .x = x + first,
                            .row_bytes = ldx * sizeof *x,
                            .slab = make_slab(w, first, panel, buffer),
                            .depth = depth_of(w, first),
                            .buffer = buffer,
                            .finish = kernels->sum,
                            .user = &to};
      if (panel + 1 < panels)
        product.next = fetch(w, first, panel + 1);
      else if (first + LA_DEPTH < w->k)
        product.next = fetch(w, first + LA_DEPTH, 0);
      floats->engine->multiply(&product);
    }
  la_gemm_end(floats->engine);
}
