/* A host that uses OpenMP itself: each of its threads answers one image with a model of its own, side by side in a
 * parallel region and one after the other in a nested one.
 *
 *     host_with_openmp BERG_DIR BACKBONE IMAGE FOLDER
 *
 * Writes FOLDER/alone.npy, FOLDER/side-0.npy, side-1.npy, nested-0.npy and nested-1.npy. */
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "berg.h"

typedef struct job {
  const char *berg_dir, *backbone, *image, *folder;
} job;

static int answer(const job *j, const char *name, int number) {
  berg_error error;
  berg_model_options options;
  berg_model *model = NULL;
  berg_stimuli *stimuli = NULL;
  char path[512];
  snprintf(path, sizeof path, "%s/%s-%d.npy", j->folder, name, number);
  berg_model_options_init(&options);
  options.berg_dir = j->berg_dir;
  options.backbone = j->backbone;
  options.threads = 2;
  berg_status status = berg_model_open(&model, "fmri-things_fmri_1-vit_b_32", &options, &error);
  if (!status) status = berg_stimuli_open(&stimuli, &j->image, 1, NULL, &error);
  if (!status) status = berg_encode_to_file(model, stimuli, path, NULL, NULL, &error);
  if (status) fprintf(stderr, "%s: %s\n", path, error.message);
  berg_stimuli_free(stimuli);
  berg_model_free(model);
  return status != BERG_OK;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  const job j = {arguments[1], arguments[2], arguments[3], arguments[4]};
  atomic_int failed = answer(&j, "alone", 0);
#pragma omp parallel num_threads(2)
  failed |= answer(&j, "side", omp_get_thread_num());
#pragma omp parallel num_threads(2)
#pragma omp single
  for (int i = 0; i < 2; i++) failed |= answer(&j, "nested", i);
  return failed;
}
