/* cuda_rates - how fast a plug-in encodes, beside what its device could do: JSON.
 *
 *     cuda_rates PLUGIN SECONDS IMAGES COLUMNS ROI_COLUMNS
 *
 * A random network, 250 random components, COLUMNS random voxels; IMAGES at a time in pinned memory as uint8, responses
 * back in pinned memory. For each precision, in turns: the product rate, the rates of copying, encoding. Exit status: 0
 * done, 1 failed. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "base/threads.h"
#include "cuda/plugin.h"
#include "vit/preprocess.h"
#include "vit/weights.h"

#define COMPONENTS 250
#define TURNS 5
/* docs/PERFORMANCE.md: of one image, network and components; a column takes 2 * 250 more. */
#define IMAGE_FLOP (8.82e9 + 0.23e9)

typedef struct measurement {
  const cuda_plugin *plugin;
  vit_weights weights;
  cuda_subject subject;
  uint8_t *pixels;
  float *responses;
  size_t images;
  double seconds;
} measurement;

static int fail(const char *what, const char *why) {
  fprintf(stderr, "cuda_rates: %s: %s\n", what, why);
  return 1;
}

static float *numbers(size_t count, float middle, float spread) {
  float *list = malloc((count ? count : 1) * sizeof *list);
  unsigned seed = 1;
  for (size_t i = 0; list && i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    list[i] = middle + spread * ((float)(seed >> 8) / (1 << 23) - 1);
  }
  return list;
}

static int prepare(measurement *m, size_t columns) {
  const size_t features = VIT_FEATURES;
  float *directions = numbers(COMPONENTS * features, 0, 1e-3f), *coefficients = numbers(columns * COMPONENTS, 0, 1);
  m->subject = (cuda_subject){.tokens = VIT_TOKENS,
                              .components = COMPONENTS,
                              .columns = columns,
                              .centre_high = numbers(features, 0, 1),
                              .centre_low = numbers(features, 0, 1e-8f),
                              .reciprocal = numbers(features, 1, 0.5f),
                              .directions = directions,
                              .direction_bytes = features * sizeof(float),
                              .coefficients = coefficients,
                              .coefficient_bytes = COMPONENTS * sizeof(float),
                              .intercepts = numbers(columns, 0, 1)};
  m->pixels = m->plugin->pinned(m->images * VIT_PIXELS);
  m->responses = m->plugin->pinned(m->images * columns * sizeof(float));
  if (!m->pixels || !m->responses || !directions || !coefficients) return fail("memory", "could not be allocated");
  for (size_t i = 0; i < m->images * VIT_PIXELS; i++) m->pixels[i] = (uint8_t)(i * 2654435761u >> 24);
  return vit_weights_random(&m->weights, 1, base_threads_for(0), NULL) != BERG_OK;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double list[TURNS]) {
  qsort(list, TURNS, sizeof *list, ascending);
  return list[TURNS / 2];
}

static int encode_once(const measurement *m, cuda_session *session, size_t columns, double *rate) {
  const cuda_batch batch = {
      .pixels = m->pixels, .images = m->images, .responses = m->responses, .response_ld = columns};
  cuda_fault fault = {.text = ""};
  size_t images = 0;
  const double start = base_machine_seconds();
  double passed = 0;
  while (passed < m->seconds) {
    if (m->plugin->run(session, &batch, &fault)) return fail("run", fault.text);
    images += m->images;
    passed = base_machine_seconds() - start;
  }
  *rate = (double)images / passed;
  return 0;
}

static int measure(const measurement *m, cuda_precision precision, const char *name, size_t columns, bool last) {
  cuda_subject subject = m->subject;
  subject.columns = columns;
  const cuda_model model = {.precision = precision,
                            .tensors = m->weights.tensor,
                            .tensor_count = VIT_TENSORS,
                            .subjects = &subject,
                            .subject_count = 1};
  cuda_fault fault = {.text = ""};
  cuda_session *session;
  cuda_session_facts facts;
  double images[TURNS], products[TURNS], download[TURNS], upload[TURNS], share[TURNS];
  if (m->plugin->open(&session, &model, &fault)) return fail("open", fault.text);
  m->plugin->facts(session, &facts);
  int failed = encode_once(m, session, columns, images);
  for (int t = 0; t < TURNS && !failed; t++) {
    cuda_rates rates;
    if (m->plugin->rates(0, precision, m->seconds, &rates, &fault)) failed = fail("rates", fault.text);
    if (!failed) failed = encode_once(m, session, columns, &images[t]);
    products[t] = rates.products, download[t] = rates.download, upload[t] = rates.upload;
    share[t] = images[t] * (IMAGE_FLOP + 2.0 * COMPONENTS * (double)columns) / rates.products;
  }
  m->plugin->close(session);
  if (failed) return failed;
  const double limit = median(download) / (4.0 * (double)columns);
  printf(
      "  {\"precision\": \"%s\", \"columns\": %zu, \"chunk\": %zu, \"device_memory_bytes\": %zu, "
      "\"images_per_second\": %.1f,\n   \"product_flops\": %.4g, \"share_of_products\": %.3f, \"upload_bytes\": %.4g, "
      "\"download_bytes\": %.4g, \"copy_back_images_per_second\": %.1f, \"by\": \"%s\"}%s\n",
      name, columns, facts.chunk, facts.device_memory, median(images), median(products), median(share), median(upload),
      median(download), limit, facts.products, last ? "" : ",");
  return 0;
}

int main(int argc, char **argv) {
  cuda_plugin_function table;
  cuda_device device;
  cuda_fault fault = {.text = ""};
  measurement m = {.images = argc == 6 ? strtoul(argv[3], NULL, 10) : 0};
  if (!m.images) return fail("usage", "cuda_rates PLUGIN SECONDS IMAGES COLUMNS ROI_COLUMNS");
  const size_t columns[2] = {strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10)};
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) return fail("plug-in", dlerror());
  *(void **)&table = dlsym(library, CUDA_PLUGIN_SYMBOL);
  if (!table || (m.plugin = table())->abi != CUDA_PLUGIN_ABI) return fail(argv[1], "not a plug-in of this version");
  m.seconds = atof(argv[2]);
  if (m.plugin->describe(0, &device, &fault)) return fail("device", fault.text);
  if (prepare(&m, columns[0])) return 1;
  printf("{\"device\": \"%s\", \"build\": \"%s\", \"rates\": [\n", device.name, m.plugin->build);
  static const char *const names[] = {"f32", "tf32", "bf16"};
  int failed = 0;
  for (int p = CUDA_F32; p <= CUDA_BF16 && !failed; p++)
    for (int c = 0; c < 2 && !failed; c++)
      failed = measure(&m, (cuda_precision)p, names[p], columns[c], p == CUDA_BF16 && c);
  printf("]}\n");
  return failed;
}
