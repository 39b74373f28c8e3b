/* The Gram matrix of training on a device: against the processor's, interrupted and resumed, with streams in any
 * order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cuda/host/control.h"
#include "train/pca/pca_steps.h"

#define ROWS 75 /* four strips of the plug-in's and a part of one */
#define WIDTH 128
#define COLUMNS (5 * WIDTH + 37)
#define COMPONENTS 6
#define CHECKPOINT "test_cuda_gram.gram"
#define VECTORS "test_cuda_gram.vectors"

static model_device *device;
static cuda_host_control *control;

static berg_status read_panel(void *user, size_t index, float *to, berg_error *error) {
  const size_t width = index == 5 ? 37 : WIDTH;
  (void)user, (void)error;
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < width; j++) {
      const size_t column = index * WIDTH + j;
      unsigned noise = (unsigned)(i * 7919 + column * 104729 + 1);
      for (int r = 0; r < 3; r++) noise = noise * 1664525u + 1013904223u;
      float sum = (float)(column % 7) + 0.3f * ((float)(noise >> 8) / (1 << 23) - 1);
      for (int l = 1; l <= 9; l++) sum += sinf((float)(l * (int)i)) * cosf((float)(l * l) * (float)column) / (float)l;
      to[i * width + j] = sum;
    }
  return BERG_OK;
}

typedef struct watch {
  size_t calls, stop; /* the call that cancels; 0: never */
} watch;

static int progress(void *user, size_t done, size_t total, double seconds) {
  watch *w = user;
  (void)done, (void)total, (void)seconds;
  return ++w->calls == w->stop;
}

/* In memory, or by way of files. */
static berg_status fit(train_pca *pca, const model_device *on, const char *checkpoint, size_t stop, size_t *calls) {
  const train_panels panels = {.rows = ROWS, .columns = COLUMNS, .width = WIDTH, .read = read_panel};
  const train_pca_options options = {.components = COMPONENTS, .standardise = true, .products = TRAIN_PRODUCTS_F32};
  watch w = {.stop = stop};
  const berg_run run = {.size = sizeof run, .progress = progress, .user = &w};
  train_machine machine = train_machine_for(base_machine_isa(), 2, 0);
  machine.device = on;
  train_stage stage;
  train_stage_begin(&stage, &run, "all", "panels", 6);
  const train_pca_step step = {&panels,    &options, &machine, "these features", checkpoint, VECTORS,
                               CHECKPOINT, &stage,   false};
  berg_status status;
  if (checkpoint) {
    status = train_pca_step_gram(&step, 0, 6, NULL);
    if (!status) status = train_pca_step_eigenvectors(&step, NULL);
    if (!status) status = train_pca_step_components(&step, 0, 6, NULL);
    if (!status) status = train_pca_merge_components(&step, pca, NULL);
    if (!status) train_pca_remove(&step, checkpoint, NULL), train_pca_remove_parts(&step, CHECKPOINT, NULL);
  } else {
    status = train_pca_fit(pca, &panels, &options, &machine, &run, NULL);
  }
  if (calls) *calls = w.calls;
  return status;
}

static void assert_same(const train_pca *a, const train_pca *b) {
  assert_memory_equal(a->directions, b->directions, COMPONENTS * COLUMNS * sizeof(float));
  assert_memory_equal(a->singular_values, b->singular_values, COMPONENTS * sizeof(float));
  assert_memory_equal(a->scores, b->scores, ROWS * COMPONENTS * sizeof(float));
}

static void as_on_the_processor(void **state) {
  train_pca here, there, again;
  (void)state;
  assert_int_equal(fit(&here, NULL, NULL, 0, NULL), BERG_OK);
  control->operations = 0;
  assert_int_equal(fit(&there, device, NULL, 0, NULL), BERG_OK);
  assert_true(control->operations > 6 * 5); /* it was asked */
  for (size_t c = 0; c < COMPONENTS; c++)
    assert_true(fabsf(here.singular_values[c] - there.singular_values[c]) < 1e-6f * here.singular_values[0]);
  for (size_t i = 0; i < COMPONENTS * COLUMNS; i++)
    assert_true(fabsf(here.directions[i] - there.directions[i]) < 1e-5f);
  control->streams = CUDA_RANDOM, control->seed = 4;
  assert_int_equal(fit(&again, device, NULL, 0, NULL), BERG_OK);
  assert_same(&there, &again);
  train_pca_release(&here), train_pca_release(&there), train_pca_release(&again);
  assert_int_equal(control->memory_held, 0);
}

