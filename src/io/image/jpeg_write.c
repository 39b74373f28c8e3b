/* JPEG files. */
#include "io/image/jpeg_write.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "io/file/whole_file.h"

typedef struct jpeg_writer {
  struct jpeg_compress_struct codec;
  struct jpeg_error_mgr handler;
  jmp_buf escape;
  unsigned char *bytes; /* libjpeg's, by malloc */
  unsigned long size;
  char message[JMSG_LENGTH_MAX];
  berg_status status; /* of the message */
} jpeg_writer;

static void on_error(j_common_ptr codec) {
  jpeg_writer *writer = codec->client_data;
  codec->err->format_message(codec, writer->message);
  writer->status = codec->err->msg_code == JERR_OUT_OF_MEMORY ? BERG_ELIMIT : BERG_EINTERNAL;
  longjmp(writer->escape, 1);
}

static void on_message(j_common_ptr codec, int level) {
  (void)codec;
  (void)level;
}

static void encode(jpeg_writer *writer, const uint8_t *pixels, size_t width, size_t height, int quality) {
  struct jpeg_compress_struct *codec = &writer->codec;
  jpeg_create_compress(codec);
  jpeg_mem_dest(codec, &writer->bytes, &writer->size);
  codec->image_width = (JDIMENSION)width;
  codec->image_height = (JDIMENSION)height;
  codec->input_components = 3;
  codec->in_color_space = JCS_RGB;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, quality, TRUE);
  jpeg_start_compress(codec, TRUE);
  while (codec->next_scanline < codec->image_height) {
    JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)codec->next_scanline * width * 3);
    jpeg_write_scanlines(codec, &row, 1);
  }
  jpeg_finish_compress(codec);
}

static berg_status put(const jpeg_writer *writer, const char *path, bool force, berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = io_whole_file_write(file, writer->bytes, writer->size, error);
  if (!status) return io_whole_file_commit_unsynced(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status io_write_jpeg(const char *path, const uint8_t *pixels, size_t width, size_t height, int quality, bool force,
                          berg_error *error) {
  jpeg_writer writer = {.bytes = NULL};
  writer.codec.err = jpeg_std_error(&writer.handler);
  writer.codec.client_data = &writer;
  writer.handler.error_exit = on_error;
  writer.handler.emit_message = on_message;
  if (!setjmp(writer.escape)) encode(&writer, pixels, width, height, quality);
  berg_status status = writer.message[0]
                           ? base_fail(error, writer.status, "%s: cannot be made a JPEG: %s", path, writer.message)
                           : put(&writer, path, force, error);
  jpeg_destroy_compress(&writer.codec);
  free(writer.bytes);
  return status;
}
