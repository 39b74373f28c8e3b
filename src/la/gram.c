#include "la/gram.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"

/* 192 x 192 tiles multiply at the rate of the network's own products (K = 3,840: 98 to 103 % of la_rate_products, m and panel
 * from 64 to 384 tried), 64 x 64 ones at 94 %, and waste less where there are few rows. */
#define LARGE_TILE 192
#define SMALL_TILE 64
#define LARGE_ROWS 1152

struct la_gram {
  la_engine *engine;
  size_t rows, tile, width;
  int threads;
  double *values;       /* [rows][rows] */
  float *packed;        /* each thread: [tile][width] */
  float *products;      /* each thread: [tile][tile] */
  char *scratch;        /* each thread */
  size_t scratch_bytes; /* of one */
};

static size_t tile_for(size_t rows) { return rows < LARGE_ROWS ? SMALL_TILE : LARGE_TILE; }

size_t la_gram_padded_rows(size_t rows) {
  const size_t tile = tile_for(rows);
  return (rows + tile - 1) / tile * tile;
}

size_t la_gram_memory(size_t rows, size_t width, int threads) {
  const size_t tile = tile_for(rows);
  return rows * rows * sizeof(double) + (size_t)threads * tile * (la_padded(width) + tile) * sizeof(float);
}

berg_status la_gram_new(la_gram **out, la_engine *engine, size_t rows, size_t width, int threads, berg_error *error) {
  *out = NULL;
  la_gram *gram = base_calloc(1, sizeof *gram, error);
  if (!gram) return BERG_ELIMIT;
  *gram =
      (la_gram){.engine = engine, .rows = rows, .tile = tile_for(rows), .width = la_padded(width), .threads = threads};
  const size_t team = (size_t)threads;
  size_t count;
  berg_status status = la_engine_plan(engine, gram->tile, gram->width, gram->tile, error);
  gram->values = !status && base_multiply(rows, rows, &count) ? base_alloc_large(count, sizeof(double), error) : NULL;
  gram->packed = base_alloc_large(team * gram->tile, gram->width * sizeof(float), error);
  gram->products = base_alloc(team * gram->tile * gram->tile, sizeof(float), error);
  if (!status && !(gram->values && gram->packed && gram->products)) status = base_fail_memory(error, rows * rows * 8);
  if (status) {
    la_gram_free(gram);
    return status;
  }
  memset(gram->values, 0, rows * rows * sizeof(double));
  *out = gram;
  return BERG_OK;
}

void la_gram_free(la_gram *gram) {
  if (!gram) return;
  base_free_large(gram->values);
  base_free_large(gram->packed);
  base_free(gram->products);
  base_free(gram->scratch);
  base_free(gram);
}

double *la_gram_values(la_gram *gram) { return gram->values; }

/* Shapes may have been planned since, here and elsewhere. */
static berg_status make_scratch(la_gram *gram, berg_error *error) {
  const size_t bytes = (la_engine_scratch(gram->engine) + BASE_ALIGNMENT) / BASE_ALIGNMENT * BASE_ALIGNMENT;
  if (bytes <= gram->scratch_bytes) return BERG_OK;
  base_free(gram->scratch);
  gram->scratch_bytes = 0;
  gram->scratch = base_alloc((size_t)gram->threads, bytes, error);
  if (!gram->scratch) return BERG_ELIMIT;
  gram->scratch_bytes = bytes;
  return BERG_OK;
}

/* Adds what lies within the matrix and on or below its diagonal. */
static void add_tile(la_gram *gram, size_t i, size_t j, const float *products) {
  const size_t tile = gram->tile, top = i * tile, left = j * tile;
  for (size_t r = 0; r < tile && top + r < gram->rows; r++) {
    double *to = gram->values + (top + r) * gram->rows + left;
    const float *from = products + r * tile;
    const size_t count = i == j ? r + 1 : tile;
    for (size_t c = 0; c < count; c++) to[c] += from[c];
  }
}

berg_status la_gram_add(la_gram *gram, const float *panel, size_t columns, berg_error *error) {
  const size_t tile = gram->tile, k = la_padded(columns), tiles = la_gram_padded_rows(gram->rows) / tile;
  const la_old_matrix matrix = {panel, tiles * tile, k, tile, NULL};
  berg_status status = la_engine_plan(gram->engine, tile, k, tile, error);
  if (!status) status = make_scratch(gram, error);
  if (status) return status;
  bool done = true;
#pragma omp parallel num_threads(gram->threads) reduction(&& : done)
  {
    la_engine_enter_thread();
    const size_t rank = (size_t)omp_get_thread_num();
    float *packed = gram->packed + rank * tile * gram->width, *products = gram->products + rank * tile * tile;
    char *scratch = gram->scratch + rank * gram->scratch_bytes;
    const la_old_matrix one = {NULL, tile, k, tile, packed};
#pragma omp for schedule(dynamic, 1)
    for (size_t j = 0; j < tiles; j++) { /* the longest strips of tiles first */
      done = la_pack_panel(gram->engine, &matrix, j, packed, NULL) == BERG_OK && done;
      for (size_t i = j; i < tiles && done; i++) {
        done = la_old_product(gram->engine, tile, &one, 0, panel + i * tile * k, products, scratch);
        if (done) add_tile(gram, i, j, products);
      }
    }
  }
  return done ? BERG_OK : base_fail(error, BERG_EINTERNAL, "oneDNN could not multiply rows of %zu numbers", k);
}

void la_gram_mirror(la_gram *gram) {
  const size_t n = gram->rows, block = SMALL_TILE;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gram->threads)
  for (size_t top = 0; top < n; top += block)
    for (size_t left = 0; left <= top; left += block)
      for (size_t i = top; i < n && i < top + block; i++)
        for (size_t j = left; j < i && j < left + block; j++) gram->values[j * n + i] = gram->values[i * n + j];
}
