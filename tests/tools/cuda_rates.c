/* cuda_rates - how fast a plug-in computes, beside what its device could do: JSON, and lines to read on standard error.
 *
 *     cuda_rates PLUGIN SECONDS TURNS IMAGES f32|tf32|bf16 COLUMNS...    encoding, once for each COLUMNS
 *     cuda_rates PLUGIN SECONDS TURNS IMAGES training ROWS WIDTH         features; Gram matrix of panels [ROWS][WIDTH]
 *
 * A random network, 250 random components, COLUMNS random voxels; IMAGES at a time in pinned memory as uint8, responses
 * back in pinned memory. In turns: the product rate, the rates of copying, the work; medians of TURNS, each of SECONDS.
 * Exit status: 0 done, 1 failed. */
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
#define MOST_TURNS 99
/* docs/PERFORMANCE.md: of one image, network and components; a column takes 2 * 250 more. */
#define NETWORK_FLOP 8.82e9
#define IMAGE_FLOP (NETWORK_FLOP + 0.23e9)

typedef struct measurement {
  const cuda_plugin *plugin;
  vit_weights weights;
  cuda_subject subject;
  uint8_t *pixels;
  float *responses;
  size_t images, turns;
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

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *list, size_t count) {
  qsort(list, count, sizeof *list, ascending);
  return list[count / 2];
}

/* --- What is measured: one turn of it, and how often in all that time --- */

typedef int (*task)(const measurement *m, void *user);

typedef struct rates {
  double done, share; /* a second; of the product rate, in the turn that measured both */
  double products, upload, download;
} rates;

static int repeat(const measurement *m, task once, void *user, double *rate) {
  size_t times = 0;
  const double start = base_machine_seconds();
  double passed = 0;
  do {
    if (once(m, user)) return 1;
    times++;
    passed = base_machine_seconds() - start;
  } while (passed < m->seconds);
  *rate = (double)times / passed;
  return 0;
}

/* `flop` of one piece of work. */
static int in_turns(const measurement *m, cuda_precision precision, task once, void *user, double flop, rates *out) {
  double done[MOST_TURNS], share[MOST_TURNS], products[MOST_TURNS], upload[MOST_TURNS], download[MOST_TURNS];
  cuda_fault fault = {.text = ""};
  if (once(m, user)) return 1; /* loads code, fills caches */
  for (size_t t = 0; t < m->turns; t++) {
    cuda_rates device;
    if (m->plugin->rates(0, precision, m->seconds, &device, &fault)) return fail("rates", fault.text);
    if (repeat(m, once, user, &done[t])) return 1;
    products[t] = device.products, download[t] = device.download, upload[t] = device.upload;
    share[t] = done[t] * flop / device.products;
  }
  *out = (rates){median(done, m->turns), median(share, m->turns), median(products, m->turns), median(upload, m->turns),
                 median(download, m->turns)};
  return 0;
}

/* --- Encoding --- */

typedef struct encoding {
  cuda_session *session;
  cuda_batch batch;
} encoding;

static int encode(const measurement *m, void *user) {
  encoding *e = user;
  cuda_fault fault = {.text = ""};
  return m->plugin->run(e->session, &e->batch, &fault) ? fail("run", fault.text) : 0;
}

static int prepare_subject(measurement *m, size_t columns) {
  const size_t features = VIT_FEATURES;
  float *directions = numbers(COMPONENTS * features, 0, 1e-3f), *coefficients = numbers(columns * COMPONENTS, 0, 1);
  m->subject = (cuda_subject){.tokens = VIT_TOKENS,
                              .components = COMPONENTS,
                              .centre_high = numbers(features, 0, 1),
                              .centre_low = numbers(features, 0, 1e-8f),
                              .reciprocal = numbers(features, 1, 0.5f),
                              .directions = directions,
                              .direction_bytes = features * sizeof(float),
                              .coefficients = coefficients,
                              .coefficient_bytes = COMPONENTS * sizeof(float),
                              .intercepts = numbers(columns, 0, 1)};
  m->responses = m->plugin->pinned(m->images * columns * sizeof(float));
  return m->responses && directions && coefficients ? 0 : fail("memory", "could not be allocated");
}

