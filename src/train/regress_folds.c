/* Cross-validation: how well the rows held out are predicted, for each candidate alpha. */
#include "train/regress_job.h"

typedef struct held_out {
  double total[FACTOR_TILE]; /* sum of squares about their own mean */
  double residual[FACTOR_TILE];
  double shift[FACTOR_TILE]; /* mean of the training rows, of the centred responses */
  bool constant[FACTOR_TILE];
} held_out;

static void describe(const train_regression *regression, const train_factor *fold, const float *responses,
                     size_t stride, const regress_tile *tile, held_out *out) {
  for (size_t t = 0; t < tile->number; t++) {
    const float *y = tile->responses + t * regression->depth;
    const size_t count = fold->end_out - fold->first_out;
    double inside = 0, outside = 0, squares = 0;
    const float first = responses[fold->first_out * stride + tile->first + t];
    out->constant[t] = true;
    for (size_t i = 0; i < regression->rows; i++) {
      const bool is_out = i >= fold->first_out && i < fold->end_out;
      if (is_out)
        outside += y[i];
      else
        inside += y[i];
      if (is_out && responses[i * stride + tile->first + t] != first) out->constant[t] = false;
    }
    const double mean = outside / (double)count;
    for (size_t i = fold->first_out; i < fold->end_out; i++) squares += (y[i] - mean) * (y[i] - mean);
    out->total[t] = squares;
    out->shift[t] = inside / (double)(regression->rows - count);
  }
}

static bool predict(const train_regression *regression, const train_factor *fold, regress_tile *tile, held_out *out) {
  const size_t count = fold->end_out - fold->first_out;
  const la_old_matrix matrix = {NULL, la_padded(count), fold->padded_rank, FACTOR_TILE, fold->predict};
  for (size_t t = 0; t < tile->number; t++) out->residual[t] = 0;
  for (size_t first = 0; first < count; first += FACTOR_TILE) {
    if (!la_old_product(regression->machine.engine, FACTOR_TILE, &matrix, first / FACTOR_TILE, tile->scaled, tile->product,
                    tile->scratch))
      return false;
    for (size_t t = 0; t < tile->number; t++) {
      const float *y = tile->responses + t * regression->depth + fold->first_out + first;
      for (size_t i = 0; i < FACTOR_TILE && first + i < count; i++) {
        const double off = y[i] - out->shift[t] - tile->product[t * FACTOR_TILE + i];
        out->residual[t] += off * off;
      }
    }
  }
  return true;
}

/* As scikit-learn's r2_score: responses that do not vary are predicted rightly (1) or not (0). */
static double r2(const held_out *out, size_t t) {
  if (out->constant[t]) return out->residual[t] == 0 ? 1 : 0;
  return 1 - out->residual[t] / out->total[t];
}

bool regress_cross_validate(const train_regression *regression, const float *responses, size_t stride,
                            regress_tile *tile, double *scores) {
  const size_t alphas = regression->options.alpha_count;
  held_out out;
  for (size_t i = 0; i < tile->number * alphas; i++) scores[i] = 0;
  for (size_t f = 0; f < regression->fold_count; f++) {
    const train_factor *fold = &regression->folds[f];
    describe(regression, fold, responses, stride, tile, &out);
    if (!regress_project(regression, fold, tile)) return false;
    for (size_t a = 0; a < alphas; a++) {
      for (size_t t = 0; t < FACTOR_TILE; t++) regress_scale(fold, tile, t, regression->alphas[a]);
      if (!predict(regression, fold, tile, &out)) return false;
      for (size_t t = 0; t < tile->number; t++) scores[t * alphas + a] += r2(&out, t) / (double)regression->fold_count;
    }
  }
  return true;
}
