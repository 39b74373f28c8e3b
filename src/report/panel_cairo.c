/* The same marks through cairo: PNG and PDF. */
#include <string.h>

#include "base/memory.h"
#include "report/cairo.h"
#include "report/panel.h"

#define DOTS_PER_INCH 200.0
#define CSS_DOTS_PER_INCH 96.0

typedef struct canvas {
  const report_cairo *cairo;
  report_cairo_drawing *drawing;
} canvas;

static berg_status fail(const report_cairo *cairo, unsigned status, berg_error *error) {
  if (status == REPORT_CAIRO_NO_MEMORY) return base_fail_memory(error, 0);
  return base_fail(error, BERG_EINTERNAL, "a figure cannot be drawn: %s", cairo->status_to_string(status));
}

static unsigned collect(void *context, const unsigned char *bytes, unsigned size) {
  report_text *text = context;
  report_put_bytes(text, bytes, size);
  return text->failed ? REPORT_CAIRO_NO_MEMORY : REPORT_CAIRO_OK;
}

static void set_colour(const canvas *to, report_role role, double opacity) {
  uint32_t colour = report_role_colour(role);
  to->cairo->set_source_rgba(to->drawing, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
                             (colour & 255) / 255.0, opacity);
}

/* cairo's rows may be padded. Alpha is all or nothing, so nothing has to be premultiplied. */
static report_cairo_surface *picture(const report_cairo *cairo, const uint32_t *pixels, size_t columns, size_t rows) {
  report_cairo_surface *surface = cairo->image_surface_create(REPORT_CAIRO_ARGB, (int)columns, (int)rows);
  if (cairo->surface_status(surface)) return surface;
  unsigned char *data = cairo->image_surface_get_data(surface);
  size_t stride = (size_t)cairo->image_surface_get_stride(surface);
  for (size_t y = 0; y < rows; y++) memcpy(data + y * stride, pixels + y * columns, columns * sizeof *pixels);
  cairo->surface_mark_dirty(surface);
  return surface;
}

static void draw_path(const canvas *to, const report_mark *mark) {
  for (size_t i = 0; i < mark->count; i++) {
    if (i && mark->kind == REPORT_PATH)
      to->cairo->line_to(to->drawing, mark->points[i].x, mark->points[i].y);
    else
      to->cairo->move_to(to->drawing, mark->points[i].x, mark->points[i].y);
    if (mark->kind == REPORT_DOTS) to->cairo->close_path(to->drawing);
  }
  to->cairo->set_line_cap(to->drawing, mark->kind == REPORT_DOTS ? REPORT_CAIRO_ROUND_CAP : REPORT_CAIRO_BUTT);
  to->cairo->set_line_join(to->drawing, mark->round ? REPORT_CAIRO_ROUND_JOIN : REPORT_CAIRO_MITER);
  to->cairo->set_dash(to->drawing, (const double[]){4, 3}, mark->dashed ? 2 : 0, 0);
  to->cairo->set_line_width(to->drawing, mark->line);
  to->cairo->stroke(to->drawing);
}

static void draw_words(const canvas *to, const report_mark *mark) {
  report_cairo_extents extents;
  to->cairo->select_font_face(to->drawing, "DejaVu Sans", REPORT_CAIRO_UPRIGHT,
                              mark->bold ? REPORT_CAIRO_BOLD : REPORT_CAIRO_NORMAL);
  /* DejaVu is wider than what browsers take. */
  to->cairo->set_font_size(to->drawing, 0.9 * mark->height);
  to->cairo->text_extents(to->drawing, mark->words, &extents);
  to->cairo->save(to->drawing);
  to->cairo->translate(to->drawing, mark->x, mark->y);
  if (mark->upright) to->cairo->rotate(to->drawing, -1.57079632679489661923);
  to->cairo->move_to(to->drawing,
                     mark->anchor == REPORT_LEFT ? 0 : -extents.x_advance / (mark->anchor == REPORT_MIDDLE ? 2 : 1), 0);
  to->cairo->show_text(to->drawing, mark->words);
  to->cairo->restore(to->drawing);
}

