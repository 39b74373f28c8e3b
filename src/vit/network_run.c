/* The way of an image: pixels -> patches -> tokens -> twelve times (attention, MLP).
 *
 * With at least as many images as threads, each thread takes chunks of up to three images through a whole block, so that
 * what passes between the products stays in its own cache. With fewer, all threads share each image: panels of the
 * products, heads, and rows of the rest. Both give the same bits, because no sum is ever split. */
#include <omp.h>

#include "vit/network_stages.h"
#include "vit/preprocess.h"

/* --- Workspace: for each thread one chunk and one thread_memory --- */

#define NARROW_BYTES (CHUNK_ROWS * VIT_CHANNELS * sizeof(float))
#define WIDE_BYTES (CHUNK_ROWS * VIT_HIDDEN * sizeof(float))
#define OPERAND_BYTES (OPERAND_ROWS * VIT_CHANNELS * 2)
#define SCALE_BYTES ((OPERAND_ROWS * sizeof(float) + 63) / 64 * 64)
#define CHUNK_BYTES (NARROW_BYTES + WIDE_BYTES + OPERAND_BYTES + SCALE_BYTES)
#define THREAD_BYTES (CHUNK_BYTES + LA_BUFFER_BYTES + VIT_ATTENTION_SCRATCH)

size_t vit_network_workspace(int threads) { return (size_t)threads * THREAD_BYTES; }

static void lay_out(char *workspace, size_t owner, size_t rank, vit_chunk *c, vit_thread_memory *own) {
  char *at = workspace + owner * THREAD_BYTES;
  c->narrow = (float *)(void *)at;
  c->wide = (float *)(void *)(at += NARROW_BYTES);
  c->operand = at += WIDE_BYTES;
  c->scale = (float *)(void *)(at + OPERAND_BYTES);
  at = workspace + rank * THREAD_BYTES + CHUNK_BYTES;
  own->buffer = (float *)(void *)at;
  own->attention = (float *)(void *)(at + LA_BUFFER_BYTES);
}

/* --- The run --- */

/* Images [first, end) through block `layer`. `more`: another chunk follows, else the next block. */
static void run_chunk(const vit_network *network, vit_team t, char *workspace, const uint8_t *pixels, float *tokens,
                      size_t first, size_t end, size_t layer, bool more, const vit_hooks *hooks) {
  vit_pass p = {.network = network, .team = t, .hooks = hooks, .layer = layer, .first = first};
  p.c = (vit_chunk){
      .tokens = tokens + first * VIT_LAYER_FEATURES, .images = end - first, .rows = (end - first) * VIT_TOKENS};
  lay_out(workspace, t.size > 1 ? 0 : (size_t)omp_get_thread_num(), (size_t)omp_get_thread_num(), &p.c, &p.own);
  if (layer == 0) vit_embed_chunk(&p, pixels + first * VIT_PIXELS);
  vit_run_block(&p, &network->blocks[layer], &network->blocks[more ? layer : (layer + 1) % VIT_LAYERS].matrix[QKV]);
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
          run_chunk(network, (vit_team){rank, size}, workspace, pixels, tokens, i, i + 1, layer, i + 1 < images, hooks);
      } else {
#pragma omp for schedule(dynamic, 1) nowait
        for (size_t i = 0; i < chunks; i++)
          run_chunk(network, (vit_team){0, 1}, workspace, pixels, tokens, images * i / chunks,
                    images * (i + 1) / chunks, layer, i + size < chunks, hooks);
      }
      if (hooks->meanwhile) hooks->meanwhile(hooks->user, layer);
#pragma omp barrier
      if (hooks->after_block) hooks->after_block(hooks->user, layer, tokens);
#pragma omp barrier
    }
  }
}
