#include "model/project.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"

berg_status model_projection_init(model_projection *projection, const la_kernels *kernels, const model_fitted *fitted,
                                  size_t images, int threads, berg_error *error) {
  *projection = (model_projection){.kernels = kernels, .fitted = fitted};
  projection->segments = (fitted->tokens + PROJECT_TOKENS - 1) / PROJECT_TOKENS;
  projection->thread_floats = images * (VIT_CHANNELS + la_arranged_width(fitted->components));
  projection->sums = base_alloc(projection->segments * images * fitted->components, sizeof(double), error);
  projection->thread_memory = base_alloc((size_t)threads * projection->thread_floats, sizeof(float), error);
  if (projection->sums && projection->thread_memory) return BERG_OK;
  model_projection_release(projection);
  return BERG_ELIMIT;
}

void model_projection_release(model_projection *projection) {
  base_free(projection->sums);
  base_free(projection->thread_memory);
  memset(projection, 0, sizeof *projection);
}

void model_projection_start(model_projection *projection, size_t images) {
  projection->images = images;
  memset(projection->sums, 0, projection->segments * images * projection->fitted->components * sizeof(double));
}

/* Token by token: the standardised features of 100 images are 300 KB, which the second cache holds beside the components'
 * strips. Five tokens at once (1.5 MB) multiplied a third slower. */
static void add_segment(const model_projection *projection, size_t layer, size_t segment, const float *tokens,
                        float *memory) {
  const model_fitted *fitted = projection->fitted;
  const size_t images = projection->images, k = fitted->components;
  const size_t end = (segment + 1) * PROJECT_TOKENS < fitted->tokens ? (segment + 1) * PROJECT_TOKENS : fitted->tokens;
  float *standardised = memory, *products = memory + images * VIT_CHANNELS;
  double *sums = projection->sums + segment * images * k;
  for (size_t token = segment * PROJECT_TOKENS; token < end; token++) {
    const size_t within = token * VIT_CHANNELS, feature = layer * fitted->tokens * VIT_CHANNELS + within;
    for (size_t i = 0; i < images; i++)
      projection->kernels->standardise(tokens + i * VIT_LAYER_FEATURES + within, fitted->centre_high + feature,
                                       fitted->centre_low + feature, fitted->reciprocal + feature, VIT_CHANNELS,
                                       standardised + i * VIT_CHANNELS);
    projection->kernels->dot_rows(standardised, VIT_CHANNELS, images,
                                  (const char *)fitted->directions + feature * sizeof(float), fitted->direction_bytes,
                                  k, VIT_CHANNELS, products, k, NULL);
    for (size_t i = 0; i < images * k; i++) sums[i] += products[i];
  }
}

void model_projection_add(model_projection *projection, size_t layer, const float *tokens) {
  float *memory = projection->thread_memory + (size_t)omp_get_thread_num() * projection->thread_floats;
#pragma omp for schedule(dynamic, 1)
  for (int segment = 0; segment < (int)projection->segments; segment++)
    add_segment(projection, layer, (size_t)segment, tokens, memory);
}

void model_projection_finish(const model_projection *projection, float *scores) {
  const size_t k = projection->fitted->components, width = la_arranged_width(k);
  float *row = projection->thread_memory; /* [k] fits: free between batches */
  for (size_t i = 0; i < projection->images; i++) {
    for (size_t j = 0; j < k; j++) {
      double sum = 0;
      for (size_t s = 0; s < projection->segments; s++) sum += projection->sums[(s * projection->images + i) * k + j];
      row[j] = (float)sum;
    }
    la_arrange_row(row, k, scores + i * width);
  }
}
