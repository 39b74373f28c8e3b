/* The normal numbers of trials, and what they make of predictions.
 *
 * The stream of a subject's image has a key of its own: the first 64 bits of the SHA-256 of
 *
 *     "berg trials 1\n<model>\n<subject>\n<seed>\n<image>\n"
 *
 * with the first 64 bits of the SHA-256 of the image's pixels, as the network sees them, in 16 hexadecimal digits.
 * The counter then says which output and repetition, which trial, and whose number it is; a number's place is its
 * unit * times + time in the metadata. So no number knows what else is selected or encoded. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "model/trials/trials.h"

#define TOGETHER ((size_t)256) /* columns at a time: their numbers stay in the first cache */
#define RUN ((size_t)4096)     /* columns of an image that a thread takes at a time, a multiple of these */

/* Whose number: of the unit in this trial, of the unit in all trials of the image, or of the trial in all units. */
typedef enum owner { OF_TRIAL, OF_IMAGE, IN_COMMON, OWNERS } owner;

static la_normal_stream stream_of(const model_trials *t, const uint32_t key[2], uint32_t part, size_t trial, owner of) {
  const uint32_t average = of == OF_IMAGE ? 0 : (uint32_t)t->average;
  return (la_normal_stream){.key = {key[0], key[1]}, .counter = {part, (uint32_t)trial, average * OWNERS + of}};
}

/* --- Keys --- */

#define DIGITS 16

static void hash_key(const model_trials *t, size_t subject, const char *image, uint32_t key[2]) {
  char text[BASE_SHA256_TEXT], seed[32];
  const char *parts[] = {"berg trials 1", t->model->id, t->model->subjects[subject].name, seed, image};
  unsigned long long bits;
  base_sha256 hash;
  base_print(seed, sizeof seed, "%llu", (unsigned long long)t->seed);
  base_sha256_start(&hash);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    base_sha256_add(&hash, parts[i], strlen(parts[i]));
    base_sha256_add(&hash, "\n", 1);
  }
  base_sha256_end(&hash, text);
  text[DIGITS] = 0;
  base_scan(text, "%llx", &bits);
  key[0] = (uint32_t)bits;
  key[1] = (uint32_t)(bits >> 32);
}

typedef struct identifying {
  model_trials *trials;
  const model_batch *batch;
} identifying;

static void identify_image(void *user, size_t i, size_t rank) {
  const identifying *task = user;
  const model_trials *t = task->trials;
  const size_t subjects = t->model->subject_count;
  char image[DIGITS + 1] = "";
  (void)rank;
  memcpy(image, task->batch->digests[i], DIGITS);
  for (size_t s = 0; s < subjects; s++) hash_key(t, s, image, t->keys[i * subjects + s]);
}

berg_status model_trials_identify(model_trials *t, model_batch *batch, berg_error *error) {
  void *block = t->keys;
  const bool grown = base_grow(&block, &t->key_capacity, batch->most * t->model->subject_count, sizeof *t->keys, error);
  t->keys = block;
  berg_status status = grown ? model_batch_identify(batch, error) : BERG_ELIMIT;
  if (!status) base_team_share(batch->team, batch->images, identify_image, &(identifying){t, batch});
  return status;
}

/* --- Trials --- */

typedef struct making {
  const model_trials *trials;
  size_t from;
  const float *predictions;
  float *responses;
  size_t runs; /* of an image's columns, in all spans */
} making;

typedef struct numbers {
  double of_image[TOGETHER], of_trial[TOGETHER];
} numbers;

/* One trial of columns [first, first + count). */
static void make_columns(const model_trials *t, size_t first, size_t count, const float *predictions,
                         const numbers *drawn, double shared, float *trial) {
  const model_trials_column *columns = t->columns + first;
  const double own = sqrt(1 - t->common);
  for (size_t i = 0; i < count; i++) {
    const double noise = shared + own * drawn->of_trial[i], centre = columns[i].centre;
    trial[i] = (float)(centre + columns[i].gain * (predictions[i] - centre) +
                       columns[i].unexplained * drawn->of_image[i] + columns[i].noise * noise);
  }
}

static double draw_shared(const model_trials *t, const uint32_t key[2], size_t trial) {
  const la_normal_stream stream = stream_of(t, key, 0, trial, IN_COMMON);
  double number = 0;
  if (t->common == 0) return 0;
  t->model->kernels->normals(&stream, &(uint64_t){0}, 1, &number);
  return sqrt(t->common) * number;
}

/* All trials of some columns of an image. */
static void make_part(const making *m, size_t image, const model_trials_span *span, size_t first, size_t count) {
  const model_trials *t = m->trials;
  const size_t columns = t->model->columns;
  const uint32_t *key = t->keys[(m->from + image) * t->model->subject_count + span->subject];
  numbers drawn = {.of_image = {0}};
  if (t->mode == MODEL_COMPLETE) {
    const la_normal_stream stream = stream_of(t, key, span->part, 0, OF_IMAGE);
    t->model->kernels->normals(&stream, t->places + first, count, drawn.of_image);
  }
  for (size_t trial = 0; trial < t->count; trial++) {
    const la_normal_stream stream = stream_of(t, key, span->part, trial, OF_TRIAL);
    t->model->kernels->normals(&stream, t->places + first, count, drawn.of_trial);
    make_columns(t, first, count, m->predictions + image * columns + first, &drawn, draw_shared(t, key, trial),
                 m->responses + (image * t->count + trial) * columns + first);
  }
}

static size_t runs_of(const model_trials_span *span) { return (span->count + RUN - 1) / RUN; }

static void make_run(void *user, size_t index, size_t rank) {
  const making *m = user;
  const model_trials_span *span = m->trials->spans;
  size_t run = index % m->runs;
  (void)rank;
  for (; run >= runs_of(span); span++) run -= runs_of(span);
  const size_t left = span->count - run * RUN, count = left < RUN ? left : RUN;
  for (size_t done = 0; done < count; done += TOGETHER)
    make_part(m, index / m->runs, span, span->first + run * RUN + done,
              count - done < TOGETHER ? count - done : TOGETHER);
}

void model_trials_make(const model_trials *t, base_team *team, size_t from, size_t images, const float *predictions,
                       float *responses) {
  making m = {t, from, predictions, responses, 0};
  for (size_t s = 0; s < t->span_count; s++) m.runs += runs_of(&t->spans[s]);
  base_team_share(team, images * m.runs, make_run, &m);
}
