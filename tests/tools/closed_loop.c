/* closed_loop - image after image through one model, as an experiment that answers each stimulus asks for them, and
 * what that takes.
 *
 *     closed_loop BERG_DIR BACKBONE CALLS PAUSE_MS [THREADS [PRECISION]]
 *     closed_loop BERG_DIR BACKBONE batches IMAGES BATCH
 *
 * Prints JSON. The first: of the calls after the third, the median and the longest in seconds; allocations and page
 * faults in berg_encode and beside it, of all of them; threads of the process before and after; processor seconds a
 * call, pauses included. The second: allocations between the second batch and the last. The library's allocations are
 * wrapped by the linker (tests/CMakeLists.txt). */
#define _GNU_SOURCE
#include <berg.h>

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define MODEL "fmri-things_fmri_1-vit_b_32"
#define SIDE 256
#define WARM 3

static atomic_size_t taken;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  taken++;
  return __real_aligned_alloc(alignment, size);
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static size_t faults(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) ? 0 : (size_t)usage.ru_minflt;
}

static size_t threads(void) {
  size_t count = 0;
  DIR *tasks = opendir("/proc/self/task");
  for (const struct dirent *entry; tasks && (entry = readdir(tasks));) count += *entry->d_name != '.';
  if (tasks) closedir(tasks);
  return count;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static berg_array view_of(const uint8_t *pixels, size_t images) {
  return (berg_array){.dtype = BERG_U8,
                      .itemsize = 1,
                      .ndim = 4,
                      .shape = {images, 3, SIDE, SIDE},
                      .strides = {3 * SIDE * SIDE, SIDE * SIDE, SIDE, 1},
                      .data = pixels};
}

typedef struct counts {
  size_t allocations, faults;
} counts;

static void add(counts *sum, counts before) {
  sum->allocations += taken - before.allocations;
  sum->faults += faults() - before.faults;
}

static berg_status one_by_one(berg_model *model, const uint8_t *pixels, float *responses, size_t calls, long pause,
                              berg_error *error) {
  double *spent = calloc(calls, sizeof *spent), longest = 0, processor = 0;
  counts inside = {0, 0}, beside = {0, 0};
  size_t before = 0;
  berg_status status = spent ? BERG_OK : BERG_ELIMIT;
  const berg_array image = view_of(pixels, 1);
  for (size_t i = 0; i < calls + WARM && !status; i++) {
    if (i == WARM) {
      inside = beside = (counts){0, 0};
      before = threads();
      processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    berg_stimuli *stimuli;
    counts start = {taken, faults()};
    const double begun = seconds(CLOCK_MONOTONIC);
    status = berg_stimuli_from_array(&stimuli, &image, BERG_NCHW, error);
    add(&beside, start);
    start = (counts){taken, faults()};
    if (!status) status = berg_encode(model, stimuli, responses, NULL, error);
    if (i >= WARM) spent[i - WARM] = seconds(CLOCK_MONOTONIC) - begun;
    add(&inside, start);
    berg_stimuli_free(stimuli);
    if (pause) nanosleep(&(struct timespec){pause / 1000, pause % 1000 * 1000000}, NULL);
  }
  if (!status) {
    processor = (seconds(CLOCK_PROCESS_CPUTIME_ID) - processor) / (double)calls;
    qsort(spent, calls, sizeof *spent, ascending);
    longest = spent[calls - 1];
    printf("{\"median\": %.6f, \"longest\": %.6f, \"allocations\": %zu, \"faults\": %zu, \"beside\": {\"allocations\": "
           "%zu, "
           "\"faults\": %zu}, \"threads\": [%zu, %zu], \"processor\": %.6f}\n",
           spent[calls / 2], longest, inside.allocations, inside.faults, beside.allocations, beside.faults, before,
           threads(), processor);
  }
  free(spent);
  return status;
}

typedef struct watch {
  size_t batch, from, to;
} watch;

static int between_batches(void *user, size_t done, size_t total, double spent) {
  watch *w = user;
  (void)spent;
  if (done == 2 * w->batch) w->from = taken;
  if (done == total) w->to = taken;
  return 0;
}

static berg_status in_batches(berg_model *model, const uint8_t *pixels, float *responses, size_t images, size_t batch,
                              berg_error *error) {
  watch w = {batch, 0, 0};
  berg_stimuli *stimuli;
  const berg_array array = view_of(pixels, images);
  const berg_run run = {.size = sizeof run, .progress = between_batches, .user = &w};
  berg_status status = berg_stimuli_from_array(&stimuli, &array, BERG_NCHW, error);
  if (!status) status = berg_encode(model, stimuli, responses, &run, error);
  berg_stimuli_free(stimuli);
  if (!status) printf("{\"allocations\": %zu}\n", w.to - w.from);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  const int batches = !strcmp(argv[3], "batches");
  const size_t images = batches ? strtoul(argv[4], NULL, 10) : 1;
  berg_model_options options;
  berg_model_options_init(&options);
  options.berg_dir = argv[1];
  options.backbone = argv[2];
  if (batches) options.batch = argc > 5 ? strtoul(argv[5], NULL, 10) : 8;
  if (!batches && argc > 5) options.threads = atoi(argv[5]);
  if (!batches && argc > 6) options.precision = argv[6];
  berg_error error;
  berg_model *model;
  berg_status status = berg_model_open(&model, MODEL, &options, &error);
  uint8_t *pixels = calloc(images, (size_t)3 * SIDE * SIDE);
  float *responses = status ? NULL : calloc(images * berg_model_columns(model), sizeof *responses);
  if (!status && pixels && responses)
    status = batches ? in_batches(model, pixels, responses, images, options.batch, &error)
                     : one_by_one(model, pixels, responses, strtoul(argv[3], NULL, 10), atol(argv[4]), &error);
  if (status) fprintf(stderr, "closed_loop: %s\n", error.message);
  berg_model_free(model);
  free(responses);
  free(pixels);
  return berg_status_exit(status);
}
