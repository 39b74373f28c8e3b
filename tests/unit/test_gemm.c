/* Products of every precision on each instruction set: against long sums in double of the rounded operands, in int8
 * exactly; the same bits for any number of rows, plain or packed, at any address; nothing read out of bounds. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tiles/twins.h"

#define MOST_ROWS 163 /* more than the 150 whose tiles wait in widened bf16 */
#define MOST_TABLES (BASE_ISA_COUNT * LA_PRECISIONS + 2 + LA_PRECISIONS)

#ifdef BERG_HAS_AVX512
extern const la_gemm la_gemm_bf16_avx512;
#endif

static const la_gemm *tables[MOST_TABLES];
static size_t table_count;
static float *buffer;

/* Also bf16 by the processor's own instructions, which la_gemm_for does not choose where they are slow, and twins. */
static int find_tables(void **state) {
  (void)state;
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++)
    for (int p = 0; p < LA_PRECISIONS; p++) {
      tables[table_count] = la_gemm_for((base_isa)isa, (la_precision)p);
      table_count += tables[table_count] != NULL;
    }
#ifdef BERG_HAS_AVX512
  if (base_machine_isa() >= BASE_ISA_AVX512 && __builtin_cpu_supports("avx512bf16"))
    tables[table_count++] = &la_gemm_bf16_avx512;
#endif
  size_t bytes = LA_BUFFER_BYTES;
  for (int p = 0; p < LA_PRECISIONS; p++) tables[table_count++] = twins[p];
  if (avx_vnni_twin()) tables[table_count++] = avx_vnni_twin();
  for (size_t t = 0; t < table_count; t++) bytes = tables[t]->thread_bytes > bytes ? tables[t]->thread_bytes : bytes;
  buffer = aligned_alloc(64, bytes);
  return !buffer;
}

static int free_tables(void **state) {
  (void)state, free(buffer);
  return 0;
}

/* Uniform in [-1, 1), the same on every machine. */
static float draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (float)((double)(*state >> 40) / (1 << 23) - 1);
}

static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
  assert_non_null(memory);
  memset(memory, 0, (bytes + 63) / 64 * 64 + 64);
  return memory;
}

static float bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t below = bits & 0xffff, upper = bits >> 16;
  bits = (upper + (below > 0x8000 || (below == 0x8000 && upper % 2))) << 16;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* --- Operands --- */

typedef struct operands {
  const la_gemm *gemm;
  size_t rows;
  la_matrix w;  /* plain */
  float *x;     /* [rows][k] */
  char *loaded; /* for each block: [rows][row_bytes(LA_DEPTH)] */
  float *scale; /* for each block: [rows] */
  char *memory; /* of W */
} operands;

static size_t row_bytes(const operands *o) { return o->gemm->row_bytes(LA_DEPTH); }

static char *loaded_at(const operands *o, size_t block, size_t row) {
  return o->loaded + (block * o->rows + row) * row_bytes(o);
}

static operands make(const la_gemm *gemm, size_t rows, size_t n, size_t k, size_t offset) {
  operands o = {.gemm = gemm, .rows = rows, .w = {.gemm = gemm, .n = n, .k = k, .row_bytes = k * sizeof(float)}};
  const size_t blocks = la_matrix_blocks(&o.w);
  uint64_t seed = rows * 10007 + n * 101 + k;
  o.x = zeros(rows * k * sizeof *o.x);
  o.loaded = zeros(blocks * rows * row_bytes(&o));
  o.scale = zeros(blocks * rows * sizeof *o.scale);
  o.memory = zeros(n * k * sizeof(float) + offset);
  o.w.rows = o.memory + offset;
  for (size_t i = 0; i < n * k; i++) {
    const float value = draw(&seed);
    memcpy(o.memory + offset + i * sizeof value, &value, sizeof value);
  }
  for (size_t i = 0; i < rows * k; i++) o.x[i] = draw(&seed);
  for (size_t b = 0; b < blocks; b++)
    for (size_t i = 0; i < rows; i++) {
      const float *from = o.x + i * k + b * LA_DEPTH;
      const size_t depth = la_matrix_depth(&o.w, b);
      if (gemm->load)
        gemm->load(from, depth, loaded_at(&o, b, i), &o.scale[b * rows + i]);
      else
        memcpy(loaded_at(&o, b, i), from, depth * sizeof *from);
    }
  return o;
}

static void release(operands *o) {
  free(o->x);
  free(o->loaded);
  free(o->scale);
  free(o->memory);
}

static float w_at(const operands *o, size_t j, size_t p) {
  float value;
  memcpy(&value, o->w.rows + j * o->w.row_bytes + p * sizeof value, sizeof value);
  return value;
}

