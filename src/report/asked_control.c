/* Pairs of regions under control by berg control: figure, pictures of each condition, numbers. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/asked.h"
#include "report/control.h"

#define PAIRS 8     /* shown; each is a section */
#define PICTURES 12 /* of a condition */
#define COLOURS 4   /* of conditions */

typedef struct shown_pair {
  const cJSON *tree, *pair;
  const char *regions[2];
  bool of_sets;
} shown_pair;

/* "V1 high, IT low" of high_1_low_2; of sets the name as it is. */
static void title_of(const shown_pair *shown, const cJSON *condition, char title[160]) {
  const char *name = report_member_text(condition, "name");
  if (shown->of_sets || strlen(name) < 10)
    base_print(title, 160, "%.60s", name);
  else
    base_print(title, 160, "%.60s %s, %.60s %s", shown->regions[0], *name == 'h' ? "high" : "low", shown->regions[1],
               strstr(name, "high_2") ? "high" : "low");
}

static const char *name_of(const shown_pair *shown, double image) {
  char key[32];
  base_print(key, sizeof key, "%.0f", image);
  return report_member_text(report_member(shown->tree, "names"), key);
}

/* --- Numbers --- */

enum { IMAGES, PASSED, MEAN, BASELINE, TESTED, BASELINE_TESTED, LOW, HIGH, HOLDS, P, COLUMNS };

static const char *const names[COLUMNS] = {
    "images", "beyond the baselines",      "mean", "baseline", "in subjects left out", "their baseline", "from",
    "to",     "subjects in whom it holds", "p"};

static void start_conditions(report_table *table, bool over) {
  report_table_start(table, "Conditions", 2, (const char *const[]){"Condition", "Region"}, over ? COLUMNS : TESTED);
  for (size_t i = 0; i < table->columns && !table->failed; i++)
    report_table_column(table, i, i == IMAGES || i == PASSED || i == HOLDS ? REPORT_COUNT : 4, "%s", names[i]);
}

static const cJSON *region_of(const shown_pair *shown, int side) {
  const cJSON *region;
  cJSON_ArrayForEach(region, report_member(shown->tree, "regions")) {
    if (!strcmp(report_member_text(region, "name"), shown->regions[side])) return region;
  }
  return NULL;
}

static void put_side(report_table *table, const shown_pair *shown, const cJSON *condition, const cJSON *over,
                     int side) {
  char title[160];
  title_of(shown, condition, title);
  double *row = report_table_row(table, (const char *const[]){title, shown->regions[side]});
  if (!row) return;
  row[IMAGES] = cJSON_GetArraySize(report_member(condition, "images"));
  row[PASSED] = report_member_number(condition, "passed");
  row[MEAN] = report_item_number(report_member(condition, "means"), side);
  row[BASELINE] = report_member_number(report_member(region_of(shown, side), "baseline"), "value");
  if (!over) return;
  const cJSON *interval = cJSON_GetArrayItem(report_member(over, "interval"), side);
  row[TESTED] = report_item_number(report_member(over, "tested"), side);
  row[BASELINE_TESTED] = report_item_number(report_member(over, "baseline"), side);
  row[LOW] = report_item_number(interval, 0);
  row[HIGH] = report_item_number(interval, 1);
  row[HOLDS] = report_item_number(report_member(over, "significant"), side);
  row[P] = report_item_number(report_member(over, "p"), side);
}

static void put_set(report_table *table, const shown_pair *shown, const cJSON *condition, const cJSON *over) {
  double *row = report_table_row(table, (const char *const[]){report_member_text(condition, "name"), "both"});
  if (!row) return;
  row[IMAGES] = cJSON_GetArraySize(report_member(condition, "images"));
  row[MEAN] = report_member_number(condition, "score");
  row[BASELINE] = report_member_number(report_member(shown->pair, "baseline"), "score");
  if (!over) return;
  row[TESTED] = report_member_number(over, "tested");
  row[BASELINE_TESTED] = report_member_number(over, "baseline");
  row[LOW] = report_item_number(report_member(over, "interval"), 0);
  row[HIGH] = report_item_number(report_member(over, "interval"), 1);
  row[HOLDS] = report_member_number(over, "significant");
  row[P] = report_member_number(over, "p");
}

static void put_conditions(report_figure *figure, const shown_pair *shown) {
  const cJSON *condition, *over = report_member(shown->pair, "over_subjects");
  report_table *table = &figure->tables[figure->table_count++];
  start_conditions(table, over != NULL);
  over = over ? over->child : NULL;
  cJSON_ArrayForEach(condition, report_member(shown->pair, "conditions")) {
    if (shown->of_sets)
      put_set(table, shown, condition, over);
    else
      for (int side = 0; side < 2; side++) put_side(table, shown, condition, over, side);
    over = over ? over->next : NULL;
  }
}

