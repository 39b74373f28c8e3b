/* Cross-validation: how well the rows held out are predicted, for each candidate alpha. */
#include "train/regress/regress_job.h"

typedef struct held_out {
  double total[REGRESS_TILE]; /* sum of squares about their own mean */
  double residual[REGRESS_TILE];
  double shift[REGRESS_TILE]; /* mean of the training rows, of the centred responses */
  bool constant[REGRESS_TILE];
} held_out;

/* Row `i` of a tile's targets from `at`, the first of a panel. */
static const float *row_of(const train_regression *regression, const regress_tile *tile, size_t at, size_t i) {
  return tile->responses + at * regression->rows + i * LA_PANEL;
}

/* Targets [at, at + count) of the tile, of one panel. */
static void describe_panel(const train_regression *regression, const train_factor *fold, const float *raw,
                           size_t stride, const regress_tile *tile, size_t at, size_t count, held_out *out) {
  const size_t first = fold->first_out, end = fold->end_out;
  double inside[LA_PANEL] = {0}, outside[LA_PANEL] = {0}, *total = out->total + at;
  for (size_t i = 0; i < regression->rows; i++) {
    const float *y = row_of(regression, tile, at, i);
    double *sum = i >= first && i < end ? outside : inside;
    for (size_t t = 0; t < count; t++) sum[t] += y[t];
  }
  for (size_t t = 0; t < count; t++) {
    out->shift[at + t] = inside[t] / (double)(regression->rows - (end - first));
    out->constant[at + t] = true;
    outside[t] /= (double)(end - first);
    total[t] = 0;
  }
  for (size_t i = first; i < end; i++) {
    const float *y = row_of(regression, tile, at, i);
    for (size_t t = 0; t < count; t++) {
      total[t] += (y[t] - outside[t]) * (y[t] - outside[t]);
      if (raw[i * stride + t] != raw[first * stride + t]) out->constant[at + t] = false;
    }
  }
}

static void describe(const train_regression *regression, const train_factor *fold, const float *responses,
                     size_t stride, const regress_tile *tile, held_out *out) {
  for (size_t at = 0; at < tile->number; at += LA_PANEL) {
    const size_t count = tile->number - at < LA_PANEL ? tile->number - at : LA_PANEL;
    describe_panel(regression, fold, responses + tile->first + at, stride, tile, at, count, out);
  }
}

static void predict(const train_regression *regression, const train_factor *fold, const regress_tile *tile,
                    held_out *out) {
  const size_t count = fold->end_out - fold->first_out;
  for (size_t t = 0; t < tile->number; t++) out->residual[t] = 0;
  for (size_t top = 0; top < count; top += REGRESS_ROWS) {
    const size_t rows = count - top < REGRESS_ROWS ? count - top : REGRESS_ROWS;
    regress_apply(regression, fold, fold->predict + top * fold->pitch, rows, tile);
    for (size_t i = 0; i < rows; i++)
      for (size_t at = 0; at < tile->number; at += LA_PANEL) {
        const float *y = row_of(regression, tile, at, fold->first_out + top + i);
        const double *predicted = tile->product + i * REGRESS_TILE + at;
        for (size_t t = 0; t < LA_PANEL && at + t < tile->number; t++) {
          const double off = y[t] - out->shift[at + t] - predicted[t];
          out->residual[at + t] += off * off;
        }
      }
  }
}

/* As scikit-learn's r2_score: responses that do not vary are predicted rightly (1) or not (0). */
static double r2(const held_out *out, size_t t) {
  if (out->constant[t]) return out->residual[t] == 0 ? 1 : 0;
  return 1 - out->residual[t] / out->total[t];
}

void regress_cross_validate(const train_regression *regression, const float *responses, size_t stride,
                            regress_tile *tile, double *scores) {
  const size_t alphas = regression->options.alpha_count, columns = (tile->number + LA_PANEL - 1) / LA_PANEL * LA_PANEL;
  held_out out;
  for (size_t i = 0; i < tile->number * alphas; i++) scores[i] = 0;
  for (size_t f = 0; f < regression->fold_count; f++) {
    const train_factor *fold = &regression->folds[f];
    describe(regression, fold, responses, stride, tile, &out);
    regress_project(regression, fold, tile);
    for (size_t a = 0; a < alphas; a++) {
      regress_scale(fold, tile, 0, columns, regression->alphas[a]);
      predict(regression, fold, tile, &out);
      for (size_t t = 0; t < tile->number; t++) scores[t * alphas + a] += r2(&out, t) / (double)regression->fold_count;
    }
  }
}
