/* The transforms up to the pixels: sizes and crops. torchvision's preset has the same on both of its paths. */
#include "vit/preprocess.h"

#include <string.h>

#include "vit/preprocess_stream.h"

#define SHORT_SIDE 256

/* Where a central crop starts: int(round(margin / 2.0)), half to even. */
static size_t crop_start(size_t margin) {
  const size_t half = margin / 2;
  return margin % 2 && half % 2 ? half + 1 : half;
}

/* The short side becomes 256, the long one int(256 * long / short), in Python's arithmetic: a product of
 * integers divided in double. */
static void set_axis(vit_axis *axis, size_t in, size_t shorter) {
  axis->origin = 0;
  axis->in = in;
  axis->out = in == shorter ? SHORT_SIDE : (size_t)((double)SHORT_SIDE * (double)in / (double)shorter);
  axis->first = crop_start(axis->out - VIT_IMAGE_SIZE);
}

static berg_status check_size(size_t width, size_t height, berg_error *error) {
  if (width && height) return BERG_OK;
  return base_fail(error, BERG_ESTIMULUS, "an image of %zu x %zu has no pixels", width, height);
}

berg_status vit_set_axes(vit_axis *x, vit_axis *y, size_t width, size_t height, berg_error *error) {
  berg_status status = check_size(width, height, error);
  if (status) return status;
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

berg_status vit_set_square_axes(vit_axis *x, vit_axis *y, size_t width, size_t height, berg_error *error) {
  const size_t side = width < height ? width : height;
  *x = (vit_axis){.origin = crop_start(width - side), .in = side, .out = VIT_IMAGE_SIZE};
  *y = (vit_axis){.origin = crop_start(height - side), .in = side, .out = VIT_IMAGE_SIZE};
  return check_size(width, height, error);
}

static berg_status preprocess(const uint8_t *rgb, vit_transform transform, size_t width, size_t height, uint8_t *pixels,
                              berg_error *error) {
  vit_preprocess_stream stream;
  berg_status status = vit_preprocess_stream_start(&stream, transform, width, height, pixels, error);
  if (!status) {
    vit_preprocess_stream_take(&stream, rgb + 3 * (stream.top * width + stream.left), 3 * width, stream.rows);
    vit_preprocess_stream_finish(&stream);
  }
  vit_preprocess_stream_release(&stream);
  return status;
}

berg_status vit_preprocess_picture(const uint8_t *rgb, size_t width, size_t height, uint8_t *pixels,
                                   berg_error *error) {
  return preprocess(rgb, VIT_CROP, width, height, pixels, error);
}

berg_status vit_preprocess_square(const uint8_t *rgb, size_t width, size_t height, uint8_t *pixels, berg_error *error) {
  return preprocess(rgb, VIT_SQUARE, width, height, pixels, error);
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
