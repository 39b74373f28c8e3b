/* The way of an image: pixels -> patches -> tokens -> twelve times (attention, MLP).
 *
 * With at least as many images as threads, each thread takes chunks of up to four images through a whole block, so that
 * what passes between the products stays in its own cache. With fewer, all threads share each image: panels of the
 * products and rows of the rest. Both give the same bits, because no sum is ever split. */
#include "vit/network.h"

#include <omp.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "vit/embed.h"
#include "vit/preprocess.h"

#define PANEL 192 /* divides 768, 2304 and 3072, and gives 4 to 16 panels to share */
#define CHUNK 4   /* 200 rows: products of 50 rows reach 92 % of the rate of 200, of 100 rows 98 % */
#define CHUNK_ROWS (CHUNK * VIT_TOKENS)

enum { PATCH, QKV, OUT, UP, DOWN, MATRICES };

typedef struct block {
  la_matrix matrix[MATRICES]; /* [QKV] to [DOWN] */
  const float *ln1_gain, *ln1_bias, *qkv_bias, *out_bias, *ln2_gain, *ln2_bias, *up_bias, *down_bias;
} block;

struct vit_network {
  const vit_weights *weights;
  la_engine *engine;
  const vit_kernels *kernels;
  vit_normalisation normalisation;
  la_matrix patch;
  block blocks[VIT_LAYERS];
  float *packed;
};

/* Threads that work on one chunk together. */
typedef struct team {
  int rank, size;
} team;

/* What passes between the stages of one chunk. `wide` holds patches, then q, k, v, then the hidden layer. */
typedef struct chunk {
  float *tokens; /* [rows][768] in the caller's memory */
  size_t images, rows;
  float *narrow; /* [rows][768] */
  float *wide;   /* [rows][3072] */
} chunk;

/* What one thread has for itself. */
typedef struct thread_memory {
  float *product; /* [rows][PANEL] */
  float *attention;
  void *scratch; /* oneDNN's */
} thread_memory;

typedef struct pass {
  vit_network *network;
  atomic_bool failed;
} pass;

static la_matrix matrix_of(const float *rows, size_t n, size_t k) { return (la_matrix){rows, n, k, PANEL, NULL}; }

static void bind_block(const vit_weights *weights, size_t layer, block *b) {
#define OF(which) weights->tensor[VIT_BLOCK(layer, which)]
  *b = (block){.ln1_gain = OF(VIT_LN1_GAIN),
               .ln1_bias = OF(VIT_LN1_BIAS),
               .qkv_bias = OF(VIT_QKV_BIAS),
               .out_bias = OF(VIT_OUT_BIAS),
               .ln2_gain = OF(VIT_LN2_GAIN),
               .ln2_bias = OF(VIT_LN2_BIAS),
               .up_bias = OF(VIT_UP_BIAS),
               .down_bias = OF(VIT_DOWN_BIAS)};
  b->matrix[QKV] = matrix_of(OF(VIT_QKV_WEIGHT), VIT_QKV, VIT_CHANNELS);
  b->matrix[OUT] = matrix_of(OF(VIT_OUT_WEIGHT), VIT_CHANNELS, VIT_CHANNELS);
  b->matrix[UP] = matrix_of(OF(VIT_UP_WEIGHT), VIT_HIDDEN, VIT_CHANNELS);
  b->matrix[DOWN] = matrix_of(OF(VIT_DOWN_WEIGHT), VIT_CHANNELS, VIT_HIDDEN);
#undef OF
}

berg_status vit_network_new(vit_network **out, const vit_weights *weights, la_engine *engine,
                            const vit_kernels *kernels, berg_error *error) {
  *out = NULL;
  vit_network *network = base_calloc(1, sizeof *network, error);
  if (!network) return BERG_ELIMIT;
  *network = (vit_network){.weights = weights, .engine = engine, .kernels = kernels};
  vit_normalisation_init(&network->normalisation);
  network->patch = matrix_of(weights->tensor[VIT_PATCH_WEIGHT], VIT_CHANNELS, VIT_PATCH_VALUES);
  for (size_t layer = 0; layer < VIT_LAYERS; layer++) bind_block(weights, layer, &network->blocks[layer]);
  for (size_t images = 1; images <= CHUNK; images++) {
    berg_status status = la_engine_plan(engine, images * VIT_TOKENS, VIT_CHANNELS, PANEL, error);
    if (!status) status = la_engine_plan(engine, images * VIT_TOKENS, VIT_HIDDEN, PANEL, error);
    if (status) {
      vit_network_free(network);
      return status;
    }
  }
  *out = network;
  return BERG_OK;
}

void vit_network_free(vit_network *network) {
  if (!network) return;
  base_free_large(network->packed);
  base_free(network);
}