static int prepare_images(measurement *m) {
  m->pixels = m->plugin->pinned(m->images * VIT_PIXELS);
  if (!m->pixels) return fail("memory", "could not be allocated");
  for (size_t i = 0; i < m->images * VIT_PIXELS; i++) m->pixels[i] = (uint8_t)(i * 2654435761u >> 24);
  return vit_weights_random(&m->weights, 1, base_threads_for(0), NULL) != BERG_OK;
}

static int open_session(const measurement *m, cuda_precision precision, const cuda_subject *subject, encoding *e,
                        cuda_session_facts *facts) {
  const cuda_model model = {.precision = precision,
                            .tensors = m->weights.tensor,
                            .tensor_count = VIT_TENSORS,
                            .subjects = subject,
                            .subject_count = subject ? 1 : 0};
  cuda_fault fault = {.text = ""};
  if (m->plugin->open(&e->session, &model, &fault)) return fail("open", fault.text);
  m->plugin->facts(e->session, facts);
  return 0;
}

static int measure_encoding(const measurement *m, cuda_precision precision, const char *name, size_t columns,
                            bool first) {
  cuda_subject subject = m->subject;
  encoding e = {.batch = {.pixels = m->pixels, .images = m->images, .responses = m->responses, .response_ld = columns}};
  cuda_session_facts facts;
  rates r = {0};
  subject.columns = columns;
  if (open_session(m, precision, &subject, &e, &facts)) return 1;
  const double flop = IMAGE_FLOP + 2.0 * COMPONENTS * (double)columns;
  const int failed = in_turns(m, precision, encode, &e, flop * (double)m->images, &r);
  m->plugin->close(e.session);
  if (failed) return failed;
  const double images = r.done * (double)m->images, limit = r.download / (4.0 * (double)columns);
  printf("%s  {\"precision\": \"%s\", \"columns\": %zu, \"chunk\": %zu, \"device_memory_bytes\": %zu, "
         "\"images_per_second\": %.1f,\n   \"product_flops\": %.4g, \"share_of_products\": %.3f, \"upload_bytes\": "
         "%.4g, \"download_bytes\": %.4g, \"copy_back_images_per_second\": %.1f, \"by\": \"%s\"}",
         first ? "" : ",\n", name, columns, facts.chunk, facts.device_memory, images, r.products, r.share, r.upload,
         r.download, limit, facts.products);
  fprintf(
      stderr,
      "figure: %s onto %zu columns: %.1f images/s, %.0f %% of %.4g TFLOP/s of products, copy-back would allow %.0f\n",
      name, columns, images, 100 * r.share, r.products / 1e12, limit);
  return 0;
}

static int encodings(measurement *m, const char *name, int count, char **columns) {
  static const char *const names[] = {"f32", "tf32", "bf16"};
  int failed = 0, precision = 0;
  size_t most = 0;
  while (precision < 3 && strcmp(names[precision], name)) precision++;
  if (precision == 3) return fail(name, "expected f32, tf32, bf16 or training");
  for (int i = 0; i < count; i++) {
    const size_t own = strtoul(columns[i], NULL, 10);
    if (own > most) most = own;
  }
  if (prepare_images(m) || prepare_subject(m, most)) return 1;
  for (int i = 0; i < count && !failed; i++)
    failed = measure_encoding(m, (cuda_precision)precision, name, strtoul(columns[i], NULL, 10), !i);
  return failed;
}

/* --- Training --- */

static int take_block(void *user, size_t layer, const float *tokens) {
  (void)layer, (void)tokens;
  ++*(size_t *)user;
  return 0;
}