/* --- Products --- */

typedef struct taker {
  float *to;
  size_t next, most, rows;
} taker;

/* Tiles come in their order, without gaps; where all rows are pairs, as of load_fine, none is split. */
static void take(const void *user, const float *tile, size_t first, size_t rows) {
  taker *t = *(taker *const *)user;
  assert_true(first == t->next && (t->rows % 2 || first % 2 == 0));
  assert_true(rows >= 1 && rows <= t->most);
  memcpy(t->to + first * LA_PANEL, tile, rows * LA_PANEL * sizeof *tile);
  t->next = first + rows;
}

static void multiply(const operands *o, const la_matrix *w, size_t block, size_t panel, size_t first, size_t rows,
                     la_fetch next, float *y) {
  taker t = {y, 0, o->gemm->tile_rows, rows}, *user = &t;
  la_product product = {.rows = rows,
                        .x = loaded_at(o, block, first),
                        .row_bytes = row_bytes(o),
                        .scale = o->scale + block * o->rows + first,
                        .buffer = buffer,
                        .next = next,
                        .then = next,
                        .finish = take,
                        .user = &user};
  la_gemm_begin(o->gemm);
  la_matrix_multiply(w, block, panel, &product);
  la_gemm_end(o->gemm);
  assert_int_equal(t.next, rows);
}

/* Rounding of both operands, and the sum in double. */
static void check_floats(const operands *o, size_t block, size_t panel, const float *y) {
  const bool rounds_w = o->gemm->precision == LA_BF16, rounds_x = rounds_w && o->gemm->load;
  for (size_t i = 0; i < o->rows; i++)
    for (size_t c = 0; c < LA_PANEL && panel * LA_PANEL + c < o->w.n; c++) {
      double sum = 0, size = 0;
      for (size_t p = block * LA_DEPTH; p < block * LA_DEPTH + la_matrix_depth(&o->w, block); p++) {
        const float x = o->x[i * o->w.k + p], w = w_at(o, panel * LA_PANEL + c, p);
        const double term = (double)(rounds_x ? bf16(x) : x) * (rounds_w ? bf16(w) : w);
        sum += term, size += fabs(term);
      }
      if (!(fabs(y[i * LA_PANEL + c] - sum) <= 3e-7 * size))
        fail_msg("%s, k %zu, row %zu, column %zu: %g instead of %g", o->gemm->name, o->w.k, i, c,
                 (double)y[i * LA_PANEL + c], sum);
    }
}

/* The byte that an engine loads for 0: some keep bytes around 128, which they multiply as unsigned ones. */
static int zero_of(const la_gemm *gemm) {
  uint8_t row[64] __attribute__((aligned(64)));
  float scale;
  gemm->load((const float[4]){1}, 4, row, &scale);
  return row[1];
}

/* Numbers around zero_of as they are loaded, a scale with which the largest becomes 127, and exact sums. */
static void check_integers(const operands *o, size_t block, size_t panel, const float *y) {
  const size_t depth = la_matrix_depth(&o->w, block), quads = (depth + 3) / 4 * 4, first = block * LA_DEPTH;
  const int zero = zero_of(o->gemm);
  char *slab = zeros(o->gemm->layout->slab_bytes(depth));
  la_matrix_pack(&o->w, block, panel, buffer, slab);
  const int32_t *offset = (const int32_t *)(const void *)(slab + quads * LA_PANEL);
  const float *scale = (const float *)(const void *)(offset + LA_PANEL);
  for (size_t c = 0; c < LA_PANEL && panel * LA_PANEL + c < o->w.n; c++) {
    float largest = 0;
    int32_t total = 0;
    for (size_t p = 0; p < depth; p++) largest = fmaxf(largest, fabsf(w_at(o, panel * LA_PANEL + c, first + p)));
    assert_true(fabs(scale[c] / (largest / 127.0) - 1) < 3e-7);
    for (size_t p = 0; p < quads; p++) {
      const int8_t value = (int8_t)slab[p / 4 * 4 * LA_PANEL + c * 4 + p % 4];
      const double wanted = p < depth ? (double)w_at(o, panel * LA_PANEL + c, first + p) / scale[c] : 0;
      assert_true(fabs(value - wanted) <= 0.5001 && abs(value) <= 127);
      total += value;
    }
    assert_int_equal(offset[c], -128 * total);
    for (size_t i = 0; i < o->rows; i++) {
      const uint8_t *x = (const uint8_t *)loaded_at(o, block, i);
      const float step = o->scale[block * o->rows + i];
      int32_t sum = 0;
      for (size_t p = 0; p < depth; p++) {
        assert_true(fabs((int8_t)(x[p] - zero) - (double)o->x[i * o->w.k + first + p] / step) <= 0.5001);
        sum += (int8_t)(x[p] - zero) * (int8_t)slab[p / 4 * 4 * LA_PANEL + c * 4 + p % 4];
      }
      assert_true(y[i * LA_PANEL + c] == (float)sum * (step * scale[c]));
    }
  }
  free(slab);
}

