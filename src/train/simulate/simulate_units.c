/* What a recording's units respond to. Sources are means over an image, so that a model which sees it can find them. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/simulate/simulate_units.h"

#define COLOURS (SIMULATE_SCALES * SIMULATE_ORIENTATIONS) /* the first channel that is no filter */
#define UNIT_VALUES 64                                    /* numbers that a unit is drawn from */
#define SILENT 16                                         /* of so many units one has no signal */

/* --- Sources --- */

static void add_channel(const simulate_features *features, size_t channel, size_t source, float *sources) {
  for (size_t cell = 0; cell < SIMULATE_COARSE_CELLS; cell++) {
    const size_t row = SIMULATE_EARLY + SIMULATE_LATENTS + channel * SIMULATE_COARSE_CELLS + cell;
    const float *values = features->values + row * features->images;
    for (size_t i = 0; i < features->images; i++) sources[i * SIMULATE_SOURCES + source] += values[i];
  }
}

/* To mean 0 and variance 1 over all images. */
static void standardise(float *sources, size_t images, size_t source) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < images; i++) {
    const double value = sources[i * SIMULATE_SOURCES + source];
    sum += value;
    squares += value * value;
  }
  const double mean = sum / (double)images, variance = squares / (double)images - mean * mean;
  const double scale = variance > 1e-12 ? 1 / sqrt(variance) : 0;
  for (size_t i = 0; i < images; i++) {
    float *value = &sources[i * SIMULATE_SOURCES + source];
    *value = (float)((*value - mean) * scale);
  }
}

float *simulate_sources(const simulate_features *features, berg_error *error) {
  float *sources = base_calloc(features->images, SIMULATE_SOURCES * sizeof *sources, error);
  if (!sources) return NULL;
  for (size_t c = 0; c < SIMULATE_CHANNELS; c++)
    add_channel(features, c, c < COLOURS ? c / SIMULATE_ORIENTATIONS : SIMULATE_SCALES + c - COLOURS, sources);
  for (size_t s = 0; s < SIMULATE_SOURCES; s++) standardise(sources, features->images, s);
  return sources;
}

/* --- Units --- */

/* Weights scaled, and an offset, so that the mixture has mean 0 and variance 1 over the test images; all zero where
 * it does not vary. */
static void normalise(simulate_unit *unit, const float *sources, size_t first, size_t tests) {
  double sum = 0, squares = 0;
  unit->offset = 0;
  for (size_t i = first; i < first + tests; i++) {
    const double value = simulate_mixture(unit, sources + i * SIMULATE_SOURCES);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / (double)tests, variance = squares / (double)tests - mean * mean;
  const double scale = variance > 1e-12 ? 1 / sqrt(variance) : 0;
  for (size_t s = 0; s < SIMULATE_SOURCES; s++) unit->weights[s] = (float)(unit->weights[s] * scale);
  unit->offset = (float)(-mean * scale);
  if (scale == 0) unit->signal = 0;
}

void simulate_unit_draw(simulate_unit *unit, const simulate_recording *recording, size_t index) {
  const simulate_design *design = recording->design;
  const uint64_t stream = recording->noise - SIMULATE_NOISE + SIMULATE_VOXEL;
  base_dice dice = {design->seed, stream, (uint64_t)index * UNIT_VALUES};
  for (size_t s = 0; s < SIMULATE_SOURCES; s++) unit->weights[s] = (float)base_dice_normal(&dice);
  const double strength = base_dice_unit(&dice);
  unit->noise = base_dice_between(&dice, 0.5, 1.5);
  unit->signal = index % SILENT == SILENT - 1 ? 0 : (0.05 + strength * strength) * unit->noise;
  unit->delay = base_dice_between(&dice, 0.8, 1.25);
  normalise(unit, recording->sources, design->trainings, design->tests);
}

/* None before the stimulus appears; then a rise and a slower fall. Without times always the whole. */
static double envelope(const simulate_recording *recording, const simulate_unit *unit, size_t time) {
  if (recording->kind->times == 1) return 1;
  const double after = recording->kind->start + recording->kind->length; /* how long the trial goes on */
  const double x = (recording->time[time] / after - 0.05) / (0.2 * unit->delay);
  return x > 0 ? x * exp(1 - x) : 0;
}

double simulate_signal(const simulate_recording *recording, size_t output, size_t unit, size_t time) {
  const simulate_unit *of = &recording->unit[output][unit];
  const double share = envelope(recording, of, time);
  return of->signal * share * share;
}
