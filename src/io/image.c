#include "io/image.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "io/image_formats.h"
#include "io/map.h"

bool io_image_is_name(const char *path) {
  static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".png"};
  const char *dot = strrchr(path, '.');
  if (!dot) return false;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (!strcasecmp(dot, endings[i])) return true;
  return false;
}

berg_status io_image_alloc(io_image *image, size_t width, size_t height, const char *name, berg_error *error) {
  size_t pixels;
  if (!width || !height || !base_multiply(width, height, &pixels) || pixels > IO_IMAGE_MAX_PIXELS)
    return base_fail_found(error, BERG_EINPUT, name, "picture of a size that is not read", "1 to 178956970 pixels",
                           "%zu x %zu", width, height);
  image->pixels = base_alloc(pixels, 3, error);
  if (!image->pixels) return BERG_ELIMIT;
  image->width = width;
  image->height = height;
  return BERG_OK;
}

void io_image_release(io_image *image) {
  base_free(image->pixels);
  *image = (io_image){0, 0, NULL};
}

static berg_status fail_unknown(const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  char found[64] = "an empty file";
  size_t shown = size < 8 ? size : 8, at = 0;
  for (size_t i = 0; i < shown; i++)
    at += (size_t)snprintf(found + at, sizeof found - at, i ? " %02x" : "%02x", bytes[i]);
  base_fault fault = {BERG_EINPUT, name, 0, NULL, "not a picture", "ff d8 ff (JPEG) or 89 50 4e 47 0d 0a 1a 0a (PNG)",
                      found};
  return base_fail_at(error, &fault);
}

berg_status io_image_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  static const uint8_t jpeg[] = {0xff, 0xd8, 0xff}, png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  *image = (io_image){0, 0, NULL};
  berg_status status;
  if (size >= sizeof jpeg && !memcmp(bytes, jpeg, sizeof jpeg))
    status = io_jpeg_decode(image, bytes, size, name, error);
  else if (size >= sizeof png && !memcmp(bytes, png, sizeof png))
    status = io_png_decode(image, bytes, size, name, error);
  else
    status = fail_unknown(bytes, size, name, error);
  if (status) io_image_release(image);
  return status;
}

berg_status io_image_read(io_image *image, const char *path, berg_error *error) {
  *image = (io_image){0, 0, NULL};
  io_map map;
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  status = io_image_decode(image, map.bytes, map.size, path, error);
  io_map_close(&map);
  return status;
}
