/* Engines: what each declares, and that callers rely on nothing else: the network and the projection by an engine whose
 * rows, slabs, tiles and memory are like no other's, whose threads begin and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "la/columns.h"
#include "la/gram.h"
#include "la/rate.h"
#include "model/encode/project.h"
#include "vit/network.h"
#include "vit/preprocess.h"
#include "tiles/twins.h"

static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  assert_non_null(memory);
  memset(memory, 0, (bytes + 63) / 64 * 64);
  return memory;
}

/* Uniform in [-0.05, 0.05), the same on every machine. */
static float *draw(size_t count) {
  float *values = zeros(count * sizeof *values);
  uint64_t state = count;
  for (size_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values[i] = (float)((double)(state >> 40) / (1 << 24) - 0.5) / 10;
  }
  return values;
}

/* --- The existing engines --- */

/* Beside those of this machine, as two more instruction sets: those of the tile unit and AVX-VNNI's, by their twins. */
#define SETS (BASE_ISA_COUNT + 2)

static const la_gemm *engine_of(int isa, int precision) {
  if (isa == BASE_ISA_COUNT) return twins[precision];
  if (isa > BASE_ISA_COUNT) return precision == LA_INT8 ? avx_vnni_twin() : NULL;
  return isa <= (int)base_machine_isa() ? la_gemm_for((base_isa)isa, (la_precision)precision) : NULL;
}

/* What files of converted weights were written with. */
static void layouts_in_files(void **state) {
  (void)state;
  static const struct {
    const char *id;
    size_t of_five; /* bytes of a slab of 5 columns */
  } layouts[LA_PRECISIONS] = {[LA_F32] = {"f32-slab64", 5 * 64 * 4},
                              [LA_BF16] = {"bf16-slab64", 6 * 64 * 2},
                              [LA_INT8] = {"int8-slab64", 8 * 64 + 64 * 8}};
  for (int isa = 0; isa < SETS; isa++)
    for (int p = 0; p < LA_PRECISIONS; p++) {
      const la_gemm *gemm = engine_of(isa, p);
      if (!gemm) continue;
      assert_string_equal(gemm->layout->id, layouts[p].id);
      assert_int_equal(gemm->layout->slab_bytes(5), layouts[p].of_five);
    }
}

static char *pack_all(const la_matrix *w) {
  char *packed = zeros(la_matrix_bytes(w));
  float *buffer = zeros(LA_BUFFER_BYTES);
  for (size_t b = 0; b < la_matrix_blocks(w); b++)
    for (size_t panel = 0; panel < la_matrix_panels(w); panel++)
      la_matrix_pack(w, b, panel, buffer, packed + la_matrix_offset(w, b, panel));
  free(buffer);
  return packed;
}

/* A file that one instruction set has packed is read by another. */
static void engines_of_one_layout_pack_the_same(void **state) {
  (void)state;
  enum { N = 130, K = 771 };
  float *values = draw((size_t)N * K);
  for (int p = 0; p < LA_PRECISIONS; p++) {
    la_matrix first = {.gemm = NULL};
    char *expected = NULL;
    for (int isa = 0; isa < SETS; isa++) {
      const la_gemm *gemm = engine_of(isa, p);
      if (!gemm) continue;
      const la_matrix w = {.gemm = gemm, .n = N, .k = K, .rows = (const char *)values, .row_bytes = K * sizeof *values};
      char *packed = pack_all(&w);
      if (!expected) {
        first = w, expected = packed;
        continue;
      }
      if (!strcmp(first.gemm->layout->id, gemm->layout->id))
        assert_memory_equal(packed, expected, la_matrix_bytes(&first));
      free(packed);
    }
    free(expected);
  }
  free(values);
}

/* What callers build on. */
static void what_engines_say_of_themselves(void **state) {
  (void)state;
  for (int i = 0; i < SETS * LA_PRECISIONS; i++) {
    const la_gemm *gemm = engine_of(i / LA_PRECISIONS, i % LA_PRECISIONS);
    if (!gemm) continue;
    assert_true(strlen(gemm->name) > 0);
    assert_true(gemm->tile_rows >= 2 && gemm->tile_rows % 2 == 0);
    assert_true(gemm->thread_bytes >= LA_BUFFER_BYTES && gemm->thread_bytes % 64 == 0);
    assert_true(gemm->cached_rows >= VIT_TOKENS);
    assert_true(!gemm->begin == !gemm->end);
    for (size_t k = 1; k <= LA_DEPTH; k++) {
      assert_int_equal(gemm->row_bytes(k) % 64, 0);
      assert_int_equal(gemm->row_bytes(LA_DEPTH + k), gemm->row_bytes(LA_DEPTH) + gemm->row_bytes(k));
      assert_int_equal(gemm->layout->slab_bytes(k) % 64, 0);
      if (!gemm->load) assert_true(gemm->row_bytes(k) >= k * sizeof(float));
    }
  }
}