static void check(const la_gemm *gemm, size_t rows, size_t n, size_t k) {
  operands o = make(gemm, rows, n, k, 0);
  float *y = zeros(rows * LA_PANEL * sizeof *y);
  for (size_t b = 0; b < la_matrix_blocks(&o.w); b++)
    for (size_t panel = 0; panel < la_matrix_panels(&o.w); panel++) {
      multiply(&o, &o.w, b, panel, 0, rows, (la_fetch){.rows = 0}, y);
      if (gemm->precision == LA_INT8)
        check_integers(&o, b, panel, y);
      else
        check_floats(&o, b, panel, y);
    }
  free(y);
  release(&o);
}

static void every_number_of_rows(void **state) {
  (void)state;
  for (size_t t = 0; t < table_count; t++) {
    for (size_t rows = 1; rows <= 13; rows++) check(tables[t], rows, 70, 37);
    check(tables[t], 50, 64, 100);
    check(tables[t], 150, 64, 100);
  }
}

static void every_depth(void **state) {
  (void)state;
  static const size_t depths[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 127, 250, 767, 768};
  for (size_t t = 0; t < table_count; t++)
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) check(tables[t], 7, 65, depths[d]);
}

static void several_blocks(void **state) {
  (void)state;
  static const size_t depths[] = {769, 1000, 1536, 1537, 3072};
  for (size_t t = 0; t < table_count; t++)
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) check(tables[t], 4, 65, depths[d]);
}

static void every_number_of_columns(void **state) {
  (void)state;
  static const size_t columns[] = {1, 2, 15, 16, 17, 33, 63, 64, 65, 127, 128, 129, 250};
  for (size_t t = 0; t < table_count; t++)
    for (size_t n = 0; n < sizeof columns / sizeof *columns; n++) check(tables[t], 5, columns[n], 45);
}

/* --- The same bits --- */

static char *pack_all(const la_matrix *w) {
  char *packed = zeros(la_matrix_bytes(w));
  for (size_t b = 0; b < la_matrix_blocks(w); b++)
    for (size_t panel = 0; panel < la_matrix_panels(w); panel++)
      la_matrix_pack(w, b, panel, buffer, packed + la_matrix_offset(w, b, panel));
  return packed;
}

static void same_bits_of(const la_gemm *gemm, size_t n, size_t k) {
  operands o = make(gemm, MOST_ROWS, n, k, 0), askew = make(gemm, MOST_ROWS, n, k, 1);
  la_matrix packed = o.w;
  char *slabs = pack_all(&o.w);
  packed.packed = slabs;
  packed.rows = NULL;
  float *whole = zeros(MOST_ROWS * LA_PANEL * sizeof *whole), *other = zeros(MOST_ROWS * LA_PANEL * sizeof *other);
  for (size_t b = 0; b < la_matrix_blocks(&o.w); b++)
    for (size_t panel = 0; panel < la_matrix_panels(&o.w); panel++) {
      const size_t left = n - panel * LA_PANEL, count = left < LA_PANEL ? left : LA_PANEL;
      multiply(&o, &o.w, b, panel, 0, MOST_ROWS, (la_fetch){.rows = 0}, whole);
      multiply(&o, &packed, b, panel, 0, MOST_ROWS, la_matrix_fetch(&packed, 0, 0), other);
      assert_memory_equal(whole, other, MOST_ROWS * LA_PANEL * sizeof *whole);
      multiply(&askew, &askew.w, b, panel, 0, MOST_ROWS, la_matrix_fetch(&askew.w, 0, 0), other);
      assert_memory_equal(whole, other, MOST_ROWS * LA_PANEL * sizeof *whole);
      const la_matrix *ways[] = {&o.w, &packed, &askew.w};
      for (size_t way = 0; way < 3; way++)
        for (size_t i = 0, rows = 1; i + rows <= MOST_ROWS; i += rows, rows = rows % 13 + 1) {
          multiply(&o, ways[way], b, panel, i, rows, la_matrix_fetch(&o.w, 0, 0), other);
          for (size_t r = 0; r < rows; r++)
            assert_memory_equal(other + r * LA_PANEL, whole + (i + r) * LA_PANEL, count * sizeof *whole);
        }
    }
  free(whole);
  free(other);
  free(slabs);
  release(&o);
  release(&askew);
}

