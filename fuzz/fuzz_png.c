/* PNG: decode as it comes, and again with its checksums made to fit, since random changes hardly ever do;
 * then both resizings. */
#include <string.h>

#include <zlib.h>

#include "base/memory.h"
#include "io/image/image.h"
#include "model/stimuli/picture.h"
#include "vit/preprocess.h"

#define MAX_PIXELS (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t big_endian(const uint8_t *bytes) {
  return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static void set_checksums(uint8_t *bytes, size_t size) {
  for (size_t at = 8; at + 12 <= size;) {
    size_t length = big_endian(bytes + at);
    if (length > size - at - 12) return;
    uint32_t checksum = (uint32_t)crc32_z(0, bytes + at + 4, 4 + length);
    for (int i = 0; i < 4; i++) bytes[at + 8 + length + (size_t)i] = (uint8_t)(checksum >> (24 - 8 * i));
    at += 12 + length;
  }
}

static void decode(const uint8_t *bytes, size_t size) {
  static uint8_t pixels[VIT_PIXELS];
  io_image image;
  berg_error error;
  if (!io_image_decode(&image, bytes, size, "input.png", &error)) {
    vit_preprocess_picture(image.pixels, image.width, image.height, pixels, &error);
    vit_preprocess_tensor(image.pixels, image.width, image.height, pixels, &error);
  }
  io_image_release(&image);
  model_picture_decode(bytes, size, "input.png", VIT_CROP, pixels, &error);
  model_picture_decode(bytes, size, "input.png", VIT_SQUARE, pixels, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  /* Width and height stand at 16 and 20 when IHDR comes first, as it must. */
  if (size < 24 || bytes[0] != 0x89) return -1;
  size_t width = big_endian(bytes + 16), height = big_endian(bytes + 20);
  if (width > MAX_PIXELS || height > MAX_PIXELS || width * height > MAX_PIXELS) return -1;
  decode(bytes, size);
  uint8_t *copy = base_alloc(size, 1, NULL);
  if (!copy) return 0;
  memcpy(copy, bytes, size);
  set_checksums(copy, size);
  decode(copy, size);
  base_free(copy);
  return 0;
}