/* Callers lay out slabs themselves. */
static void plain_floats_lie_as_they_are(void **state) {
  (void)state;
  for (int isa = 0; isa < BASE_ISA_COUNT && isa <= (int)base_machine_isa(); isa++) {
    const la_gemm *gemm = la_floats_for((base_isa)isa)->engine;
    assert_string_equal(gemm->layout->id, "f32-slab64");
    assert_null(gemm->load);
    assert_null(gemm->pack);
    assert_int_equal(gemm->precision, LA_F32);
  }
  assert_null(la_floats_for(BASE_ISA_COUNT));
}

/* --- One that is like no other: a header before each slab and each block of a row, tiles of ten rows, memory behind
 * the slab, threads that begin and end. Inside, the products are those of plain floats. --- */

#define HEADER ((size_t)64)
#define MAGIC 0x5eedf00du
#define TILE ((size_t)10)
#define SCRATCH ((size_t)1 << 16) /* more than lies behind it for another purpose */

static const la_gemm *inner;
static _Thread_local bool working;
static atomic_size_t begun, wrong; /* asserted by the thread that tests */

static size_t odd_slab_bytes(size_t depth) { return HEADER + depth * LA_PANEL * sizeof(float); }

static size_t odd_row_bytes(size_t k) {
  return (k + LA_DEPTH - 1) / LA_DEPTH * HEADER + (k * sizeof(float) + 63) / 64 * 64;
}

static void odd_begin(void) {
  wrong += working;
  begun++;
  working = true;
}

static void odd_end(void) {
  wrong += !working;
  working = false;
}

static void put_header(void *at) {
  static const uint32_t magic = MAGIC;
  memcpy(at, &magic, sizeof magic);
}

static bool has_header(const void *at) {
  uint32_t magic;
  memcpy(&magic, at, sizeof magic);
  return magic == MAGIC;
}

static void odd_load(const float *x, size_t k, void *row, float *scale) {
  char *to = row;
  for (size_t p = 0; p < k; p += LA_DEPTH, to += odd_row_bytes(LA_DEPTH)) {
    put_header(to);
    memcpy(to + HEADER, x + p, (k - p < LA_DEPTH ? k - p : LA_DEPTH) * sizeof *x);
  }
  *scale = 3;
}

static void odd_pack(const float *floats, size_t depth, void *slab) {
  memmove((char *)slab + HEADER, floats, depth * LA_PANEL * sizeof *floats);
  put_header(slab);
}

static void odd_transpose(const char *rows, size_t row_bytes, size_t columns, size_t depth, float *floats) {
  inner->transpose(rows, row_bytes, columns, depth, floats);
}

static void gather(const void *user, const float *tile, size_t first, size_t rows) {
  memcpy(*(float *const *)user + first * LA_PANEL, tile, rows * LA_PANEL * sizeof *tile);
}

static void odd_multiply(const la_product *product) {
  float *sums = aligned_alloc(64, product->rows * LA_PANEL * sizeof *sums);
  la_product plain = *product;
  wrong += !working || !has_header(product->slab);
  for (size_t i = 0; i < product->rows; i++)
    wrong += !has_header((const char *)product->x + i * product->row_bytes) || product->scale[i] != 3;
  memset((char *)product->buffer + LA_BUFFER_BYTES + HEADER, 255, SCRATCH - HEADER);
  plain.x = (const char *)product->x + HEADER;
  plain.slab = (const char *)product->slab + HEADER;
  plain.finish = gather;
  plain.user = &sums;
  inner->multiply(&plain);
  for (size_t i = 0; i < product->rows; i += TILE)
    product->finish(product->user, sums + i * LA_PANEL, i, product->rows - i < TILE ? product->rows - i : TILE);
  free(sums);
}

