/* The way of an image: pixels -> patches -> tokens -> twelve times (attention, MLP).
 *
 * With at least as many images as threads, each thread takes chunks of up to three images through a whole block, so that
 * what passes between the products stays in its own cache. With fewer, all threads share each image: panels of the
 * products, heads, and rows of the rest. Both give the same bits, because no sum is ever split. */
#include "vit/network.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "vit/calibrate.h"
#include "vit/embed.h"
#include "vit/preprocess.h"

/* 150 rows: whole tiles of six; what a block touches at a time fits a second cache of 2 MB. */
#define CHUNK 3
#define CHUNK_ROWS (CHUNK * VIT_TOKENS)
/* The hidden layer is made and used in parts as wide as the tokens: blocks of the second product's depth. */
#define PARTS (VIT_HIDDEN / VIT_CHANNELS)
#define PART_PANELS (VIT_CHANNELS / LA_PANEL)
_Static_assert(VIT_CHANNELS == LA_DEPTH, "a part of the hidden layer is one block of the product that follows");

enum { QKV, OUT, UP, DOWN, MATRICES };

typedef struct block {
  la_matrix matrix[MATRICES];
  const float *ln1_gain, *ln1_bias, *qkv_bias, *out_bias, *ln2_gain, *ln2_bias, *up_bias, *down_bias;
} block;

struct vit_network {
  const vit_weights *weights;
  const la_gemm *gemm;
  const vit_kernels *kernels;
  vit_normalisation normalisation;
  la_matrix patch;
  block blocks[VIT_LAYERS];
  la_finish gelu;
  float *balanced; /* int8: see balance */
};

/* --- Weights --- */

static la_matrix matrix_of(const la_gemm *gemm, const float *rows, size_t n, size_t k) {
  return (la_matrix){.gemm = gemm, .n = n, .k = k, .rows = (const char *)rows, .row_bytes = k * sizeof *rows};
}

static void bind_block(const vit_weights *weights, const la_gemm *gemm, size_t layer, block *b) {
#define OF(which) weights->tensor[VIT_BLOCK(layer, which)]
  *b = (block){.ln1_gain = OF(VIT_LN1_GAIN),
               .ln1_bias = OF(VIT_LN1_BIAS),
               .qkv_bias = OF(VIT_QKV_BIAS),
               .out_bias = OF(VIT_OUT_BIAS),
               .ln2_gain = OF(VIT_LN2_GAIN),
               .ln2_bias = OF(VIT_LN2_BIAS),
               .up_bias = OF(VIT_UP_BIAS),
               .down_bias = OF(VIT_DOWN_BIAS)};
  b->matrix[QKV] = matrix_of(gemm, OF(VIT_QKV_WEIGHT), VIT_QKV, VIT_CHANNELS);
  b->matrix[OUT] = matrix_of(gemm, OF(VIT_OUT_WEIGHT), VIT_CHANNELS, VIT_CHANNELS);
  b->matrix[UP] = matrix_of(gemm, OF(VIT_UP_WEIGHT), VIT_HIDDEN, VIT_CHANNELS);
  b->matrix[DOWN] = matrix_of(gemm, OF(VIT_DOWN_WEIGHT), VIT_CHANNELS, VIT_HIDDEN);
#undef OF
}

/* LayerNorm's gains have outliers, an order of magnitude above the rest, which would take most of int8's steps from the other
 * channels. The square root of the gain stays with the activations, the other goes to the weights: correlation of responses
 * with float32's 0.99963, where the whole gain on one side gave 0.99907 and 0.99922. `balanced` gets the gain and bias that are
 * left and the factor of the weights. */
static void balance(const float **gain, const float **bias, la_matrix *matrix, float *balanced) {
  for (size_t c = 0; c < VIT_CHANNELS; c++) {
    const float root = sqrtf(fabsf((*gain)[c])), factor = root > 1e-6f ? root : 1e-6f;
    balanced[c] = (*gain)[c] / factor;
    balanced[VIT_CHANNELS + c] = (*bias)[c] / factor;
    balanced[2 * VIT_CHANNELS + c] = factor;
  }
  *gain = balanced;
  *bias = balanced + VIT_CHANNELS;
  matrix->gain = balanced + 2 * VIT_CHANNELS;
}

