/* The same marks through cairo: PNG and PDF, and the small PNGs inside the SVG. */
#include <cairo-pdf.h>
#include <cairo.h>
#include <string.h>

#include "base/memory.h"
#include "report/panel.h"

#define DOTS_PER_INCH 200.0
#define CSS_DOTS_PER_INCH 96.0

static berg_status fail(cairo_status_t status, berg_error *error) {
  if (status == CAIRO_STATUS_NO_MEMORY) return base_fail_memory(error, 0);
  return base_fail(error, BERG_EINTERNAL, "a figure cannot be drawn: %s", cairo_status_to_string(status));
}

static cairo_status_t collect(void *context, const unsigned char *bytes, unsigned size) {
  report_text *text = context;
  report_put_bytes(text, bytes, size);
  return text->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void set_colour(cairo_t *cairo, report_role role, double opacity) {
  uint32_t colour = report_role_colour(role);
  cairo_set_source_rgba(cairo, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0,
                        opacity);
}

/* cairo's rows may be padded. Alpha is all or nothing, so nothing has to be premultiplied. */
static cairo_surface_t *picture(const uint32_t *pixels, size_t columns, size_t rows) {
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)columns, (int)rows);
  if (cairo_surface_status(surface)) return surface;
  unsigned char *data = cairo_image_surface_get_data(surface);
  size_t stride = (size_t)cairo_image_surface_get_stride(surface);
  for (size_t y = 0; y < rows; y++) memcpy(data + y * stride, pixels + y * columns, columns * sizeof *pixels);
  cairo_surface_mark_dirty(surface);
  return surface;
}

berg_status report_png(report_text *bytes, const uint32_t *pixels, size_t columns, size_t rows, berg_error *error) {
  cairo_surface_t *surface = picture(pixels, columns, rows);
  cairo_status_t status = cairo_surface_status(surface);
  if (!status) status = cairo_surface_write_to_png_stream(surface, collect, bytes);
  cairo_surface_destroy(surface);
  return status ? fail(status, error) : BERG_OK;
}

static void draw_path(cairo_t *cairo, const report_mark *mark) {
  for (size_t i = 0; i < mark->count; i++) {
    if (i && mark->kind == REPORT_PATH)
      cairo_line_to(cairo, mark->points[i].x, mark->points[i].y);
    else
      cairo_move_to(cairo, mark->points[i].x, mark->points[i].y);
    if (mark->kind == REPORT_DOTS) cairo_close_path(cairo);
  }
  cairo_set_line_cap(cairo, mark->kind == REPORT_DOTS ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  cairo_set_line_join(cairo, mark->round ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
  cairo_set_dash(cairo, (const double[]){4, 3}, mark->dashed ? 2 : 0, 0);
  cairo_set_line_width(cairo, mark->line);
  cairo_stroke(cairo);
}

static void draw_words(cairo_t *cairo, const report_mark *mark) {
  cairo_text_extents_t extents;
  cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         mark->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  /* DejaVu is wider than what browsers take. */
  cairo_set_font_size(cairo, 0.9 * mark->height);
  cairo_text_extents(cairo, mark->words, &extents);
  cairo_save(cairo);
  cairo_translate(cairo, mark->x, mark->y);
  if (mark->upright) cairo_rotate(cairo, -1.57079632679489661923);
  cairo_move_to(cairo, mark->anchor == REPORT_LEFT ? 0 : -extents.x_advance / (mark->anchor == REPORT_MIDDLE ? 2 : 1),
                0);
  cairo_show_text(cairo, mark->words);
  cairo_restore(cairo);
}

static void draw_image(cairo_t *cairo, const report_mark *mark) {
  cairo_surface_t *surface = picture(mark->pixels, mark->columns, mark->rows);
  cairo_save(cairo);
  cairo_translate(cairo, mark->x, mark->y);
  cairo_scale(cairo, mark->width / (double)mark->columns, mark->height / (double)mark->rows);
  cairo_set_source_surface(cairo, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
  cairo_paint(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(surface);
}

static void draw_marks(cairo_t *cairo, const report_panel *panel) {
  for (size_t i = 0; i < panel->count; i++) {
    const report_mark *mark = &panel->marks[i];
    set_colour(cairo, mark->role, mark->kind == REPORT_DOTS ? REPORT_DOT_OPACITY : 1);
    switch (mark->kind) {
    case REPORT_BOX:
      cairo_rectangle(cairo, mark->x, mark->y, mark->width, mark->height);
      cairo_fill(cairo);
      break;
    case REPORT_PATH:
    case REPORT_DOTS: draw_path(cairo, mark); break;
    case REPORT_WORDS: draw_words(cairo, mark); break;
    case REPORT_IMAGE: draw_image(cairo, mark); break;
    }
  }
}

static void draw_sheet(cairo_t *cairo, const report_sheet *sheet) {
  double x, y;
  report_panel heading;
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_paint(cairo);
  report_sheet_heading(&heading, sheet);
  draw_marks(cairo, &heading);
  report_panel_free(&heading);
  for (size_t i = 0; i < sheet->count; i++) {
    report_sheet_place(sheet, i, &x, &y);
    cairo_save(cairo);
    cairo_translate(cairo, x, y);
    draw_marks(cairo, &sheet->panels[i]);
    cairo_restore(cairo);
  }
}

/* Draws onto `surface` and gives it back its memory. */
static cairo_status_t draw(cairo_surface_t *surface, double scale, const report_sheet *sheet) {
  cairo_t *cairo = cairo_create(surface);
  cairo_scale(cairo, scale, scale);
  draw_sheet(cairo, sheet);
  cairo_show_page(cairo);
  cairo_status_t status = cairo_status(cairo);
  cairo_destroy(cairo);
  return status ? status : cairo_surface_status(surface);
}

berg_status report_sheet_png(report_text *bytes, const report_sheet *sheet, berg_error *error) {
  const double scale = DOTS_PER_INCH / CSS_DOTS_PER_INCH;
  double width, height;
  report_sheet_size(sheet, &width, &height);
  cairo_surface_t *surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(width * scale + 0.5), (int)(height * scale + 0.5));
  cairo_status_t status = draw(surface, scale, sheet);
  if (!status) status = cairo_surface_write_to_png_stream(surface, collect, bytes);
  cairo_surface_destroy(surface);
  return status ? fail(status, error) : report_text_status(bytes, error);
}

berg_status report_sheet_pdf(report_text *bytes, const report_sheet *sheet, berg_error *error) {
  const double scale = 72 / CSS_DOTS_PER_INCH;
  double width, height;
  report_sheet_size(sheet, &width, &height);
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(collect, bytes, width * scale, height * scale);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, sheet->heading);
  if (sheet->date) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, sheet->date);
  cairo_status_t status = draw(surface, scale, sheet);
  cairo_surface_finish(surface);
  if (!status) status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  return status ? fail(status, error) : report_text_status(bytes, error);
}
