/* Pictures through the readers and the resizings, for tests that compare with other programs. Standard input
 * has one command a line, answered on standard output, so that a test runs one process for all of its
 * pictures:
 *
 *   decode PATH                 -> "ok W H\n" and W * H * 3 bytes, [H][W][3]
 *   picture PATH                -> "ok 224 224\n" and [3][224][224]: decoded, then Pillow's resize and crop
 *   square PATH                 -> the same of the central square, resized to 224 x 224
 *   raw picture W H PATH        -> the same from a file of W * H * 3 bytes, [H][W][3]
 *   raw square W H PATH         -> the same of the central square
 *   raw tensor W H PATH         -> torchvision's resize of such a file, [3][H][W]
 *
 * or "error STATUS MESSAGE\n". */
#include <stdio.h>
#include <string.h>

#include "io/image/image.h"
#include "io/file/map.h"
#include "model/stimuli/picture.h"
#include "vit/preprocess.h"

static uint8_t pixels[VIT_PIXELS];

static void answer(berg_status status, const berg_error *error, size_t width, size_t height, const uint8_t *bytes) {
  if (status) {
    printf("error %s %s\n", berg_status_name(status), error->message);
  } else {
    printf("ok %zu %zu\n", width, height);
    fwrite(bytes, 3, width * height, stdout);
  }
  fflush(stdout);
}

static void read_picture(const char *path, vit_transform transform) {
  berg_error error;
  berg_status status = model_picture_read(path, transform, pixels, &error);
  answer(status, &error, VIT_IMAGE_SIZE, VIT_IMAGE_SIZE, pixels);
}

static void decode(const char *path) {
  berg_error error;
  io_image image;
  berg_status status = io_image_read(&image, path, &error);
  answer(status, &error, image.width, image.height, image.pixels);
  io_image_release(&image);
}

static void run_raw(const char *path, size_t width, size_t height, const char *kind) {
  berg_error error;
  io_map map;
  berg_status status = io_map_open(&map, path, &error);
  if (!status && !strcmp(kind, "tensor"))
    status = vit_preprocess_tensor(map.bytes, width, height, pixels, &error);
  else if (!status && !strcmp(kind, "square"))
    status = vit_preprocess_square(map.bytes, width, height, pixels, &error);
  else if (!status)
    status = vit_preprocess_picture(map.bytes, width, height, pixels, &error);
  answer(status, &error, VIT_IMAGE_SIZE, VIT_IMAGE_SIZE, pixels);
  io_map_close(&map);
}

int main(void) {
  char line[5000], path[4096], kind[16];
  while (fgets(line, sizeof line, stdin)) {
    size_t width, height;
    if (sscanf(line, "decode %4095[^\n]", path) == 1)
      decode(path);
    else if (sscanf(line, "picture %4095[^\n]", path) == 1)
      read_picture(path, VIT_CROP);
    else if (sscanf(line, "square %4095[^\n]", path) == 1)
      read_picture(path, VIT_SQUARE);
    else if (sscanf(line, "raw %15s %zu %zu %4095[^\n]", kind, &width, &height, path) == 4)
      run_raw(path, width, height, kind);
    else
      return 2;
  }
  return 0;
}
