#include "la/rate.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"

#define PANEL 192
#define SHAPES 4
#define LARGEST_K 3072
#define MEMORY_BLOCK ((size_t)768 << 20)

static const struct { size_t k, n; } shapes[SHAPES] = {{768, 2304}, {768, 768}, {768, 3072}, {3072, 768}};

struct la_rate {
  la_engine *engine;
  la_matrix matrices[SHAPES];
  float *weights, *x, *y;
  char *scratch;
  size_t rows, scratch_bytes;
  int threads;
};

berg_status la_rate_new(la_rate **out, la_engine *engine, size_t rows, int threads, berg_error *error) {
  *out = NULL;
  la_rate *rate = base_calloc(1, sizeof *rate, error);
  if (!rate) return BERG_ELIMIT;
  *rate = (la_rate){.engine = engine, .rows = rows, .threads = threads};
  size_t floats = 0;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < SHAPES && !status; i++) {
    floats += shapes[i].k * shapes[i].n;
    status = la_engine_plan(engine, rows, shapes[i].k, PANEL, error);
  }
  rate->scratch_bytes = (la_engine_scratch(engine) + BASE_ALIGNMENT) / BASE_ALIGNMENT * BASE_ALIGNMENT;
  rate->weights = base_alloc_large(floats, sizeof(float), error);
  rate->x = base_alloc((size_t)threads * rows * LARGEST_K, sizeof(float), error);
  rate->y = base_alloc((size_t)threads * rows * PANEL, sizeof(float), error);
  rate->scratch = base_alloc((size_t)threads * rate->scratch_bytes, 1, error);
  if (!status && !(rate->weights && rate->x && rate->y && rate->scratch)) status = BERG_ELIMIT;
  if (status) {
    la_rate_free(rate);
    return status;
  }
  /* any finite numbers do: the kernels' time does not depend on them */
  for (size_t i = 0; i < floats; i++) rate->weights[i] = (float)(i % 17) * 0.01f - 0.08f;
  for (size_t i = 0; i < (size_t)threads * rows * LARGEST_K; i++) rate->x[i] = (float)(i % 13) * 0.01f - 0.06f;
  const float *at = rate->weights;
  for (size_t i = 0; i < SHAPES; i++) {
    rate->matrices[i] = (la_matrix){at, shapes[i].n, shapes[i].k, PANEL, at};
    at += shapes[i].k * shapes[i].n;
  }
  *out = rate;
  return BERG_OK;
}

void la_rate_free(la_rate *rate) {
  if (!rate) return;
  base_free_large(rate->weights);
  base_free(rate->x);
  base_free(rate->y);
  base_free(rate->scratch);
  base_free(rate);
}

double la_rate_products(la_rate *rate, double seconds) {
  double total = 0;
#pragma omp parallel num_threads(rate->threads) reduction(+ : total)
  {
    la_engine_enter_thread();
    const size_t rank = (size_t)omp_get_thread_num();
    const float *x = rate->x + rank * rate->rows * LARGEST_K;
    float *y = rate->y + rank * rate->rows * PANEL;
    char *scratch = rate->scratch + rank * rate->scratch_bytes;
    double work = 0, start, spent;
    bool done = true;
#pragma omp barrier
    start = base_machine_seconds();
    do {
      for (size_t i = 0; i < SHAPES; i++) {
        const la_matrix *matrix = &rate->matrices[i];
        for (size_t panel = 0; panel < matrix->n / PANEL; panel++)
          done = la_product(rate->engine, rate->rows, matrix, panel, x, y, scratch) && done;
        work += 2.0 * (double)rate->rows * (double)matrix->k * (double)matrix->n;
      }
      spent = base_machine_seconds() - start;
    } while (spent < seconds);
    if (done) total += work / spent;
  }
  return total;
}

berg_status la_rate_memory(int threads, double seconds, double *bytes_per_second, berg_error *error) {
  uint64_t *block = base_alloc_large(MEMORY_BLOCK, 1, error);
  if (!block) return BERG_ELIMIT;
  memset(block, 1, MEMORY_BLOCK);
  const size_t words = MEMORY_BLOCK / sizeof *block;
  double start = base_machine_seconds(), spent, read = 0;
  uint64_t sum = 0;
  do {
#pragma omp parallel for schedule(static) num_threads(threads) reduction(+ : sum)
    for (size_t i = 0; i < words; i++) sum += block[i];
    read += (double)MEMORY_BLOCK;
    spent = base_machine_seconds() - start;
  } while (spent < seconds);
  /* the sum is used, so that the loop stays */
  *bytes_per_second = sum ? read / spent : 0;
  base_free_large(block);
  return BERG_OK;
}
