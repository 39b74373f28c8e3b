/* The plug-in for the host as a whole, loaded as the library loads it: the network against the library's own, scores
 * and responses against doubles, and everything that can go wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/host/control.h"
#include "model/encode/model.h"

#define IMAGES 3 /* a whole chunk and half of one */
#define PIXELS ((size_t)3 * 224 * 224)
#define COLUMNS (COLUMNS_1 + COLUMNS_2)
enum { K_1 = 7, COLUMNS_1 = 70, K_2 = 3, COLUMNS_2 = 33 };

static const cuda_plugin *plugin;
static cuda_host_control *control;
static vit_weights weights;
static uint8_t *pixels;  /* [IMAGES] */
static float *reference; /* [IMAGES][12][50][768] by the library in float32 */
static cuda_subject subjects[2];

static float number(unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)(*seed >> 8) / (1 << 23) - 1;
}

static float *numbers(size_t count, float middle, float spread, unsigned seed) {
  float *list = malloc(count * sizeof *list);
  assert_non_null(list);
  for (size_t i = 0; i < count; i++) list[i] = middle + spread * number(&seed);
  return list;
}

/* All tokens, or the class tokens alone. The directions have a stride, and lie at an odd address. */
static cuda_subject make_subject(size_t tokens, size_t components, size_t columns, unsigned seed) {
  const size_t features = VIT_LAYERS * tokens * VIT_CHANNELS, stride = (features + 3) * sizeof(float);
  float *aligned = numbers(components * (features + 3), 0, 0.01f, seed);
  char *directions = malloc(components * stride + 1);
  memcpy(directions + 1, aligned, components * stride);
  free(aligned);
  return (cuda_subject){.tokens = tokens,
                        .components = components,
                        .columns = columns,
                        .centre_high = numbers(features, 0, 0.5f, seed + 1),
                        .centre_low = numbers(features, 0, 1e-8f, seed + 2),
                        .reciprocal = numbers(features, 1.5f, 1, seed + 3),
                        .directions = directions + 1,
                        .direction_bytes = stride,
                        .coefficients = numbers(columns * components, 0, 1, seed + 4),
                        .coefficient_bytes = components * sizeof(float),
                        .intercepts = numbers(columns, 0, 1, seed + 5)};
}

static void free_subject(const cuda_subject *s) {
  free((void *)(uintptr_t)s->centre_high), free((void *)(uintptr_t)s->centre_low);
  free((void *)(uintptr_t)s->reciprocal), free((char *)(uintptr_t)s->directions - 1);
  free((void *)(uintptr_t)s->coefficients), free((void *)(uintptr_t)s->intercepts);
}

/* `images` of the library's own block outputs, [images][12][50][768], and the pixels that the network saw. */
static berg_status make_reference(void) {
  const size_t side = 256, bytes = IMAGES * 3 * side * side;
  uint8_t *pictures = malloc(bytes);
  berg_model *model = NULL;
  berg_stimuli *stimuli = NULL;
  unsigned seed = 77;
  for (size_t i = 0; i < bytes; i++) pictures[i] = (uint8_t)(127.5f * (number(&seed) + 1));
  const berg_array images = {.dtype = BERG_U8,
                             .itemsize = 1,
                             .ndim = 4,
                             .shape = {IMAGES, 3, side, side},
                             .strides = {(ptrdiff_t)(3 * side * side), (ptrdiff_t)(side * side), (ptrdiff_t)side, 1},
                             .data = pictures};
  berg_model_options options;
  berg_model_options_init(&options);
  options.backbone = "random:1", options.device = "cpu", options.threads = 2;
  berg_status status = model_open_network(&model, &options, NULL);
  if (!status) status = berg_stimuli_from_array(&stimuli, &images, BERG_NCHW, NULL);
  for (size_t i = 0; i < IMAGES && !status; i++) status = berg_stimuli_pixels(stimuli, i, pixels + i * PIXELS, NULL);
  if (!status) status = berg_encode_features(model, stimuli, reference, NULL, NULL);
  berg_stimuli_free(stimuli);
  berg_model_free(model);
  free(pictures);
  return status;
}

