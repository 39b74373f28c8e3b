/* A JPEG as few programs write it, for tests of the reader:
 *
 *   write_jpeg RAW W H INPUT STORED SAMPLING QUALITY OPTIONS OUT
 *
 * RAW is a file of samples [H][W][components]. INPUT and STORED: grey, rgb, ycc, cmyk, ycck. SAMPLING:
 * factors of each component, "2x1,1x1,1x1". OPTIONS: letters out of a (arithmetic), p (progressive), r
 * (restart markers), o (optimised), or - for none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static J_COLOR_SPACE space(const char *name) {
  static const struct {
    const char *name;
    J_COLOR_SPACE space;
  } spaces[] = {
      {"grey", JCS_GRAYSCALE}, {"rgb", JCS_RGB}, {"ycc", JCS_YCbCr}, {"cmyk", JCS_CMYK}, {"ycck", JCS_YCCK},
  };
  for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
    if (!strcmp(name, spaces[i].name)) return spaces[i].space;
  fprintf(stderr, "no colour space %s\n", name);
  exit(2);
}

static void set_sampling(struct jpeg_compress_struct *codec, const char *text) {
  for (int c = 0; c < codec->num_components; c++) {
    int across, down, length = 0;
    if (sscanf(text, "%dx%d%n", &across, &down, &length) != 2) return;
    codec->comp_info[c].h_samp_factor = across;
    codec->comp_info[c].v_samp_factor = down;
    text += length + (text[length] == ',');
  }
}

int main(int count, char **arguments) {
  if (count != 10) return 2;
  FILE *in = fopen(arguments[1], "rb"), *out = fopen(arguments[9], "wb");
  if (!in || !out) return 1;
  struct jpeg_compress_struct codec = {0};
  struct jpeg_error_mgr handler;
  codec.err = jpeg_std_error(&handler);
  jpeg_create_compress(&codec);
  jpeg_stdio_dest(&codec, out);
  codec.image_width = (JDIMENSION)atoi(arguments[2]);
  codec.image_height = (JDIMENSION)atoi(arguments[3]);
  codec.in_color_space = space(arguments[4]);
  codec.input_components = codec.in_color_space == JCS_GRAYSCALE ? 1 : codec.in_color_space == JCS_CMYK ? 4 : 3;
  jpeg_set_defaults(&codec);
  jpeg_set_colorspace(&codec, space(arguments[5]));
  jpeg_set_quality(&codec, atoi(arguments[7]), TRUE);
  set_sampling(&codec, arguments[6]);
  codec.arith_code = strchr(arguments[8], 'a') != NULL;
  codec.optimize_coding = strchr(arguments[8], 'o') != NULL;
  if (strchr(arguments[8], 'r')) codec.restart_interval = 3;
  if (strchr(arguments[8], 'p')) jpeg_simple_progression(&codec);

  jpeg_start_compress(&codec, TRUE);
  size_t width = codec.image_width * (size_t)codec.input_components;
  JSAMPROW row = malloc(width);
  while (row && codec.next_scanline < codec.image_height && fread(row, 1, width, in) == width)
    jpeg_write_scanlines(&codec, &row, 1);
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  free(row);
  fclose(in);
  return fclose(out) ? 1 : 0;
}