berg_status vit_network_new(vit_network **out, const vit_weights *weights, const la_gemm *gemm,
                            const vit_kernels *kernels, berg_error *error) {
  *out = NULL;
  vit_network *network = base_calloc(1, sizeof *network, error);
  if (!network) return BERG_ELIMIT;
  *network = (vit_network){.weights = weights, .gemm = gemm, .kernels = kernels};
  network->gelu = gemm->precision == LA_INT8 ? kernels->add_bias_gelu_coarse : kernels->add_bias_gelu;
  vit_normalisation_init(&network->normalisation);
  network->patch = matrix_of(gemm, weights->tensor[VIT_PATCH_WEIGHT], VIT_CHANNELS, VIT_PATCH_VALUES);
  for (size_t layer = 0; layer < VIT_LAYERS; layer++) bind_block(weights, gemm, layer, &network->blocks[layer]);
  if (gemm->precision == LA_INT8) {
    network->balanced = base_alloc(VIT_LAYERS * 6 * VIT_CHANNELS, sizeof(float), error);
    if (!network->balanced) {
      vit_network_free(network);
      return BERG_ELIMIT;
    }
    for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
      block *b = &network->blocks[layer];
      float *balanced = network->balanced + layer * 6 * VIT_CHANNELS;
      balance(&b->ln1_gain, &b->ln1_bias, &b->matrix[QKV], balanced);
      balance(&b->ln2_gain, &b->ln2_bias, &b->matrix[UP], balanced + 3 * VIT_CHANNELS);
    }
  }
  *out = network;
  return BERG_OK;
}

const vit_weights *vit_network_weights(const vit_network *network) { return network->weights; }
const la_gemm *vit_network_gemm(const vit_network *network) { return network->gemm; }

void vit_network_free(vit_network *network) {
  if (!network) return;
  base_free(network->balanced);
  base_free(network);
}

/* Matrix `index` of the network: the patch embedding, then those of each block. */
static la_matrix *matrix_at(vit_network *network, size_t index) {
  if (index == 0) return &network->patch;
  return &network->blocks[(index - 1) / MATRICES].matrix[(index - 1) % MATRICES];
}

#define NETWORK_MATRICES (1 + VIT_LAYERS * MATRICES)

size_t vit_network_packed_bytes(const vit_network *network) {
  size_t bytes = 0;
  for (size_t i = 0; i < NETWORK_MATRICES; i++) bytes += la_matrix_bytes(matrix_at((vit_network *)network, i));
  return bytes;
}

/* One block of a matrix and the operand that it meets. */
static void pack_rounded(const vit_network *network, const vit_calibration *calibration, size_t layer, size_t operand,
                         char *to) {
  const size_t which = operand < DOWN ? operand : DOWN, b = operand - which;
  la_matrix matrix = network->blocks[layer].matrix[which];
  const la_rounding rounding = vit_calibration_of(calibration, layer, operand, matrix.gain, omp_get_thread_num());
  float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
  matrix.rounding = &rounding;
  for (size_t panel = 0; panel < la_matrix_panels(&matrix); panel++)
    la_matrix_pack(&matrix, b, panel, buffer, to + la_matrix_offset(&matrix, b, panel));
}

static void pack_all_rounded(const vit_network *network, const vit_calibration *calibration, int threads, char *to) {
#pragma omp parallel for schedule(monotonic : dynamic, 1) num_threads(threads)
  for (size_t i = 0; i < VIT_LAYERS * VIT_OPERANDS; i++) {
    const size_t layer = i / VIT_OPERANDS, operand = i % VIT_OPERANDS;
    char *at = to;
    for (size_t m = 0; m < 1 + layer * MATRICES + (operand < DOWN ? operand : DOWN); m++)
      at += la_matrix_bytes(matrix_at((vit_network *)network, m));
    pack_rounded(network, calibration, layer, operand, at);
    if (operand + 1 == VIT_OPERANDS) calibration->passed.layer(calibration->passed.user, layer);
  }
}