/* Matrix `index` of the network: the patch embedding, then those of each block. */
static la_matrix *matrix_at(vit_network *network, size_t index) {
  if (index == 0) return &network->patch;
  return &network->blocks[(index - 1) / (MATRICES - 1)].matrix[QKV + (index - 1) % (MATRICES - 1)];
}

#define NETWORK_MATRICES (1 + VIT_LAYERS * (MATRICES - 1))

berg_status vit_network_pack(vit_network *network, int threads, berg_error *error) {
  if (network->packed) return BERG_OK;
  float *to[NETWORK_MATRICES];
  size_t floats = 0;
  for (size_t i = 0; i < NETWORK_MATRICES; i++) floats += matrix_at(network, i)->n * matrix_at(network, i)->k;
  float *packed = base_alloc_large(floats, sizeof *packed, error);
  if (!packed) return BERG_ELIMIT;
  for (size_t i = 0, at = 0; i < NETWORK_MATRICES; i++) {
    to[i] = packed + at;
    at += matrix_at(network, i)->n * matrix_at(network, i)->k;
  }
  atomic_bool failed = false;
#pragma omp parallel num_threads(threads)
  {
    la_engine_enter_thread();
    for (size_t i = 0; i < NETWORK_MATRICES; i++) {
      const la_matrix *matrix = matrix_at(network, i);
      const int panels = (int)(matrix->n / PANEL);
#pragma omp for schedule(static) nowait
      for (int p = 0; p < panels; p++)
        if (la_pack_panel(network->engine, matrix, (size_t)p, to[i] + (size_t)p * PANEL * matrix->k, NULL))
          failed = true;
    }
  }
  if (failed) {
    base_free_large(packed);
    return base_fail(error, BERG_EINTERNAL, "oneDNN could not pack the network's weights");
  }
  for (size_t i = 0; i < NETWORK_MATRICES; i++) matrix_at(network, i)->packed = to[i];
  network->packed = packed;
  return BERG_OK;
}

bool vit_network_is_packed(const vit_network *network) { return network->packed != NULL; }

/* --- Workspace: for each thread one chunk and one thread_memory --- */

static size_t lines(size_t bytes) { return (bytes + BASE_ALIGNMENT - 1) / BASE_ALIGNMENT * BASE_ALIGNMENT; }

#define NARROW_BYTES (CHUNK_ROWS * VIT_CHANNELS * sizeof(float))
#define WIDE_BYTES (CHUNK_ROWS * VIT_HIDDEN * sizeof(float))
#define PRODUCT_BYTES (CHUNK_ROWS * PANEL * sizeof(float))

static size_t thread_bytes(const vit_network *network) {
  return NARROW_BYTES + WIDE_BYTES + PRODUCT_BYTES + lines(VIT_ATTENTION_SCRATCH) +
         lines(la_engine_scratch(network->engine));
}

size_t vit_network_workspace(const vit_network *network, int threads) {
  return (size_t)threads * thread_bytes(network);
}

static void lay_out(const vit_network *network, char *workspace, int owner, int rank, chunk *c, thread_memory *b) {
  char *shared = workspace + (size_t)owner * thread_bytes(network),
       *own = workspace + (size_t)rank * thread_bytes(network);
  c->narrow = (float *)(void *)shared;
  c->wide = (float *)(void *)(shared + NARROW_BYTES);
  own += NARROW_BYTES + WIDE_BYTES;
  b->product = (float *)(void *)own;
  b->attention = (float *)(void *)(own + PRODUCT_BYTES);
  b->scratch = own + PRODUCT_BYTES + lines(VIT_ATTENTION_SCRATCH);
}

/* --- Stages --- */

/* What one thread of the team has written is read by the others. */
static void meet(team t) {
  if (t.size > 1) {
#pragma omp barrier
  }
}

typedef void (*epilogue)(const float *product, size_t rows, size_t columns, const float *bias, float *out, size_t ld);

static void multiply(pass *p, team t, thread_memory *b, const chunk *c, const la_matrix *matrix, const float *x,
                     epilogue finish, const float *bias, float *out) {
  for (size_t i = (size_t)t.rank; i < matrix->n / PANEL; i += (size_t)t.size) {
    if (!la_product(p->network->engine, c->rows, matrix, i, x, b->product, b->scratch)) p->failed = true;
    finish(b->product, c->rows, PANEL, bias + i * PANEL, out + i * PANEL, matrix->n);
  }
  meet(t);
}

