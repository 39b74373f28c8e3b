/* The figures of a report, and writing them as files. */
#include "report/figure.h"

#include "base/memory.h"
#include "base/progress.h"
#include "report/kind.h"

void report_figure_start(report_figure *figure, const char *id, const char *title, size_t sheet_columns, bool legend) {
  *figure = (report_figure){.id = id, .title = title, .sheet_columns = sheet_columns, .legend = legend};
}

void report_figure_free(report_figure *figure) {
  for (size_t i = 0; i < figure->table_count; i++) report_table_free(&figure->tables[i]);
  for (size_t i = 0; i < figure->panel_count; i++) report_panel_free(&figure->panels[i]);
  base_free(figure->panels);
  report_text_free(&figure->caption);
  report_text_free(&figure->missing);
  for (size_t i = 0; i < 2; i++) base_free(figure->own_texts[i]);
  *figure = (report_figure){.id = NULL};
}

report_panel *report_figure_panel(report_figure *figure, double width, double height, const char *title,
                                  const char *description) {
  void *block = figure->panels;
  if (!base_grow(&block, &figure->capacity, figure->panel_count + 1, sizeof *figure->panels, NULL)) {
    figure->failed = true;
    return NULL;
  }
  figure->panels = block;
  report_panel *panel = &figure->panels[figure->panel_count++];
  report_panel_start(panel, width, height, title, description);
  return panel;
}

berg_status report_figure_status(const report_figure *figure, berg_error *error) {
  bool failed = figure->failed || figure->caption.failed || figure->missing.failed;
  for (size_t i = 0; i < figure->table_count; i++) failed |= figure->tables[i].failed;
  for (size_t i = 0; i < figure->panel_count; i++) failed |= figure->panels[i].failed;
  return failed ? base_fail_memory(error, 0) : BERG_OK;
}

void report_figure_lacking(report_figure *figure, const report_data *data, size_t offset, const char *what) {
  size_t lacking = 0, said = 0;
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < data->count; i++) {
      if (report_values(&data->subjects[i], offset)) continue;
      if (!pass) {
        lacking++;
        continue;
      }
      report_put(&figure->missing, !said++ ? figure->missing.length ? " " : "" : said < lacking ? ", " : " and ");
      report_put(&figure->missing, data->subjects[i].shown);
    }
  if (lacking) report_print(&figure->missing, " %s no %s.", lacking == 1 ? "has" : "have", what);
}

report_figure *report_figures_add(report_figures *figures, berg_error *error) {
  void *block = figures->items;
  if (!base_grow(&block, &figures->capacity, figures->count + 1, sizeof *figures->items, error)) return NULL;
  figures->items = block;
  report_figure *figure = &figures->items[figures->count++];
  *figure = (report_figure){.id = NULL};
  return figure;
}

berg_status report_figures_make(report_figures *figures, const report_data *data, berg_error *error) {
  berg_status status = BERG_OK;
  *figures = (report_figures){.items = NULL};
  for (size_t i = 0; data->kind->draw[i] && !status; i++) {
    if ((status = base_ask_cancel(data->run, error))) break;
    report_figure *figure = report_figures_add(figures, error);
    if (figure) data->kind->draw[i](figure, data);
    status = figure ? report_figure_status(figure, error) : BERG_ELIMIT;
  }
  if (status) report_figures_free(figures);
  return status;
}

void report_figures_free(report_figures *figures) {
  for (size_t i = 0; i < figures->count; i++) report_figure_free(&figures->items[i]);
  base_free(figures->items);
  *figures = (report_figures){.items = NULL};
}

int report_figures_colours(const report_figures *figures, const report_data *data) {
  int most = data->kind->colours;
  for (size_t i = 0; i < figures->count; i++)
    if (figures->items[i].colours > most) most = figures->items[i].colours;
  return most;
}
