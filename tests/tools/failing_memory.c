/* failing_memory - loads a model and encodes to a file with memory running out at every place in turn.
 *
 *     failing_memory BERG_DIR BACKBONE OUT INPUT...
 *
 * The n-th allocation fails, for n = 1, 2, ... until a run needs no more than n. Each failure must be reported as
 * ELIMIT, or do no harm, and leave nothing behind: no output of the last subject, and (a matter for AddressSanitizer)
 * no memory. Prints the number of allocations. Exit status: 0 as it should be, 1 not, 2 usage. The library allocates by
 * aligned_alloc, which the linker wraps (tests/CMakeLists.txt). */
#include <berg.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODEL "fmri-things_fmri_1-vit_b_32"

static atomic_size_t taken, failing;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return ++taken == failing ? NULL : __real_aligned_alloc(alignment, size);
}

static berg_status encode(char **arguments, size_t inputs, berg_error *error) {
  const char *const subjects[] = {"1", "2"};
  const berg_selection rois = {.key = "roi", .names = (const char *const[]){"V1", "V2"}, .count = 2};
  berg_model_options options;
  berg_stimuli_options how;
  berg_model *model = NULL;
  berg_stimuli *stimuli = NULL;
  berg_model_options_init(&options);
  berg_stimuli_options_init(&how);
  options.berg_dir = arguments[0];
  options.backbone = arguments[1];
  options.subjects = subjects;
  options.subject_count = 2;
  options.selection = &rois;
  options.selection_count = 1;
  options.threads = 1; /* so that the n-th allocation is the same one in every run */
  how.skip_bad = 1;
  berg_status status = berg_stimuli_open(&stimuli, (const char *const *)arguments + 3, inputs, &how, error);
  if (!status) status = berg_model_open(&model, MODEL, &options, error);
  if (!status) status = berg_encode_to_file(model, stimuli, arguments[2], NULL, NULL, error);
  berg_stimuli_free(stimuli);
  berg_model_free(model);
  return status;
}

/* "responses.npy" of two subjects is responses_sub-01.npy and responses_sub-02.npy, each with what lies beside it until
 * it is whole. Finds whether the output of `subject` is there, and removes all of it. */
static int take_away(const char *path, int subject) {
  static const char *const more[] = {"", ".partial", ".partial.journal"};
  const char *dot = strrchr(path, '.');
  int was_there = 0;
  for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
    char name[4096];
    snprintf(name, sizeof name, "%.*s_sub-%02d%s%s", (int)(dot - path), path, subject, dot, more[i]);
    was_there |= !unlink(name) && i == 0;
  }
  return was_there;
}

int main(int argc, char **argv) {
  if (argc < 5 || !strrchr(argv[3], '.')) return 2;
  for (size_t n = 1;; n++) {
    berg_error error = {.status = BERG_OK};
    taken = 0;
    failing = n;
    berg_status status = encode(argv + 1, (size_t)argc - 4, &error);
    take_away(argv[3], 1);
    const int is_whole = take_away(argv[3], 2), ran_out = taken >= n;
    if (!status && is_whole) { /* synchronising a folder is tried, and may fail */
      if (ran_out) continue;
      printf("%zu\n", n - 1);
      return 0;
    }
    if (ran_out && !is_whole && status == BERG_ELIMIT && error.status == BERG_ELIMIT && *error.message) continue;
    fprintf(stderr, "failing_memory: allocation %zu: %s, \"%s\"%s\n", n, berg_status_name(status), error.message,
            is_whole ? ", with an output" : "");
    return 1;
  }
}
