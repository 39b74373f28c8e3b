/* JPEG to RGB through libjpeg-turbo, with the settings that Pillow leaves at their defaults (accurate integer
 * DCT, smooth upsampling of the chroma).
 *
 *   FF D8                     start
 *   FF E0..EF length ...      application data; of these only Adobe's (EE) matters here: its transform
 *                             byte tells RGB from YCbCr and CMYK from YCCK. Exif's orientation (E1) is
 *                             not applied.
 *   FF DB, C4, DD length ...  quantisation, Huffman codes, restart interval
 *   FF C0..CF length ...      the frame: 8 bits a sample, height, width, 1, 3 or 4 components and their
 *                             subsampling
 *   FF DA length ... data     a scan, coded data to the next marker; one or, progressive, many
 *   FF D9                     end
 *
 * Four components are taken as Adobe writes them, inverted, with or without its marker, as Pillow does. */
#include <setjmp.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/image/image_formats.h"

/* A progressive file may ask for any number of passes over all of its coefficients; encoders use ten. */
#define MAX_SCANS 500
/* The shortest segment that could be lost without another message: Adobe's, of colours. Without its restart interval, 6
 * bytes, a frame meets markers in its data. */
#define SEGMENT_BYTES 16

typedef struct jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr handler;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  const uint8_t *bytes;
  const char *name;
  const io_image_taker *taker;
  io_strip strip;
  uint8_t *row; /* [width][4], for CMYK */
  berg_status status;
  berg_error *error;
} jpeg_reader;

static void leave(jpeg_reader *reader, const char *what) {
  const struct jpeg_source_mgr *source = reader->codec.src;
  base_fault fault = {.status = BERG_EINPUT, .file = reader->name, .offset = BERG_NO_OFFSET, .what = what};
  /* At a premature end libjpeg-turbo reads from two bytes of its own. */
  if (source && reader->handler.msg_code != JWRN_JPEG_EOF)
    fault.offset = (uint64_t)(source->next_input_byte - reader->bytes);
  reader->status = base_fail_at(reader->error, &fault);
  longjmp(reader->escape, 1);
}

static void leave_with_message(jpeg_reader *reader) {
  char message[JMSG_LENGTH_MAX], what[JMSG_LENGTH_MAX + 32];
  reader->handler.format_message((j_common_ptr)&reader->codec, message);
  base_print(what, sizeof what, "damaged JPEG (%s)", message);
  leave(reader, what);
}

static void on_error(j_common_ptr codec) {
  jpeg_reader *reader = codec->client_data;
  if (codec->err->msg_code == JERR_OUT_OF_MEMORY) {
    reader->status = base_fail(reader->error, BERG_ELIMIT, "%s: not enough memory to decode the picture", reader->name);
    longjmp(reader->escape, 1);
  }
  leave_with_message(reader);
}

/* A warning means that libjpeg will make pixels up, but for those that concern no pixel. Bytes between the
 * last scan and the end marker are common in the wild, and by then every coefficient has been read. So are a few before
 * the first scan, fewer than a segment whose marker was damaged leaves. */
static bool is_harmless(const struct jpeg_decompress_struct *codec) {
  const struct jpeg_error_mgr *handler = codec->err;
  switch (handler->msg_code) {
  case JWRN_ADOBE_XFORM:
  case JWRN_JFIF_MAJOR:
  case JWRN_NOT_SEQUENTIAL: return true;
  case JWRN_EXTRANEOUS_DATA:
    return handler->msg_parm.i[1] == JPEG_EOI || (!codec->input_scan_number && handler->msg_parm.i[0] < SEGMENT_BYTES);
  default: return false;
  }
}

static void on_message(j_common_ptr codec, int level) {
  jpeg_reader *reader = codec->client_data;
  if (level < 0 && !is_harmless(&reader->codec)) leave_with_message(reader);
}

static void on_progress(j_common_ptr codec) {
  jpeg_reader *reader = codec->client_data;
  if (reader->codec.input_scan_number > MAX_SCANS) leave(reader, "JPEG of more than 500 scans");
}

/* As Pillow converts: the white that the ink leaves, each product divided by 255 with rounding. */
static void cmyk_to_rgb(const uint8_t *inverted, size_t width, uint8_t *rgb) {
  for (size_t x = 0; x < width; x++, inverted += 4, rgb += 3) {
    unsigned white = inverted[3];
    for (int c = 0; c < 3; c++) {
      unsigned product = (255u - inverted[c]) * white + 128;
      rgb[c] = (uint8_t)(white - (((product >> 8) + product) >> 8));
    }
  }
}

/* The next rows of the picture, `count` at most and to the end of the strip at most, into the strip. Returns how
 * many. */
