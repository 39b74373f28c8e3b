/* torchvision's ImageClassification transform up to the pixels: sizes and crop, which are the same on both
 * paths. */
#include "vit/preprocess.h"

#include <string.h>

#include "vit/preprocess_stream.h"

#define SHORT_SIDE 256

/* The short side becomes 256, the long one int(256 * long / short), in Python's arithmetic: a product of
 * integers divided in double. What is kept starts at int(round((size - 224) / 2.0)), half to even. */
static void set_axis(vit_axis *axis, size_t in, size_t shorter) {
  axis->in = in;
  axis->out = in == shorter ? SHORT_SIDE : (size_t)((double)SHORT_SIDE * (double)in / (double)shorter);
  size_t margin = axis->out - VIT_IMAGE_SIZE, half = margin / 2;
  axis->first = margin % 2 && half % 2 ? half + 1 : half;
}

berg_status vit_set_axes(vit_axis *x, vit_axis *y, size_t width, size_t height, berg_error *error) {
  if (!width || !height) return base_fail(error, BERG_ESTIMULUS, "an image of %zu x %zu has no pixels", width, height);
  size_t shorter = width < height ? width : height, longer = width < height ? height : width;
  if (longer / shorter >= INT32_MAX / SHORT_SIDE || longer > INT32_MAX)
    return base_fail(error, BERG_ESTIMULUS,
                     "an image of %zu x %zu is too narrow: with its short side at 256, the long one "
                     "would exceed 2^31 - 1",
                     width, height);
  set_axis(x, width, shorter);
  set_axis(y, height, shorter);
  return BERG_OK;
}

berg_status vit_preprocess_picture(const uint8_t *rgb, size_t width, size_t height, uint8_t *pixels,
                                   berg_error *error) {
  vit_preprocess_stream stream;
  berg_status status = vit_preprocess_stream_start(&stream, width, height, pixels, error);
  if (!status) {
    vit_preprocess_stream_take(&stream, rgb + 3 * (stream.top * width + stream.left), 3 * width, stream.rows);
    vit_preprocess_stream_finish(&stream);
  }
  vit_preprocess_stream_release(&stream);
  return status;
}

berg_status vit_preprocess_tensor(const uint8_t *planes, size_t width, size_t height, uint8_t *pixels,
                                  berg_error *error) {
  vit_axis x, y;
  berg_status status = vit_set_axes(&x, &y, width, height, error);
  if (status) return status;
  if (x.in != x.out) return vit_resize_tensor(planes, &x, &y, pixels, error);
  for (size_t c = 0; c < 3; c++)
    for (size_t row = 0; row < VIT_IMAGE_SIZE; row++, pixels += VIT_IMAGE_SIZE)
      memcpy(pixels, planes + (c * height + y.first + row) * width + x.first, VIT_IMAGE_SIZE);
  return BERG_OK;
}
