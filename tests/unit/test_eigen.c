/* Products in double against plain loops; the largest eigenpairs of matrices whose spectrum is known, by their
 * residuals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"
#include "la/eigen.h"

static double number(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(int32_t)(*seed >> 32) * 0x1p-31;
}

static void product_of(size_t m, size_t n, size_t k, bool a_turned, bool b_turned, double beta) {
  uint64_t seed = m + n + k;
  const size_t lda = (a_turned ? m : k) + 3, ldb = (b_turned ? k : n) + 1, ldc = n + 2;
  double *a = base_alloc((a_turned ? k : m) * lda, sizeof *a, NULL), *b = base_alloc((b_turned ? n : k) * ldb, 8, NULL),
         *c[2] = {base_alloc(m * ldc, 8, NULL), base_alloc(m * ldc, 8, NULL)}, *before = base_alloc(m * ldc, 8, NULL);
  for (size_t i = 0; i < (a_turned ? k : m) * lda; i++) a[i] = number(&seed);
  for (size_t i = 0; i < (b_turned ? n : k) * ldb; i++) b[i] = number(&seed);
  for (size_t i = 0; i < m * ldc; i++) before[i] = beta == 0 ? NAN : number(&seed);
  for (int t = 0; t < 2; t++) {
    memcpy(c[t], before, m * ldc * sizeof *before);
    assert_int_equal(la_multiply(la_kernels_for(base_machine_isa()), m, n, k, -1.5, (la_operand){a, lda, a_turned},
                                 (la_operand){b, ldb, b_turned}, beta, c[t], ldc, t ? 3 : 1, NULL),
                     BERG_OK);
  }
  assert_memory_equal(c[0], c[1], m * ldc * sizeof *before);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t l = 0; l < k; l++)
        sum += (a_turned ? a[l * lda + i] : a[i * lda + l]) * (b_turned ? b[j * ldb + l] : b[l * ldb + j]);
      const double expected = -1.5 * sum + (beta == 0 ? 0 : beta * before[i * ldc + j]);
      assert_true(fabs(c[0][i * ldc + j] - expected) < 1e-14 * (double)(k + 10));
    }
  base_free(a), base_free(b), base_free(c[0]), base_free(c[1]), base_free(before);
}

static void products(void **state) {
  (void)state;
  for (int turned = 0; turned < 4; turned++) {
    product_of(1, 1, 1, turned & 1, turned & 2, 0);
    product_of(7, 25, 300, turned & 1, turned & 2, 1);
    product_of(150, 200, 31, turned & 1, turned & 2, 0.5);
    product_of(32, 391, 517, turned & 1, turned & 2, 0);
  }
}

/* Q diag(values) Q with Q the reflection of a fixed vector. */
static double *matrix_of(const double *values, size_t n) {
  double *matrix = base_alloc(n * n, sizeof *matrix, NULL), *u = base_alloc(n, sizeof *u, NULL), size = 0, middle = 0;
  uint64_t seed = 5;
  for (size_t i = 0; i < n; i++) u[i] = number(&seed), size += u[i] * u[i];
  for (size_t i = 0; i < n; i++) u[i] /= sqrt(size), middle += u[i] * u[i] * values[i];
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      matrix[i * n + j] =
          (i == j ? values[i] : 0) - 2 * (u[i] * u[j]) * (values[i] + values[j]) + 4 * middle * (u[i] * u[j]);
  base_free(u);
  return matrix;
}