void vit_network_pack_into(const vit_network *network, const vit_calibration *calibration, const vit_passed *passed,
                           int threads, void *to) {
  static const la_rounding along_pixels = {NULL, NULL};
  const size_t matrices = calibration ? 1 : NETWORK_MATRICES;
#pragma omp parallel num_threads(threads)
  {
    float buffer[LA_BUFFER_BYTES / sizeof(float)] __attribute__((aligned(64)));
    char *at = to;
    for (size_t i = 0; i < matrices; i++) {
      la_matrix matrix = *matrix_at((vit_network *)network, i);
      const size_t panels = la_matrix_panels(&matrix), slabs = panels * la_matrix_blocks(&matrix);
      if (calibration) matrix.rounding = &along_pixels;
#pragma omp for schedule(static)
      for (size_t s = 0; s < slabs; s++)
        la_matrix_pack(&matrix, s / panels, s % panels, buffer, at + la_matrix_offset(&matrix, s / panels, s % panels));
      at += la_matrix_bytes(&matrix);
#pragma omp master
      if (passed && i && i % MATRICES == 0) passed->layer(passed->user, i / MATRICES - 1);
    }
  }
  if (calibration) pack_all_rounded(network, calibration, threads, to);
}

void vit_network_use_packed(vit_network *network, const void *packed) {
  const char *at = packed;
  for (size_t i = 0; i < NETWORK_MATRICES; i++) {
    la_matrix *matrix = matrix_at(network, i);
    matrix->packed = at;
    at += la_matrix_bytes(matrix);
  }
}

bool vit_network_is_packed(const vit_network *network) { return network->patch.packed != NULL; }

/* --- Workspace: for each thread one chunk and one thread_memory --- */

/* Threads that work on one chunk together. */
typedef struct team {
  size_t rank, size;
} team;

/* What passes between the stages of one chunk. `wide` holds patches, then q, k, v, then the hidden layer: one part of it for a
 * chunk of one thread, all parts for the one image that threads share. */
typedef struct chunk {
  float *tokens; /* [rows][768] in the caller's memory */
  size_t images, rows;
  float *narrow; /* [rows][768] */
  float *wide;   /* [rows][3072] */
  char *
      operand; /* [OPERAND_ROWS] of 768 as products take them, where those are not floats: the chunk's, then the hidden layer's */
  float *scale; /* of these rows */
} chunk;

/* What one thread has for itself. */
typedef struct thread_memory {
  float *buffer;
  float *attention;
} thread_memory;

typedef struct pass {
  const vit_network *network;
  team team;
  chunk c;
  thread_memory own;
  const vit_hooks *hooks;
  size_t layer, first; /* image */
} pass;

#define NARROW_BYTES (CHUNK_ROWS * VIT_CHANNELS * sizeof(float))
#define WIDE_BYTES (CHUNK_ROWS * VIT_HIDDEN * sizeof(float))
#define HIDDEN_ROWS (CHUNK > PARTS ? CHUNK_ROWS : PARTS * VIT_TOKENS)
#define OPERAND_ROWS (CHUNK_ROWS + HIDDEN_ROWS)
#define OPERAND_BYTES (OPERAND_ROWS * VIT_CHANNELS * 2)
#define SCALE_BYTES ((OPERAND_ROWS * sizeof(float) + 63) / 64 * 64)
#define CHUNK_BYTES (NARROW_BYTES + WIDE_BYTES + OPERAND_BYTES + SCALE_BYTES)
#define THREAD_BYTES (CHUNK_BYTES + LA_BUFFER_BYTES + VIT_ATTENTION_SCRATCH)

size_t vit_network_workspace(int threads) { return (size_t)threads * THREAD_BYTES; }

