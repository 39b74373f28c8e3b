/* The incomplete beta function I_x(df/2, 1/2), x = df / (df + t^2), by its continued fraction (modified Lentz). */
#include "la/student.h"

#include <math.h>

#define LOG_ROOT_PI 0.57236494292470008707
#define TINY 1e-300

/* log of Gamma(a + 1/2) / Gamma(a): lgamma's difference would lose digits where a is large. */
static double log_gamma_ratio(double a) {
  double shift = 0;
  for (; a < 20; a++) shift += log(a / (a + 0.5));
  const double i = 1 / a, i2 = i * i;
  return shift + 0.5 * log(a) - i * (1.0 / 8 - i2 * (1.0 / 192 - i2 * (1.0 / 640 - i2 * (17.0 / 14336))));
}

static double away_from_zero(double value) { return fabs(value) < TINY ? TINY : value; }

/* The continued fraction of I_x(a, b), which converges fast for x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x) {
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m < 100000; m++) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    h *= d * c;
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    h *= d * c;
    if (fabs(d * c - 1) < 1e-15) break;
  }
  return h;
}

double la_student_log_p(double t, double df) {
  if (isnan(t) || isnan(df)) return NAN;
  if (t == 0) return 0;
  if (isinf(t)) return -INFINITY;
  const double a = df / 2, ratio = t * t / df, x = 1 / (1 + ratio), rest = ratio / (1 + ratio);
  /* x^a (1 - x)^(1/2) / B(a, 1/2) */
  const double front = -a * log1p(ratio) + 0.5 * log(rest) + log_gamma_ratio(a) - LOG_ROOT_PI;
  if (x < (a + 1) / (a + 2.5)) return front + log(fraction(a, 0.5, x) / a);
  return log1p(-exp(front) * fraction(0.5, a, rest) / 0.5);
}
