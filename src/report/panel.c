/* A panel: marks in a list. */
#include "report/panel.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/subject.h"

#define HEADING 34.0
#define LEGEND 20.0
#define GAP 16.0

static char *clean_copy(const char *plain, bool *failed) {
  report_text text = {0};
  report_put_clean(&text, plain ? plain : "");
  *failed |= text.failed;
  return text.bytes ? text.bytes : base_copy_text("", NULL);
}

void report_panel_start(report_panel *panel, double width, double height, const char *title, const char *description) {
  *panel = (report_panel){.width = width, .height = height};
  panel->title = clean_copy(title, &panel->failed);
  panel->description = clean_copy(description, &panel->failed);
}

void report_panel_describe(report_panel *panel, const char *description) {
  base_free(panel->description);
  panel->description = clean_copy(description, &panel->failed);
}

void report_panel_free(report_panel *panel) {
  for (size_t i = 0; i < panel->count; i++) {
    base_free(panel->marks[i].words);
    base_free(panel->marks[i].points);
    base_free(panel->marks[i].pixels);
  }
  base_free(panel->marks);
  base_free(panel->title);
  base_free(panel->description);
  *panel = (report_panel){0};
}

/* The new mark, or a dummy that is never drawn when memory is short. */
static report_mark *add(report_panel *panel, report_mark_kind kind, report_role role) {
  void *block = panel->marks;
  if (panel->failed || !base_grow(&block, &panel->capacity, panel->count + 1, sizeof *panel->marks, NULL)) {
    panel->failed = true;
    return NULL;
  }
  panel->marks = block;
  report_mark *mark = &panel->marks[panel->count++];
  *mark = (report_mark){.kind = kind, .role = role};
  return mark;
}

void report_box(report_panel *panel, double x, double y, double width, double height, report_role role,
                const char *says) {
  report_mark *mark = add(panel, REPORT_BOX, role);
  if (!mark) return;
  mark->x = x;
  mark->y = y;
  mark->width = width;
  mark->height = height;
  if (says) mark->words = clean_copy(says, &panel->failed);
}

static report_mark *add_points(report_panel *panel, report_mark_kind kind, const report_point *points, size_t count,
                               report_role role, double line) {
  report_mark *mark = add(panel, kind, role);
  if (!mark) return NULL;
  mark->line = line;
  mark->points = base_alloc(count, sizeof *points, NULL);
  if (!mark->points) {
    panel->failed = true;
    return NULL;
  }
  if (count) memcpy(mark->points, points, count * sizeof *points);
  mark->count = count;
  return mark;
}

void report_path(report_panel *panel, const report_point *points, size_t count, report_role role, double line,
                 bool dashed) {
  report_mark *mark = add_points(panel, REPORT_PATH, points, count, role, line);
  if (mark) mark->dashed = dashed;
}

void report_curve(report_panel *panel, const report_point *points, size_t count, report_role role, double line,
                  bool dashed) {
  report_mark *mark = add_points(panel, REPORT_PATH, points, count, role, line);
  if (!mark) return;
  mark->dashed = dashed;
  mark->round = true;
}

void report_line(report_panel *panel, double x1, double y1, double x2, double y2, report_role role, double line,
                 bool dashed) {
  report_path(panel, (report_point[]){{x1, y1}, {x2, y2}}, 2, role, line, dashed);
}

void report_circle(report_panel *panel, double x, double y, double radius, report_role role, double line) {
  report_point points[73];
  for (int i = 0; i < 73; i++) {
    double angle = i * 3.14159265358979323846 / 36;
    points[i] = (report_point){x + radius * cos(angle), y + radius * sin(angle)};
  }
  report_path(panel, points, 73, role, line, false);
}

void report_dots(report_panel *panel, const report_point *points, size_t count, report_role role, double diameter) {
  if (count) add_points(panel, REPORT_DOTS, points, count, role, diameter);
}

static report_mark *add_words(report_panel *panel, double x, double y, report_anchor anchor, report_role role,
                              double size, const char *words) {
  report_mark *mark = add(panel, REPORT_WORDS, role);
  if (!mark) return NULL;
  mark->x = x;
  mark->y = y;
  mark->anchor = anchor;
  mark->height = size;
  mark->words = clean_copy(words, &panel->failed);
  return mark;
}

void report_words(report_panel *panel, double x, double y, report_anchor anchor, report_role role, double size,
                  const char *words) {
  add_words(panel, x, y, anchor, role, size, words);
}

void report_bold_words(report_panel *panel, double x, double y, report_anchor anchor, report_role role, double size,
                       const char *words) {
  report_mark *mark = add_words(panel, x, y, anchor, role, size, words);
  if (mark) mark->bold = true;
}