static void lay_out(char *workspace, size_t owner, size_t rank, chunk *c, thread_memory *own) {
  char *at = workspace + owner * THREAD_BYTES;
  c->narrow = (float *)(void *)at;
  c->wide = (float *)(void *)(at += NARROW_BYTES);
  c->operand = at += WIDE_BYTES;
  c->scale = (float *)(void *)(at + OPERAND_BYTES);
  at = workspace + rank * THREAD_BYTES + CHUNK_BYTES;
  own->buffer = (float *)(void *)at;
  own->attention = (float *)(void *)(at + LA_BUFFER_BYTES);
}

/* --- Stages --- */

/* What one thread of the team has written is read by the others. */
static void meet(const pass *p) {
  if (p->team.size > 1) {
#pragma omp barrier
  }
}

/* Rows that a product is of: floats as they lie, or `operand`. */
typedef struct operand {
  const void *rows;
  size_t row_bytes;
  const float *scale;
} operand;

static void load_row(const pass *p, const float *from, size_t row) {
  const la_gemm *gemm = p->network->gemm;
  gemm->load(from, VIT_CHANNELS, p->c.operand + row * la_row_bytes(gemm, VIT_CHANNELS), p->c.scale + row);
}

static operand loaded(const pass *p, const float *floats, size_t ld, size_t first) {
  const la_gemm *gemm = p->network->gemm;
  const size_t bytes = la_row_bytes(gemm, VIT_CHANNELS);
  if (!gemm->load) return (operand){floats, ld * sizeof *floats, NULL};
  return (operand){p->c.operand + first * bytes, bytes, p->c.scale + first};
}

/* `count` rows of 768, `ld` apart, become rows [first, first + count) of the operand; the team shares them. */
static void load(const pass *p, const float *floats, size_t ld, size_t first, size_t count) {
  if (!p->network->gemm->load) return;
  for (size_t row = p->team.rank; row < count; row += p->team.size) load_row(p, floats + row * ld, first + row);
}

/* What a product is followed by, and what it fetches at its end. */
typedef struct ending {
  la_finish finish;
  const float *bias; /* [n]; NULL: none */
  const la_matrix *next;
  size_t block, panel; /* of next, for the team's first thread */
} ending;

/* Panels [first, first + count) of block `b` of `matrix`, shared by the team. Panel after panel of `out` [rows][768], and after
 * PART_PANELS of them, if `ld` is 768, the next such matrix. */
static void multiply(const pass *p, const la_matrix *matrix, size_t b, size_t first, size_t count, operand x,
                     float *out, size_t ld, ending end) {
  const size_t per_part = ld / LA_PANEL;
  for (size_t i = p->team.rank; i < count; i += p->team.size) {
    const vit_output output = {out + i / per_part * p->c.rows * ld + i % per_part * LA_PANEL, ld,
                               end.bias ? end.bias + (first + i) * LA_PANEL : NULL};
    la_product product = {.rows = p->c.rows,
                          .x = x.rows,
                          .row_bytes = x.row_bytes,
                          .scale = x.scale,
                          .buffer = p->own.buffer,
                          .finish = end.finish,
                          .user = &output,
                          .out = output.to,
                          .out_stride = ld * sizeof(float)};
    if (i + p->team.size < count)
      product.next = la_matrix_fetch(matrix, b, first + i + p->team.size);
    else if (end.next && end.panel + p->team.rank < la_matrix_panels(end.next))
      product.next = la_matrix_fetch(end.next, end.block, end.panel + p->team.rank);
    la_matrix_multiply(matrix, b, first + i, &product);
  }
}

static void normalise(const pass *p, const float *gain, const float *bias) {
  const chunk *c = &p->c;
  const size_t first = c->rows * p->team.rank / p->team.size, end = c->rows * (p->team.rank + 1) / p->team.size;
  for (size_t row = first; row < end; row++) {
    float *to = c->narrow + row * VIT_CHANNELS;
    p->network->kernels->layer_norm(c->tokens + row * VIT_CHANNELS, gain, bias, to);
    if (p->network->gemm->load) load_row(p, to, row);
  }
  meet(p);
}

