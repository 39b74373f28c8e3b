/* The rate of float64 products on this machine, for bench/similarity.py: GFLOP of square products of la_multiply in a
 * second, the best, and in a second of processor time.
 *
 *     double_rate THREADS SECONDS */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/machine.h"
#include "la/blas.h"

#define N ((size_t)1536)

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int threads = atoi(argv[1]);
  double *a = calloc(3 * N * N, sizeof *a), best = 0, all = 0;
  for (size_t i = 0; a && i < 2 * N * N; i++) a[i] = (double)(i % 97) - 48;
  const double end = base_machine_seconds() + strtod(argv[2], NULL);
  const clock_t spent = clock();
  const la_kernels *kernels = la_kernels_for(base_machine_isa());
  while (a && base_machine_seconds() < end) {
    const double start = base_machine_seconds();
    const la_operand x = {a, N, false}, y = {a + N * N, N, true};
    if (la_multiply(kernels, N, N, N, 1, x, y, 0, a + 2 * N * N, N, threads, NULL)) return 1;
    const double rate = 2.0 * (double)(N * N * N) / (base_machine_seconds() - start) / 1e9;
    if (rate > best) best = rate;
    all += 2.0 * (double)(N * N * N) / 1e9;
  }
  printf("%.2f %.2f\n", best, all / ((double)(clock() - spent) / CLOCKS_PER_SEC));
  free(a);
  return 0;
}
