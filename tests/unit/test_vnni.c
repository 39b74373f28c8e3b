/* int8 by AVX-VNNI: the engine is there when the processor says so, and its source, in AVX-512's coding of the same
 * instruction where the processor has that one alone, has the bits of sums in C and of AVX-512's engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiles/twins.h"

#define N LA_PANEL
#define MOST_ROWS 13
#define MOST_BYTES ((size_t)2 * MOST_ROWS * LA_DEPTH)

/* Engines that load the same bytes: AVX-VNNI's, its twin, AVX-512's, and tiles'. */
static size_t engines(const la_gemm *all[BASE_ISA_COUNT + 1]) {
  size_t count = 0;
  if (!BASE_ISA_IS_NEON)
    for (base_isa isa = BASE_ISA_PORTABLE; isa <= base_machine_isa(); isa++) {
      all[count] = la_gemm_for(isa, LA_INT8);
      count += all[count] != NULL;
    }
  all[count] = avx_vnni_twin();
  return count + (all[count] != NULL);
}

/* --- Whether it is there --- */

#ifdef BERG_HAS_AVX_VNNI
/* Linux lists it since 5.12. */
static bool is_listed(void) {
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[8192];
  bool found = false;
  while (file && !found && fgets(line, sizeof line, file))
    found = !strncmp(line, "flags", 5) && strstr(line, " avx_vnni");
  if (file) fclose(file);
  return found;
}
#endif

static void it_is_there_where_the_system_lists_it(void **state) {
  (void)state;
#ifdef BERG_HAS_AVX_VNNI
  const la_gemm *engine = la_gemm_for(BASE_ISA_AVX2, LA_INT8);
  if (is_listed()) assert_non_null(engine);
  assert_int_equal(engine != NULL, base_machine_multiplies_int8_by_avx());
  if (engine) assert_string_equal(engine->name, "int8 (avx2 vnni)");
#endif
}

/* --- Its bits --- */

typedef struct operands {
  size_t rows, k; /* of what is loaded: twice as many, where rows are fine */
  bool fine;
  float *x, *w; /* [MOST_ROWS][k], [N][k] */
} operands;

static float draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (float)((double)(*state >> 40) / (1 << 23) - 1);
}

static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  assert_non_null(memory);
  memset(memory, 0, (bytes + 63) / 64 * 64);
  return memory;
}

static operands make(size_t k) {
  operands o = {.k = k, .x = zeros(MOST_ROWS * k * sizeof(float)), .w = zeros(N * k * sizeof(float))};
  uint64_t seed = k;
  for (size_t i = 0; i < MOST_ROWS * k; i++) o.x[i] = draw(&seed);
  for (size_t i = 0; i < N * k; i++) o.w[i] = draw(&seed);
  return o;
}

static void release(operands *o) {
  free(o->x);
  free(o->w);
}

static void keep(const void *user, const float *tile, size_t first, size_t rows) {
  memcpy(*(float *const *)user + first * N, tile, rows * N * sizeof *tile);
}

typedef struct loaded {
  uint8_t rows[MOST_BYTES] __attribute__((aligned(64)));
  float scales[2 * MOST_ROWS];
  char slab[LA_BUFFER_BYTES] __attribute__((aligned(64)));
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
} loaded;

static loaded *load(const operands *o, const la_gemm *gemm) {
  loaded *l = zeros(sizeof *l);
  const size_t bytes = gemm->row_bytes(o->k);
  const la_matrix w = {.gemm = gemm, .n = N, .k = o->k, .rows = (const char *)o->w, .row_bytes = o->k * sizeof *o->w};
  for (size_t i = 0; i < o->rows; i += o->fine ? 2 : 1)
    if (o->fine)
      gemm->load_fine(o->x + i / 2 * o->k, o->k, l->rows + i * bytes, l->scales + i);
    else
      gemm->load(o->x + i * o->k, o->k, l->rows + i * bytes, l->scales + i);
  la_matrix_pack(&w, 0, 0, l->buffer, l->slab);
  return l;
}

static void multiply(const la_gemm *gemm, const operands *o, loaded *l, float *y) {
  const la_matrix w = {.gemm = gemm, .n = N, .k = o->k, .packed = l->slab};
  la_product product = {.rows = o->rows,
                        .x = l->rows,
                        .row_bytes = gemm->row_bytes(o->k),
                        .scale = l->scales,
                        .buffer = l->buffer,
                        .finish = keep,
                        .user = &y};
  la_gemm_begin(gemm);
  la_matrix_multiply(&w, 0, 0, &product);
  la_gemm_end(gemm);
}

