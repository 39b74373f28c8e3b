/* Effects, tests and effect sizes of every column, from the means and variances of groups. */
#include <math.h>

#include "base/memory.h"
#include "la/student.h"
#include "query/contrast/contrast.h"
#include "la/false_discovery.h"

#define TOGETHER ((size_t)1024)
#define MAPS 9

size_t query_contrast_rows(const berg_contrast *contrast) {
  return contrast->options.paired ? 1 : contrast->group_count;
}

typedef struct making {
  const berg_contrast *contrast;
  const double *weights; /* [rows] */
  double magnitude;      /* half of the sum of their magnitudes, by which d scales */
  query_maps *maps;
} making;

/* Sums over the groups that have a weight. */
typedef struct sums {
  double effect, variance; /* of the contrast of means */
  double spread;           /* Welch & Satterthwaite: of (c^2 v / n)^2 / (n - 1) */
  double within, df;       /* squares within groups, and n - 1 of all */
  double shares;           /* c^2 / n */
} sums;

static sums add_groups(const making *m, size_t column) {
  const berg_contrast *contrast = m->contrast;
  sums s = {0, 0, 0, 0, 0, 0};
  for (size_t r = 0; r < query_contrast_rows(contrast); r++) {
    const double c = m->weights[r], n = (double)contrast->counts[r];
    const double mean = contrast->means[r * contrast->columns + column];
    const double variance = contrast->variances[r * contrast->columns + column], share = c * c * variance / n;
    if (c == 0) continue;
    s.effect += c * mean;
    s.variance += share;
    s.spread += share * share / (n - 1);
    s.within += (n - 1) * variance;
    s.df += n - 1;
    s.shares += c * c / n;
  }
  return s;
}

/* P of a t at least as far out, as a logarithm. */
static double log_p(double t, double df, bool one_sided) {
  const double both = la_student_log_p(t, df);
  if (!one_sided) return both;
  return t > 0 ? both - log(2) : log1p(-exp(both) / 2);
}

static void make_column(const making *m, size_t column) {
  query_maps *to = m->maps;
  const berg_contrast_options *options = &m->contrast->options;
  const sums s = add_groups(m, column);
  to->e[column] = isnan(s.within) ? NAN : s.effect;
  to->t[column] = to->df[column] = to->p[column] = to->log[column] = to->d[column] = to->g[column] = to->sd[column] =
      NAN;
  if (!(s.within > 0)) return;
  const double sd = sqrt(s.within / s.df), error = options->pooled ? sd * sqrt(s.shares) : sqrt(s.variance);
  const double t = s.effect / error, df = options->pooled ? s.df : s.variance * s.variance / s.spread;
  const double logarithm = log_p(t, df, options->one_sided);
  to->t[column] = t;
  to->df[column] = df;
  to->p[column] = exp(logarithm);
  to->log[column] = -logarithm / log(10);
  to->sd[column] = sd;
  to->d[column] = s.effect / m->magnitude / sd;
  to->g[column] = to->d[column] * (1 - 3 / (4 * s.df - 1));
}

static void make_some(void *user, size_t index, size_t rank) {
  const making *m = user;
  const size_t columns = m->contrast->columns, end = (index + 1) * TOGETHER;
  (void)rank;
  for (size_t c = index * TOGETHER; c < columns && c < end; c++) make_column(m, c);
}

/* What is not found at the rate asked for becomes NaN everywhere. */
static void keep_found(query_maps *maps, size_t columns, double rate) {
  double *const all[MAPS] = {maps->e, maps->t, maps->df, maps->p, maps->log, maps->q, maps->d, maps->g, maps->sd};
  for (size_t c = 0; c < columns; c++) {
    const bool found = maps->q[c] <= rate;
    maps->found += found;
    for (size_t i = 0; i < MAPS && !found; i++) all[i][c] = NAN;
  }
}

berg_status query_maps_make(query_maps *maps, const berg_contrast *contrast, const double *weights, berg_error *error) {
  const size_t columns = contrast->columns;
  making m = {contrast, weights, 0, maps};
  *maps = (query_maps){.memory = base_alloc(columns, MAPS * sizeof *maps->memory, error)};
  if (!maps->memory) return BERG_ELIMIT;
  double **const all[MAPS] = {&maps->e, &maps->t, &maps->df, &maps->p, &maps->log,
                              &maps->q, &maps->d, &maps->g,  &maps->sd};
  for (size_t i = 0; i < MAPS; i++) *all[i] = maps->memory + i * columns;
  for (size_t r = 0; r < query_contrast_rows(contrast); r++) m.magnitude += fabs(weights[r]) / 2;
  if (contrast->options.paired) m.magnitude *= 2; /* differences have the weight of both groups */
  base_share(contrast->options.threads, (columns + TOGETHER - 1) / TOGETHER, make_some, &m);
  berg_status status =
      la_false_discovery(maps->p, columns, contrast->options.any_dependence, maps->q, &maps->tested, error);
  if (!status && !isnan(contrast->options.fdr)) keep_found(maps, columns, contrast->options.fdr);
  if (status) query_maps_release(maps);
  return status;
}

void query_maps_release(query_maps *maps) {
  base_free(maps->memory);
  maps->memory = NULL;
}