/* `values` descending. */
static void eigen_of(const double *values, size_t n, size_t count) {
  double *matrix = matrix_of(values, n), *found[2], *vectors[2];
  const double scale = fabs(values[0]) > 0 ? fabs(values[0]) : 1;
  berg_error error;
  for (int t = 0; t < 2; t++) {
    found[t] = base_alloc(count, sizeof(double), NULL);
    vectors[t] = base_alloc(count * n, sizeof(double), NULL);
    const berg_status status = la_eigen_largest(la_kernels_for(base_machine_isa()), matrix, n, count, t ? 3 : 1,
                                                found[t], vectors[t], NULL, &error);
    if (status) fail_msg("%s", error.message);
  }
  assert_memory_equal(found[0], found[1], count * sizeof(double));
  assert_memory_equal(vectors[0], vectors[1], count * n * sizeof(double));
  for (size_t c = 0; c < count; c++) {
    const double *v = vectors[0] + c * n;
    double residual = 0;
    assert_true(fabs(found[0][c] - values[c]) < 1e-11 * scale);
    for (size_t i = 0; i < n; i++) {
      double sum = 0;
      for (size_t j = 0; j < n; j++) sum += matrix[i * n + j] * v[j];
      residual += pow(sum - found[0][c] * v[i], 2);
    }
    assert_true(sqrt(residual) < 2e-12 * scale);
    for (size_t d = 0; d <= c; d++) {
      double sum = 0;
      for (size_t i = 0; i < n; i++) sum += v[i] * vectors[0][d * n + i];
      assert_true(fabs(sum - (c == d)) < 1e-12);
    }
  }
  base_free(matrix);
  for (int t = 0; t < 2; t++) base_free(found[t]), base_free(vectors[t]);
}

typedef double spectrum(size_t i, size_t count);
static double falling(size_t i, size_t count) { return (void)count, 1.0 / (double)(i + 1); }
static double steep(size_t i, size_t count) { return (void)count, exp(-0.5 * (double)i); }
/* a cluster wider than a block, about the last that is asked for */
static double clustered(size_t i, size_t count) {
  return i < count - 20 ? 3.0 : i < count + 40 ? 2.0 : 1.0 / (double)i;
}
static double near_ties(size_t i, size_t count) {
  return (void)count, 1 + 1e-7 * (double)(i % 7) - 1e-3 * (double)(i / 7);
}
static double few(size_t i, size_t count) { return i < count / 2 ? 5.0 - (double)i * 0.01 : 0; }
static double none(size_t i, size_t count) { return (void)i, (void)count, 0; }
static double one(size_t i, size_t count) { return (void)count, i == 0; }

static void spectra_of(size_t n, size_t count) {
  static spectrum *const all[] = {falling, steep, clustered, near_ties, few, none, one};
  double *values = base_alloc(n, sizeof *values, NULL);
  for (size_t s = 0; s < sizeof all / sizeof *all; s++) {
    for (size_t i = 0; i < n; i++) values[i] = all[s](i, count);
    for (size_t i = 1; i < n; i++) /* descending */
      for (size_t j = i; j > 0 && values[j] > values[j - 1]; j--) {
        const double other = values[j];
        values[j] = values[j - 1], values[j - 1] = other;
      }
    eigen_of(values, n, count);
  }
  base_free(values);
}

static void small_ones(void **state) {
  (void)state;
  spectra_of(70, 60);
  spectra_of(31, 31);
  eigen_of((const double[]){2}, 1, 1);
}

static void by_krylov(void **state) {
  (void)state;
  spectra_of(1010, 60);
}

static berg_status cancel(void *user, size_t converged, berg_error *error) {
  (void)converged;
  ++*(int *)user;
  return base_fail(error, BERG_ECANCELLED, "enough");
}

static void cancelled_and_not_finite(void **state) {
  (void)state;
  const size_t n = 1100, count = 20;
  double *values = base_alloc(n, 8, NULL), *vectors = base_alloc(n * count, 8, NULL), found[20];
  for (size_t i = 0; i < n; i++) values[i] = 1 / (double)(i + 1);
  double *matrix = matrix_of(values, n);
  int calls = 0;
  assert_int_equal(la_eigen_largest(la_kernels_for(base_machine_isa()), matrix, n, count, 2, found, vectors,
                                    &(la_eigen_watch){cancel, &calls}, NULL),
                   BERG_ECANCELLED);
  assert_int_equal(calls, 1);
  matrix[7] = matrix[7 * n] = NAN;
  assert_int_equal(
      la_eigen_largest(la_kernels_for(base_machine_isa()), matrix, n, count, 2, found, vectors, NULL, NULL),
      BERG_EINTERNAL);
  base_free(values), base_free(vectors), base_free(matrix);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products),
      cmocka_unit_test(small_ones),
      cmocka_unit_test(by_krylov),
      cmocka_unit_test(cancelled_and_not_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
