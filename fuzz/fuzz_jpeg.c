/* JPEG: decode, then both resizings, then again resized while decoded, where rows and columns outside the crop are left
 * out: both ways give the same pixels or the same error. Frames of more than a megapixel are left out: libjpeg clears a
 * progressive picture's coefficients beforehand, which tests nothing and takes seconds. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/image/image.h"
#include "model/stimuli/picture.h"
#include "vit/preprocess.h"

#define MAX_PIXELS (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* FF C0..CF, length (2), bits (1), height (2), width (2), wherever it may stand */
static int has_large_frame(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i + 9 <= size; i++) {
    size_t height = (size_t)bytes[i + 5] << 8 | bytes[i + 6], width = (size_t)bytes[i + 7] << 8 | bytes[i + 8];
    if (bytes[i] == 0xff && bytes[i + 1] >> 4 == 0xc && height * width > MAX_PIXELS) return 1;
  }
  return 0;
}

static void decode(const uint8_t *bytes, size_t size, vit_transform transform) {
  static uint8_t whole[VIT_PIXELS], part[VIT_PIXELS];
  static const char name[] = "input.jpg";
  io_image image;
  berg_error error, other;
  berg_status status = io_image_decode(&image, bytes, size, name, &error);
  if (!status) {
    vit_preprocess_tensor(image.pixels, image.width, image.height, whole, NULL);
    status = transform == VIT_SQUARE ? vit_preprocess_square(image.pixels, image.width, image.height, whole, &error)
                                     : vit_preprocess_picture(image.pixels, image.width, image.height, whole, &error);
  }
  const bool was_decoded = image.pixels != NULL;
  io_image_release(&image);
  if (model_picture_decode(bytes, size, name, transform, part, &other) != status) abort();
  if (!status && memcmp(part, whole, sizeof part)) abort();
  if (status && !was_decoded && strcmp(error.message, other.message)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 3 || bytes[0] != 0xff || has_large_frame(bytes, size)) return -1;
  decode(bytes, size, VIT_CROP);
  decode(bytes, size, VIT_SQUARE);
  return 0;
}
