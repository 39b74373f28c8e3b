/* Comparisons of berg rsa: every two sides with interval, p and, over subjects, noise ceilings. */
#include <math.h>

#include "base/text.h"
#include "report/asked.h"

#define SHOWN 30 /* comparisons drawn; the table has all */
#define FIRST_ROW 34.0
#define ROW 22.0
#define LEFT 128.0
#define RIGHT (REPORT_PANEL_WIDTH - 14)
#define AXIS 40.0

enum { NUMBER, LOW, HIGH, P, PERMUTATIONS, BOOTSTRAPS, COLUMNS };

static const char *side_label(const cJSON *rsa, const cJSON *comparison, const char *which) {
  const double place = report_member_number(comparison, which);
  const cJSON *sides = report_member(rsa, "sides");
  return place >= 0 && place < cJSON_GetArraySize(sides)
             ? report_member_text(cJSON_GetArrayItem(sides, (int)place), "label")
             : "";
}

static void put_comparisons(report_table *table, const cJSON *rsa) {
  static const char *const names[COLUMNS] = {"value", "interval from", "to", "p", "permutations", "bootstraps"};
  const cJSON *one;
  report_table_start(table, "Comparisons", 3, (const char *const[]){"A", "B", "By"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS && !table->failed; i++)
    report_table_column(table, i, i < PERMUTATIONS ? 4 : REPORT_COUNT, "%s", names[i]);
  cJSON_ArrayForEach(one, report_member(rsa, "comparisons")) {
    const cJSON *permuted = report_member(one, "permutations"), *drawn = report_member(one, "bootstraps");
    const char *words[] = {side_label(rsa, one, "a"), side_label(rsa, one, "b"), report_member_text(one, "by")};
    double *row = report_table_row(table, words);
    if (!row) return;
    row[NUMBER] = report_member_number(one, "value");
    row[LOW] = report_item_number(report_member(drawn, "interval_95"), 0);
    row[HIGH] = report_item_number(report_member(drawn, "interval_95"), 1);
    row[P] = report_member_number(permuted, "p");
    row[PERMUTATIONS] = report_member_number(permuted, "samples");
    row[BOOTSTRAPS] = report_member_number(drawn, "samples");
  }
}

static void put_ceilings(report_figure *figure, const cJSON *rsa) {
  const cJSON *one, *list = report_member(rsa, "ceilings");
  if (!cJSON_GetArraySize(list)) return;
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Noise ceilings over subjects", 1, (const char *const[]){"Region"}, 3);
  report_table_column(table, 0, REPORT_COUNT, "subjects");
  report_table_column(table, 1, 4, "lower");
  report_table_column(table, 2, 4, "upper");
  cJSON_ArrayForEach(one, list) {
    double *row = report_table_row(table, (const char *const[]){report_member_text(one, "region")});
    if (!row) return;
    row[0] = report_member_number(one, "subjects");
    row[1] = report_member_number(one, "lower");
    row[2] = report_member_number(one, "upper");
  }
}

static void draw_row(report_panel *panel, const report_table *table, size_t row, const report_axis *along) {
  const double y = FIRST_ROW + ((double)row + 0.5) * ROW, value = report_table_number(table, row, NUMBER),
               low = report_table_number(table, row, LOW), high = report_table_number(table, row, HIGH);
  char label[192], room[200], says[256];
  base_print(label, sizeof label, "%.80s, %.80s", report_table_word(table, row, 0), report_table_word(table, row, 1));
  report_words(panel, LEFT - 8, y + 4, REPORT_RIGHT, REPORT_INK, REPORT_FONT,
               report_fit_words(label, LEFT - 10, REPORT_FONT, room, sizeof room));
  if (isnan(value)) return;
  if (!isnan(low) && !isnan(high))
    report_line(panel, report_place(along, low), y, report_place(along, high), y, REPORT_SUBJECT, 3, false);
  base_print(says, sizeof says, "%.190s: %.4f", label, value);
  report_box(panel, report_place(along, value) - 3.5, y - 3.5, 7, 7, REPORT_SUBJECT, says);
}

static report_axis axis_of(const report_table *table, const char *label) {
  double low = 0, high = 0;
  for (size_t row = 0; row < table->rows; row++)
    for (size_t i = NUMBER; i <= HIGH; i++) {
      low = fmin(low, report_table_number(table, row, i));
      high = fmax(high, report_table_number(table, row, i));
    }
  if (!(high > low)) high = low + 1;
  const double step = report_step(low, high, 5);
  return (report_axis){floor(low / step) * step, ceil(high / step) * step, LEFT, RIGHT, false, label};
}

static void draw_comparisons(report_figure *figure, const report_table *table, const char *label) {
  const size_t rows = table->rows < SHOWN ? table->rows : SHOWN;
  const double bottom = FIRST_ROW + (double)rows * ROW;
  const report_axis along = axis_of(table, label);
  char description[160];
  if (table->failed || !rows) return;
  base_print(description, sizeof description, "%zu comparisons by %.60s, the first %.4f", table->rows, label,
             report_table_number(table, 0, NUMBER));
  report_panel *panel =
      report_figure_panel(figure, REPORT_PANEL_WIDTH, ceil(bottom + AXIS), "Every two sides", description);
  if (!panel) return;
  report_bold_words(panel, 0, 16, REPORT_LEFT, REPORT_INK, 12.5, "Every two sides");
  report_bottom_axis(panel, &along, FIRST_ROW - 4, bottom);
  report_line(panel, report_place(&along, 0), FIRST_ROW - 4, report_place(&along, 0), bottom, REPORT_SOFT, 1, false);
  for (size_t row = 0; row < rows; row++) draw_row(panel, table, row, &along);
}

berg_status report_asked_comparisons(const report_asked *asked, const cJSON *rsa, berg_error *error) {
  const char *measure = report_member_text(rsa, "measure");
  report_figure *figure = report_asked_figure(asked, "rsa", 1, error, "Representational similarity: %d sides",
                                              cJSON_GetArraySize(report_member(rsa, "sides")));
  if (!figure) return BERG_ELIMIT;
  report_print(&figure->caption,
               "How much every two sides agree in what they say of all %.0f pairs of %.0f images: %s of "
               "dissimilarities (metric %s). Lines are 95 %% intervals by bootstrap over images, where there is one; "
               "p is by permutation of the images.",
               report_member_number(rsa, "pairs"), report_member_number(rsa, "images"), measure,
               report_member_text(rsa, "metric"));
  report_table *table = &figure->tables[figure->table_count++];
  put_comparisons(table, rsa);
  put_ceilings(figure, rsa);
  if (table->rows > SHOWN)
    report_print(&figure->missing, " %zu comparisons: the first %d are drawn, the table has all.", table->rows, SHOWN);
  draw_comparisons(figure, table, measure);
  return BERG_OK;
}
