/* Prefetching of what comes next, while a product is computed. */
#ifndef LA_KERNELS_FETCH_H
#define LA_KERNELS_FETCH_H

#include "base/vector.h"
#include "la/gemm.h"

/* How far prefetching has come, and how many lines a step takes so that the last arrives in time. */
typedef struct fetcher {
  const char *at, *end;
  size_t rows, bytes, stride, lines;
  const la_fetch *then;
} fetcher;

INLINE size_t fetch_lines(const la_fetch *fetch) { return fetch->rows * ((fetch->bytes + 63) / 64); }

INLINE fetcher fetch_from(const la_fetch *what, const la_fetch *then, size_t lines) {
  return (fetcher){what->at, what->at + what->bytes, what->rows, what->bytes, what->stride - what->bytes, lines, then};
}

/* For a product that calls fetch_step `calls` times, at least once. */
INLINE fetcher fetch_over(const la_product *product, size_t calls) {
  const size_t lines = fetch_lines(&product->next) + fetch_lines(&product->then);
  if (!product->next.rows) return fetch_from(&product->then, NULL, (lines + calls - 1) / calls);
  return fetch_from(&product->next, &product->then, (lines + calls - 1) / calls);
}

INLINE void fetch_step(fetcher *f) {
  for (size_t i = 0; i < f->lines && f->rows; i++) {
    __builtin_prefetch(f->at, 0, 2); /* into L2 */
    f->at += 64;
    if (f->at < f->end) continue;
    f->at = f->end + f->stride;
    f->end = f->at + f->bytes;
    if (!--f->rows && f->then) *f = fetch_from(f->then, NULL, f->lines);
  }
}

/* Prefetches the lines that `finish` will change before its tile is computed: this halves the time that OUT and DOWN of
 * a block spend adding to tokens in L2. */
INLINE void fetch_out(const la_product *product, size_t first, size_t rows) {
  if (!product->out) return;
  for (size_t i = first; i < first + rows; i++) {
    const char *line = (const char *)product->out + i * product->out_stride;
    for (size_t c = 0; c < LA_PANEL * sizeof(float); c += 64) __builtin_prefetch(line + c, 1, 3);
  }
}

#endif
