/* Pillow's bilinear resize of 8-bit pictures, bit for bit (its libImaging/Resample.c): two passes of a triangle filter
 * whose weights are computed in double and rounded to 22 fractional bits; horizontally first, each pass rounded to 8
 * bits. (From 12.2 on Pillow takes very tall pictures vertically first, from 13.0 all that are more than twice as high
 * as wide and shrink. The order here is that of all earlier versions, with which the published models were trained.)
 *
 *   rgb [rows][width][3] --16 rows at a time--> block [column][3][16] --horizontal--> across [rows][3][224]
 *                                                                      --vertical----> pixels [3][224][224]
 *
 * The block puts 16 rows side by side, so that one weight meets 16 neighbours; only rows and columns that the kept
 * pixels depend on are looked at. A picture of 800 x 800 takes 0.4 ms, or 1.6 with loops left to the compiler. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "vit/preprocess_stream.h"

#define BITS 22
#define HALF_BITS 11 /* of a weight in each of its two floats, see vit/kernels/resize.c */

static berg_status set_taps(vit_taps *taps, const vit_axis *axis, berg_error *error) {
  double scale = (double)axis->in / (double)axis->out;
  double support = scale > 1.0 ? scale : 1.0, inverse = 1.0 / support;
  taps->stride = (size_t)ceil(support) * 2 + 1;
  taps->weights = base_calloc(taps->stride * VIT_IMAGE_SIZE, 2 * sizeof *taps->weights, error);
  double *real = base_alloc(taps->stride, sizeof *real, error);
  if (!taps->weights || !real) {
    base_free(real);
    return BERG_ELIMIT;
  }
  for (size_t i = 0; i < VIT_IMAGE_SIZE; i++) {
    double centre = ((double)(axis->first + i) + 0.5) * scale, sum = 0;
    double low = centre - support + 0.5, high = centre + support + 0.5;
    size_t first = low > 0 ? (size_t)low : 0, end = high < (double)axis->in ? (size_t)high : axis->in;
    for (size_t j = 0; j < end - first; j++) {
      double distance = fabs(((double)(j + first) - centre + 0.5) * inverse);
      real[j] = distance < 1.0 ? 1.0 - distance : 0.0;
      sum += real[j];
    }
    for (size_t j = 0; j < end - first; j++) {
      int32_t weight = (int32_t)(0.5 + real[j] / sum * (1 << BITS));
      float *halves = taps->weights + 2 * (i * taps->stride + j);
      halves[0] = (float)(weight >> HALF_BITS);
      halves[1] = (float)(weight & ((1 << HALF_BITS) - 1));
    }
    taps->first[i] = first;
    taps->count[i] = end - first;
  }
  base_free(real);
  return BERG_OK;
}

static berg_status start_resize(vit_preprocess_stream *stream, const vit_axis *x, const vit_axis *y,
                                berg_error *error) {
  berg_status status = set_taps(&stream->over, x, error);
  if (!status) status = set_taps(&stream->down, y, error);
  if (status) return status;
  stream->left = x->origin + stream->over.first[0];
  stream->top = y->origin + stream->down.first[0];
  stream->columns = vit_taps_end(&stream->over, 0, VIT_IMAGE_SIZE) - stream->over.first[0];
  stream->rows = vit_taps_end(&stream->down, 0, VIT_IMAGE_SIZE) - stream->down.first[0];
  stream->block = base_alloc(vit_resize_block(&stream->over, 3), sizeof *stream->block, error);
  stream->across = base_alloc(stream->rows + VIT_BLOCK_ROWS - 1, VIT_LINE, error);
  return stream->block && stream->across ? BERG_OK : BERG_ELIMIT;
}

berg_status vit_preprocess_stream_start(vit_preprocess_stream *stream, vit_transform transform, size_t width,
                                        size_t height, uint8_t *pixels, berg_error *error) {
  vit_axis x, y;
  stream->block = NULL;
  stream->across = NULL;
  stream->over.weights = stream->down.weights = NULL;
  stream->kernels = vit_resize_kernels_for(base_machine_isa());
  stream->pixels = pixels;
  stream->done = stream->rows = stream->columns = stream->left = stream->top = 0;
  berg_status status = transform == VIT_SQUARE ? vit_set_square_axes(&x, &y, width, height, error)
                                               : vit_set_axes(&x, &y, width, height, error);
  if (status) return status;
  /* Either both sides change or neither: with a short side of 256 the long one stays, with any other it moves too;
   * those of a square are equal. */
  if (x.in != x.out) return start_resize(stream, &x, &y, error);
  stream->left = x.origin + x.first;
  stream->top = y.origin + y.first;
  stream->columns = stream->rows = VIT_IMAGE_SIZE;
  return BERG_OK;
}

void vit_preprocess_stream_take(vit_preprocess_stream *stream, const uint8_t *rgb, size_t stride, size_t count) {
  const vit_resize_kernels *kernels = stream->kernels;
  if (!stream->across) {
    const size_t plane = VIT_IMAGE_SIZE * VIT_IMAGE_SIZE;
    for (; count; count--, rgb += stride) {
      uint8_t *row = stream->pixels + stream->done++ * VIT_IMAGE_SIZE;
      kernels->part_colours(rgb, VIT_IMAGE_SIZE, row, row + plane, row + 2 * plane);
    }
    return;
  }
  while (count) {
    const size_t part = count < VIT_BLOCK_ROWS ? count : VIT_BLOCK_ROWS;
    kernels->fixed_across(rgb, stride, part, &stream->over, stream->block, stream->across + stream->done * VIT_LINE);
    stream->done += part;
    count -= part;
    rgb += part * stride;
  }
}

void vit_preprocess_stream_finish(vit_preprocess_stream *stream) {
  if (stream->across) stream->kernels->fixed_down(stream->across, &stream->down, stream->pixels);
}

void vit_preprocess_stream_release(vit_preprocess_stream *stream) {
  base_free(stream->across);
  base_free(stream->block);
  base_free(stream->over.weights);
  base_free(stream->down.weights);
}
