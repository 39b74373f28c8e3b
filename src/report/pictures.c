/* Contact sheets: groups of pictures as blocks of tiles, with names and numbers under them. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/text.h"
#include "io/file/whole_file.h"
#include "io/image/image.h"
#include "model/stimuli/picture.h"
#include "report/page.h"
#include "report/panel.h"

/* A tile has the network's pixels, one to one in a PNG of 200 dots an inch. */
#define TILE (VIT_IMAGE_SIZE * 96.0 / 200.0)
#define GAP 9.6
#define TITLE 24.0
#define WORDS 24.0 /* two lines under a tile */
#define SMALL 8.5
#define TILES_ACROSS ((size_t)10)
#define MOST ((size_t)5000) /* pictures: a sheet of more is no sheet */

void(berg_picture_options_init)(berg_picture_options *options, size_t size) {
  const berg_picture_options defaults = {.columns = 2};
  base_options_init(options, size, &defaults, sizeof defaults);
}

typedef struct contact {
  const berg_picture_options *options;
  size_t across; /* tiles beside each other */
  report_panel *panels;
  size_t count, missing;
  char *array; /* the last array of pictures that was opened */
  berg_stimuli *stimuli;
} contact;

/* --- Pictures --- */

/* Where the name is looked for: base_free. */
static char *place_of(const contact *s, const char *name, size_t length, berg_error *error) {
  const char *folder = s->options->folder;
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
static berg_status read_element(contact *s, char *array, size_t index, uint8_t *pixels, berg_error *error) {
  berg_status status = BERG_OK;
  if (!s->array || strcmp(s->array, array)) {
    berg_stimuli_free(s->stimuli);
    base_free(s->array);
    s->array = NULL;
    status = berg_stimuli_open(&s->stimuli, (const char *const[]){array}, 1, NULL, error);
    if (!status) s->array = base_copy_text(array, error);
    if (!status && !s->array) status = BERG_ELIMIT;
  }
  if (!status && index >= berg_stimuli_count(s->stimuli))
    status = base_fail(error, BERG_EINPUT, "%s: has no image %zu", array, index);
  return status ? status : berg_stimuli_pixels(s->stimuli, index, pixels, error);
}

/* [3][224][224] by the transform that keeps most of a picture. */
static berg_status read_picture(contact *s, const char *name, uint8_t *pixels, berg_error *error) {
  size_t length = strlen(name), index = 0;
  const bool element = !io_image_is_name(name) && is_element(name, &length, &index);
  char *place = place_of(s, name, length, error);
  if (!place) return BERG_ELIMIT;
  berg_status status =
      element ? read_element(s, place, index, pixels, error) : model_picture_read(place, VIT_SQUARE, pixels, error);
  base_free(place);
  return status;
}

/* --- Tiles --- */

static void put_pixels(report_panel *panel, double x, double y, const uint8_t *planes, uint32_t *pixels) {
  const size_t plane = (size_t)VIT_IMAGE_SIZE * VIT_IMAGE_SIZE;
  for (size_t i = 0; i < plane; i++)
    pixels[i] = 0xFF000000u | (uint32_t)planes[i] << 16 | (uint32_t)planes[plane + i] << 8 | planes[2 * plane + i];
  report_image(panel, x, y, TILE, TILE, pixels, VIT_IMAGE_SIZE, VIT_IMAGE_SIZE);
}

static void put_empty(report_panel *panel, double x, double y) {
  const report_point frame[] = {{x, y}, {x + TILE, y}, {x + TILE, y + TILE}, {x, y + TILE}, {x, y}};
  report_path(panel, frame, 5, REPORT_MISSING, 1, true);
  report_words(panel, x + TILE / 2, y + TILE / 2, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, "not found");
}

static const char *last_part(const char *name) {
  const char *slash = strrchr(name, '/');
  return slash && slash[1] ? slash + 1 : name;
}

static void put_names(report_panel *panel, double x, double y, const char *name, const char *caption) {
  char room[160];
  report_words(panel, x, y + TILE + 10, REPORT_LEFT, REPORT_INK, SMALL,
               report_fit_words(last_part(name), TILE, SMALL, room, sizeof room));
  if (caption)
    report_words(panel, x, y + TILE + 20, REPORT_LEFT, REPORT_SOFT, SMALL,
                 report_fit_words(caption, TILE, SMALL, room, sizeof room));
}

/* A picture that cannot be read is shown as missing; want of memory is a failure. */
static berg_status put_tile(contact *s, report_panel *panel, const berg_picture_group *group, size_t i, uint8_t *planes,
                            uint32_t *pixels, berg_error *error) {
  const size_t column = i % s->across, row = i / s->across;
  const double x = (double)column * (TILE + GAP), y = TITLE + (double)row * (TILE + WORDS + GAP);
  berg_status status = read_picture(s, group->names[i], planes, error);
  if (status == BERG_ELIMIT) return status;
  if (status) {
    s->missing++;
    put_empty(panel, x, y);
  } else {
    put_pixels(panel, x, y, planes, pixels);
  }
  put_names(panel, x, y, group->names[i], group->captions ? group->captions[i] : NULL);
  return BERG_OK;
}

static berg_status put_group(contact *s, report_panel *panel, const berg_picture_group *group, uint8_t *planes,
                             uint32_t *pixels, berg_error *error) {
  const size_t rows = (group->count + s->across - 1) / s->across;
  report_panel_start(panel, (double)s->across * (TILE + GAP) - GAP, TITLE + (double)rows * (TILE + WORDS + GAP),
                     group->title, "Pictures, in the order of their names below");
  report_bold_words(panel, 0, 13, REPORT_LEFT, REPORT_INK, REPORT_FONT, group->title);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < group->count && !status; i++) status = put_tile(s, panel, group, i, planes, pixels, error);
  return status || !panel->failed ? status : base_fail_memory(error, 0);
}

