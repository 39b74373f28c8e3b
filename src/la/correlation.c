/* Pearson correlations of columns, centred and scaled so that no square is lost. */
#include "la/correlation.h"

#include <math.h>
#include <stdbool.h>

#include "base/team.h"

/* Columns that one thread takes at a time; loops over them have this fixed length, so that they become vectors. */
#define PANEL 64

typedef struct centring {
  double mean[PANEL];
  double scale[PANEL]; /* a power of two that brings the largest deviation near 1, so that no square is lost */
  bool varies[PANEL];
} centring;

static void find_centring(const la_rows *rows, size_t first, size_t number, centring *centre) {
  double values[PANEL] = {0}, sum[PANEL] = {0}, low[PANEL], high[PANEL];
  for (size_t i = 0; i < rows->count; i++) {
    la_rows_load(rows, i, first, number, values);
    if (i == 0) memcpy(low, values, sizeof low);
    if (i == 0) memcpy(high, values, sizeof high);
    for (size_t c = 0; c < PANEL; c++) {
      sum[c] += values[c];
      low[c] = values[c] < low[c] ? values[c] : low[c];
      high[c] = values[c] > high[c] ? values[c] : high[c];
    }
  }
  for (size_t c = 0; c < PANEL; c++) {
    int exponent;
    centre->mean[c] = sum[c] / (double)rows->count;
    /* asked of the values themselves: the mean of equal values may be a rounding error away from them */
    centre->varies[c] = low[c] < high[c] && isfinite(centre->mean[c]);
    frexp(fmax(high[c] - centre->mean[c], centre->mean[c] - low[c]), &exponent);
    centre->scale[c] = centre->varies[c] ? ldexp(1, exponent < -1000 ? 1000 : -exponent) : 1;
  }
}

static void correlate_panel(const la_rows *a, const la_rows *b, size_t first, size_t number, double *r) {
  double x[PANEL] = {0}, y[PANEL] = {0}, xx[PANEL] = {0}, yy[PANEL] = {0}, xy[PANEL] = {0};
  centring of_a, of_b;
  find_centring(a, first, number, &of_a);
  find_centring(b, first, number, &of_b);
  for (size_t i = 0; i < a->count; i++) {
    la_rows_load(a, i, first, number, x);
    la_rows_load(b, i, first, number, y);
    for (size_t c = 0; c < PANEL; c++) {
      double dx = (x[c] - of_a.mean[c]) * of_a.scale[c], dy = (y[c] - of_b.mean[c]) * of_b.scale[c];
      xx[c] += dx * dx;
      yy[c] += dy * dy;
      xy[c] += dx * dy;
    }
  }
  for (size_t c = 0; c < number; c++) {
    double value = xy[c] / (sqrt(xx[c]) * sqrt(yy[c]));
    r[first + c] = of_a.varies[c] && of_b.varies[c] ? fmax(-1, fmin(1, value)) : NAN;
  }
}

typedef struct pair {
  const la_rows *a, *b;
  double *r;
} pair;

static void correlate_piece(void *user, size_t p, size_t rank) {
  const pair *of = user;
  const size_t left = of->a->columns - p * PANEL;
  (void)rank;
  correlate_panel(of->a, of->b, p * PANEL, left < PANEL ? left : PANEL, of->r);
}

void la_correlate(const la_rows *a, const la_rows *b, int threads, double *r) {
  pair of = {a, b, r};
  base_share(threads, (a->columns + PANEL - 1) / PANEL, correlate_piece, &of);
}
