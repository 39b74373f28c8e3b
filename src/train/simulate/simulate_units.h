/* Sources of images, and units that respond to them. */
#ifndef TRAIN_SIMULATE_UNITS_H
#define TRAIN_SIMULATE_UNITS_H

#include "train/simulate/simulate_prepared.h"

/* [images][SIMULATE_SOURCES], each of mean 0 and variance 1 over all images: base_free. NULL: ELIMIT. */
float *simulate_sources(const simulate_features *features, berg_error *error);
/* Unit `index` of all outputs. */
void simulate_unit_draw(simulate_unit *unit, const simulate_recording *recording, size_t index);

/* What a unit makes of an image's sources. */
static inline float simulate_mixture(const simulate_unit *unit, const float *sources) {
  float sum = unit->offset;
  for (size_t s = 0; s < SIMULATE_SOURCES; s++) sum += unit->weights[s] * sources[s];
  return sum;
}

#endif
