/* Reading pictures and drawing them as tiles. */
#include "report/tiles.h"

#include <string.h>

#include "base/memory.h"
#include "io/image/image.h"
#include "model/stimuli/picture.h"

#define SMALL 8.5

berg_status report_tiles_open(report_tiles *tiles, const char *folder, berg_error *error) {
  *tiles = (report_tiles){.folder = folder};
  tiles->planes = base_alloc(VIT_PIXELS, 1, error);
  tiles->pixels = base_alloc((size_t)VIT_IMAGE_SIZE * VIT_IMAGE_SIZE, sizeof *tiles->pixels, error);
  return tiles->planes && tiles->pixels ? BERG_OK : BERG_ELIMIT;
}

void report_tiles_close(report_tiles *tiles) {
  base_free(tiles->planes);
  base_free(tiles->pixels);
  base_free(tiles->array);
  berg_stimuli_free(tiles->stimuli);
  *tiles = (report_tiles){.folder = NULL};
}

/* Where the name is looked for: base_free. */
static char *place_of(const report_tiles *t, const char *name, size_t length, berg_error *error) {
  const char *folder = t->folder;
  return folder && *name != '/' ? base_format(error, "%s/%.*s", folder, (int)length, name)
                                : base_copy_bytes(name, length, error);
}

/* "stimuli.npy[12]": the length of what is before the bracket, and the number. */
static bool is_element(const char *name, size_t *length, size_t *index) {
  const char *bracket = strrchr(name, '[');
  size_t digits = bracket ? strspn(bracket + 1, "0123456789") : 0;
  if (!digits || digits > 18 || strcmp(bracket + 1 + digits, "]")) return false;
  *length = (size_t)(bracket - name);
  *index = 0;
  for (const char *c = bracket + 1; *c != ']'; c++) *index = *index * 10 + (size_t)(*c - '0');
  return *length > 0;
}

/* The array stays open: the next picture is often of the same. */
static berg_status read_element(report_tiles *t, char *array, size_t index, uint8_t *pixels, berg_error *error) {
  berg_status status = BERG_OK;
  if (!t->array || strcmp(t->array, array)) {
    berg_stimuli_free(t->stimuli);
    base_free(t->array);
    t->array = NULL;
    status = berg_stimuli_open(&t->stimuli, (const char *const[]){array}, 1, NULL, error);
    if (!status) t->array = base_copy_text(array, error);
    if (!status && !t->array) status = BERG_ELIMIT;
  }
  if (!status && index >= berg_stimuli_count(t->stimuli))
    status = base_fail(error, BERG_EINPUT, "%s: has no image %zu", array, index);
  return status ? status : berg_stimuli_pixels(t->stimuli, index, pixels, error);
}

/* [3][224][224] by the transform that keeps most of a picture. */
static berg_status read_picture(report_tiles *t, const char *name, uint8_t *pixels, berg_error *error) {
  size_t length = strlen(name), index = 0;
  const bool element = !io_image_is_name(name) && is_element(name, &length, &index);
  char *place = place_of(t, name, length, error);
  if (!place) return BERG_ELIMIT;
  berg_status status =
      element ? read_element(t, place, index, pixels, error) : model_picture_read(place, VIT_SQUARE, pixels, error);
  base_free(place);
  return status;
}

/* The mean of `reduce` x `reduce` pixels of one colour. */
static uint32_t mean_of(const uint8_t *plane, size_t row, size_t column, size_t reduce) {
  uint32_t sum = 0;
  for (size_t y = row * reduce; y < (row + 1) * reduce; y++)
    for (size_t x = column * reduce; x < (column + 1) * reduce; x++) sum += plane[y * VIT_IMAGE_SIZE + x];
  return (sum + (uint32_t)(reduce * reduce / 2)) / (uint32_t)(reduce * reduce);
}

static void put_pixels(report_tiles *t, report_panel *panel, double x, double y, double size, size_t reduce) {
  const size_t plane = (size_t)VIT_IMAGE_SIZE * VIT_IMAGE_SIZE, side = VIT_IMAGE_SIZE / reduce;
  for (size_t i = 0; i < side * side; i++) {
    uint32_t pixel = 0xFF;
    for (size_t c = 0; c < 3; c++) pixel = pixel << 8 | mean_of(t->planes + c * plane, i / side, i % side, reduce);
    t->pixels[i] = pixel;
  }
  report_image(panel, x, y, size, size, t->pixels, side, side);
}

static void put_empty(report_panel *panel, double x, double y, double size) {
  const report_point frame[] = {{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}};
  report_path(panel, frame, 5, REPORT_MISSING, 1, true);
  report_words(panel, x + size / 2, y + size / 2, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, "not found");
}

static const char *last_part(const char *name) {
  const char *slash = strrchr(name, '/');
  return slash && slash[1] ? slash + 1 : name;
}

static void put_names(report_panel *panel, double x, double y, double size, const char *name, const char *caption) {
  char room[160];
  report_words(panel, x, y + size + 10, REPORT_LEFT, REPORT_INK, SMALL,
               report_fit_words(last_part(name), size, SMALL, room, sizeof room));
  if (caption)
    report_words(panel, x, y + size + 20, REPORT_LEFT, REPORT_SOFT, SMALL,
                 report_fit_words(caption, size, SMALL, room, sizeof room));
}

berg_status report_put_tile(report_tiles *tiles, report_panel *panel, double x, double y, double size, size_t reduce,
                            const char *name, const char *caption, berg_error *error) {
  berg_status status = read_picture(tiles, name, tiles->planes, error);
  if (status == BERG_ELIMIT) return status;
  if (status) {
    tiles->missing++;
    put_empty(panel, x, y, size);
  } else {
    put_pixels(tiles, panel, x, y, size, reduce);
  }
  put_names(panel, x, y, size, name, caption);
  return BERG_OK;
}
