/* Contact sheets: groups of pictures as blocks of tiles, with names and numbers under them. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/text.h"
#include "io/file/whole_file.h"
#include "report/page.h"
#include "report/tiles.h"
#include "vit/preprocess.h"

/* A tile has the network's pixels, one to one in a PNG of 200 dots an inch. */
#define TILE (VIT_IMAGE_SIZE * 96.0 / 200.0)
#define GAP 9.6
#define TITLE 24.0
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
  size_t count;
  report_tiles tiles;
} contact;

/* --- Tiles --- */

static berg_status put_tile(contact *s, report_panel *panel, const berg_picture_group *group, size_t i,
                            berg_error *error) {
  const size_t column = i % s->across, row = i / s->across;
  const double x = (double)column * (TILE + GAP), y = TITLE + (double)row * (TILE + REPORT_TILE_WORDS + GAP);
  return report_put_tile(&s->tiles, panel, x, y, TILE, 1, group->names[i], group->captions ? group->captions[i] : NULL,
                         error);
}

static berg_status put_group(contact *s, report_panel *panel, const berg_picture_group *group, berg_error *error) {
  const size_t rows = (group->count + s->across - 1) / s->across;
  report_panel_start(panel, (double)s->across * (TILE + GAP) - GAP,
                     TITLE + (double)rows * (TILE + REPORT_TILE_WORDS + GAP), group->title,
                     "Pictures, in the order of their names below");
  report_bold_words(panel, 0, 13, REPORT_LEFT, REPORT_INK, REPORT_FONT, group->title);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < group->count && !status; i++) status = put_tile(s, panel, group, i, error);
  return status || !panel->failed ? status : base_fail_memory(error, 0);
}

static berg_status put_groups(contact *s, const berg_picture_group *groups, size_t count, berg_error *error) {
  berg_status status = report_tiles_open(&s->tiles, s->options->folder, error);
  if (!status && !(s->panels = base_calloc(count, sizeof *s->panels, error))) status = BERG_ELIMIT;
  for (; s->count < count && !status; s->count++) status = put_group(s, &s->panels[s->count], &groups[s->count], error);
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
  const report_sheet drawn = {.heading = options->heading ? options->heading : "Pictures",
                              .panels = s->panels,
                              .count = s->count,
                              .columns = options->columns ? options->columns : 2};
  berg_status status = formats[format].draw(&bytes, &drawn, error);
  if (!status) status = berg_write_whole(path, bytes.bytes, bytes.length, options->force, error);
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
  if (!status) status = berg_check_figure(path, error);
  if (!status) status = measure(&s, groups, count, error);
  if (!status) status = put_groups(&s, groups, count, error);
  if (!status) status = write_sheet(&s, path, format, error);
  if (!status && missing) *missing = s.tiles.missing;
  for (size_t i = 0; i < count && s.panels; i++) report_panel_free(&s.panels[i]);
  base_free(s.panels);
  report_tiles_close(&s.tiles);
  return status;
}