static const la_layout odd_layout = {.id = "odd", .slab_bytes = odd_slab_bytes};
static const la_gemm odd = {.precision = LA_F32,
                            .name = "odd",
                            .layout = &odd_layout,
                            .tile_rows = TILE,
                            .cached_rows = 2 * VIT_TOKENS,
                            .thread_bytes = LA_BUFFER_BYTES + SCRATCH,
                            .row_bytes = odd_row_bytes,
                            .begin = odd_begin,
                            .end = odd_end,
                            .load = odd_load,
                            .pack = odd_pack,
                            .transpose = odd_transpose,
                            .multiply = odd_multiply};

static int choose_inner(void **state) {
  (void)state;
  inner = la_floats_for(base_machine_isa())->engine;
  begun = wrong = 0;
  return 0;
}

/* --- The network, billions of products an image: not in an emulator, where tests/arm runs it as a whole --- */

/* Tokens of the last block; all tensors lie at the same place. */
static float *tokens_by(const la_gemm *gemm, const float *values, size_t images, bool packed) {
  vit_weights weights;
  for (size_t t = 0; t < VIT_TENSORS; t++) weights.tensor[t] = values;
  uint8_t *pixels = zeros(images * VIT_PIXELS);
  for (size_t i = 0; i < images * VIT_PIXELS; i++) pixels[i] = (uint8_t)(i * i % 251);
  float *tokens = zeros(images * VIT_LAYER_FEATURES * sizeof *tokens);
  vit_network *network;
  assert_int_equal(vit_network_new(&network, &weights, gemm, vit_kernels_for(base_machine_isa()), NULL), BERG_OK);
  void *slabs = packed ? zeros(vit_network_packed_bytes(network)) : NULL,
       *workspace = zeros(vit_network_workspace(gemm, 2));
  if (packed) {
    assert_int_equal(vit_network_pack_into(network, NULL, NULL, 2, NULL, slabs, NULL), BERG_OK);
    vit_network_use_packed(network, slabs);
  }
  base_team *team = base_team_begin(2);
  vit_network_run(network, pixels, images, team, workspace, tokens, &(vit_hooks){.user = NULL});
  base_team_end(team);
  vit_network_free(network);
  free(slabs);
  free(workspace);
  free(pixels);
  return tokens;
}

typedef struct asked {
  size_t questions, blocks, most;
} asked;

static bool goes_on(void *user) {
  asked *a = user;
  return a->questions++ < a->most;
}

static void count_block(void *user, base_team *team, size_t layer, const float *tokens) {
  asked *a = user;
  (void)team, (void)layer, (void)tokens;
  a->blocks++;
}

/* Within a batch, whatever its size. */
static void the_network_ends_where_it_is_told(void **state) {
  if (IS_EMULATED) skip();
  vit_weights weights;
  vit_network *network;
  (void)state;
  float *values = draw((size_t)VIT_HIDDEN * VIT_CHANNELS);
  for (size_t t = 0; t < VIT_TENSORS; t++) weights.tensor[t] = values;
  uint8_t *pixels = zeros(3 * VIT_PIXELS);
  float *tokens = zeros(3 * VIT_LAYER_FEATURES * sizeof *tokens);
  void *workspace = zeros(vit_network_workspace(inner, 2));
  assert_int_equal(vit_network_new(&network, &weights, inner, vit_kernels_for(base_machine_isa()), NULL), BERG_OK);
  base_team *team = base_team_begin(2);
  for (size_t most = 0; most <= VIT_LAYERS; most += 4) {
    asked a = {.most = most};
    vit_network_run(network, pixels, 3, team, workspace, tokens,
                    &(vit_hooks){.after_block = count_block, .goes_on = goes_on, .user = &a});
    assert_int_equal(a.blocks, most);
    assert_int_equal(a.questions, most < VIT_LAYERS ? most + 1 : VIT_LAYERS);
  }
  base_team_end(team);
  vit_network_free(network);
  free(workspace);
  free(tokens);
  free(pixels);
  free(values);
}

/* One image is shared by the team, of three each thread has its own; plain weights are packed in the thread's
 * memory. */
static void the_network_takes_an_engines_word(void **state) {
  if (IS_EMULATED) skip();
  (void)state;
  float *values = draw((size_t)VIT_HIDDEN * VIT_CHANNELS);
  for (size_t images = 1; images <= 3; images += 2) {
    float *expected = tokens_by(inner, values, images, false),
          *found[] = {tokens_by(&odd, values, images, false), tokens_by(&odd, values, images, true)};
    for (size_t i = 0; i < 2; i++) {
      assert_memory_equal(found[i], expected, images * VIT_LAYER_FEATURES * sizeof *expected);
      free(found[i]);
    }
    free(expected);
  }
  assert_int_equal(wrong, 0);
  assert_true(begun > 0);
  free(values);
}

