/* Embedding, LayerNorm, attention and MLP of one chunk of images, by one thread or by a team. */
#include "vit/network_stages.h"

#include "vit/embed.h"
#include "vit/preprocess.h"

#define PART_PANELS (VIT_CHANNELS / LA_PANEL)
_Static_assert(VIT_CHANNELS == LA_DEPTH, "a part of the hidden layer is one block of the product that follows");

/* Rows of a pointwise stage that a thread takes at a time. */
#define SHARED_ROWS 8

/* Pieces of a stage that a team shares, each a thread's work of its own. */
typedef struct shared_stage {
  const la_gemm *gemm;
  base_piece piece;
  void *user;
} shared_stage;

static void run_shared(void *user, size_t index, size_t rank) {
  const shared_stage *stage = user;
  la_gemm_begin(stage->gemm);
  stage->piece(stage->user, index, rank);
  la_gemm_end(stage->gemm);
}

/* The pieces of a stage, by the team or by one thread alone, which has begun its engine's work with the chunk. */
static void share(const vit_pass *p, size_t count, base_piece piece, void *user) {
  if (p->team)
    base_team_share(p->team, count, run_shared, &(shared_stage){p->network->gemm, piece, user});
  else
    for (size_t i = 0; i < count; i++) piece(user, i, p->rank);
}

static size_t threads_of(const vit_pass *p) { return p->team ? base_team_size(p->team) : 1; }

/* A stage that does one row after the other. */
typedef struct row_stage {
  const vit_pass *p;
  void (*row)(const struct row_stage *stage, size_t row);
  size_t rows;
  const float *from;        /* of load and normalise */
  size_t ld, first;         /* of load: floats from row to row, and the operand's row that the first becomes */
  const float *gain, *bias; /* of normalise */
} row_stage;

static void run_rows(void *user, size_t index, size_t rank) {
  const row_stage *stage = user;
  (void)rank;
  const size_t first = index * SHARED_ROWS, end = stage->rows - first < SHARED_ROWS ? stage->rows : first + SHARED_ROWS;
  for (size_t row = first; row < end; row++) stage->row(stage, row);
}

static void share_rows(row_stage stage) {
  share(stage.p, (stage.rows + SHARED_ROWS - 1) / SHARED_ROWS, run_rows, &stage);
}

/* --- Products --- */

/* Rows that a product is of: floats as they lie, or `operand`. */
typedef struct operand {
  const void *rows;
  size_t row_bytes;
  const float *scale;
} operand;

static void load_row(const vit_pass *p, const float *from, size_t row) {
  const la_gemm *gemm = p->network->gemm;
  gemm->load(from, VIT_CHANNELS, p->c.operand + row * gemm->row_bytes(VIT_CHANNELS), p->c.scale + row);
}

static operand loaded(const vit_pass *p, const float *floats, size_t ld, size_t first) {
  const la_gemm *gemm = p->network->gemm;
  const size_t bytes = gemm->row_bytes(VIT_CHANNELS);
  if (!gemm->load) return (operand){floats, ld * sizeof *floats, NULL};
  return (operand){p->c.operand + first * bytes, bytes, p->c.scale + first};
}

static void load_one(const row_stage *stage, size_t row) {
  load_row(stage->p, stage->from + row * stage->ld, stage->first + row);
}

/* `count` rows of 768, `ld` apart, become rows [first, first + count) of the operand. */
static void load(const vit_pass *p, const float *floats, size_t ld, size_t first, size_t count) {
  if (!p->network->gemm->load) return;
  share_rows((row_stage){.p = p, .row = load_one, .rows = count, .from = floats, .ld = ld, .first = first});
}

/* What a product is followed by, and what it fetches at its end. */
typedef struct ending {
  la_finish finish;
  const float *bias; /* [n]; NULL: none */
  const la_matrix *next;
  size_t block, panel; /* of next, for the team's first thread */
} ending;

/* Panels [first, first + count) of block `b` of `matrix`. Panel after panel of `out` [rows][768], and after PART_PANELS
 * of them, if `ld` is 768, the next such matrix. */
typedef struct panels {
  const vit_pass *p;
  const la_matrix *matrix;
  size_t b, first, count;
  operand x;
  float *out;
  size_t ld;
  ending end;
} panels;

/* Panel i is most likely followed, in this thread, by the one that lies as far ahead as there are threads. */
static la_fetch fetch_after(const panels *m, size_t i) {
  const size_t ahead = i + threads_of(m->p), panel = m->end.panel + ahead - m->count;
  if (ahead < m->count) return la_matrix_fetch(m->matrix, m->b, m->first + ahead);
  if (m->end.next && panel < la_matrix_panels(m->end.next)) return la_matrix_fetch(m->end.next, m->end.block, panel);
  return (la_fetch){.rows = 0};
}