static void attend(const pass *p) {
  const chunk *c = &p->c;
  for (size_t i = p->team.rank; i < c->images * VIT_HEADS; i += p->team.size) {
    const size_t image = i / VIT_HEADS, column = i % VIT_HEADS * VIT_HEAD;
    p->network->kernels->attention(p->network->gemm, c->wide + image * VIT_TOKENS * VIT_QKV + column,
                                   c->narrow + image * VIT_LAYER_FEATURES + column, p->own.attention);
  }
  meet(p);
  load(p, c->narrow, VIT_CHANNELS, 0, c->rows);
  if (p->network->gemm->load) meet(p);
}

/* Shows what the next product is of; the team's threads only read it until they meet again. */
static void show(const pass *p, size_t which, const float *rows) {
  if (p->hooks->operand && !p->team.rank)
    p->hooks->operand(p->hooks->user, p->layer, which, rows, p->first * VIT_TOKENS, p->c.rows);
}

/* Parts [first, first + count) of the hidden layer, and what they add to the tokens. `after`: what is multiplied next. */
static void feed_forward(const pass *p, const block *layer, size_t first, size_t count, const la_matrix *after) {
  const chunk *c = &p->c;
  const vit_kernels *kernels = p->network->kernels;
  const la_matrix *up = &layer->matrix[UP], *down = &layer->matrix[DOWN];
  const size_t part_floats = c->rows * VIT_CHANNELS;
  multiply(p, up, 0, first * PART_PANELS, count * PART_PANELS, loaded(p, c->narrow, VIT_CHANNELS, 0), c->wide,
           VIT_CHANNELS, (ending){p->network->gelu, layer->up_bias, down, first, 0});
  meet(p);
  for (size_t part = 0; part < count; part++) show(p, DOWN + first + part, c->wide + part * part_floats);
  load(p, c->wide, VIT_CHANNELS, CHUNK_ROWS, count * c->rows);
  if (p->network->gemm->load) meet(p);
  for (size_t part = 0; part < count; part++) {
    const size_t b = first + part;
    ending end = {kernels->add, NULL, down, b + 1, 0};
    if (b == 0) end.finish = kernels->add_bias_residual, end.bias = layer->down_bias;
    if (part + 1 == count)
      end.next = b + 1 < PARTS ? up : after, end.block = 0, end.panel = b + 1 < PARTS ? (b + 1) * PART_PANELS : 0;
    multiply(p, down, b, 0, PART_PANELS,
             loaded(p, c->wide + part * part_floats, VIT_CHANNELS, CHUNK_ROWS + part * c->rows), c->tokens,
             VIT_CHANNELS, end);
  }
  meet(p);
}

static void run_block(const pass *p, const block *layer, const la_matrix *after) {
  const chunk *c = &p->c;
  const vit_kernels *kernels = p->network->kernels;
  normalise(p, layer->ln1_gain, layer->ln1_bias);
  show(p, QKV, c->narrow);
  multiply(p, &layer->matrix[QKV], 0, 0, VIT_QKV / LA_PANEL, loaded(p, c->narrow, VIT_CHANNELS, 0), c->wide, VIT_QKV,
           (ending){kernels->add_bias, layer->qkv_bias, &layer->matrix[OUT], 0, 0});
  meet(p);
  attend(p);
  show(p, OUT, c->narrow);
  multiply(p, &layer->matrix[OUT], 0, 0, PART_PANELS, loaded(p, c->narrow, VIT_CHANNELS, 0), c->tokens, VIT_CHANNELS,
           (ending){kernels->add_bias_residual, layer->out_bias, &layer->matrix[UP], 0, 0});
  meet(p);
  normalise(p, layer->ln2_gain, layer->ln2_bias);
  show(p, UP, c->narrow);
  /* threads that share an image would wait for each other at every part */
  const size_t parts = p->team.size > 1 ? PARTS : 1;
  for (size_t part = 0; part < PARTS; part += parts) feed_forward(p, layer, part, parts, after);
}

