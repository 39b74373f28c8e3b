/* Embedding, LayerNorm, attention and MLP of one chunk of images, by one thread or by a team. */
#include "vit/network_stages.h"

#include "vit/embed.h"
#include "vit/preprocess.h"

#define PART_PANELS (VIT_CHANNELS / LA_PANEL)
_Static_assert(VIT_CHANNELS == LA_DEPTH, "a part of the hidden layer is one block of the product that follows");

/* What one thread of the team has written is read by the others. */
static void meet(const vit_pass *p) {
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

static void load_row(const vit_pass *p, const float *from, size_t row) {
  const la_gemm *gemm = p->network->gemm;
  gemm->load(from, VIT_CHANNELS, p->c.operand + row * la_row_bytes(gemm, VIT_CHANNELS), p->c.scale + row);
}

static operand loaded(const vit_pass *p, const float *floats, size_t ld, size_t first) {
  const la_gemm *gemm = p->network->gemm;
  const size_t bytes = la_row_bytes(gemm, VIT_CHANNELS);
  if (!gemm->load) return (operand){floats, ld * sizeof *floats, NULL};
  return (operand){p->c.operand + first * bytes, bytes, p->c.scale + first};
}

/* `count` rows of 768, `ld` apart, become rows [first, first + count) of the operand; the team shares them. */
static void load(const vit_pass *p, const float *floats, size_t ld, size_t first, size_t count) {
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
static void multiply(const vit_pass *p, const la_matrix *matrix, size_t b, size_t first, size_t count, operand x,
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

static void normalise(const vit_pass *p, const float *gain, const float *bias) {
  const vit_chunk *c = &p->c;
  const size_t first = c->rows * p->team.rank / p->team.size, end = c->rows * (p->team.rank + 1) / p->team.size;
  for (size_t row = first; row < end; row++) {
    float *to = c->narrow + row * VIT_CHANNELS;
    p->network->kernels->layer_norm(c->tokens + row * VIT_CHANNELS, gain, bias, to);
    if (p->network->gemm->load) load_row(p, to, row);
  }
  meet(p);
}

static void attend(const vit_pass *p) {
  const vit_chunk *c = &p->c;
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
static void show(const vit_pass *p, size_t which, const float *rows) {
  if (p->hooks->operand && !p->team.rank)
    p->hooks->operand(p->hooks->user, p->layer, which, rows, p->first * VIT_TOKENS, p->c.rows);
}

/* Parts [first, first + count) of the hidden layer, and what they add to the tokens. `after`: what is multiplied next. */
static void feed_forward(const vit_pass *p, const vit_block *layer, size_t first, size_t count,
                         const la_matrix *after) {
  const vit_chunk *c = &p->c;
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

void vit_run_block(const vit_pass *p, const vit_block *layer, const la_matrix *after) {
  const vit_chunk *c = &p->c;
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

static void add_positions(const vit_pass *p) {
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

void vit_embed_chunk(const vit_pass *p, const uint8_t *pixels) {
  const vit_network *network = p->network;
  const vit_chunk *c = &p->c;
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
