/* A picture of any format, by its first bytes. */
#include "io/image/image.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/image/image_formats.h"
#include "io/file/map.h"

bool io_image_is_name(const char *path) {
  static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
  const char *dot = strrchr(path, '.');
  if (!dot) return false;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (base_same_word(dot, endings[i])) return true;
  return false;
}

void io_image_release(io_image *image) {
  base_free(image->pixels);
  *image = (io_image){0, 0, NULL};
}

static berg_status fail_unknown(const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  const char *format = io_image_foreign(bytes, size);
  if (format) return io_image_fail_foreign(name, format, error);
  char found[64] = "an empty file";
  size_t shown = size < 8 ? size : 8, at = 0;
  for (size_t i = 0; i < shown; i++)
    at += (size_t)base_print(found + at, sizeof found - at, i ? " %02x" : "%02x", bytes[i]);
  base_fault fault = {BERG_EINPUT, name, 0, NULL, "not a picture", "ff d8 ff (JPEG) or 89 50 4e 47 0d 0a 1a 0a (PNG)",
                      found};
  return base_fail_at(error, &fault);
}

berg_status io_image_decode_rows(const io_image_taker *taker, const uint8_t *bytes, size_t size, const char *name,
                                 berg_error *error) {
  static const uint8_t jpeg[] = {0xff, 0xd8, 0xff}, png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (size >= sizeof jpeg && !memcmp(bytes, jpeg, sizeof jpeg)) return io_jpeg_decode(taker, bytes, size, name, error);
  if (size >= sizeof png && !memcmp(bytes, png, sizeof png)) return io_png_decode(taker, bytes, size, name, error);
  return fail_unknown(bytes, size, name, error);
}

berg_status io_image_read_rows(const io_image_taker *taker, const char *path, berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  status = io_image_decode_rows(taker, map.bytes, map.size, path, error);
  io_map_close(&map);
  return status;
}

/* --- Whole pictures --- */

typedef struct whole {
  io_image *image;
  size_t rows;
} whole;

static berg_status start_whole(void *user, size_t width, size_t height, io_image_part *part, berg_error *error) {
  io_image *image = ((whole *)user)->image;
  (void)part;
  image->pixels = base_alloc(width * height, 3, error);
  if (!image->pixels) return BERG_ELIMIT;
  image->width = width;
  image->height = height;
  return BERG_OK;
}

static void take_whole(void *user, const uint8_t *rgb, size_t stride, size_t count) {
  whole *all = user;
  const size_t bytes = 3 * all->image->width;
  for (; count; count--, rgb += stride) memcpy(all->image->pixels + all->rows++ * bytes, rgb, bytes);
}

berg_status io_image_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  whole all = {image, 0};
  *image = (io_image){0, 0, NULL};
  berg_status status = io_image_decode_rows(&(io_image_taker){start_whole, take_whole, &all}, bytes, size, name, error);
  if (status) io_image_release(image);
  return status;
}

berg_status io_image_read(io_image *image, const char *path, berg_error *error) {
  whole all = {image, 0};
  *image = (io_image){0, 0, NULL};
  berg_status status = io_image_read_rows(&(io_image_taker){start_whole, take_whole, &all}, path, error);
  if (status) io_image_release(image);
  return status;
}
