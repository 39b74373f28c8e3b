/* The forward pass of an image: pixels -> patches -> tokens -> twelve times (attention, MLP).
 *
 * With at least as many images as threads, each thread takes chunks of a few images through a whole block, so
 * that what passes between the products stays in its own cache. With fewer, all threads share each image: panels of the
 * products, heads, and rows of the rest. Both give the same bits, because no sum is ever split. */
#include "vit/network_stages.h"
#include "vit/preprocess.h"

/* --- Workspace: for each thread one chunk and one thread_memory --- */

static size_t narrow_bytes(const la_gemm *gemm) { return vit_chunk_rows(gemm) * VIT_CHANNELS * sizeof(float); }

static size_t wide_bytes(const la_gemm *gemm) { return vit_chunk_rows(gemm) * VIT_HIDDEN * sizeof(float); }

/* Those of a chunk, and those of the hidden layer. */
static size_t operand_rows(const la_gemm *gemm) {
  const size_t chunk = vit_chunk_rows(gemm), image = (size_t)PARTS * VIT_TOKENS;
  return chunk + (chunk > image ? chunk : image);
}

static size_t operand_bytes(const la_gemm *gemm) {
  return gemm->load ? operand_rows(gemm) * gemm->row_bytes(VIT_CHANNELS) : 0;
}

static size_t chunk_bytes(const la_gemm *gemm) {
  const size_t scales = (operand_rows(gemm) * sizeof(float) + 63) / 64 * 64;
  return narrow_bytes(gemm) + wide_bytes(gemm) + operand_bytes(gemm) + scales;
}

static size_t thread_bytes(const la_gemm *gemm) {
  return chunk_bytes(gemm) + gemm->thread_bytes + VIT_ATTENTION_SCRATCH;
}

size_t vit_network_workspace(const la_gemm *gemm, int threads) { return (size_t)threads * thread_bytes(gemm); }

static void lay_out(vit_pass *p) {
  const la_gemm *gemm = p->network->gemm;
  char *at = p->workspace + p->rank * thread_bytes(gemm);
  p->c.narrow = (float *)(void *)at;
  p->c.wide = (float *)(void *)(at += narrow_bytes(gemm));
  p->c.operand = at += wide_bytes(gemm);
  p->c.scale = (float *)(void *)(at + operand_bytes(gemm));
}

vit_thread_memory vit_memory_of(const vit_pass *p, size_t rank) {
  const la_gemm *gemm = p->network->gemm;
  char *at = p->workspace + rank * thread_bytes(gemm) + chunk_bytes(gemm);
  return (vit_thread_memory){.buffer = (float *)(void *)at, .attention = (float *)(void *)(at + gemm->thread_bytes)};
}

/* --- The run --- */

typedef struct run {
  const vit_network *network;
  const uint8_t *pixels;
  size_t images, chunks, threads;
  char *workspace;
  float *tokens;
  const vit_hooks *hooks;
  size_t layer;
} run;

/* Images [first, end) through the run's block, by `team` or (NULL) the thread of this rank. `more`: another chunk
 * follows, else the next block. */
static void run_chunk(const run *r, base_team *team, size_t rank, size_t first, size_t end, bool more) {
  const vit_network *network = r->network;
  vit_pass p = {.network = network,
                .team = team,
                .rank = rank,
                .workspace = r->workspace,
                .hooks = r->hooks,
                .layer = r->layer,
                .first = first};
  p.c = (vit_chunk){
      .tokens = r->tokens + first * VIT_LAYER_FEATURES, .images = end - first, .rows = (end - first) * VIT_TOKENS};
  lay_out(&p);
  if (r->layer == 0) vit_embed_chunk(&p, r->pixels + first * VIT_PIXELS);
  vit_run_block(&p, &network->blocks[r->layer],
                &network->blocks[more ? r->layer : (r->layer + 1) % VIT_LAYERS].matrix[QKV]);
}

/* Piece `index` of a block: a chunk or, after the chunks, a piece of the work beside. */
static void run_piece(void *user, size_t index, size_t rank) {
  const run *r = user;
  if (index >= r->chunks) {
    r->hooks->beside(r->hooks->user, index - r->chunks, rank);
    return;
  }
  la_gemm_begin(r->network->gemm);
  run_chunk(r, NULL, rank, r->images * index / r->chunks, r->images * (index + 1) / r->chunks,
            index + r->threads < r->chunks);
  la_gemm_end(r->network->gemm);
}

void vit_network_run(const vit_network *network, const uint8_t *pixels, size_t images, base_team *team, void *workspace,
                     float *tokens, const vit_hooks *hooks) {
  const size_t threads = base_team_size(team);
  const size_t most = vit_chunk_images(network->gemm);
  run r = {network, pixels, images, (images + most - 1) / most, threads, workspace, tokens, hooks, 0};
  /* as many chunks as a multiple of the threads, so that none waits for the last one */
  r.chunks = (r.chunks + threads - 1) / threads * threads;
  if (r.chunks > images) r.chunks = images;
  const bool together = images < threads;
  if (together) r.chunks = 0;
  for (; r.layer < VIT_LAYERS; r.layer++) {
    if (hooks->goes_on && !hooks->goes_on(hooks->user)) return;
    for (size_t i = 0; i < images && together; i++) run_chunk(&r, team, 0, i, i + 1, i + 1 < images);
    const size_t beside = hooks->begin_beside ? hooks->begin_beside(hooks->user, r.layer) : 0;
    base_team_share(team, r.chunks + beside, run_piece, &r);
    if (hooks->after_block) hooks->after_block(hooks->user, team, r.layer, tokens);
  }
}
