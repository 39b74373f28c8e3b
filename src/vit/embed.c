/* Pixels to normalised patches. */
#include "vit/embed.h"

#include <string.h>

#include "vit/preprocess.h"

void vit_normalisation_init(vit_normalisation *normalisation) {
  static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
  for (size_t channel = 0; channel < 3; channel++)
    for (int v = 0; v < 256; v++)
      normalisation->value[channel][v] = ((float)v / 255.0f - mean[channel]) / deviation[channel];
}

void vit_cut_patches(const vit_normalisation *normalisation, const uint8_t *pixels, float *patches) {
  memset(patches, 0, VIT_PATCH_VALUES * sizeof *patches);
  for (size_t channel = 0; channel < 3; channel++) {
    const float *table = normalisation->value[channel];
    for (size_t y = 0; y < VIT_IMAGE_SIZE; y++) {
      const uint8_t *line = pixels + (channel * VIT_IMAGE_SIZE + y) * VIT_IMAGE_SIZE;
      float *row = patches + (1 + y / VIT_PATCH * VIT_GRID) * VIT_PATCH_VALUES +
                   (channel * VIT_PATCH + y % VIT_PATCH) * VIT_PATCH;
      for (size_t column = 0; column < VIT_GRID; column++)
        for (size_t x = 0; x < VIT_PATCH; x++) row[column * VIT_PATCH_VALUES + x] = table[line[column * VIT_PATCH + x]];
    }
  }
}