static void put_images(report_figure *figure, const shown_pair *shown) {
  const cJSON *condition, *image;
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Images chosen", 2, (const char *const[]){"Condition", "Name"}, shown->of_sets ? 1 : 3);
  report_table_column(table, 0, REPORT_COUNT, "image");
  for (size_t side = 0; side < 2 && !shown->of_sets; side++)
    report_table_column(table, side + 1, 4, "response of %.60s", shown->regions[side]);
  cJSON_ArrayForEach(condition, report_member(shown->pair, "conditions")) {
    const cJSON *responses = report_member(condition, "responses");
    char title[160];
    int place = 0;
    title_of(shown, condition, title);
    cJSON_ArrayForEach(image, report_member(condition, "images")) {
      const double number = cJSON_IsNumber(image) ? image->valuedouble : (double)NAN;
      double *row = report_table_row(table, (const char *const[]){title, name_of(shown, number)});
      if (!row) return;
      row[0] = number;
      for (int side = 0; side < 2 && !shown->of_sets; side++)
        row[side + 1] = report_item_number(cJSON_GetArrayItem(responses, side), place);
      place++;
    }
  }
}

/* --- Figure and pictures --- */

static berg_status put_panels(report_figure *figure, const shown_pair *shown, int pair, berg_error *error) {
  report_control control = {.tree = shown->tree};
  bool of_sets;
  if (!shown->of_sets && !report_member(shown->tree, "responses")) {
    report_put(&figure->missing,
               " Responses of all images are not drawn: the JSON has none (berg control -o FOLDER, or "
               "responses=True in Python, keeps them).");
    return BERG_OK;
  }
  berg_status status = report_draw_control(&control, (size_t)pair, &of_sets, error);
  for (size_t i = 0; i < control.count; i++) {
    report_panel *panel = status ? NULL : report_figure_panel(figure, 1, 1, "", "");
    if (panel) {
      report_panel_free(panel);
      *panel = control.panels[i];
    } else {
      report_panel_free(&control.panels[i]);
    }
  }
  figure->key = control.key;
  return status;
}

static berg_status put_pictures(const report_asked *asked, report_figure *figure, const shown_pair *shown,
                                berg_error *error) {
  report_asked_picture pictures[PICTURES];
  const cJSON *condition, *image;
  berg_status status = BERG_OK;
  const size_t before = asked->tiles->missing;
  cJSON_ArrayForEach(condition, report_member(shown->pair, "conditions")) {
    size_t count = 0;
    char title[160];
    cJSON_ArrayForEach(image, report_member(condition, "images")) {
      if (count == PICTURES) break;
      const double number = cJSON_IsNumber(image) ? image->valuedouble : (double)NAN;
      pictures[count].name = name_of(shown, number);
      base_print(pictures[count].caption, sizeof pictures[count].caption, "image %.0f", number);
      count++;
    }
    title_of(shown, condition, title);
    if (count && !status) status = report_asked_pictures(asked, figure, title, pictures, count, error);
  }
  report_asked_count_missing(asked, figure, before);
  return status;
}

static void put_caption(report_figure *figure, const shown_pair *shown) {
  const double r = report_member_number(shown->pair, "correlation");
  report_print(&figure->caption, "Relational neural control over %.0f images and %d subject%s: ",
               report_member_number(shown->tree, "images"), cJSON_GetArraySize(report_member(shown->tree, "subjects")),
               cJSON_GetArraySize(report_member(shown->tree, "subjects")) == 1 ? "" : "s");
  report_put(&figure->caption,
             shown->of_sets ? "sets of images in which the two regions\xE2\x80\x99 similarities align, or do not."
                            : "images that drive the two regions together or apart.");
  if (!isnan(r)) report_print(&figure->caption, " Over all images the responses correlate with %.3f.", r);
  if (figure->key) report_print(&figure->caption, " Marks: %s.", figure->key);
  report_print(&figure->caption, " Of each condition the first %d pictures are shown.", PICTURES);
}

static berg_status draw_pair(const report_asked *asked, const shown_pair *shown, int pair, berg_error *error) {
  report_figure *figure = report_asked_figure(asked, "control", 2, error, "Control of %.60s and %.60s",
                                              shown->regions[0], shown->regions[1]);
  if (!figure) return BERG_ELIMIT;
  figure->colours = COLOURS;
  put_conditions(figure, shown);
  put_images(figure, shown);
  berg_status status = put_panels(figure, shown, pair, error);
  if (!status) put_caption(figure, shown);
  if (!status) status = put_pictures(asked, figure, shown, error);
  const int pairs = cJSON_GetArraySize(report_member(shown->tree, "pairs"));
  if (pair + 1 == PAIRS && pairs > PAIRS)
    report_print(&figure->missing, " The file has %d pairs: the first %d are shown.", pairs, PAIRS);
  return status;
}

berg_status report_asked_control(const report_asked *asked, const cJSON *control, berg_error *error) {
  const cJSON *pair;
  shown_pair shown = {.tree = control, .of_sets = !strcmp(report_member_text(control, "control"), "multivariate")};
  berg_status status = BERG_OK;
  int place = 0;
  cJSON_ArrayForEach(pair, report_member(control, "pairs")) {
    if (status || place == PAIRS) break;
    shown.pair = pair;
    for (int side = 0; side < 2; side++) {
      const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(report_member(pair, "regions"), side));
      if (!name) return base_fail(error, BERG_EINPUT, "%s: its pair %d names no two regions", asked->path, place);
      shown.regions[side] = name;
    }
    status = draw_pair(asked, &shown, place++, error);
  }
  return status;
}
