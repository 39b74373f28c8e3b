/* A ranking of berg rank: the pictures at both ends, and all lists as a table. */

#include "base/text.h"
#include "report/asked.h"

enum { RANK, IMAGE, VALUE, Z, PERCENTILE, LEFT_VALUE, LEFT_Z, LEFT_PERCENTILE, COLUMNS };

static const char *const keys[COLUMNS] = {"rank",       "image",          "value",      "z",
                                          "percentile", "left_out_value", "left_out_z", "left_out_percentile"};
static const char *const names[COLUMNS] = {
    "rank", "image", "value", "z", "percentile", "value of the one left out", "its z", "its percentile"};

static const char *const ends[] = {"top", "bottom"};

static void put_rows(report_table *table, const cJSON *one, const char *by) {
  for (size_t e = 0; e < 2; e++) {
    const cJSON *item;
    cJSON_ArrayForEach(item, report_member(one, ends[e])) {
      double *row = report_table_row(table, (const char *const[]){by, ends[e], report_member_text(item, "name")});
      for (size_t i = 0; row && i < table->columns; i++) row[i] = report_member_number(item, keys[i]);
    }
  }
}

static void put_images(report_figure *figure, const cJSON *ranking) {
  const cJSON *one, *mean = report_member(ranking, "mean_over_subjects"),
                    *left_out = report_member(ranking, "leave_one_out");
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Images listed", 3, (const char *const[]){"Ranked by", "End", "Name"},
                     cJSON_GetArraySize(left_out) ? COLUMNS : LEFT_VALUE);
  for (size_t i = 0; i < table->columns && !table->failed; i++)
    report_table_column(table, i,
                        i < VALUE                                 ? REPORT_COUNT
                        : i == PERCENTILE || i == LEFT_PERCENTILE ? 2
                                                                  : 4,
                        "%s", names[i]);
  if (mean) put_rows(table, mean, "mean over subjects");
  cJSON_ArrayForEach(one, report_member(ranking, "subjects")) put_rows(table, one, report_member_text(one, "label"));
  cJSON_ArrayForEach(one, left_out) {
    char by[64];
    base_print(by, sizeof by, "without %.40s", report_member_text(one, "left_out"));
    put_rows(table, one, by);
  }
}

static void put_summary(report_table *table, const cJSON *one, const char *by) {
  static const char *const of[] = {"mean", "sd", "unranked", "correlation"};
  double *row = report_table_row(table, (const char *const[]){by});
  for (size_t i = 0; row && i < 4; i++) row[i] = report_member_number(one, of[i]);
}

static void put_summaries(report_figure *figure, const cJSON *ranking) {
  const cJSON *one, *mean = report_member(ranking, "mean_over_subjects");
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Values over all images", 1, (const char *const[]){"Ranked by"}, 4);
  report_table_column(table, 0, 4, "mean");
  report_table_column(table, 1, 4, "standard deviation");
  report_table_column(table, 2, REPORT_COUNT, "without a value");
  report_table_column(table, 3, 3, "correlation with the one left out");
  if (mean) put_summary(table, mean, "mean over subjects");
  cJSON_ArrayForEach(one, report_member(ranking, "subjects")) put_summary(table, one, report_member_text(one, "label"));
  cJSON_ArrayForEach(one, report_member(ranking, "leave_one_out")) {
    char by[64];
    base_print(by, sizeof by, "without %.40s", report_member_text(one, "left_out"));
    put_summary(table, one, by);
  }
}

static berg_status put_pictures(const report_asked *asked, report_figure *figure, const cJSON *shown, const char *end,
                                const char *title, berg_error *error) {
  report_asked_picture pictures[REPORT_ASKED_PICTURES];
  size_t count = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, report_member(shown, end)) {
    if (count == REPORT_ASKED_PICTURES) break;
    report_asked_picture *picture = &pictures[count++];
    picture->name = report_member_text(item, "name");
    base_print(picture->caption, sizeof picture->caption, "%zu: %.4g", count, report_member_number(item, "value"));
  }
  return count ? report_asked_pictures(asked, figure, title, pictures, count, error) : BERG_OK;
}

berg_status report_asked_ranking(const report_asked *asked, const cJSON *ranking, berg_error *error) {
  const char *expression = report_member_text(ranking, "expression");
  const cJSON *subjects = report_member(ranking, "subjects"), *mean = report_member(ranking, "mean_over_subjects"),
              *shown = mean ? mean : cJSON_GetArrayItem(subjects, 0);
  const size_t before = asked->tiles->missing;
  report_figure *figure = report_asked_figure(asked, "ranking", 2, error, "Images ranked by %.120s", expression);
  if (!figure) return BERG_ELIMIT;
  report_print(&figure->caption, "%.0f images of a store, ranked by %s, ", report_member_number(ranking, "images"),
               expression);
  if (mean)
    report_print(&figure->caption, "the mean over %d subjects of their %s", cJSON_GetArraySize(subjects),
                 report_member_text(ranking, "averaged"));
  else
    report_print(&figure->caption, "of %s", report_member_text(shown, "label"));
  report_print(&figure->caption,
               ". Under each picture its rank and value; at most %d of each end are drawn, the table has all that are "
               "listed. z is over all images; the percentile counts those that rank below.",
               REPORT_ASKED_PICTURES);
  put_images(figure, ranking);
  put_summaries(figure, ranking);
  berg_status status = put_pictures(asked, figure, shown, "top", "Highest", error);
  if (!status) status = put_pictures(asked, figure, shown, "bottom", "Lowest", error);
  report_asked_count_missing(asked, figure, before);
  return status;
}