static size_t read_rows(jpeg_reader *reader, size_t count) {
  JSAMPROW rows[IO_STRIP_ROWS];
  size_t space = IO_STRIP_ROWS - reader->strip.held;
  if (count > space) count = space;
  if (reader->row) {
    jpeg_read_scanlines(&reader->codec, &reader->row, 1);
    cmyk_to_rgb(reader->row, reader->codec.output_width, io_strip_row(&reader->strip, 0));
    return 1;
  }
  for (size_t i = 0; i < count; i++) rows[i] = io_strip_row(&reader->strip, i);
  return jpeg_read_scanlines(&reader->codec, rows, (JDIMENSION)count);
}

/* Whether libjpeg-turbo may leave out the transform and the colours of what lies outside the part: files of one scan in
 * Huffman code with the usual subsampling. The scan itself it decodes all the same. Worth 0.2 of 2.5 ms. */
static bool may_skip(struct jpeg_decompress_struct *codec) {
  if (codec->progressive_mode || codec->arith_code || jpeg_has_multiple_scans(codec)) return false;
  if (codec->num_components == 1) return true;
  const jpeg_component_info *parts = codec->comp_info;
  return codec->num_components == 3 && parts[0].h_samp_factor <= 2 && parts[0].v_samp_factor <= 2 &&
         parts[1].h_samp_factor == 1 && parts[1].v_samp_factor == 1 && parts[2].h_samp_factor == 1 &&
         parts[2].v_samp_factor == 1;
}

/* Columns are cropped with a margin, because chroma is smoothed across the edge of what is decoded. */
static void crop(jpeg_reader *reader) {
  const size_t margin = 16;
  const io_image_part *part = &reader->strip.part;
  JDIMENSION left = part->left < margin ? 0 : (JDIMENSION)(part->left - margin), right = reader->codec.output_width;
  if (right - (part->left + part->width) > margin) right = (JDIMENSION)(part->left + part->width + margin);
  JDIMENSION width = right - left;
  if (width >= reader->codec.output_width) return;
  jpeg_crop_scanline(&reader->codec, &left, &width);
  reader->strip.left = left;
}

/* Skips rows up to row `end`. */
static void pass_rows(jpeg_reader *reader, size_t end, bool skip) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (skip && codec->output_scanline < end) jpeg_skip_scanlines(codec, (JDIMENSION)end - codec->output_scanline);
  while (codec->output_scanline < end) read_rows(reader, end - codec->output_scanline);
}

static void decode(jpeg_reader *reader, size_t size) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  jpeg_create_decompress(codec);
  codec->progress = &reader->progress;
  jpeg_mem_src(codec, reader->bytes, size);
  jpeg_read_header(codec, TRUE);
  if (codec->num_components != 1 && codec->num_components != 3 && codec->num_components != 4)
    leave(reader, "JPEG with a number of components other than 1, 3 or 4");
  bool cmyk = codec->num_components == 4;
  codec->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  reader->status = io_strip_start(&reader->strip, reader->taker, codec->image_width, codec->image_height, reader->name,
                                  reader->error);
  if (!reader->status && cmyk && !(reader->row = base_alloc(codec->image_width, 4, reader->error)))
    reader->status = BERG_ELIMIT;
  if (reader->status) return;

  jpeg_start_decompress(codec);
  const bool skip = may_skip(codec);
  const size_t first = reader->strip.part.top, end = first + reader->strip.part.height;
  if (skip && end > first) crop(reader);
  pass_rows(reader, first, skip);
  while (codec->output_scanline < end) io_strip_add(&reader->strip, read_rows(reader, end - codec->output_scanline));
  io_strip_flush(&reader->strip);
  /* Skipping to the end of the picture would leave the rest of the file unread: so the last row is decoded. */
  pass_rows(reader, codec->output_height - 1, skip);
  pass_rows(reader, codec->output_height, false);
  jpeg_finish_decompress(codec);
}

berg_status io_jpeg_decode(const io_image_taker *taker, const uint8_t *bytes, size_t size, const char *name,
                           berg_error *error) {
  jpeg_reader reader = {.bytes = bytes, .name = name, .taker = taker, .error = error};
  reader.codec.err = jpeg_std_error(&reader.handler);
  reader.codec.client_data = &reader;
  reader.handler.error_exit = on_error;
  reader.handler.emit_message = on_message;
  reader.progress.progress_monitor = on_progress;
  /* What changes from here on is in `reader`, whose address has been given away, not in a register. */
  if (!setjmp(reader.escape)) decode(&reader, size);
  jpeg_destroy_decompress(&reader.codec);
  base_free(reader.row);
  base_free(reader.strip.memory);
  return reader.status;
}
