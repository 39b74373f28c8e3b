/* A drawing as a list of marks, which becomes SVG text (panel_svg.c: in pages, with the reader's own fonts and the
 * page's colours) or a cairo drawing (panel_cairo.c: PNG, PDF). One list, so that all forms show the same. Lengths are
 * in CSS pixels, the origin is at the top left. */
#ifndef REPORT_PANEL_H
#define REPORT_PANEL_H

#include "report/palette.h"

/* The width that a phone shows without scaling. */
#define REPORT_PANEL_WIDTH 340.0
#define REPORT_FONT 11.0
#define REPORT_DOT_OPACITY 0.8

typedef struct report_point {
  double x, y;
} report_point;

typedef enum report_anchor { REPORT_LEFT, REPORT_MIDDLE, REPORT_RIGHT } report_anchor;

typedef enum report_mark_kind { REPORT_BOX, REPORT_PATH, REPORT_DOTS, REPORT_WORDS, REPORT_IMAGE } report_mark_kind;

typedef struct report_mark {
  report_mark_kind kind;
  report_role role;
  double x, y, width, height; /* box, image: place; words: place and (height) size */
  double line;                /* path: its width; dots: their diameter */
  bool dashed, bold, upright; /* upright: words that run upwards */
  bool round;                 /* path: its corners are, so that none sticks out */
  report_anchor anchor;
  char *words;          /* words; of a box what it says when pointed at, or NULL */
  report_point *points; /* path, dots */
  size_t count;
  uint32_t *pixels; /* image: 0xAARRGGBB, alpha 0 or 255, `columns` x `rows` */
  size_t columns, rows;
} report_mark;

typedef struct report_panel {
  double width, height;
  char *title;       /* what it shows, in a few words */
  char *description; /* the same in sentences with numbers, for readers who cannot see it */
  report_mark *marks;
  size_t count, capacity;
  bool failed; /* out of memory; never reset */
} report_panel;

/* Takes clean copies of the texts. */
void report_panel_start(report_panel *panel, double width, double height, const char *title, const char *description);
/* Another description, once the numbers are known. */
void report_panel_describe(report_panel *panel, const char *description);
void report_panel_free(report_panel *panel);

void report_box(report_panel *panel, double x, double y, double width, double height, report_role role,
                const char *says);
void report_line(report_panel *panel, double x1, double y1, double x2, double y2, report_role role, double line,
                 bool dashed);
void report_circle(report_panel *panel, double x, double y, double radius, report_role role, double line);
void report_path(report_panel *panel, const report_point *points, size_t count, report_role role, double line,
                 bool dashed);
/* A path of many points that lie close to each other. */
void report_curve(report_panel *panel, const report_point *points, size_t count, report_role role, double line,
                  bool dashed);
void report_dots(report_panel *panel, const report_point *points, size_t count, report_role role, double diameter);
/* Words whose base line is at `y`. */
void report_words(report_panel *panel, double x, double y, report_anchor anchor, report_role role, double size,
                  const char *words);
void report_bold_words(report_panel *panel, double x, double y, report_anchor anchor, report_role role, double size,
                       const char *words);
void report_upright_words(report_panel *panel, double x, double y, report_role role, double size, const char *words);
/* Square pixels without smoothing, copied. */
void report_image(report_panel *panel, double x, double y, double width, double height, const uint32_t *pixels,
                  size_t columns, size_t rows);

/* The width of so many characters. An estimate: the reader's font decides. */
double report_words_width(size_t characters, double size);
/* `words` cut to fit `width`, with an ellipsis, in the caller's buffer. An estimate: the reader's font decides. */
const char *report_fit_words(const char *words, double width, double size, char *buffer, size_t capacity);

/* The panel as an <svg> element, for a page that has the classes of report_put_classes. */
void report_panel_svg(report_text *text, const report_panel *panel);
/* Several panels as one stand-alone SVG file, PNG or PDF, `columns` beside each other under a heading, on white
 * paper. */
typedef struct report_sheet {
  const char *heading;
  const char *date;                      /* "2026-11-22T19:00:00Z", for the PDF */
  const struct report_subject *subjects; /* named in a legend under the heading; NULL: none */
  size_t subject_count;
  int colours;     /* of subjects, that its classes name */
  const char *key; /* what else the marks mean, below; NULL: nothing */
  const report_panel *panels;
  size_t count, columns;
} report_sheet;

void report_sheet_svg(report_text *text, const report_sheet *sheet);
/* 200 dots an inch. EINTERNAL: cairo fails, or is not there. */
berg_status report_sheet_png(report_text *bytes, const report_sheet *sheet, berg_error *error);
berg_status report_sheet_pdf(report_text *bytes, const report_sheet *sheet, berg_error *error);
/* Heading and legend, as one more drawing above the panels. */
void report_sheet_heading(report_panel *panel, const report_sheet *sheet);
/* Where panel `index` of a sheet lies, and how large the sheet is. */
void report_sheet_place(const report_sheet *sheet, size_t index, double *x, double *y);
void report_sheet_size(const report_sheet *sheet, double *width, double *height);

#endif