/* What any engine is to compute of these bytes. */
static void sum_in_c(const operands *o, const loaded *l, size_t row_bytes, float *y) {
  const size_t padded = (o->k + 3) / 4 * 4;
  const int32_t *offset = (const int32_t *)(const void *)(l->slab + padded * N);
  const float *scale = (const float *)(const void *)(offset + N);
  for (size_t i = 0; i < o->rows; i++)
    for (size_t c = 0; c < N; c++) {
      int32_t sum = offset[c];
      for (size_t p = 0; p < padded; p++)
        sum += l->rows[i * row_bytes + p] * (int8_t)l->slab[p / 4 * 4 * N + 4 * c + p % 4];
      y[i * N + c] = (float)sum * (l->scales[i] * scale[c]);
    }
}

/* Loading, packing and products of every engine against the first one's bytes and against the sums in C. */
static void check(const operands *o) {
  const la_gemm *all[BASE_ISA_COUNT + 1];
  const size_t count = engines(all);
  loaded *first = count ? load(o, all[0]) : NULL;
  for (size_t e = 0; e < count; e++) {
    float y[2 * MOST_ROWS * N], expected[2 * MOST_ROWS * N];
    loaded *l = load(o, all[e]);
    assert_memory_equal(l->rows, first->rows, sizeof l->rows);
    assert_memory_equal(l->scales, first->scales, sizeof l->scales);
    assert_memory_equal(l->slab, first->slab, all[e]->layout->slab_bytes(o->k));
    multiply(all[e], o, l, y);
    sum_in_c(o, l, all[e]->row_bytes(o->k), expected);
    if (memcmp(y, expected, o->rows * N * sizeof *y)) fail_msg("%s: %zu rows, depth %zu", all[e]->name, o->rows, o->k);
    free(l);
  }
  free(first);
}

static void every_edge_has_the_bits_of_sums_in_c(void **state) {
  (void)state;
  static const size_t depths[] = {1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 63, 64, 65, 127, 250, 767, 768};
  for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
    operands o = make(depths[d]);
    for (size_t rows = 1; rows <= MOST_ROWS; rows++) {
      o.rows = rows, o.fine = false;
      check(&o);
      o.rows = 2 * rows, o.fine = true;
      check(&o);
    }
    release(&o);
  }
}

/* 255 by -127, four at a time, are more than 16 bits: the sums of an instruction that saturates there would differ. */
static void the_largest_numbers_do_not_saturate(void **state) {
  (void)state;
  operands o = make(LA_DEPTH);
  o.rows = MOST_ROWS;
  for (size_t i = 0; i < MOST_ROWS * o.k; i++) o.x[i] = 1;
  for (size_t i = 0; i < N * o.k; i++) o.w[i] = i / o.k % 2 ? 1 : -1;
  check(&o);
  release(&o);
}

/* Weights as they are converted: what one processor has rounded is what another would have. */
static void weights_are_rounded_alike(void **state) {
  (void)state;
  enum { K = 90 };
  const la_gemm *all[BASE_ISA_COUNT + 1];
  const size_t count = engines(all);
  operands o = make(K);
  char *first = NULL;
  for (size_t e = 0; e < count; e++) {
    float moments[K * K], scratch[K * K], *floats = zeros(K * N * sizeof *floats);
    uint16_t order[K];
    char *slab = zeros(all[e]->layout->slab_bytes(K));
    for (size_t i = 0; i < K * K; i++) moments[i] = 0;
    for (size_t r = 0; r < MOST_ROWS; r++)
      for (size_t i = 0; i < K * K; i++) moments[i] += o.x[r * K + i / K] * o.x[r * K + i % K];
    all[e]->factor(moments, K, order, scratch);
    all[e]->transpose((const char *)o.w, K * sizeof *o.w, N, K, floats);
    all[e]->round(floats, K, &(la_rounding){moments, order}, slab);
    if (first) assert_memory_equal(slab, first, all[e]->layout->slab_bytes(K));
    free(floats);
    if (first) free(slab);
    if (!first) first = slab;
  }
  free(first);
  release(&o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_there_where_the_system_lists_it),
      cmocka_unit_test(every_edge_has_the_bits_of_sums_in_c),
      cmocka_unit_test(the_largest_numbers_do_not_saturate),
      cmocka_unit_test(weights_are_rounded_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
