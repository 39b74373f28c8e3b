/* Block outputs to component scores, segment by segment of tokens. */
#include "model/encode/project.h"

#include <string.h>

#include "base/memory.h"

static size_t segments_of(const model_basis *basis) { return (basis->tokens + PROJECT_TOKENS - 1) / PROJECT_TOKENS; }

/* One thread's memory: the buffer of products, standardised rows, the rows as products take them, their scales. */
#define FLOAT_ROW (VIT_CHANNELS * sizeof(float))

static size_t bytes_of_thread(const la_matrix *directions, size_t images) {
  const la_gemm *gemm = directions->gemm;
  const size_t bytes = gemm->thread_bytes + images * (FLOAT_ROW + gemm->row_bytes(VIT_CHANNELS) + sizeof(float));
  return (bytes + BASE_ALIGNMENT - 1) / BASE_ALIGNMENT * BASE_ALIGNMENT;
}

static size_t sums_of(const model_basis *basis, size_t images) {
  return segments_of(basis) * images * basis->components;
}

size_t model_projection_memory(const model_basis *basis, const la_matrix *directions, size_t images, int threads) {
  return sums_of(basis, images) * sizeof(double) + (size_t)threads * bytes_of_thread(directions, images);
}

berg_status model_projection_init(model_projection *projection, const la_kernels *kernels, const model_basis *basis,
                                  const la_matrix *directions, size_t images, int threads, berg_error *error) {
  *projection = (model_projection){.kernels = kernels, .basis = basis, .directions = directions, .room = images};
  projection->segments = segments_of(basis);
  projection->thread_bytes = bytes_of_thread(directions, images);
  projection->sums = base_alloc(sums_of(basis, images), sizeof(double), error);
  projection->thread_memory = base_alloc_large((size_t)threads, projection->thread_bytes, error);
  if (projection->sums && projection->thread_memory) return BERG_OK;
  model_projection_release(projection);
  return BERG_ELIMIT;
}

void model_projection_release(model_projection *projection) {
  base_free(projection->sums);
  base_free_large(projection->thread_memory);
  memset(projection, 0, sizeof *projection);
}

void model_projection_start(model_projection *projection, size_t images) {
  projection->images = images;
  memset(projection->sums, 0, projection->segments * images * projection->basis->components * sizeof(double));
}

/* The features of one token, standardised, of all images: rows of a product. They are 300 KB for 100 images, which
 * the second cache holds beside a slab of the components. */
static la_product standardised(const model_projection *projection, size_t block, size_t token, const float *tokens,
                               char *memory) {
  const model_basis *basis = projection->basis;
  const la_gemm *gemm = projection->directions->gemm;
  const size_t feature = block * VIT_CHANNELS, row_bytes = gemm->row_bytes(VIT_CHANNELS);
  float *floats = (float *)(void *)(memory + gemm->thread_bytes);
  char *rows = memory + gemm->thread_bytes + projection->room * FLOAT_ROW;
  float *scale = (float *)(void *)(rows + projection->room * row_bytes);
  for (size_t i = 0; i < projection->images; i++) {
    float *to = floats + i * VIT_CHANNELS;
    projection->kernels->standardise(tokens + i * VIT_LAYER_FEATURES + token * VIT_CHANNELS,
                                     basis->centre_high + feature, basis->centre_low + feature,
                                     basis->reciprocal + feature, VIT_CHANNELS, to);
    if (gemm->load) gemm->load(to, VIT_CHANNELS, rows + i * row_bytes, scale + i);
  }
  return (la_product){.rows = projection->images,
                      .x = gemm->load ? (const void *)rows : floats,
                      .row_bytes = gemm->load ? row_bytes : FLOAT_ROW,
                      .scale = scale,
                      .buffer = (float *)(void *)memory,
                      .finish = projection->kernels->sum};
}

/* The next token of each image lies behind this one. Each panel's product fetches those of some images: read when it
 * is their turn, tokens took a third of the time of these products in int8. */
static la_fetch next_token(const model_projection *projection, size_t token, size_t panel, size_t panels,
                           const float *tokens) {
  const size_t first = projection->images * panel / panels, end = projection->images * (panel + 1) / panels;
  return (la_fetch){(const char *)(tokens + first * VIT_LAYER_FEATURES + (token + 1) * VIT_CHANNELS), end - first,
                    FLOAT_ROW, VIT_LAYER_FEATURES * sizeof *tokens};
}

static void add_segment(const model_projection *projection, size_t layer, size_t segment, const float *tokens,
                        char *memory) {
  const model_basis *basis = projection->basis;
  const la_matrix *directions = projection->directions;
  const size_t k = basis->components, panels = la_matrix_panels(directions);
  const size_t end = (segment + 1) * PROJECT_TOKENS < basis->tokens ? (segment + 1) * PROJECT_TOKENS : basis->tokens;
  double *sums = projection->sums + segment * projection->images * k;
  for (size_t token = segment * PROJECT_TOKENS; token < end; token++) {
    const size_t block = layer * basis->tokens + token;
    la_product product = standardised(projection, block, token, tokens, memory);
    for (size_t panel = 0; panel < panels; panel++) {
      const size_t first = panel * LA_PANEL;
      const la_sums to = {sums + first, k, k - first < LA_PANEL ? k - first : LA_PANEL};
      product.user = &to;
      product.then = (la_fetch){.rows = 0};
      if (token + 1 < end) product.then = next_token(projection, token, panel, panels, tokens);
      product.next = (la_fetch){.rows = 0};
      if (panel + 1 < panels)
        product.next = la_matrix_fetch(directions, block, panel + 1);
      else if (block + 1 < la_matrix_blocks(directions))
        product.next = la_matrix_fetch(directions, block + 1, 0);
      la_matrix_multiply(directions, block, panel, &product);
    }
  }
}

typedef struct block {
  const model_projection *projection;
  size_t layer;
  const float *tokens;
} block;

static void add_piece(void *user, size_t segment, size_t rank) {
  const block *b = user;
  const model_projection *projection = b->projection;
  la_gemm_begin(projection->directions->gemm);
  add_segment(projection, b->layer, segment, b->tokens, projection->thread_memory + rank * projection->thread_bytes);
  la_gemm_end(projection->directions->gemm);
}

void model_projection_add(model_projection *projection, base_team *team, size_t layer, const float *tokens) {
  block b = {projection, layer, tokens};
  base_team_share(team, projection->segments, add_piece, &b);
}

void model_projection_finish(const model_projection *projection, float *scores, size_t ld) {
  const size_t k = projection->basis->components;
  for (size_t i = 0; i < projection->images; i++)
    for (size_t j = 0; j < k; j++) {
      double sum = 0;
      for (size_t s = 0; s < projection->segments; s++) sum += projection->sums[(s * projection->images + i) * k + j];
      scores[i * ld + j] = (float)sum;
    }
}