static berg_status put_groups(contact *s, const berg_picture_group *groups, size_t count, berg_error *error) {
  uint8_t *planes = base_alloc(VIT_PIXELS, 1, error);
  uint32_t *pixels = base_alloc((size_t)VIT_IMAGE_SIZE * VIT_IMAGE_SIZE, sizeof *pixels, error);
  s->panels = base_calloc(count, sizeof *s->panels, error);
  berg_status status = planes && pixels && s->panels ? BERG_OK : BERG_ELIMIT;
  for (; s->count < count && !status; s->count++)
    status = put_group(s, &s->panels[s->count], &groups[s->count], planes, pixels, error);
  base_free(planes);
  base_free(pixels);
  return status;
}

/* As square as the largest group can be. */
static berg_status measure(contact *s, const berg_picture_group *groups, size_t count, berg_error *error) {
  size_t all = 0, most = 0;
  for (size_t g = 0; g < count; g++) {
    all += groups[g].count;
    if (groups[g].count > most) most = groups[g].count;
  }
  if (!all) return base_fail(error, BERG_EARGUMENT, "there is no picture to draw");
  if (all > MOST) return base_fail(error, BERG_ELIMIT, "%zu pictures: a sheet holds at most %zu", all, MOST);
  s->across = (size_t)ceil(sqrt((double)most));
  if (s->across > TILES_ACROSS) s->across = TILES_ACROSS;
  return BERG_OK;
}

/* --- Files --- */

static berg_status draw_svg(report_text *bytes, const report_sheet *sheet, berg_error *error) {
  report_sheet_svg(bytes, sheet);
  return report_text_status(bytes, error);
}

static berg_status draw_page(report_text *text, const report_sheet *sheet, berg_error *error) {
  report_put(text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                   "'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
  report_put_escaped(text, sheet->heading);
  report_put(text, "</title>\n<style>");
  report_put_style(text, 0);
  report_put(text, ".panels svg{width:auto}</style>\n</head>\n<body>\n<main>\n<h1>");
  report_put_escaped(text, sheet->heading);
  report_put(text, "</h1>\n<div class=\"panels\">\n");
  for (size_t i = 0; i < sheet->count; i++) report_panel_svg(text, &sheet->panels[i]);
  report_put(text, "</div>\n</main>\n</body>\n</html>\n");
  return report_text_status(text, error);
}

static const struct {
  const char *ending;
  berg_status (*draw)(report_text *bytes, const report_sheet *sheet, berg_error *error);
} formats[] = {{".png", report_sheet_png}, {".pdf", report_sheet_pdf}, {".svg", draw_svg}, {".html", draw_page}};

#define FORMATS (sizeof formats / sizeof *formats)

static size_t format_of(const char *path) {
  const size_t length = strlen(path);
  size_t f = 0;
  while (f < FORMATS) {
    const size_t tail = strlen(formats[f].ending);
    if (length > tail && base_same_word(path + length - tail, formats[f].ending)) break;
    f++;
  }
  return f;
}

static berg_status write_sheet(const contact *s, const char *path, size_t format, berg_error *error) {
  const berg_picture_options *options = s->options;
  report_text bytes = {0};
  io_whole_file *file;
  const report_sheet drawn = {.heading = options->heading ? options->heading : "Pictures",
                              .panels = s->panels,
                              .count = s->count,
                              .columns = options->columns ? options->columns : 2};
  berg_status status = formats[format].draw(&bytes, &drawn, error);
  if (!status) status = io_whole_file_open(&file, path, options->force, error);
  if (!status) {
    status = io_whole_file_write(file, bytes.bytes, bytes.length, error);
    if (!status)
      status = io_whole_file_commit(file, error);
    else
      io_whole_file_abandon(file);
  }
  report_text_free(&bytes);
  return status;
}

berg_status berg_draw_pictures(const berg_picture_group *groups, size_t count, const char *path,
                               const berg_picture_options *given, size_t *missing, berg_error *error) {
  berg_picture_options options;
  contact s = {.options = &options};
  const size_t format = format_of(path);
  if (missing) *missing = 0;
  berg_status status = BASE_TAKE(berg_picture_options, &options, given, error);
  if (!status && format == FORMATS)
    status = base_fail(error, BERG_EARGUMENT, "%s: the ending says the format: .png, .pdf, .svg or .html", path);
  if (!status) status = measure(&s, groups, count, error);
  if (!status) status = put_groups(&s, groups, count, error);
  if (!status) status = write_sheet(&s, path, format, error);
  if (!status && missing) *missing = s.missing;
  for (size_t i = 0; i < count && s.panels; i++) report_panel_free(&s.panels[i]);
  base_free(s.panels);
  base_free(s.array);
  berg_stimuli_free(s.stimuli);
  return status;
}