static void draw_image(const canvas *to, const report_mark *mark) {
  report_cairo_surface *surface = picture(to->cairo, mark->pixels, mark->columns, mark->rows);
  to->cairo->save(to->drawing);
  to->cairo->translate(to->drawing, mark->x, mark->y);
  to->cairo->scale(to->drawing, mark->width / (double)mark->columns, mark->height / (double)mark->rows);
  to->cairo->set_source_surface(to->drawing, surface, 0, 0);
  to->cairo->pattern_set_filter(to->cairo->get_source(to->drawing), REPORT_CAIRO_NEAREST);
  to->cairo->paint(to->drawing);
  to->cairo->restore(to->drawing);
  to->cairo->surface_destroy(surface);
}

static void draw_marks(const canvas *to, const report_panel *panel) {
  for (size_t i = 0; i < panel->count; i++) {
    const report_mark *mark = &panel->marks[i];
    set_colour(to, mark->role, mark->kind == REPORT_DOTS ? REPORT_DOT_OPACITY : 1);
    switch (mark->kind) {
    case REPORT_BOX:
      to->cairo->rectangle(to->drawing, mark->x, mark->y, mark->width, mark->height);
      to->cairo->fill(to->drawing);
      break;
    case REPORT_PATH:
    case REPORT_DOTS: draw_path(to, mark); break;
    case REPORT_WORDS: draw_words(to, mark); break;
    case REPORT_IMAGE: draw_image(to, mark); break;
    }
  }
}

static void draw_sheet(const canvas *to, const report_sheet *sheet) {
  double x, y;
  report_panel heading;
  to->cairo->set_source_rgb(to->drawing, 1, 1, 1);
  to->cairo->paint(to->drawing);
  report_sheet_heading(&heading, sheet);
  draw_marks(to, &heading);
  report_panel_free(&heading);
  for (size_t i = 0; i < sheet->count; i++) {
    report_sheet_place(sheet, i, &x, &y);
    to->cairo->save(to->drawing);
    to->cairo->translate(to->drawing, x, y);
    draw_marks(to, &sheet->panels[i]);
    to->cairo->restore(to->drawing);
  }
}

/* Draws onto `surface` and gives it back its memory. */
static unsigned draw(const report_cairo *cairo, report_cairo_surface *surface, double scale,
                     const report_sheet *sheet) {
  const canvas to = {cairo, cairo->create(surface)};
  cairo->scale(to.drawing, scale, scale);
  draw_sheet(&to, sheet);
  cairo->show_page(to.drawing);
  const unsigned status = cairo->status(to.drawing);
  cairo->destroy(to.drawing);
  return status ? status : cairo->surface_status(surface);
}

berg_status report_sheet_png(report_text *bytes, const report_sheet *sheet, berg_error *error) {
  const double scale = DOTS_PER_INCH / CSS_DOTS_PER_INCH;
  double width, height;
  const report_cairo *cairo;
  const berg_status loaded = report_cairo_load(&cairo, error);
  if (loaded) return loaded;
  report_sheet_size(sheet, &width, &height);
  report_cairo_surface *surface =
      cairo->image_surface_create(REPORT_CAIRO_RGB, (int)(width * scale + 0.5), (int)(height * scale + 0.5));
  unsigned status = draw(cairo, surface, scale, sheet);
  if (!status) status = cairo->surface_write_to_png_stream(surface, collect, bytes);
  cairo->surface_destroy(surface);
  return status ? fail(cairo, status, error) : report_text_status(bytes, error);
}

berg_status report_sheet_pdf(report_text *bytes, const report_sheet *sheet, berg_error *error) {
  const double scale = 72 / CSS_DOTS_PER_INCH;
  double width, height;
  const report_cairo *cairo;
  const berg_status loaded = report_cairo_load(&cairo, error);
  if (loaded) return loaded;
  report_sheet_size(sheet, &width, &height);
  report_cairo_surface *surface = cairo->pdf_surface_create_for_stream(collect, bytes, width * scale, height * scale);
  cairo->pdf_surface_set_metadata(surface, REPORT_CAIRO_TITLE, sheet->heading);
  if (sheet->date) cairo->pdf_surface_set_metadata(surface, REPORT_CAIRO_CREATED, sheet->date);
  unsigned status = draw(cairo, surface, scale, sheet);
  cairo->surface_finish(surface);
  if (!status) status = cairo->surface_status(surface);
  cairo->surface_destroy(surface);
  return status ? fail(cairo, status, error) : report_text_status(bytes, error);
}
