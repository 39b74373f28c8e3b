/* Writes the network's view of stimuli to a file, in batches as the encoder takes them:
 *
 *   stimuli_pixels OUT BATCH [nchw|nhwc] [shard=I/N] [skip] INPUT...
 *
 * OUT gets uint8 [3][224][224] an image; standard output the number of images, the fingerprint, then each
 * image's name and, under skip, each file left out. Exit status as the program berg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/stimuli.h"
#include "vit/preprocess.h"

static berg_status write_batch(berg_stimuli *stimuli, size_t first, size_t count, uint8_t *pixels, FILE *out,
                               berg_error *error) {
  berg_status status = model_stimuli_prepare(stimuli, first, count, error);
  if (status) return status;
  size_t worst = SIZE_MAX;
#pragma omp parallel for
  for (size_t i = 0; i < count; i++) {
    berg_error bad;
    berg_status result = berg_stimuli_pixels(stimuli, first + i, pixels + i * VIT_PIXELS, &bad);
    if (result && model_stimuli_skips_bad(stimuli)) {
      memset(pixels + i * VIT_PIXELS, 0, VIT_PIXELS);
      result = model_stimuli_mark_bad(stimuli, first + i, &bad, &bad);
    }
#pragma omp critical
    if (result && i < worst) {
      worst = i;
      status = result;
      if (error) *error = bad;
    }
  }
  for (size_t i = 0; i < count && !status; i++)
    if (!model_stimuli_is_bad(stimuli, first + i) && fwrite(pixels + i * VIT_PIXELS, 1, VIT_PIXELS, out) != VIT_PIXELS)
      status = base_fail(error, BERG_EWRITE, "the output cannot be written");
  return status;
}

static berg_status write_all(berg_stimuli *stimuli, size_t batch, FILE *out, berg_error *error) {
  char fingerprint[MODEL_FINGERPRINT_ROOM];
  const size_t total = berg_stimuli_count(stimuli);
  uint8_t *pixels = base_alloc(batch, VIT_PIXELS, error);
  berg_status status = pixels ? model_stimuli_fingerprint(stimuli, fingerprint, error) : BERG_ELIMIT;
  if (!status) printf("%zu %s\n", total, fingerprint);
  for (size_t first = 0; first < total && !status; first += batch)
    status = write_batch(stimuli, first, total - first < batch ? total - first : batch, pixels, out, error);
  for (size_t i = 0; i < total && !status; i++)
    if (berg_stimuli_name(stimuli, i)) printf("%s\n", berg_stimuli_name(stimuli, i));
  for (size_t i = 0; i < berg_stimuli_skipped_count(stimuli); i++)
    printf("skipped %s\n", berg_stimuli_skipped(stimuli, i));
  base_free(pixels);
  return status;
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  berg_stimuli_options options;
  berg_stimuli_options_init(&options);
  int at = 3;
  for (; at < count; at++) {
    if (!strcmp(arguments[at], "nchw"))
      options.layout = BERG_NCHW;
    else if (!strcmp(arguments[at], "nhwc"))
      options.layout = BERG_NHWC;
    else if (!strcmp(arguments[at], "skip"))
      options.skip_bad = 1;
    else if (sscanf(arguments[at], "shard=%zu/%zu", &options.shard, &options.shards) != 2)
      break;
  }
  berg_error error;
  berg_stimuli *stimuli;
  FILE *out = fopen(arguments[1], "wb");
  if (!out) return 5;
  berg_status status =
      berg_stimuli_open(&stimuli, (const char *const *)arguments + at, (size_t)(count - at), &options, &error);
  if (!status) status = write_all(stimuli, strtoul(arguments[2], NULL, 10), out, &error);
  fclose(out);
  berg_stimuli_free(stimuli);
  if (status) fprintf(stderr, "%s: %s\n", berg_status_name(status), error.message);
  return berg_status_exit(status);
}