void report_upright_words(report_panel *panel, double x, double y, report_role role, double size, const char *words) {
  report_mark *mark = add_words(panel, x, y, REPORT_MIDDLE, role, size, words);
  if (mark) mark->upright = true;
}

void report_image(report_panel *panel, double x, double y, double width, double height, const uint32_t *pixels,
                  size_t columns, size_t rows) {
  report_mark *mark = add(panel, REPORT_IMAGE, REPORT_INK);
  if (!mark) return;
  mark->x = x;
  mark->y = y;
  mark->width = width;
  mark->height = height;
  mark->pixels = base_alloc(columns * rows, sizeof *pixels, NULL);
  if (!mark->pixels) {
    panel->failed = true;
    return;
  }
  memcpy(mark->pixels, pixels, columns * rows * sizeof *pixels);
  mark->columns = columns;
  mark->rows = rows;
}

double report_words_width(size_t characters, double size) { return 0.58 * size * (double)characters; }

const char *report_fit_words(const char *words, double width, double size, char *buffer, size_t capacity) {
  size_t most = (size_t)fmax(width / report_words_width(1, size), 1), length = 0, characters = 0, cut = 0;
  for (; words[length]; length++) {
    if ((words[length] & 0xC0) == 0x80) continue;
    if (++characters == most) cut = length;
  }
  if (characters <= most && length < capacity)
    base_print(buffer, capacity, "%s", words);
  else
    base_print(buffer, capacity, "%.*s\xE2\x80\xA6", (int)(cut < capacity - 4 ? cut : 0), words);
  return buffer;
}

/* Rows are as high as their highest panel. */
static double row_height(const report_sheet *sheet, size_t row) {
  double height = 0;
  for (size_t i = row * sheet->columns; i < sheet->count && i < (row + 1) * sheet->columns; i++)
    height = fmax(height, sheet->panels[i].height);
  return height;
}

static double sheet_width(const report_sheet *sheet) {
  size_t columns = sheet->count < sheet->columns ? sheet->count : sheet->columns;
  return GAP + (double)columns * (sheet->panels[0].width + GAP);
}

/* How far the names of the legend are apart, and how many stand beside each other. */
static double legend_step(const report_sheet *sheet) {
  size_t longest = 0;
  for (size_t i = 0; i < sheet->subject_count; i++)
    if (strlen(sheet->subjects[i].shown) > longest) longest = strlen(sheet->subjects[i].shown);
  return longest > 6 ? 70 + 6.5 * (double)(longest - 6) : 70;
}

static size_t legend_columns(const report_sheet *sheet) {
  return (size_t)fmax(floor((sheet_width(sheet) - 2 * GAP) / legend_step(sheet)), 1);
}

static size_t legend_rows(const report_sheet *sheet) {
  const size_t columns = legend_columns(sheet);
  return (sheet->subject_count + columns - 1) / columns;
}

void report_sheet_place(const report_sheet *sheet, size_t index, double *x, double *y) {
  size_t row = index / sheet->columns, column = index % sheet->columns;
  *x = GAP + (double)column * (sheet->panels[0].width + GAP);
  *y = HEADING + LEGEND * (double)legend_rows(sheet) + (sheet->key ? LEGEND : 0);
  for (size_t i = 0; i < row; i++) *y += row_height(sheet, i) + GAP;
}

void report_sheet_size(const report_sheet *sheet, double *width, double *height) {
  double x, y;
  report_sheet_place(sheet, sheet->count - 1, &x, &y);
  *width = sheet_width(sheet);
  *height = y + row_height(sheet, (sheet->count - 1) / sheet->columns) + GAP;
}

void report_sheet_heading(report_panel *panel, const report_sheet *sheet) {
  report_panel_start(panel, 0, 0, "", "");
  report_bold_words(panel, GAP, 22, REPORT_LEFT, REPORT_INK, 14, sheet->heading);
  for (size_t i = 0; i < sheet->subject_count; i++) {
    const size_t row = i / legend_columns(sheet), column = i % legend_columns(sheet);
    const double x = GAP + (double)column * legend_step(sheet), y = LEGEND * (double)row;
    report_box(panel, x, 33 + y, 12, 12, report_subject_role(sheet->subjects[i].number), NULL);
    report_words(panel, x + 17, 43 + y, REPORT_LEFT, REPORT_INK, REPORT_FONT, sheet->subjects[i].shown);
  }
  if (sheet->key)
    report_words(panel, GAP, 42 + LEGEND * (double)legend_rows(sheet), REPORT_LEFT, REPORT_SOFT, REPORT_FONT,
                 sheet->key);
}
