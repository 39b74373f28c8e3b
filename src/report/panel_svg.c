/* Panels as SVG with real text: it can be searched, read aloud and scaled, and takes the page's colours. */
#include "io/image/png_write.h"
#include "report/panel.h"

#define FONT "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"

static void put_attribute(report_text *text, const char *name, double number) {
  report_print(text, " %s=\"", name);
  report_put_number(text, number);
  report_put(text, "\"");
}

static void put_class(report_text *text, char what, report_role role) {
  report_print(text, " class=\"%c%c\"", what, report_role_letter(role));
}

static void put_box(report_text *text, const report_mark *mark) {
  report_put(text, "<rect");
  put_class(text, 'f', mark->role);
  put_attribute(text, "x", mark->x);
  put_attribute(text, "y", mark->y);
  put_attribute(text, "width", mark->width);
  put_attribute(text, "height", mark->height);
  if (!mark->words) {
    report_put(text, "/>");
    return;
  }
  report_put(text, "><title>");
  report_put_escaped(text, mark->words);
  report_put(text, "</title></rect>");
}

/* Dots are lines of no length with round ends: a few bytes each. */
static void put_path(report_text *text, const report_mark *mark) {
  report_put(text, "<path");
  put_class(text, 's', mark->role);
  put_attribute(text, "stroke-width", mark->line);
  if (mark->kind == REPORT_DOTS)
    report_print(text, " stroke-linecap=\"round\" stroke-opacity=\"%g\"", REPORT_DOT_OPACITY);
  if (mark->dashed) report_put(text, " stroke-dasharray=\"4 3\"");
  if (mark->round) report_put(text, " stroke-linejoin=\"round\"");
  report_put(text, " d=\"");
  for (size_t i = 0; i < mark->count; i++) {
    report_put(text, i && mark->kind == REPORT_PATH ? "L" : "M");
    report_put_number(text, mark->points[i].x);
    report_put(text, " ");
    report_put_number(text, mark->points[i].y);
    if (mark->kind == REPORT_DOTS) report_put(text, "h0");
  }
  report_put(text, "\"/>");
}

static void put_words(report_text *text, const report_mark *mark) {
  static const char *const anchors[] = {NULL, "middle", "end"};
  report_put(text, "<text");
  put_class(text, 'f', mark->role);
  if (mark->upright) {
    report_put(text, " transform=\"translate(");
    report_put_number(text, mark->x);
    report_put(text, " ");
    report_put_number(text, mark->y);
    report_put(text, ") rotate(-90)\"");
  } else {
    put_attribute(text, "x", mark->x);
    put_attribute(text, "y", mark->y);
  }
  if (mark->height != REPORT_FONT) put_attribute(text, "font-size", mark->height);
  if (mark->bold) report_put(text, " font-weight=\"600\"");
  if (anchors[mark->anchor]) report_print(text, " text-anchor=\"%s\"", anchors[mark->anchor]);
  report_put(text, ">");
  report_put_escaped(text, mark->words);
  report_put(text, "</text>");
}

static bool collect(void *text, const void *bytes, size_t size) {
  report_put_bytes(text, bytes, size);
  return !((const report_text *)text)->failed;
}

static void put_image(report_text *text, const report_mark *mark) {
  report_text png = {0};
  if (io_png_encode(collect, &png, mark->pixels, mark->columns, mark->rows, NULL)) text->failed = true;
  report_put(text, "<image preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\"");
  put_attribute(text, "x", mark->x);
  put_attribute(text, "y", mark->y);
  put_attribute(text, "width", mark->width);
  put_attribute(text, "height", mark->height);
  report_put(text, " href=\"data:image/png;base64,");
  report_put_base64(text, png.bytes, png.length);
  report_put(text, "\"/>");
  report_text_free(&png);
}

static void put_marks(report_text *text, const report_panel *panel) {
  for (size_t i = 0; i < panel->count; i++) {
    const report_mark *mark = &panel->marks[i];
    switch (mark->kind) {
    case REPORT_BOX: put_box(text, mark); break;
    case REPORT_PATH:
    case REPORT_DOTS: put_path(text, mark); break;
    case REPORT_WORDS: put_words(text, mark); break;
    case REPORT_IMAGE: put_image(text, mark); break;
    }
    report_put(text, "\n");
  }
  text->failed |= panel->failed;
}

static void put_view(report_text *text, double width, double height) {
  report_put(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
  report_put_number(text, width);
  report_put(text, " ");
  report_put_number(text, height);
  report_put(text, "\"");
  put_attribute(text, "width", width);
  put_attribute(text, "height", height);
  report_print(text, " role=\"img\" font-size=\"%g\" font-family=\"" FONT "\"", REPORT_FONT);
}

void report_panel_svg(report_text *text, const report_panel *panel) {
  put_view(text, panel->width, panel->height);
  report_put(text, " aria-label=\"");
  report_put_escaped(text, panel->title);
  report_put(text, ". ");
  report_put_escaped(text, panel->description);
  report_put(text, "\">\n");
  put_marks(text, panel);
  report_put(text, "</svg>\n");
}

void report_sheet_svg(report_text *text, const report_sheet *sheet) {
  double width, height, x, y;
  report_sheet_size(sheet, &width, &height);
  report_put(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  put_view(text, width, height);
  report_put(text, ">\n<title>");
  report_put_escaped(text, sheet->heading);
  report_put(text, "</title>\n<desc>");
  for (size_t i = 0; i < sheet->count; i++) {
    report_put_escaped(text, sheet->panels[i].title);
    report_put(text, ". ");
    report_put_escaped(text, sheet->panels[i].description);
    report_put(text, "\n");
  }
  report_put(text, "</desc>\n<style>");
  report_put_classes(text, sheet->colours, false);
  report_put(text, "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  report_panel heading;
  report_sheet_heading(&heading, sheet);
  put_marks(text, &heading);
  report_panel_free(&heading);
  for (size_t i = 0; i < sheet->count; i++) {
    report_sheet_place(sheet, i, &x, &y);
    report_put(text, "<g transform=\"translate(");
    report_put_number(text, x);
    report_put(text, " ");
    report_put_number(text, y);
    report_put(text, ")\">\n");
    put_marks(text, &sheet->panels[i]);
    report_put(text, "</g>\n");
  }
  report_put(text, "</svg>\n");
}
