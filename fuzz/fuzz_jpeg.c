/* JPEG: decode, then both resizings. Frames of more than a megapixel are left out: libjpeg clears a
 * progressive picture's coefficients beforehand, which shows nothing and takes seconds. */
#include "base/memory.h"
#include "io/image.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t pixels[VIT_PIXELS];
  io_image image;
  berg_error error;
  if (size < 3 || bytes[0] != 0xff || has_large_frame(bytes, size)) return -1;
  if (!io_image_decode(&image, bytes, size, "input.jpg", &error)) {
    vit_preprocess_picture(image.pixels, image.width, image.height, pixels, &error);
    vit_preprocess_tensor(image.pixels, image.width, image.height, pixels, &error);
  }
  io_image_release(&image);
  return 0;
}
