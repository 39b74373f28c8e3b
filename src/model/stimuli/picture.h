/* A picture file to the network's view of it. */
#ifndef MODEL_PICTURE_H
#define MODEL_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "vit/preprocess.h"

/* By `transform` to `pixels` [3][224][224]; what they hold after an error is of no use. EINPUT as io_image_read;
 * ESTIMULUS (of a file that is whole), ELIMIT as vit_preprocess_picture. */
berg_status model_picture_read(const char *path, vit_transform transform, uint8_t *pixels, berg_error *error);
berg_status model_picture_decode(const uint8_t *bytes, size_t size, const char *name, vit_transform transform,
                                 uint8_t *pixels, berg_error *error);

#endif
