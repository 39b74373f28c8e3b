/* exp and erf for a vector of floats. Polynomials fitted for this file by least squares on Chebyshev nodes with
 * Lawson's reweighting (docs/numerics.md has the script's figures). */
#ifndef VIT_KERNELS_FUNCTIONS_H
#define VIT_KERNELS_FUNCTIONS_H

#include "base/vector.h"

/* e^x for x <= 0, to about 1 ulp; 0 below -87 (where softmax does not care). x = n ln 2 + r, |r| <= ln(2) / 2; e^r is a
 * polynomial of degree 7 with relative error 5e-10. */
INLINE vec vec_exp(vec x) {
  const float log2e = 0x1.715476p+0f, ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f, shift = 0x1.8p23f;
  vec_int underflow = x < -87.0f;
  x = vec_max(x, vec_all(-87.0f));
  vec shifted = x * log2e + shift; /* the addition rounds to an integer, in the low bits of the float */
  vec n = shifted - shift;
  vec r = (x - n * ln2_high) - n * ln2_low;
  vec p = vec_all(0.00019894814f);
  p = p * r + 0.0013929544f;
  p = p * r + 0.008333304f;
  p = p * r + 0.041666504f;
  p = p * r + 0.16666667f;
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  vec_int power = ((vec_int)shifted - (vec_int)vec_all(shift)) << 23;
  return vec_select(underflow, (vec){0}, (vec)((vec_int)p + power));
}

/* erf(x / sqrt 2) as x P(x^2) / Q(x^2), absolute error 1.4e-9 before rounding; beyond 5.6 it is 1 in float. */
INLINE vec vec_erf_over_sqrt2(vec x) {
  x = vec_max(vec_min(x, vec_all(5.6f)), vec_all(-5.6f));
  vec s = x * x;
  vec p = vec_all(-0x1.487228p-33f);
  p = p * s + 0x1.c3055ap-24f;
  p = p * s + 0x1.1af984p-16f;
  p = p * s + 0x1.639248p-12f;
  p = p * s + 0x1.3a96e6p-7f;
  p = p * s + 0x1.0b7d5p-4f;
  p = p * s + 0x1.988454p-1f;
  vec q = vec_all(0x1.0b5b92p-19f);
  q = q * s + 0x1.56c502p-14f;
  q = q * s + 0x1.fa0f0ap-10f;
  q = q * s + 0x1.d2256ap-6f;
  q = q * s + 0x1.fcf52ep-3f;
  q = q * s + 1.0f;
  return vec_divide(x * p, q);
}

/* The same to 2e-4, for where the result is rounded to int8's steps, a hundred times larger: half the time. */
INLINE vec vec_gelu_coarse(vec x) {
  const vec z = vec_max(vec_min(x, vec_all(4.0f)), vec_all(-4.0f)), s = z * z;
  vec p = vec_all(0x1.87622p-26f);
  p = p * s - 0x1.ad1f58p-20f;
  p = p * s + 0x1.9247d6p-15f;
  p = p * s - 0x1.aac764p-11f;
  p = p * s + 0x1.1f7426p-7f;
  p = p * s - 0x1.087dd2p-4f;
  p = p * s + 0x1.976ebcp-2f;
  return x * (z * p + 0.5f);
}

/* x Phi(x), the exact form of the GELU (Hendrycks & Gimpel 2016), as torch's default. */
INLINE vec vec_gelu(vec x) { return x * 0.5f * (1.0f + vec_erf_over_sqrt2(x)); }

#endif
