/* Writes the network's view of stimuli to a file, in batches as the encoder takes them, the next one coming in
 * meanwhile unless `late`:
 *
 *   stimuli_pixels OUT BATCH [nchw|nhwc] [shard=I/N] [skip] [square] [threads=N] [late] INPUT...
 *
 * OUT gets uint8 [3][224][224] an image; standard output the number of images, the fingerprint, then each image's name
 * and, under skip, each file left out. Exit status as the program berg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/encode/load.h"
#include "model/stimuli/stimuli.h"
#include "vit/preprocess.h"

#define STEPS 12

typedef struct task {
  berg_stimuli *stimuli;
  size_t batch;
  int threads;
  base_team *team;
  bool ahead, square;
  FILE *out;
} task;

/* The next batch comes in while this one would be computed. */
static void pass_time(const task *job, model_load *next) {
  for (size_t step = 0; step < STEPS; step++)
    base_team_share(job->team, model_load_step(next, step, STEPS), model_load_piece, next);
}

static berg_status write_batches(const task *job, model_load loads[2], size_t *indices, berg_error *error) {
  const size_t total = berg_stimuli_count(job->stimuli);
  berg_status status = BERG_OK;
  model_load_begin(&loads[0], job->stimuli, 0, total < job->batch ? total : job->batch);
  for (size_t first = 0; first < total && !status; first += job->batch) {
    model_load *now = &loads[first / job->batch % 2], *next = &loads[1 - first / job->batch % 2];
    size_t images;
    status = model_load_finish(now, job->team, NULL, indices, &images, error);
    if (status) break;
    if (first + job->batch < total) {
      const size_t left = total - first - job->batch;
      model_load_begin(next, job->stimuli, first + job->batch, left < job->batch ? left : job->batch);
      if (job->ahead) pass_time(job, next);
    }
    for (size_t i = 0; i < images; i++)
      if (model_stimuli_is_bad(job->stimuli, indices[i])) status = base_fail(error, BERG_EINTERNAL, "a bad image");
    if (fwrite(now->pixels, VIT_PIXELS, images, job->out) != images)
      status = base_fail(error, BERG_EWRITE, "the output cannot be written");
  }
  return status;
}

static berg_status write_all(const task *job, berg_error *error) {
  char fingerprint[MODEL_FINGERPRINT_ROOM];
  const size_t total = berg_stimuli_count(job->stimuli);
  model_load loads[2] = {{.count = 0}, {.count = 0}};
  size_t *indices = base_alloc(job->batch, sizeof *indices, error);
  berg_status status = indices ? model_stimuli_fingerprint(job->stimuli, fingerprint, error) : BERG_ELIMIT;
  for (size_t i = 0; i < 2 && !status; i++) status = model_load_init(&loads[i], job->batch, error);
  if (!status) printf("%zu %s\n", total, fingerprint);
  if (!status) status = write_batches(job, loads, indices, error);
  for (size_t i = 0; i < total && !status; i++)
    if (berg_stimuli_name(job->stimuli, i)) printf("%s\n", berg_stimuli_name(job->stimuli, i));
  for (size_t i = 0; i < berg_stimuli_skipped_count(job->stimuli); i++)
    printf("skipped %s\n", berg_stimuli_skipped(job->stimuli, i));
  for (size_t i = 0; i < 2; i++) model_load_release(&loads[i]);
  base_free(indices);
  return status;
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  berg_stimuli_options options;
  berg_stimuli_options_init(&options);
  task job = {.batch = strtoul(arguments[2], NULL, 10), .threads = 2, .ahead = true};
  int at = 3;
  for (; at < count; at++) {
    if (!strcmp(arguments[at], "nchw"))
      options.layout = BERG_NCHW;
    else if (!strcmp(arguments[at], "nhwc"))
      options.layout = BERG_NHWC;
    else if (!strcmp(arguments[at], "skip"))
      options.skip_bad = 1;
    else if (!strcmp(arguments[at], "square"))
      job.square = true;
    else if (!strcmp(arguments[at], "late"))
      job.ahead = false;
    else if (sscanf(arguments[at], "threads=%d", &job.threads) != 1 &&
             sscanf(arguments[at], "shard=%zu/%zu", &options.shard, &options.shards) != 2)
      break;
  }
  berg_error error;
  job.out = fopen(arguments[1], "wb");
  if (!job.out) return 5;
  berg_status status =
      berg_stimuli_open(&job.stimuli, (const char *const *)arguments + at, (size_t)(count - at), &options, &error);
  job.team = base_team_begin(job.threads);
  if (!status && job.square) model_stimuli_set_transform(job.stimuli, VIT_SQUARE);
  if (!status) status = write_all(&job, &error);
  base_team_end(job.team);
  fclose(job.out);
  berg_stimuli_free(job.stimuli);
  if (status) fprintf(stderr, "%s: %s\n", berg_status_name(status), error.message);
  return berg_status_exit(status);
}
