/* Pillow's bilinear resize of 8-bit pictures, bit for bit (its libImaging/Resample.c): two passes of a
 * triangle filter whose weights are computed in double and rounded to 22 fractional bits; horizontally first,
 * each pass rounded to 8 bits. (From 12.2 on Pillow takes very tall pictures vertically first, from 13.0 all
 * that are more than twice as high as wide and shrink. The order here is that of all versions before, from
 * the years when the published models were trained.)
 *
 *   rgb [rows][width][3] --16 rows at a time--> block [column][3][16] --horizontal--> across [rows][3][224]
 *                                                                      --vertical----> pixels [3][224][224]
 *
 * The block puts 16 rows side by side, so that one weight meets 16 neighbours; only rows and columns that the kept
 * pixels depend on are looked at. A picture of 800 x 800 takes 0.4 ms; loops left to the compiler took 1.6. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "vit/picture.h"

#define BITS 22
#define HALF_BITS 11 /* of a weight in each of its two floats, see vit/kernels/resize.c */

static berg_status set_taps(vit_taps *taps, const vit_axis *axis, berg_error *error) {
  double scale = (double)axis->in / (double)axis->out;
  double support = scale > 1.0 ? scale : 1.0, inverse = 1.0 / support;
  taps->room = (size_t)ceil(support) * 2 + 1;
  taps->weights = base_calloc(taps->room * VIT_IMAGE_SIZE, 2 * sizeof *taps->weights, error);
  double *real = base_alloc(taps->room, sizeof *real, error);
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
      float *halves = taps->weights + 2 * (i * taps->room + j);
      halves[0] = (float)(weight >> HALF_BITS);
      halves[1] = (float)(weight & ((1 << HALF_BITS) - 1));
    }
    taps->first[i] = first;
    taps->count[i] = end - first;
  }
  base_free(real);
  return BERG_OK;
}

static berg_status start_resize(vit_picture *picture, const vit_axis *x, const vit_axis *y, berg_error *error) {
  berg_status status = set_taps(&picture->over, x, error);
  if (!status) status = set_taps(&picture->down, y, error);
  if (status) return status;
  picture->left = x->origin + picture->over.first[0];
  picture->top = y->origin + picture->down.first[0];
  picture->columns = vit_taps_end(&picture->over, 0, VIT_IMAGE_SIZE) - picture->over.first[0];
  picture->rows = vit_taps_end(&picture->down, 0, VIT_IMAGE_SIZE) - picture->down.first[0];
  picture->block = base_alloc(vit_resize_block(&picture->over, 3), sizeof *picture->block, error);
  picture->across = base_alloc(picture->rows + VIT_BLOCK_ROWS - 1, VIT_LINE, error);
  return picture->block && picture->across ? BERG_OK : BERG_ELIMIT;
}

berg_status vit_picture_start(vit_picture *picture, vit_transform transform, size_t width, size_t height,
                              uint8_t *pixels, berg_error *error) {
  vit_axis x, y;
  picture->block = NULL;
  picture->across = NULL;
  picture->over.weights = picture->down.weights = NULL;
  picture->kernels = vit_resize_kernels_for(base_machine_isa());
  picture->pixels = pixels;
  picture->done = picture->rows = picture->columns = picture->left = picture->top = 0;
  berg_status status = transform == VIT_SQUARE ? vit_set_square_axes(&x, &y, width, height, error)
                                               : vit_set_axes(&x, &y, width, height, error);
  if (status) return status;
  /* Either both sides change or neither: with a short side of 256 the long one stays, with any other it moves too; those
   * of a square are equal. */
  if (x.in != x.out) return start_resize(picture, &x, &y, error);
  picture->left = x.origin + x.first;
  picture->top = y.origin + y.first;
  picture->columns = picture->rows = VIT_IMAGE_SIZE;
  return BERG_OK;
}

void vit_picture_take(vit_picture *picture, const uint8_t *rgb, size_t stride, size_t count) {
  const vit_resize_kernels *kernels = picture->kernels;
  if (!picture->across) {
    const size_t plane = VIT_IMAGE_SIZE * VIT_IMAGE_SIZE;
    for (; count; count--, rgb += stride) {
      uint8_t *row = picture->pixels + picture->done++ * VIT_IMAGE_SIZE;
      kernels->part_colours(rgb, VIT_IMAGE_SIZE, row, row + plane, row + 2 * plane);
    }
    return;
  }
  while (count) {
    const size_t part = count < VIT_BLOCK_ROWS ? count : VIT_BLOCK_ROWS;
    kernels->fixed_across(rgb, stride, part, &picture->over, picture->block,
                          picture->across + picture->done * VIT_LINE);
    picture->done += part;
    count -= part;
    rgb += part * stride;
  }
}

void vit_picture_finish(vit_picture *picture) {
  if (picture->across) picture->kernels->fixed_down(picture->across, &picture->down, picture->pixels);
}

void vit_picture_release(vit_picture *picture) {
  base_free(picture->across);
  base_free(picture->block);
  base_free(picture->over.weights);
  base_free(picture->down.weights);
}