static void same_bits_for_any_rows_packing_and_address(void **state) {
  (void)state;
  for (size_t t = 0; t < table_count; t++) {
    same_bits_of(tables[t], 130, 250);
    same_bits_of(tables[t], 64, 771);
    same_bits_of(tables[t], 3, 5);
  }
}

static void a_gain_multiplies_columns_when_packing(void **state) {
  (void)state;
  enum { N = 66, K = 800 };
  float gain[K];
  for (size_t p = 0; p < K; p++) gain[p] = 1 + 0.25f * (float)p;
  for (size_t t = 0; t < table_count; t++) {
    operands o = make(tables[t], 1, N, K, 0), scaled = make(tables[t], 1, N, K, 0);
    for (size_t i = 0; i < N * K; i++) {
      float value;
      memcpy(&value, scaled.memory + i * sizeof value, sizeof value);
      value *= gain[i % K];
      memcpy(scaled.memory + i * sizeof value, &value, sizeof value);
    }
    o.w.gain = gain;
    char *a = pack_all(&o.w), *b = pack_all(&scaled.w);
    assert_memory_equal(a, b, la_matrix_bytes(&o.w));
    free(a);
    free(b);
    release(&o);
    release(&scaled);
  }
}

/* Packed matrices lie in files: slab behind slab, without gaps. */
static void slabs_follow_each_other(void **state) {
  (void)state;
  for (size_t t = 0; t < table_count; t++)
    for (size_t k = 760; k < 1540; k += 7) {
      const la_matrix w = {.gemm = tables[t], .n = 130, .k = k};
      size_t at = 0;
      for (size_t b = 0; b < la_matrix_blocks(&w); b++)
        for (size_t panel = 0; panel < 3; panel++) {
          assert_int_equal(la_matrix_offset(&w, b, panel), at);
          at += tables[t]->layout->slab_bytes(la_matrix_depth(&w, b));
        }
      assert_int_equal(la_matrix_bytes(&w), at);
    }
}

/* --- Memory that is not there --- */

/* `bytes` that end where a page begins that must not be touched. */
static char *before_the_wall(size_t bytes, void **map, size_t *size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), span = (bytes + page - 1) / page * page;
  *size = span + page;
  char *memory = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(memory != MAP_FAILED);
  assert_int_equal(mprotect(memory + span, page, PROT_NONE), 0);
  *map = memory;
  return memory + span - bytes;
}

static void rows_are_not_read_past_their_end(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {3, 5}, {63, 17}, {64, 33}, {65, 250}, {17, 769}};
  for (size_t t = 0; t < table_count; t++)
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
      operands o = make(tables[t], 7, shapes[s][0], shapes[s][1], 0);
      size_t size, bytes = o.w.n * o.w.row_bytes;
      float y[7 * LA_PANEL], expected[7 * LA_PANEL];
      void *map;
      la_matrix w = o.w;
      char *walled = before_the_wall(bytes, &map, &size);
      memcpy(walled, o.w.rows, bytes);
      w.rows = walled;
      for (size_t b = 0; b < la_matrix_blocks(&w); b++)
        for (size_t rows = 1; rows <= 7; rows++) {
          multiply(&o, &o.w, b, la_matrix_panels(&w) - 1, 0, rows, (la_fetch){.rows = 0}, expected);
          multiply(&o, &w, b, la_matrix_panels(&w) - 1, 0, rows, la_matrix_fetch(&w, b, 0), y);
          assert_memory_equal(y, expected, rows * LA_PANEL * sizeof *y);
        }
      munmap(map, size);
      release(&o);
    }
}

/* Fetching only asks for lines: pieces beyond the wall cost nothing and break nothing. */
static void what_is_fetched_is_not_read(void **state) {
  (void)state;
  for (size_t t = 0; t < table_count; t++)
    for (size_t rows = 1; rows <= 150; rows += rows < 13 ? 3 : 137) {
      operands o = make(tables[t], rows, 64, 250, 0);
      float *y = zeros(rows * LA_PANEL * sizeof *y), *expected = zeros(rows * LA_PANEL * sizeof *y);
      void *map;
      size_t size;
      char *walled = before_the_wall(4096, &map, &size);
      const la_fetch pieces[] = {
          {walled, 1, 4096, 0}, {walled, 64, 100, 1000}, {walled + 4095, 3, 2, 1}, {NULL, 2, 64, 64}};
      multiply(&o, &o.w, 0, 0, 0, rows, (la_fetch){.rows = 0}, expected);
      for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        multiply(&o, &o.w, 0, 0, 0, rows, pieces[i], y);
        assert_memory_equal(y, expected, rows * LA_PANEL * sizeof *y);
      }
      munmap(map, size);
      free(y);
      free(expected);
      release(&o);
    }
}