/* --- Components, and what is measured --- */

#define COMPONENTS ((size_t)70)
#define TOKENS ((size_t)2 * PROJECT_TOKENS) /* a segment for each of two threads */
#define FEATURES (VIT_LAYERS * TOKENS * VIT_CHANNELS)

static float *scores_by(const la_gemm *gemm, float *values, const float *tokens, size_t images) {
  const model_basis basis = {.components = COMPONENTS,
                             .features = FEATURES,
                             .tokens = TOKENS,
                             .centre_high = values,
                             .centre_low = values + FEATURES,
                             .reciprocal = values + 2 * FEATURES};
  const la_matrix directions = {.gemm = gemm,
                                .n = COMPONENTS,
                                .k = FEATURES,
                                .rows = (const char *)values,
                                .row_bytes = FEATURES * sizeof *values};
  model_projection projection;
  float *scores = zeros(images * COMPONENTS * sizeof *scores);
  assert_int_equal(
      model_projection_init(&projection, la_kernels_for(base_machine_isa()), &basis, &directions, images, 2, NULL),
      BERG_OK);
  base_team *team = base_team_begin(2);
  model_projection_start(&projection, images);
  for (size_t layer = 0; layer < VIT_LAYERS; layer++) model_projection_add(&projection, team, layer, tokens);
  base_team_end(team);
  model_projection_finish(&projection, scores, COMPONENTS);
  model_projection_release(&projection);
  return scores;
}

static void the_projection_takes_an_engines_word(void **state) {
  (void)state;
  enum { IMAGES = 23 };
  float *values = draw(COMPONENTS * FEATURES), *tokens = draw((size_t)IMAGES * VIT_LAYER_FEATURES);
  float *expected = scores_by(inner, values, tokens, IMAGES), *found = scores_by(&odd, values, tokens, IMAGES);
  assert_memory_equal(found, expected, IMAGES * COMPONENTS * sizeof *expected);
  assert_int_equal(wrong, 0);
  assert_true(begun > 0);
  free(values);
  free(tokens);
  free(expected);
  free(found);
}

/* Products of plain floats begin and end as well, so that another engine can be theirs. */
static void everyone_begins_and_ends(void **state) {
  (void)state;
  enum { ROWS = 20, COLUMNS = 64 };
  la_gemm counted = *inner;
  counted.begin = odd_begin, counted.end = odd_end;
  const la_floats floats = {.engine = &counted};
  const la_kernels *kernels = la_kernels_for(base_machine_isa());
  float *values = draw((size_t)ROWS * COLUMNS), *buffer = zeros(LA_BUFFER_BYTES);
  double *sums = zeros((size_t)ROWS * COLUMNS * sizeof *sums);
  la_columns_multiply(&floats, kernels, values, ROWS, COLUMNS, &(la_columns){values, ROWS, COLUMNS, COLUMNS, COLUMNS},
                      sums, COLUMNS, buffer);
  assert_int_equal(begun, 1);
  la_gram *gram;
  assert_int_equal(la_gram_new(&gram, &floats, kernels, ROWS, COLUMNS, 2, NULL), BERG_OK);
  la_gram_add(gram, values, COLUMNS, COLUMNS);
  la_gram_free(gram);
  assert_int_equal(begun, 2);
  la_rate *rate;
  assert_int_equal(la_rate_new(&rate, &odd, 12, 2, NULL), BERG_OK);
  la_rate_products(rate, 0);
  la_rate_free(rate);
  assert_int_equal(begun, 4);
  assert_int_equal(wrong, 0);
  assert_false(working);
  free(values);
  free(buffer);
  free(sums);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layouts_in_files),
      cmocka_unit_test(engines_of_one_layout_pack_the_same),
      cmocka_unit_test(what_engines_say_of_themselves),
      cmocka_unit_test(plain_floats_lie_as_they_are),
      cmocka_unit_test_setup(the_network_takes_an_engines_word, choose_inner),
      cmocka_unit_test_setup(the_network_ends_where_it_is_told, choose_inner),
      cmocka_unit_test_setup(the_projection_takes_an_engines_word, choose_inner),
      cmocka_unit_test_setup(everyone_begins_and_ends, choose_inner),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
