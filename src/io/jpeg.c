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
#include "io/image_formats.h"

/* A progressive file may ask for any number of passes over all of its coefficients; encoders use ten. */
#define MAX_SCANS 500

typedef struct jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr handler;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  const uint8_t *bytes;
  const char *name;
  io_image *image;
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
  snprintf(what, sizeof what, "damaged JPEG (%s)", message);
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
 * last scan and the end marker are common in the wild, and by then every coefficient has been read. */
static bool is_harmless(const struct jpeg_error_mgr *handler) {
  switch (handler->msg_code) {
  case JWRN_ADOBE_XFORM:
  case JWRN_JFIF_MAJOR:
  case JWRN_NOT_SEQUENTIAL: return true;
  case JWRN_EXTRANEOUS_DATA: return handler->msg_parm.i[1] == JPEG_EOI;
  default: return false;
  }
}

static void on_message(j_common_ptr codec, int level) {
  if (level < 0 && !is_harmless(codec->err)) leave_with_message(codec->client_data);
}

static void on_progress(j_common_ptr codec) {
  jpeg_reader *reader = codec->client_data;
  if (reader->codec.input_scan_number > MAX_SCANS) leave(reader, "JPEG of more than 500 scans");
}

/* Pillow's: what is left of white after the ink, each product divided by 255 with rounding. */
static void cmyk_to_rgb(const uint8_t *inverted, size_t width, uint8_t *rgb) {
  for (size_t x = 0; x < width; x++, inverted += 4, rgb += 3) {
    unsigned white = inverted[3];
    for (int c = 0; c < 3; c++) {
      unsigned product = (255u - inverted[c]) * white + 128;
      rgb[c] = (uint8_t)(white - (((product >> 8) + product) >> 8));
    }
  }
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
  reader->status = io_image_alloc(reader->image, codec->image_width, codec->image_height, reader->name, reader->error);
  if (!reader->status && cmyk && !(reader->row = base_alloc(codec->image_width, 4, reader->error)))
    reader->status = BERG_ELIMIT;
  if (reader->status) return;

  jpeg_start_decompress(codec);
  uint8_t *pixels = reader->image->pixels;
  const size_t stride = 3 * reader->image->width;
  for (; codec->output_scanline < codec->output_height; pixels += stride) {
    JSAMPROW row = cmyk ? reader->row : pixels;
    jpeg_read_scanlines(codec, &row, 1);
    if (cmyk) cmyk_to_rgb(row, reader->image->width, pixels);
  }
  jpeg_finish_decompress(codec);
}

berg_status io_jpeg_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  jpeg_reader reader = {.bytes = bytes, .name = name, .image = image, .error = error};
  reader.codec.err = jpeg_std_error(&reader.handler);
  reader.codec.client_data = &reader;
  reader.handler.error_exit = on_error;
  reader.handler.emit_message = on_message;
  reader.progress.progress_monitor = on_progress;
  /* What changes from here on is in `reader`, whose address has been given away, not in a register. */
  if (!setjmp(reader.escape)) decode(&reader, size);
  jpeg_destroy_decompress(&reader.codec);
  base_free(reader.row);
  return reader.status;
}
