/* The columns nc_singletrial, nc_testset, splithalf_uncorrected and splithalf_corrected of the table of voxels, from the
 * simulated responses. */
#include <math.h>

#include "train/simulate.h"

/* Test responses [sessions][tests], z-scored within each session as the ceilings want them; false: one has no variance. */
static bool collect(const simulate_design *design, const simulate_trials *trials, const double *responses, double *z) {
  const size_t tests = design->tests;
  for (size_t s = 0; s < design->sessions; s++, z += tests) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < tests; i++) sum += z[i] = responses[trials->of_test[s * tests + i]];
    for (size_t i = 0; i < tests; i++) {
      z[i] -= sum / (double)tests;
      squares += z[i] * z[i];
    }
    double spread = sqrt(squares / (double)tests);
    if (!(spread > 0)) return false;
    for (size_t i = 0; i < tests; i++) z[i] /= spread;
  }
  return true;
}

/* Mean over images of the variance over sessions. */
static double noise_variance(const double *z, size_t sessions, size_t tests) {
  double sum = 0;
  for (size_t i = 0; i < tests; i++) {
    double mean = 0, squares = 0;
    for (size_t s = 0; s < sessions; s++) mean += z[s * tests + i] / (double)sessions;
    for (size_t s = 0; s < sessions; s++) squares += (z[s * tests + i] - mean) * (z[s * tests + i] - mean);
    sum += squares / (double)(sessions - 1);
  }
  return sum / (double)tests;
}

/* Pearson's r between the images' sums over the odd and over the even sessions. */
static double split_half(const simulate_design *design, const simulate_trials *trials, const double *responses) {
  double a_sum = 0, b_sum = 0, aa = 0, bb = 0, ab = 0, n = (double)design->tests;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < design->tests; i++) {
      double half[2] = {0, 0};
      for (size_t s = 0; s < design->sessions; s++) half[s % 2] += responses[trials->of_test[s * design->tests + i]];
      if (!pass) {
        a_sum += half[0];
        b_sum += half[1];
        continue;
      }
      double a = half[0] - a_sum / n, b = half[1] - b_sum / n;
      aa += a * a;
      bb += b * b;
      ab += a * b;
    }
  return ab / sqrt(aa * bb);
}

void simulate_reliability_of(simulate_reliability *result, const simulate_design *design, const simulate_trials *trials,
                             const double *responses, double *scratch) {
  *result = (simulate_reliability){NAN, NAN, NAN, NAN};
  if (!collect(design, trials, responses, scratch)) return;
  double noise = noise_variance(scratch, design->sessions, design->tests), signal = fmax(0, 1 - noise);
  result->nc_singletrial = 100 * signal / (signal + noise);
  result->nc_testset = 100 * signal / (signal + noise / (double)design->sessions);
  double r = split_half(design, trials, responses);
  result->splithalf_uncorrected = r;
  result->splithalf_corrected = 2 * r / (1 + r);
}