/* --- NaN, and the fine rows of int8 --- */

static void a_nan_stays_in_its_row_and_column(void **state) {
  (void)state;
  for (size_t t = 0; t < table_count; t++) {
    if (tables[t]->precision == LA_INT8) continue; /* hides it, as gemm.h says */
    for (size_t value = 0; value < 2; value++) {
      const float bad = value ? INFINITY : NAN;
      operands o = make(tables[t], 9, 64, 40, 0);
      float y[9 * LA_PANEL];
      memcpy(o.memory + (5 * 40 + 39) * sizeof bad, &bad, sizeof bad);
      o.x[7 * 40 + 3] = bad;
      if (tables[t]->load)
        tables[t]->load(o.x + 7 * 40, 40, loaded_at(&o, 0, 7), &o.scale[7]);
      else
        memcpy(loaded_at(&o, 0, 7), o.x + 7 * 40, 40 * sizeof bad);
      multiply(&o, &o.w, 0, 0, 0, 9, (la_fetch){.rows = 0}, y);
      for (size_t i = 0; i < 9; i++)
        for (size_t c = 0; c < LA_PANEL; c++) assert_true(!isfinite(y[i * LA_PANEL + c]) == (i == 7 || c == 5));
      release(&o);
    }
  }
}

static void fine_rows_have_fifteen_bits(void **state) {
  (void)state;
  static const size_t depths[] = {1, 3, 8, 250, 768};
  for (size_t t = 0; t < table_count; t++)
    for (size_t d = 0; tables[t]->load_fine && d < sizeof depths / sizeof *depths; d++) {
      const size_t k = depths[d], bytes = tables[t]->row_bytes(k);
      const int zero = zero_of(tables[t]);
      float x[LA_DEPTH], scales[2], largest = 0;
      uint64_t seed = k;
      uint8_t *rows = zeros(2 * bytes);
      for (size_t p = 0; p < k; p++) x[p] = p == 1 ? -1.5f : draw(&seed), largest = fmaxf(largest, fabsf(x[p]));
      tables[t]->load_fine(x, k, rows, scales);
      for (size_t p = 0; p < k; p++) {
        const int8_t coarse = (int8_t)(rows[p] - zero), fine = (int8_t)(rows[bytes + p] - zero);
        const double value = coarse * (double)scales[0] + fine * (double)scales[1];
        assert_true(fabs(value - x[p]) <= 0.501 * largest / (127 * 256));
      }
      for (size_t p = k; p % 4; p++) assert_true(rows[p] == zero && rows[bytes + p] == zero);
      free(rows);
    }
}

static void zeros_of_both_operands(void **state) {
  (void)state;
  for (size_t t = 0; t < table_count; t++) {
    operands o = make(tables[t], 3, 5, 20, 0);
    float y[3 * LA_PANEL];
    memset(o.memory, 0, 5 * 20 * sizeof(float));
    memset(o.x, 0, 3 * 20 * sizeof(float));
    for (size_t i = 0; i < 3; i++)
      if (tables[t]->load)
        tables[t]->load(o.x, 20, loaded_at(&o, 0, i), &o.scale[i]);
      else
        memset(loaded_at(&o, 0, i), 0, 20 * sizeof(float));
    multiply(&o, &o.w, 0, 0, 0, 3, (la_fetch){.rows = 0}, y);
    for (size_t i = 0; i < 3 * LA_PANEL; i++) assert_true(y[i] == 0);
    release(&o);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_number_of_rows),
      cmocka_unit_test(every_depth),
      cmocka_unit_test(several_blocks),
      cmocka_unit_test(every_number_of_columns),
      cmocka_unit_test(same_bits_for_any_rows_packing_and_address),
      cmocka_unit_test(a_gain_multiplies_columns_when_packing),
      cmocka_unit_test(slabs_follow_each_other),
      cmocka_unit_test(rows_are_not_read_past_their_end),
      cmocka_unit_test(what_is_fetched_is_not_read),
      cmocka_unit_test(a_nan_stays_in_its_row_and_column),
      cmocka_unit_test(fine_rows_have_fifteen_bits),
      cmocka_unit_test(zeros_of_both_operands),
  };
  return cmocka_run_group_tests(tests, find_tables, free_tables);
}
