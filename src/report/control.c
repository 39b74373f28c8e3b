/* berg_plot_control: a figure out of the JSON. */
#include "report/control.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_guard.h"

const cJSON *report_control_at(const cJSON *object, const char *key) { return cJSON_GetObjectItem(object, key); }

double report_control_number(const cJSON *list, int index) {
  const cJSON *item = cJSON_GetArrayItem(list, index);
  return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

const cJSON *report_control_region(const report_control *control, int side) {
  const cJSON *region;
  cJSON_ArrayForEach(region, report_control_at(control->tree, "regions")) {
    const char *name = cJSON_GetStringValue(report_control_at(region, "name"));
    if (name && !strcmp(name, control->regions[side])) return region;
  }
  return NULL;
}

berg_status report_draw_control(report_control *control, size_t pair, bool *of_sets, berg_error *error) {
  const char *kind = cJSON_GetStringValue(report_control_at(control->tree, "control"));
  const cJSON *pairs = report_control_at(control->tree, "pairs");
  if (!kind || !cJSON_IsArray(pairs)) return base_fail(error, BERG_EINPUT, "the JSON is not berg_control's");
  if (pair >= (size_t)cJSON_GetArraySize(pairs))
    return base_fail(error, BERG_EARGUMENT, "there is no pair %zu among %d", pair, cJSON_GetArraySize(pairs));
  control->pair = cJSON_GetArrayItem(pairs, (int)pair);
  for (int side = 0; side < 2; side++) {
    control->regions[side] =
        cJSON_GetStringValue(cJSON_GetArrayItem(report_control_at(control->pair, "regions"), side));
    if (!control->regions[side] || !report_control_region(control, side))
      return base_fail(error, BERG_EINPUT, "the JSON is not berg_control's: its pair %zu names no two regions", pair);
  }
  *of_sets = !strcmp(kind, "multivariate");
  return *of_sets ? report_draw_control_sets(control, error) : report_draw_control_means(control, error);
}

static bool ends_in(const char *path, const char *ending) {
  const size_t length = strlen(path), own = strlen(ending);
  return length > own && base_same_word(path + length - own, ending);
}

static berg_status print_sheet(report_text *text, const report_sheet *sheet, const char *path, berg_error *error) {
  if (ends_in(path, ".png")) return report_sheet_png(text, sheet, error);
  if (ends_in(path, ".pdf")) return report_sheet_pdf(text, sheet, error);
  if (!ends_in(path, ".svg")) return base_fail(error, BERG_EARGUMENT, "%s: a figure is .svg, .png or .pdf", path);
  report_sheet_svg(text, sheet);
  return report_text_status(text, error);
}

static berg_status write(const report_control *control, bool of_sets, const char *path, int force, berg_error *error) {
  report_text text = {0};
  char *heading = base_format(error, "%s and %s: %s control", control->regions[0], control->regions[1],
                              of_sets ? "multivariate" : "univariate");
  if (!heading) return BERG_ELIMIT;
  const report_sheet sheet = {.heading = heading,
                              .date = "1970-01-01T00:00:00Z", /* a PDF has one: the same answer, the same bytes */
                              .colours = 4,
                              .key = control->key,
                              .panels = control->panels,
                              .count = control->count,
                              .columns = control->count};
  berg_status status = print_sheet(&text, &sheet, path, error);
  if (!status) status = berg_write_whole(path, text.bytes, text.length, force, error);
  report_text_free(&text);
  base_free(heading);
  return status;
}

berg_status berg_plot_control(const char *json, size_t pair, const char *path, int force, berg_error *error) {
  report_control control = {.count = 0};
  cJSON *tree;
  bool of_sets = false;
  if (!json || !path) return base_fail(error, BERG_EARGUMENT, "berg_plot_control: no JSON, or no file");
  berg_status status = berg_check_figure(path, error);
  if (status) return status;
  status = io_json_parse(&tree, json, strlen(json), error);
  if (status) return status == BERG_EINPUT ? base_fail(error, status, "what is to be drawn is not JSON") : status;
  control.tree = tree;
  status = report_draw_control(&control, pair, &of_sets, error);
  for (size_t i = 0; i < control.count && !status; i++)
    if (control.panels[i].failed) status = base_fail_memory(error, sizeof(report_panel));
  if (!status) status = write(&control, of_sets, path, force, error);
  for (size_t i = 0; i < control.count; i++) report_panel_free(&control.panels[i]);
  cJSON_Delete(tree);
  return status;
}
