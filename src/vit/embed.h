/* Pixels to tokens: normalisation, patches, class token, positions. */
#ifndef VIT_EMBED_H
#define VIT_EMBED_H

#include <stddef.h>
#include <stdint.h>

#include "vit/shape.h"

/* torchvision's convert_image_dtype and normalize for each of a channel's 256 values: ((v / 255) - mean) / std in
 * float32. */
typedef struct vit_normalisation {
  float value[3][256];
} vit_normalisation;

void vit_normalisation_init(vit_normalisation *normalisation);

/* pixels [3][224][224] to patches [50][3072]: row 0, the class token's, is zero; row 1 + 7 r + c is the patch of grid
 * row r, column c; its values in the order channel, row, column, as conv_proj.weight has them. */
void vit_cut_patches(const vit_normalisation *normalisation, const uint8_t *pixels, float *patches);

#endif