static void multiply_one(const panels *m, size_t i, size_t rank, la_fetch next) {
  const size_t per_part = m->ld / LA_PANEL;
  const vit_output output = {m->out + i / per_part * m->p->c.rows * m->ld + i % per_part * LA_PANEL, m->ld,
                             m->end.bias ? m->end.bias + (m->first + i) * LA_PANEL : NULL};
  la_product product = {.rows = m->p->c.rows,
                        .x = m->x.rows,
                        .row_bytes = m->x.row_bytes,
                        .scale = m->x.scale,
                        .buffer = vit_memory_of(m->p, rank).buffer,
                        .finish = m->end.finish,
                        .user = &output,
                        .out = output.to,
                        .out_stride = m->ld * sizeof(float),
                        .next = next};
  la_matrix_multiply(m->matrix, m->b, m->first + i, &product);
}

static void multiply_panel(void *user, size_t i, size_t rank) { multiply_one(user, i, rank, fetch_after(user, i)); }

static void multiply(panels m) { share(m.p, m.count, multiply_panel, &m); }

/* --- Attention --- */

static void normalise_row(const row_stage *stage, size_t row) {
  const vit_pass *p = stage->p;
  float *to = p->c.narrow + row * VIT_CHANNELS;
  p->network->kernels->layer_norm(p->c.tokens + row * VIT_CHANNELS, stage->gain, stage->bias, to);
  if (p->network->gemm->load) load_row(p, to, row);
}

static void normalise(const vit_pass *p, const float *gain, const float *bias) {
  share_rows((row_stage){.p = p, .row = normalise_row, .rows = p->c.rows, .gain = gain, .bias = bias});
}

static void attend_head(void *user, size_t i, size_t rank) {
  const vit_pass *p = user;
  const size_t image = i / VIT_HEADS, column = i % VIT_HEADS * VIT_HEAD;
  p->network->kernels->attention(p->network->gemm, p->c.wide + image * VIT_TOKENS * VIT_QKV + column,
                                 p->c.narrow + image * VIT_LAYER_FEATURES + column, vit_memory_of(p, rank).attention);
}

static void attend(const vit_pass *p) {
  share(p, p->c.images * VIT_HEADS, attend_head, (void *)(uintptr_t)p);
  load(p, p->c.narrow, VIT_CHANNELS, 0, p->c.rows);
}

/* Notes which rows the next product multiplies. */
static void show(const vit_pass *p, size_t which, const float *rows) {
  if (p->hooks->operand) p->hooks->operand(p->hooks->user, p->layer, which, rows, p->first * VIT_TOKENS, p->c.rows);
}

/* --- A block --- */

/* The second product of the MLP, from parts [first, first + count) of the hidden layer. */
typedef struct down_panels {
  const vit_pass *p;
  const vit_block *layer;
  size_t first, count;
  const la_matrix *after;
} down_panels;

/* What part `part` adds to the tokens. */
static panels down_part(const down_panels *d, size_t part) {
  const vit_pass *p = d->p;
  const vit_chunk *c = &p->c;
  const vit_kernels *kernels = p->network->kernels;
  const size_t b = d->first + part;
  const bool first = b == 0, last = b + 1 == PARTS;
  const operand x = loaded(p, c->wide + part * c->rows * VIT_CHANNELS, VIT_CHANNELS,
                           vit_chunk_rows(p->network->gemm) + part * c->rows);
  return (panels){.p = p,
                  .matrix = &d->layer->matrix[DOWN],
                  .b = b,
                  .count = PART_PANELS,
                  .x = x,
                  .out = c->tokens,
                  .ld = VIT_CHANNELS,
                  .end = {.finish = first ? kernels->add_bias_residual : kernels->add,
                          .bias = first ? d->layer->down_bias : NULL,
                          .next = last ? d->after : &d->layer->matrix[UP],
                          .panel = last ? 0 : (b + 1) * PART_PANELS}};
}

/* One panel of all parts, one after the other, so that a sum has one order whichever thread has the panel. */
static void multiply_down(void *user, size_t i, size_t rank) {
  const down_panels *d = user;
  const la_matrix *down = &d->layer->matrix[DOWN];
  for (size_t part = 0; part < d->count; part++) {
    const panels m = down_part(d, part);
    la_fetch next = la_matrix_fetch(down, m.b + 1, i);
    if (part + 1 == d->count) {
      next = fetch_after(&m, i);
      if (i + threads_of(d->p) < PART_PANELS) next = la_matrix_fetch(down, d->first, i + threads_of(d->p));
    }
    multiply_one(&m, i, rank, next);
  }
}

