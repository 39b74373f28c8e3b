/* Contrasts of berg contrast: what was tested and found. */
#include <math.h>

#include "report/asked.h"

enum { COLUMNS_ALL, TESTED, FOUND, COLUMN, T, D, E, COLUMNS };

static void put_contrast(report_table *table, const cJSON *contrast) {
  const cJSON *strongest = report_member(contrast, "strongest");
  const char *words[] = {report_member_text(contrast, "contrast"), report_member_text(contrast, "label"),
                         report_member_text(contrast, "test")};
  double *row = report_table_row(table, words);
  if (!row) return;
  row[COLUMNS_ALL] = report_member_number(contrast, "columns");
  row[TESTED] = report_member_number(contrast, "tested");
  row[FOUND] = report_member_number(contrast, "found");
  row[COLUMN] = report_member_number(strongest, "column");
  row[T] = report_member_number(strongest, "t");
  row[D] = report_member_number(strongest, "d");
  row[E] = report_member_number(strongest, "e");
}

static void put_contrasts(report_figure *figure, const cJSON *list) {
  static const char *const names[COLUMNS] = {"columns", "tested", "kept",          "strongest: column",
                                             "its t",   "its d",  "its difference"};
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Contrasts", 3, (const char *const[]){"Contrast", "Subject", "Test"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS && !table->failed; i++)
    report_table_column(table, i, i < T ? REPORT_COUNT : 4, "%s", names[i]);
  for (const cJSON *one = list; one; one = one->next) put_contrast(table, one);
}

static void put_groups(report_figure *figure, const cJSON *list) {
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Groups of images", 3, (const char *const[]){"Contrast", "Subject", "Group"}, 2);
  report_table_column(table, 0, 2, "weight");
  report_table_column(table, 1, REPORT_COUNT, "images");
  for (const cJSON *one = list; one; one = one->next) {
    const cJSON *group;
    cJSON_ArrayForEach(group, report_member(one, "groups")) {
      const char *words[] = {report_member_text(one, "contrast"), report_member_text(one, "label"),
                             report_member_text(group, "name")};
      double *row = report_table_row(table, words);
      if (!row) return;
      row[0] = report_member_number(group, "weight");
      row[1] = report_member_number(group, "images");
    }
  }
}

berg_status report_asked_contrasts(const report_asked *asked, const cJSON *contrasts, berg_error *error) {
  const cJSON *list = cJSON_IsArray(contrasts) ? contrasts->child : contrasts, *note;
  const int count = cJSON_IsArray(contrasts) ? cJSON_GetArraySize(contrasts) : 1;
  report_figure *figure = report_asked_figure(asked, "contrast", 1, error, "Contrast %.100s%s",
                                              report_member_text(list, "contrast"), count > 1 ? " and others" : "");
  if (!figure) return BERG_ELIMIT;
  report_print(&figure->caption, "%s test, %.0f-sided; false discovery rate after %s%s.",
               report_member_text(list, "test"), report_member_number(list, "sides"),
               report_member_text(list, "correction"),
               isnan(report_member_number(list, "fdr")) ? "" : ", and only what is below the rate asked for is kept");
  cJSON_ArrayForEach(note, report_member(list, "notes")) {
    const char *words = cJSON_GetStringValue(note);
    if (!words) continue;
    report_put(&figure->caption, " ");
    report_put(&figure->caption, words);
  }
  put_contrasts(figure, list);
  put_groups(figure, list);
  return BERG_OK;
}