static void add_positions(const pass *p) {
  const vit_weights *weights = p->network->weights;
  const float *position = weights->tensor[VIT_POSITION], *class_token = weights->tensor[VIT_CLASS_TOKEN];
  for (size_t row = p->team.rank; row < p->c.rows; row += p->team.size) {
    size_t token = row % VIT_TOKENS;
    float *to = p->c.tokens + row * VIT_CHANNELS;
    const float *from = token ? to : class_token, *place = position + token * VIT_CHANNELS;
    for (size_t i = 0; i < VIT_CHANNELS; i++) to[i] = from[i] + place[i];
  }
  meet(p);
}

static void embed(const pass *p, const uint8_t *pixels) {
  const vit_network *network = p->network;
  const chunk *c = &p->c;
  const la_matrix *patch = &network->patch;
  for (size_t i = p->team.rank; i < c->images; i += p->team.size)
    vit_cut_patches(&network->normalisation, pixels + i * VIT_PIXELS, c->wide + i * VIT_TOKENS * VIT_PATCH_VALUES);
  meet(p);
  for (size_t b = 0; b < la_matrix_blocks(patch); b++) {
    const float *values = c->wide + b * LA_DEPTH;
    load(p, values, VIT_PATCH_VALUES, 0, c->rows);
    if (network->gemm->load) meet(p);
    ending end = {b ? network->kernels->add : network->kernels->add_bias, network->weights->tensor[VIT_PATCH_BIAS],
                  patch, b + 1, 0};
    if (b + 1 == la_matrix_blocks(patch)) end.next = &network->blocks[0].matrix[QKV], end.block = 0;
    multiply(p, patch, b, 0, PART_PANELS, loaded(p, values, VIT_PATCH_VALUES, 0), c->tokens, VIT_CHANNELS, end);
    meet(p);
  }
  add_positions(p);
}

/* Images [first, end) through block `layer`. `more`: another chunk follows, else the next block. */
static void run_chunk(const vit_network *network, team t, char *workspace, const uint8_t *pixels, float *tokens,
                      size_t first, size_t end, size_t layer, bool more, const vit_hooks *hooks) {
  pass p = {.network = network, .team = t, .hooks = hooks, .layer = layer, .first = first};
  p.c =
      (chunk){.tokens = tokens + first * VIT_LAYER_FEATURES, .images = end - first, .rows = (end - first) * VIT_TOKENS};
  lay_out(workspace, t.size > 1 ? 0 : (size_t)omp_get_thread_num(), (size_t)omp_get_thread_num(), &p.c, &p.own);
  if (layer == 0) embed(&p, pixels + first * VIT_PIXELS);
  run_block(&p, &network->blocks[layer], &network->blocks[more ? layer : (layer + 1) % VIT_LAYERS].matrix[QKV]);
}

void vit_network_run(const vit_network *network, const uint8_t *pixels, size_t images, int threads, void *workspace,
                     float *tokens, const vit_hooks *hooks) {
  const size_t size = (size_t)threads;
  /* as many chunks as a multiple of the threads, so that none waits for the last one */
  size_t chunks = (images + CHUNK - 1) / CHUNK;
  chunks = (chunks + size - 1) / size * size;
  if (chunks > images) chunks = images;
#pragma omp parallel num_threads(threads)
  {
    const size_t rank = (size_t)omp_get_thread_num();
    for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
      if (images < size) {
        for (size_t i = 0; i < images; i++)
          run_chunk(network, (team){rank, size}, workspace, pixels, tokens, i, i + 1, layer, i + 1 < images, hooks);
      } else {
#pragma omp for schedule(dynamic, 1) nowait
        for (size_t i = 0; i < chunks; i++)
          run_chunk(network, (team){0, 1}, workspace, pixels, tokens, images * i / chunks, images * (i + 1) / chunks,
                    layer, i + size < chunks, hooks);
      }
      if (hooks->meanwhile) hooks->meanwhile(hooks->user, layer);
#pragma omp barrier
      if (hooks->after_block) hooks->after_block(hooks->user, layer, tokens);
#pragma omp barrier
    }
  }
}