/* Parts [first, first + count) of the hidden layer, and what they add to the tokens. `after`: what is multiplied
 * next. */
static void feed_forward(const vit_pass *p, const vit_block *layer, size_t first, size_t count,
                         const la_matrix *after) {
  const vit_chunk *c = &p->c;
  const size_t part_floats = c->rows * VIT_CHANNELS;
  multiply((panels){p,
                    &layer->matrix[UP],
                    0,
                    first * PART_PANELS,
                    count * PART_PANELS,
                    loaded(p, c->narrow, VIT_CHANNELS, 0),
                    c->wide,
                    VIT_CHANNELS,
                    {p->network->gelu, layer->up_bias, &layer->matrix[DOWN], first, 0}});
  for (size_t part = 0; part < count; part++) show(p, DOWN + first + part, c->wide + part * part_floats);
  load(p, c->wide, VIT_CHANNELS, vit_chunk_rows(p->network->gemm), count * c->rows);
  down_panels down = {p, layer, first, count, after};
  share(p, PART_PANELS, multiply_down, &down);
}

void vit_run_block(const vit_pass *p, const vit_block *layer, const la_matrix *after) {
  const vit_chunk *c = &p->c;
  const vit_kernels *kernels = p->network->kernels;
  normalise(p, layer->ln1_gain, layer->ln1_bias);
  show(p, QKV, c->narrow);
  multiply((panels){p,
                    &layer->matrix[QKV],
                    0,
                    0,
                    VIT_QKV / LA_PANEL,
                    loaded(p, c->narrow, VIT_CHANNELS, 0),
                    c->wide,
                    VIT_QKV,
                    {kernels->add_bias, layer->qkv_bias, &layer->matrix[OUT], 0, 0}});
  attend(p);
  show(p, OUT, c->narrow);
  multiply((panels){p,
                    &layer->matrix[OUT],
                    0,
                    0,
                    PART_PANELS,
                    loaded(p, c->narrow, VIT_CHANNELS, 0),
                    c->tokens,
                    VIT_CHANNELS,
                    {kernels->add_bias_residual, layer->out_bias, &layer->matrix[UP], 0, 0}});
  normalise(p, layer->ln2_gain, layer->ln2_bias);
  show(p, UP, c->narrow);
  /* threads that share an image would wait for one another at every part */
  const size_t parts = p->team ? PARTS : 1;
  for (size_t part = 0; part < PARTS; part += parts) feed_forward(p, layer, part, parts, after);
}

/* --- Embedding --- */

static void add_position(const row_stage *stage, size_t row) {
  const vit_pass *p = stage->p;
  const vit_weights *weights = p->network->weights;
  const size_t token = row % VIT_TOKENS;
  float *to = p->c.tokens + row * VIT_CHANNELS;
  const float *from = token ? to : weights->tensor[VIT_CLASS_TOKEN],
              *place = weights->tensor[VIT_POSITION] + token * VIT_CHANNELS;
  for (size_t i = 0; i < VIT_CHANNELS; i++) to[i] = from[i] + place[i];
}

void vit_embed_chunk(const vit_pass *p, const uint8_t *pixels) {
  const vit_network *network = p->network;
  const vit_chunk *c = &p->c;
  const la_matrix *patch = &network->patch;
  for (size_t i = 0; i < c->images; i++)
    vit_cut_patches(&network->normalisation, pixels + i * VIT_PIXELS, c->wide + i * VIT_TOKENS * VIT_PATCH_VALUES);
  for (size_t b = 0; b < la_matrix_blocks(patch); b++) {
    const float *values = c->wide + b * LA_DEPTH;
    load(p, values, VIT_PATCH_VALUES, 0, c->rows);
    ending end = {b ? network->kernels->add : network->kernels->add_bias, network->weights->tensor[VIT_PATCH_BIAS],
                  patch, b + 1, 0};
    if (b + 1 == la_matrix_blocks(patch)) end.next = &network->blocks[0].matrix[QKV], end.block = 0;
    multiply(
        (panels){p, patch, b, 0, PART_PANELS, loaded(p, values, VIT_PATCH_VALUES, 0), c->tokens, VIT_CHANNELS, end});
  }
  share_rows((row_stage){.p = p, .row = add_position, .rows = c->rows});
}