static int load(void **state) {
  cuda_plugin_function table;
  cuda_host_control_function controls;
  void *library = dlopen(CUDA_HOST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  (void)state;
  if (!library) return -1;
  *(void **)&table = dlsym(library, CUDA_PLUGIN_SYMBOL);
  *(void **)&controls = dlsym(library, CUDA_HOST_CONTROL_SYMBOL);
  plugin = table(), control = controls();
  pixels = malloc(IMAGES * PIXELS);
  reference = malloc(IMAGES * VIT_FEATURES * sizeof *reference);
  if (vit_weights_random(&weights, 1, 2, NULL) || make_reference()) return -1;
  subjects[0] = make_subject(VIT_TOKENS, K_1, COLUMNS_1, 100);
  subjects[1] = make_subject(1, K_2, COLUMNS_2, 200);
  return 0;
}

static int unload(void **state) {
  (void)state;
  free(pixels), free(reference);
  free_subject(&subjects[0]), free_subject(&subjects[1]);
  vit_weights_release(&weights);
  return control->memory_held != 0;
}

static int usual(void **state) {
  const size_t held = control->memory_held;
  (void)state;
  *control = (cuda_host_control){.devices = 1, .major = 9, .seed = 1, .memory_held = held};
  return 0;
}

static cuda_session *open_session(cuda_precision precision, size_t subject_count) {
  const cuda_model model = {.precision = precision,
                            .tensors = weights.tensor,
                            .tensor_count = VIT_TENSORS,
                            .subjects = subjects,
                            .subject_count = subject_count};
  cuda_session *session;
  cuda_fault fault = {.text = ""};
  if (plugin->open(&session, &model, &fault)) fail_msg("%s", fault.text);
  return session;
}

/* --- Block outputs --- */

typedef struct block_sink {
  float *features; /* [images][12][50][768] of the images of this run */
  size_t images, next, stop_at;
} block_sink;

static int take_block(void *user, size_t layer, const float *tokens) {
  block_sink *sink = user;
  assert_int_equal(layer, sink->next++);
  if (layer == sink->stop_at) return 1;
  for (size_t i = 0; i < sink->images; i++)
    memcpy(sink->features + (i * VIT_LAYERS + layer) * VIT_LAYER_FEATURES, tokens + i * VIT_LAYER_FEATURES,
           VIT_LAYER_FEATURES * sizeof *tokens);
  return 0;
}

/* Chunk by chunk, as the library asks for them. */
static float *all_features(cuda_session *session) {
  float *features = malloc(IMAGES * VIT_FEATURES * sizeof *features);
  cuda_session_facts facts;
  cuda_fault fault = {.text = ""};
  plugin->facts(session, &facts);
  for (size_t first = 0; first < IMAGES; first += facts.chunk) {
    const size_t images = IMAGES - first < facts.chunk ? IMAGES - first : facts.chunk;
    block_sink sink = {features + first * VIT_FEATURES, images, 0, VIT_LAYERS};
    const cuda_batch batch = {.pixels = pixels + first * PIXELS, .images = images, .block = take_block, .user = &sink};
    if (plugin->run(session, &batch, &fault)) fail_msg("%s", fault.text);
    assert_int_equal(sink.next, VIT_LAYERS);
  }
  return features;
}

static double relative_error(const float *found, size_t layer) {
  double error = 0, size = 0;
  for (size_t i = 0; i < IMAGES; i++)
    for (size_t f = 0; f < VIT_LAYER_FEATURES; f++) {
      const size_t at = (i * VIT_LAYERS + layer) * VIT_LAYER_FEATURES + f;
      error += pow((double)found[at] - reference[at], 2), size += pow(reference[at], 2);
    }
  return sqrt(error / size);
}

static void check_features(const float *features, cuda_precision precision) {
  const double limit[] = {[CUDA_F32] = 3e-6, [CUDA_TF32] = 3e-3, [CUDA_BF16] = 2e-2};
  for (size_t layer = 0; layer < VIT_LAYERS; layer++) {
    const double error = relative_error(features, layer);
    if (layer == 0 || layer == VIT_LAYERS - 1)
      print_message("precision %d, block %zu: relative error %.2g\n", precision, layer, error);
    assert_true(error < limit[precision]);
  }
}

/* --- Scores and responses --- */

typedef struct results {
  float *responses; /* [IMAGES][COLUMNS] */
  float *scores[2]; /* [IMAGES][K + 1] */
} results;

static void free_results(results *r) { free(r->responses), free(r->scores[0]), free(r->scores[1]); }

/* In batches of `batch` images; through pinned memory of the caller's or not. */
static results run_all(cuda_session *session, size_t images_at_once, bool pinned) {
  const size_t ld[2] = {K_1 + 1, K_2 + 1};
  results r = {calloc(IMAGES * COLUMNS, 4), {calloc(IMAGES * ld[0], 4), calloc(IMAGES * ld[1], 4)}};
  cuda_fault fault = {.text = ""};
  for (size_t first = 0; first < IMAGES; first += images_at_once) {
    const size_t images = IMAGES - first < images_at_once ? IMAGES - first : images_at_once;
    uint8_t *in = pinned ? plugin->pinned(images * PIXELS) : pixels + first * PIXELS;
    float *out = pinned ? plugin->pinned(images * COLUMNS * sizeof *out) : r.responses + first * COLUMNS;
    float *const scores[2] = {r.scores[0] + first * ld[0], r.scores[1] + first * ld[1]};
    if (pinned) memcpy(in, pixels + first * PIXELS, images * PIXELS);
    const cuda_batch batch = {
        .pixels = in, .images = images, .responses = out, .response_ld = COLUMNS, .scores = scores, .score_ld = ld};
    if (plugin->run(session, &batch, &fault)) fail_msg("%s", fault.text);
    if (!pinned) continue;
    memcpy(r.responses + first * COLUMNS, out, images * COLUMNS * sizeof *out);
    plugin->unpin(in), plugin->unpin(out);
  }
  return r;
}

/* From the block outputs that the session itself gives, in double. */
static void check_results(const results *r, const float *features, double tolerance) {
  for (size_t s = 0, first_column = 0; s < 2; first_column += subjects[s++].columns) {
    const cuda_subject *of = &subjects[s];
    const size_t width = of->tokens * VIT_CHANNELS, k = of->components;
    double worst_score = 0, worst_response = 0, size = 0;
    for (size_t i = 0; i < IMAGES; i++) {
      double score[K_1 + K_2];
      for (size_t c = 0; c < k; c++) {
        const char *direction = (const char *)of->directions + c * of->direction_bytes;
        score[c] = 0;
        for (size_t f = 0; f < VIT_LAYERS * width; f++) {
          const float x = features[(i * VIT_LAYERS + f / width) * VIT_LAYER_FEATURES + f % width];
          const double centre = (double)of->centre_high[f] + of->centre_low[f];
          float d;
          memcpy(&d, direction + f * sizeof d, sizeof d);
          score[c] += (x - centre) * of->reciprocal[f] * d;
        }
        const double error = fabs(score[c] - r->scores[s][i * (k + 1) + c]);
        if (error > worst_score) worst_score = error;
        if (fabs(score[c]) > size) size = fabs(score[c]);
        assert_true(r->scores[s][i * (k + 1) + k] == 0); /* between the rows nothing is written */
      }
      for (size_t v = 0; v < of->columns; v++) {
        const float *row = (const float *)of->coefficients + v * k;
        double response = of->intercepts[v];
        for (size_t c = 0; c < k; c++) response += row[c] * score[c];
        const double error = fabs(response - r->responses[i * COLUMNS + first_column + v]);
        if (error > worst_response) worst_response = error;
      }
    }
    print_message("subject %zu: scores up to %.3g, errors %.2g and %.2g\n", s, size, worst_score, worst_response);
    assert_true(worst_score < tolerance * size && worst_response < 4 * tolerance * size);
  }
}

static void features_scores_responses(void **state) {
  const double tolerance[] = {[CUDA_F32] = 2e-6, [CUDA_TF32] = 1e-3, [CUDA_BF16] = 1e-2};
  (void)state;
  for (cuda_precision precision = CUDA_F32; precision <= CUDA_BF16; precision++) {
    cuda_session *session = open_session(precision, 2);
    float *features = all_features(session);
    check_features(features, precision);
    results r = run_all(session, IMAGES, false);
    check_results(&r, features, tolerance[precision]);
    free(features), free_results(&r);
    plugin->close(session);
  }
}

static void assert_same(const results *a, const results *b) {
  assert_memory_equal(a->responses, b->responses, IMAGES * COLUMNS * sizeof(float));
  assert_memory_equal(a->scores[0], b->scores[0], IMAGES * (K_1 + 1) * sizeof(float));
  assert_memory_equal(a->scores[1], b->scores[1], IMAGES * (K_2 + 1) * sizeof(float));
}

/* Whatever the batch, the chunk, the caller's memory, and whichever stream is ahead of the others. */
static void the_same_bits(void **state) {
  cuda_session *session = open_session(CUDA_F32, 2);
  results first = run_all(session, IMAGES, false), pinned = run_all(session, 2, true);
  (void)state;
  assert_same(&first, &pinned);
  plugin->close(session);
  control->chunk = 1;
  session = open_session(CUDA_F32, 2);
  for (int way = 0; way < 4; way++) {
    control->streams = way ? CUDA_RANDOM : CUDA_EAGER;
    control->seed = (uint64_t)way;
    results other = run_all(session, IMAGES, way == 3);
    assert_same(&first, &other);
    free_results(&other);
  }
  float *random = all_features(session), *eager;
  plugin->close(session);
  control->chunk = 0, control->streams = CUDA_EAGER;
  session = open_session(CUDA_F32, 2);
  eager = all_features(session);
  assert_memory_equal(eager, random, IMAGES * VIT_FEATURES * sizeof *eager);
  plugin->close(session);
  free(eager), free(random), free_results(&first), free_results(&pinned);
}

/* --- What can go wrong --- */

static cuda_status try_open(cuda_precision precision, size_t memory, cuda_session **session, cuda_fault *fault) {
  const cuda_model model = {.precision = precision,
                            .memory = memory,
                            .tensors = weights.tensor,
                            .tensor_count = VIT_TENSORS,
                            .subjects = subjects,
                            .subject_count = 2};
  return plugin->open(session, &model, fault);
}

static void too_little_memory(void **state) {
  cuda_session *session;
  cuda_session_facts facts;
  cuda_fault fault;
  (void)state;
  session = open_session(CUDA_F32, 2);
  plugin->facts(session, &facts);
  const size_t whole = facts.device_memory;
  assert_int_equal(facts.chunk, 2);
  assert_true(whole < control->memory_held);
  plugin->close(session);
  assert_int_equal(control->memory_held, 0);
  /* one image at a time needs some megabytes less than two; the reserve is 64 MB */
  assert_int_equal(try_open(CUDA_F32, whole + ((size_t)63 << 20), &session, &fault), CUDA_DONE);
  plugin->facts(session, &facts);
  assert_int_equal(facts.chunk, 1);
  plugin->close(session);
  control->memory = whole - ((size_t)16 << 20);
  assert_int_equal(try_open(CUDA_F32, 0, &session, &fault), CUDA_NO_MEMORY);
  assert_null(session);
  assert_non_null(strstr(fault.text, "one image at a time needs"));
  assert_non_null(strstr(fault.text, "precision bf16 would fit"));
  assert_null(strchr(fault.text, '\n'));
  assert_int_equal(try_open(CUDA_BF16, (size_t)100 << 20, &session, &fault), CUDA_NO_MEMORY);
  assert_null(strstr(fault.text, "precision bf16"));
  assert_int_equal(control->memory_held, 0);
}

static void devices_that_do_not_serve(void **state) {
  cuda_session *session;
  cuda_fault fault;
  (void)state;
  control->devices = 0;
  assert_int_equal(try_open(CUDA_F32, 0, &session, &fault), CUDA_NO_DEVICE);
  control->devices = 1, control->major = 7;
  assert_int_equal(try_open(CUDA_F32, 0, &session, &fault), CUDA_NO_DEVICE);
  assert_non_null(strstr(fault.text, "too old"));
  assert_int_equal(control->memory_held, 0);
}

/* Operation after operation fails; every time there is one line, and nothing is left behind. */
static void each_operation_fails(void **state) {
  size_t failed = 0;
  (void)state;
  for (size_t n = 1;; n += n < 8 ? 1 : n / 3) {
    cuda_session *session;
    cuda_fault fault = {.text = ""};
    float out[2 * COLUMNS];
    control->chunk = 1, control->operations = 0, control->fail_at = n;
    cuda_status status = try_open(CUDA_F32, 0, &session, &fault);
    const cuda_batch batch = {.pixels = pixels, .images = 2, .responses = out, .response_ld = COLUMNS};
    if (!status) status = plugin->run(session, &batch, &fault);
    plugin->close(session);
    assert_int_equal(control->memory_held, 0);
    if (!status) break;
    failed++;
    assert_int_equal(fault.status, status);
    assert_true(strlen(fault.text) > 10 && !strchr(fault.text, '\n'));
  }
  print_message("%zu operations failed\n", failed);
  assert_true(failed > 15);
}

static void cancelled(void **state) {
  cuda_session *session = open_session(CUDA_F32, 0);
  float *features = malloc(2 * VIT_FEATURES * sizeof *features);
  block_sink sink = {features, 2, 0, 3};
  cuda_batch batch = {.pixels = pixels, .images = 2, .block = take_block, .user = &sink};
  cuda_fault fault;
  (void)state;
  assert_int_equal(plugin->run(session, &batch, &fault), CUDA_CANCELLED);
  assert_int_equal(sink.next, 4);
  batch.images = 3; /* more than pass through the network together */
  assert_int_equal(plugin->run(session, &batch, &fault), CUDA_FAILED);
  batch.images = 0;
  assert_int_equal(plugin->run(session, &batch, &fault), CUDA_DONE);
  free(features);
  plugin->close(session);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, usual)
  const struct CMUnitTest tests[] = {TEST(features_scores_responses), TEST(the_same_bits),
                                     TEST(too_little_memory),         TEST(devices_that_do_not_serve),
                                     TEST(each_operation_fails),      TEST(cancelled)};
  return cmocka_run_group_tests(tests, load, unload);
}