/* Cancelled at every call of the progress, then resumed; a checkpoint of the processor's is not used. */
static void resumed(void **state) {
  train_pca whole, pca;
  size_t calls;
  (void)state;
  control->streams = CUDA_EAGER;
  assert_int_equal(fit(&whole, device, NULL, 0, &calls), BERG_OK);
  for (size_t stop = 1; stop <= calls; stop++) {
    assert_int_equal(fit(&pca, device, CHECKPOINT, stop, NULL), BERG_ECANCELLED);
    assert_int_equal(fit(&pca, device, CHECKPOINT, 0, NULL), BERG_OK);
    assert_same(&whole, &pca);
    train_pca_release(&pca);
  }
  assert_int_equal(fit(&pca, NULL, CHECKPOINT, 5, NULL), BERG_ECANCELLED);
  assert_int_equal(access(CHECKPOINT, F_OK), 0);
  assert_int_equal(fit(&pca, device, CHECKPOINT, 0, NULL), BERG_OK);
  assert_same(&whole, &pca);
  train_pca_release(&pca), train_pca_release(&whole);
  unlink(VECTORS);
}

/* Too small: the processor does it, to its own bits. Failing: EDEVICE. */
static void too_small_or_failing(void **state) {
  train_pca here, there;
  (void)state;
  assert_int_equal(fit(&here, NULL, NULL, 0, NULL), BERG_OK);
  control->memory = (size_t)1 << 20;
  assert_int_equal(fit(&there, device, NULL, 0, NULL), BERG_OK);
  assert_same(&here, &there);
  train_pca_release(&here), train_pca_release(&there);
  control->memory = 0;
  control->operations = 0, control->fail_at = 60;
  assert_int_equal(fit(&there, device, NULL, 0, NULL), BERG_EDEVICE);
  control->fail_at = 0;
  assert_int_equal(control->memory_held, 0);
}

/* The sums themselves, and after store and load. */
static void sums(void **state) {
  enum { N = 40, P = 70 };
  float *panel = base_alloc(N * P, sizeof *panel, NULL);
  double *found = base_calloc(N * N, sizeof *found, NULL), *half = base_calloc(N * N, sizeof *half, NULL);
  model_device_gram *gram;
  berg_error error;
  (void)state;
  for (size_t i = 0; i < N * P; i++) panel[i] = (float)((double)((i * 37) % 101) / 50 - 1);
  assert_int_equal(model_device_gram_open(&gram, device, N, P, &error), BERG_OK);
  assert_int_equal(model_device_gram_add(gram, panel, P, P, &error), BERG_OK);
  assert_int_equal(model_device_gram_store(gram, half, &error), BERG_OK);
  model_device_gram_close(gram);
  for (size_t i = 0; i < N; i++) half[i * N + N - 1] = i == N - 1 ? half[i * N + i] : 12345; /* above the diagonal */
  assert_int_equal(model_device_gram_open(&gram, device, N, P, &error), BERG_OK);
  assert_int_equal(model_device_gram_load(gram, half, &error), BERG_OK);
  assert_int_equal(model_device_gram_add(gram, panel, P, P - 20, &error), BERG_OK); /* the last panel is narrower */
  assert_int_equal(model_device_gram_store(gram, found, &error), BERG_OK);
  assert_int_equal(model_device_gram_add(gram, panel, P, 4 * P, &error), BERG_EDEVICE);
  model_device_gram_close(gram);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      double sum = 0;
      for (size_t k = 0; k < P; k++) sum += (double)panel[i * P + k] * panel[j * P + k] * (k < P - 20 ? 2 : 1);
      assert_true(j > i ? found[i * N + j] == 0 : fabs(found[i * N + j] - sum) < 1e-4);
    }
  base_free(panel), base_free(found), base_free(half);
}

static int open_device(void **state) {
  cuda_host_control_function controls;
  (void)state;
  if (model_device_find(&device, CUDA_HOST_PLUGIN, NULL, NULL)) return -1;
  *(void **)&controls = dlsym(dlopen(CUDA_HOST_PLUGIN, RTLD_NOW), CUDA_HOST_CONTROL_SYMBOL);
  control = controls();
  return 0;
}

static int close_device(void **state) {
  (void)state;
  model_device_free(device);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sums), cmocka_unit_test(as_on_the_processor),
                                     cmocka_unit_test(resumed), cmocka_unit_test(too_small_or_failing)};
  return cmocka_run_group_tests(tests, open_device, close_device);
}
