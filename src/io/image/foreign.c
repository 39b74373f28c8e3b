/* Pictures of formats that are not read: told by name, so that a message can say what a file is. */
#include <string.h>

#include "base/text.h"
#include "io/image/image.h"

static const struct {
  const char *name;
  size_t at; /* where the bytes lie */
  const char *bytes;
  size_t length;
} formats[] = {{"WebP", 8, "WEBP", 4},
               {"GIF", 0, "GIF8", 4},
               {"TIFF", 0, "II*\0", 4},
               {"TIFF", 0, "MM\0*", 4},
               {"AVIF", 4, "ftypavi", 7},
               {"HEIF", 4, "ftyphe", 6},
               {"HEIF", 4, "ftypmif1", 8},
               {"JPEG 2000", 4, "jP  \r\n\x87\n", 8},
               {"JPEG XL", 4, "JXL \r\n\x87\n", 8},
               {"BMP", 0, "BM", 2}};

static const char *const endings[] = {".webp", ".gif",  ".tif", ".tiff", ".avif",
                                      ".heic", ".heif", ".jp2", ".jxl",  ".bmp"};

const char *io_image_foreign(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (size >= IO_IMAGE_START && !memcmp(bytes + formats[i].at, formats[i].bytes, formats[i].length))
      return formats[i].name;
  return NULL;
}

bool io_image_is_foreign_name(const char *path) {
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
    if (base_same_word(dot, endings[i])) return true;
  return false;
}

berg_status io_image_fail_foreign(const char *path, const char *format, berg_error *error) {
  return base_fail(error, BERG_EINPUT,
                   "%s: is a %s picture, which is not read: expected JPEG or PNG; convert it, with Pillow for instance",
                   path, format);
}