static void normalise(pass *p, team t, const chunk *c, const float *gain, const float *bias) {
  size_t first = c->rows * (size_t)t.rank / (size_t)t.size, end = c->rows * ((size_t)t.rank + 1) / (size_t)t.size;
  p->network->kernels->layer_norm(c->tokens + first * VIT_CHANNELS, end - first, gain, bias,
                                  c->narrow + first * VIT_CHANNELS);
  meet(t);
}

static void add_positions(const vit_weights *weights, const chunk *c, team t) {
  const float *position = weights->tensor[VIT_POSITION], *class_token = weights->tensor[VIT_CLASS_TOKEN];
  for (size_t row = (size_t)t.rank; row < c->rows; row += (size_t)t.size) {
    size_t token = row % VIT_TOKENS;
    float *to = c->tokens + row * VIT_CHANNELS;
    const float *from = token ? to : class_token, *place = position + token * VIT_CHANNELS;
    for (size_t i = 0; i < VIT_CHANNELS; i++) to[i] = from[i] + place[i];
  }
  meet(t);
}

static void embed(pass *p, team t, thread_memory *b, const chunk *c, const uint8_t *pixels) {
  const vit_network *network = p->network;
  for (size_t i = (size_t)t.rank; i < c->images; i += (size_t)t.size)
    vit_cut_patches(&network->normalisation, pixels + i * VIT_PIXELS, c->wide + i * VIT_TOKENS * VIT_PATCH_VALUES);
  meet(t);
  multiply(p, t, b, c, &network->patch, c->wide, network->kernels->add_bias, network->weights->tensor[VIT_PATCH_BIAS],
           c->tokens);
  add_positions(network->weights, c, t);
}

static void run_block(pass *p, team t, thread_memory *b, const chunk *c, const block *layer) {
  const vit_kernels *kernels = p->network->kernels;
  normalise(p, t, c, layer->ln1_gain, layer->ln1_bias);
  multiply(p, t, b, c, &layer->matrix[QKV], c->narrow, kernels->add_bias, layer->qkv_bias, c->wide);
  for (size_t i = (size_t)t.rank; i < c->images; i += (size_t)t.size)
    kernels->attention(c->wide + i * VIT_TOKENS * VIT_QKV, c->narrow + i * VIT_LAYER_FEATURES, b->attention);
  meet(t);
  multiply(p, t, b, c, &layer->matrix[OUT], c->narrow, kernels->add_bias_residual, layer->out_bias, c->tokens);
  normalise(p, t, c, layer->ln2_gain, layer->ln2_bias);
  multiply(p, t, b, c, &layer->matrix[UP], c->narrow, kernels->add_bias_gelu, layer->up_bias, c->wide);
  multiply(p, t, b, c, &layer->matrix[DOWN], c->wide, kernels->add_bias_residual, layer->down_bias, c->tokens);
}

static void run_chunk(pass *p, team t, char *workspace, int owner, int rank, float *tokens, size_t first, size_t end,
                      const uint8_t *pixels, size_t layer) {
  chunk c = {.tokens = tokens + first * VIT_LAYER_FEATURES, .images = end - first, .rows = (end - first) * VIT_TOKENS};
  thread_memory b;
  lay_out(p->network, workspace, owner, rank, &c, &b);
  if (layer == 0) embed(p, t, &b, &c, pixels + first * VIT_PIXELS);
  run_block(p, t, &b, &c, &p->network->blocks[layer]);
}

berg_status vit_network_run(vit_network *network, const uint8_t *pixels, size_t images, int threads, void *workspace,
                            float *tokens, vit_after_block after, void *user, berg_error *error) {
  pass p = {.network = network};
  const bool together = images < (size_t)threads;
  /* as many chunks as a multiple of the threads, so that none waits for the last one: of 100 images, 26 chunks for two
   * threads instead of 25 gained 3 % */
  size_t chunks = (images + CHUNK - 1) / CHUNK;
  chunks = (chunks + (size_t)threads - 1) / (size_t)threads * (size_t)threads;
  if (chunks > images) chunks = images;
#pragma omp parallel num_threads(threads)
  {
    la_engine_enter_thread();
    const int rank = omp_get_thread_num();
    for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
      if (together) {
        for (size_t i = 0; i < images; i++)
          run_chunk(&p, (team){rank, omp_get_num_threads()}, workspace, 0, rank, tokens, i, i + 1, pixels, layer);
#pragma omp barrier
      } else {
#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < chunks; i++)
          run_chunk(&p, (team){0, 1}, workspace, rank, rank, tokens, images * i / chunks, images * (i + 1) / chunks,
                    pixels, layer);
      }
      if (after) after(user, layer, tokens);
#pragma omp barrier
    }
  }
  return p.failed ? base_fail(error, BERG_EINTERNAL, "oneDNN failed in a product of the network") : BERG_OK;
}
