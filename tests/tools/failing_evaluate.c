/* failing_evaluate - evaluates a model with memory running out at every place in turn, as failing_memory encodes.
 *
 *     failing_evaluate BERG_DIR BACKBONE IMAGES PREDICTIONS
 *
 * Each failure must be reported as ELIMIT, or do no harm, and leave no predictions, which are in PREDICTIONS when an
 * evaluation is whole. Prints the number of allocations. Exit status: 0 as it should be, 1 not, 2 usage. */
#include <berg.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_size_t taken, failing;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return ++taken == failing ? NULL : __real_aligned_alloc(alignment, size);
}

int main(int argc, char **argv) {
  berg_evaluate_options options;
  if (argc != 5) return 2;
  berg_evaluate_options_init(&options);
  options.berg_dir = argv[1];
  options.backbone = argv[2];
  options.images = argv[3];
  options.sidecar = 1;
  options.threads = 1; /* so that the n-th allocation is the same one in every run */
  for (size_t n = 1;; n++) {
    berg_error error = {.status = BERG_OK};
    char *report = NULL;
    taken = 0;
    failing = n;
    berg_status status = berg_evaluate("fmri-things_fmri_1-vit_b_32", &options, NULL, &report, &error);
    const int is_whole = !unlink(argv[4]), has_report = report != NULL, ran_out = taken >= n;
    berg_free(report);
    if (!status && is_whole && has_report) { /* synchronising a folder is tried, and may fail */
      if (ran_out) continue;
      printf("%zu\n", n - 1);
      return 0;
    }
    if (ran_out && !is_whole && !has_report && status == BERG_ELIMIT && *error.message) continue;
    fprintf(stderr, "failing_evaluate: allocation %zu: %s, \"%s\"%s%s\n", n, berg_status_name(status), error.message,
            is_whole ? ", with predictions" : "", has_report ? ", with a report" : "");
    return 1;
  }
}
