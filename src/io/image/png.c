/* PNG to RGB through libspng, which undoes the compression, the filters and the interlacing; the samples are
 * made RGB here, as Pillow makes them:
 *
 *   colour type        bits         a pixel becomes
 *   0 grey             1, 2, 4, 8   the value stretched to 0..255 in all three
 *                      16           min(value, 255) in all three: Pillow clips these (as mode I in 9.4, as
 *                                   I;16 in 13), so that most such pictures come out white
 *   2 RGB              8, 16        the high byte of each
 *   3 palette          1, 2, 4, 8   the palette's colour, black beyond its end
 *   4 grey and alpha   8, 16        the high byte of grey
 *   6 RGB and alpha    8, 16        the high byte of each
 *
 * Alpha and tRNS are dropped, not composited; gamma and profiles are not applied. */
#include <spng.h>
#include <string.h>

#include "base/memory.h"
#include "io/image/image_formats.h"
#include "io/image/png_chunks.h"
#include "io/image/png_memory.h"

static int feed(spng_ctx *context, void *stream, void *out, size_t count) {
  (void)context;
  return io_png_stream_read(stream, out, count) == count ? 0 : SPNG_IO_EOF;
}

static berg_status fail(const char *name, int code, berg_error *error) {
  if (io_png_memory_lacked() || code == SPNG_EMEM)
    return base_fail(error, BERG_ELIMIT, "%s: not enough memory to decode the picture", name);
  return base_fail(error, BERG_EINPUT, "%s: damaged PNG (%s)", name, spng_strerror(code));
}

/* Colours of all values of a sample of up to 8 bits: the palette or the grey ramp. */
typedef struct colour_table {
  uint8_t rgb[256][3];
} colour_table;

static int set_colours(colour_table *colours, spng_ctx *context, const struct spng_ihdr *header) {
  memset(colours, 0, sizeof *colours);
  if (header->color_type == SPNG_COLOR_TYPE_INDEXED) {
    struct spng_plte palette;
    int code = spng_get_plte(context, &palette);
    if (code) return code;
    for (uint32_t i = 0; i < palette.n_entries && i < 256; i++) {
      colours->rgb[i][0] = palette.entries[i].red;
      colours->rgb[i][1] = palette.entries[i].green;
      colours->rgb[i][2] = palette.entries[i].blue;
    }
  } else if (header->color_type == SPNG_COLOR_TYPE_GRAYSCALE && header->bit_depth <= 8) {
    int last = (1 << header->bit_depth) - 1;
    for (int i = 0; i <= last; i++) memset(colours->rgb[i], i * 255 / last, 3);
  }
  return 0;
}

/* One row of samples as the file has them: packed, first pixel in the high bits; 16 bits big-endian. */
static void row_to_rgb(const struct spng_ihdr *header, const colour_table *colours, const uint8_t *row, uint8_t *rgb) {
  size_t width = header->width, bits = header->bit_depth, bytes = bits / 8;
  switch (header->color_type) {
  case SPNG_COLOR_TYPE_INDEXED:
  case SPNG_COLOR_TYPE_GRAYSCALE:
    if (bits == 16) {
      for (size_t x = 0; x < width; x++) memset(rgb + 3 * x, row[2 * x] ? 255 : row[2 * x + 1], 3);
    } else {
      for (size_t x = 0; x < width; x++) {
        size_t bit = x * bits;
        unsigned value = (unsigned)row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
        memcpy(rgb + 3 * x, colours->rgb[value], 3);
      }
    }
    break;
  case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
    for (size_t x = 0; x < width; x++) memset(rgb + 3 * x, row[2 * bytes * x], 3);
    break;
  default: {
    size_t samples = header->color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ? 4 : 3;
    if (samples == 3 && bytes == 1) {
      memcpy(rgb, row, 3 * width);
      break;
    }
    for (size_t x = 0; x < width; x++)
      for (size_t c = 0; c < 3; c++) rgb[3 * x + c] = row[(samples * x + c) * bytes];
  }
  }
}

/* A row at a time where rows come in order; an interlaced picture is put together first. */
static berg_status decode_rows(spng_ctx *context, const struct spng_ihdr *header, io_strip *strip, const char *name,
                               berg_error *error) {
  colour_table colours;
  size_t raw_size, stride;
  int code = spng_decoded_image_size(context, SPNG_FMT_RAW, &raw_size);
  if (code) return fail(name, code, error);
  stride = raw_size / header->height;
  /* Cleared, because libspng adds the pixels of a pass to their byte where several share one. */
  uint8_t *raw = base_calloc(header->interlace_method ? raw_size : stride, 1, error);
  if (!raw) return BERG_ELIMIT;
  if (header->interlace_method)
    code = spng_decode_image(context, raw, raw_size, SPNG_FMT_RAW, 0);
  else
    code = spng_decode_image(context, NULL, 0, SPNG_FMT_RAW, SPNG_DECODE_PROGRESSIVE);
  if (!code) code = set_colours(&colours, context, header);
  for (size_t y = 0; !code && y < header->height; y++) {
    const uint8_t *row = header->interlace_method ? raw + y * stride : raw;
    if (!header->interlace_method) {
      code = spng_decode_row(context, raw, stride);
      if (code == SPNG_EOI && y + 1 == header->height) code = 0;
    }
    if (code || y < strip->part.top || y - strip->part.top >= strip->part.height) continue;
    row_to_rgb(header, &colours, row, io_strip_row(strip, 0));
    io_strip_add(strip, 1);
  }
  io_strip_flush(strip);
  if (!code) code = spng_decode_chunks(context);
  base_free(raw);
  return code ? fail(name, code, error) : BERG_OK;
}

berg_status io_png_decode(const io_image_taker *taker, const uint8_t *bytes, size_t size, const char *name,
                          berg_error *error) {
  berg_status status = io_png_check(bytes, size, name, error);
  if (status) return status;
  io_png_stream stream;
  io_png_stream_init(&stream, bytes, size);
  spng_ctx *context = io_png_context(0);
  if (!context) return fail(name, SPNG_EMEM, error);
  struct spng_ihdr header;
  int code = spng_set_png_stream(context, feed, &stream);
  if (!code) code = spng_get_ihdr(context, &header);
  io_strip strip = {.memory = NULL};
  if (code)
    status = fail(name, code, error);
  else
    status = io_strip_start(&strip, taker, header.width, header.height, name, error);
  if (!status) status = decode_rows(context, &header, &strip, name, error);
  base_free(strip.memory);
  spng_ctx_free(context);
  return status;
}