static int features(measurement *m) {
  size_t blocks = 0;
  encoding e = {.batch = {.pixels = m->pixels, .block = take_block, .user = &blocks}};
  cuda_session_facts facts;
  rates r = {0};
  if (open_session(m, CUDA_F32, NULL, &e, &facts)) return 1;
  e.batch.images = facts.chunk < m->images ? facts.chunk : m->images;
  const double images = (double)e.batch.images;
  const int failed = in_turns(m, CUDA_F32, encode, &e, NETWORK_FLOP * images, &r);
  m->plugin->close(e.session);
  if (failed) return failed;
  printf("  {\"precision\": \"f32\", \"what\": \"features\", \"images_per_second\": %.1f, \"product_flops\": %.4g, "
         "\"share_of_products\": %.3f},\n",
         r.done * images, r.products, r.share);
  fprintf(stderr, "figure: features in f32, %zu at a time: %.1f images/s, %.0f %% of %.4g TFLOP/s of products\n",
          e.batch.images, r.done * images, 100 * r.share, r.products / 1e12);
  return 0;
}

typedef struct panel {
  cuda_gram *gram;
  const float *values;
  size_t width;
} panel;

static int add_panel(const measurement *m, void *user) {
  const panel *p = user;
  cuda_fault fault = {.text = ""};
  return m->plugin->gram_add(p->gram, p->values, p->width, p->width, &fault) ? fail("gram", fault.text) : 0;
}

static int gram(const measurement *m, size_t rows, size_t width) {
  panel p = {.values = numbers(rows * width, 0, 1), .width = width};
  cuda_fault fault = {.text = ""};
  rates r = {0};
  if (!p.values) return fail("memory", "could not be allocated");
  if (m->plugin->gram_open(&p.gram, 0, 0, rows, width, &fault)) return fail("gram", fault.text);
  /* the half of the products that the matrix needs */
  const double flop = (double)rows * (double)(rows + 1) * (double)width;
  const int failed = in_turns(m, CUDA_F32, add_panel, &p, flop, &r);
  m->plugin->gram_close(p.gram);
  free((void *)(uintptr_t)p.values);
  if (failed) return failed;
  printf("  {\"precision\": \"f32\", \"what\": \"gram\", \"rows\": %zu, \"width\": %zu, \"flops\": %.4g, "
         "\"product_flops\": %.4g, \"share_of_products\": %.3f}",
         rows, width, r.done * flop, r.products, r.share);
  fprintf(stderr, "figure: Gram matrix of %zu rows, panels of %zu: %.4g TFLOP/s, %.0f %% of %.4g of products\n", rows,
          width, r.done * flop / 1e12, 100 * r.share, r.products / 1e12);
  return 0;
}

int main(int argc, char **argv) {
  cuda_plugin_function table;
  cuda_device device;
  cuda_fault fault = {.text = ""};
  measurement m = {.seconds = argc > 2 ? atof(argv[2]) : 0};
  if (argc > 4) m.turns = strtoul(argv[3], NULL, 10), m.images = strtoul(argv[4], NULL, 10);
  if (argc < 7 || !m.images || !m.turns || m.turns > MOST_TURNS)
    return fail("usage", "cuda_rates PLUGIN SECONDS TURNS IMAGES f32|tf32|bf16 COLUMNS... | training ROWS WIDTH");
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) return fail("plug-in", dlerror());
  *(void **)&table = dlsym(library, CUDA_PLUGIN_SYMBOL);
  if (!table || (m.plugin = table())->abi != CUDA_PLUGIN_ABI) return fail(argv[1], "not a plug-in of this version");
  if (m.plugin->describe(0, &device, &fault)) return fail("device", fault.text);
  printf("{\"device\": \"%s\", \"build\": \"%s\", \"rates\": [\n", device.name, m.plugin->build);
  int failed;
  if (!strcmp(argv[5], "training") && argc == 8)
    failed = prepare_images(&m) || features(&m) || gram(&m, strtoul(argv[6], NULL, 10), strtoul(argv[7], NULL, 10));
  else
    failed = encodings(&m, argv[5], argc - 6, argv + 6);
  printf("\n]}\n");
  return failed;
}
