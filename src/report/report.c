/* The public calls: everything is drawn in memory, the files are written, and appear together, the page last. */

#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/whole_file.h"
#include "io/file/whole_set.h"
#include "io/surface/geometry.h"
#include "report/asked.h"
#include "report/formats.h"
#include "report/kind.h"
#include "report/page.h"

void(berg_report_options_init)(berg_report_options *options, size_t size) {
  const berg_report_options defaults = {0};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static berg_status write_file(io_whole_set *files, const char *path, const report_text *text, bool force,
                              berg_error *error) {
  berg_status status = report_text_status(text, error);
  return status ? status : io_whole_set_add(files, path, text->bytes, text->length, force, error);
}

static report_sheet sheet_of(const report_figure *figure, const report_data *data, const char *date) {
  return (report_sheet){.heading = figure->title,
                        .date = date,
                        .subjects = data->subjects,
                        .subject_count = figure->legend ? data->count : 0,
                        .colours = figure->colours > data->kind->colours ? figure->colours : data->kind->colours,
                        .key = figure->key,
                        .panels = figure->panels,
                        .count = figure->panel_count,
                        .columns = figure->sheet_columns};
}

typedef berg_status (*draw_sheet)(report_text *bytes, const report_sheet *sheet, berg_error *error);

static berg_status draw_svg(report_text *bytes, const report_sheet *sheet, berg_error *error) {
  report_sheet_svg(bytes, sheet);
  return report_text_status(bytes, error);
}

static const struct {
  const char *ending;
  draw_sheet draw;
} formats[] = {{"svg", draw_svg}, {"png", report_sheet_png}, {"pdf", report_sheet_pdf}};

#define FORMATS (sizeof formats / sizeof *formats)

/* `files`: NULL draws nothing, but finds existing files before the first one is written. */
static berg_status write_figure(const report_page *page, const report_figure *figure,
                                const berg_report_options *options, io_whole_set *files, berg_error *error) {
  const bool force = options->force;
  const report_sheet sheet = sheet_of(figure, page->data, page->provenance->date);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < FORMATS && !status && figure->panel_count; i++) {
    report_text bytes = {0};
    if (!report_names_format(options->formats, formats[i].ending)) continue;
    char *path = base_format(error, "%s/%s.%s", options->figures, figure->id, formats[i].ending);
    if (!path) return BERG_ELIMIT;
    if (files) {
      status = formats[i].draw(&bytes, &sheet, error);
      if (!status) status = write_file(files, path, &bytes, force, error);
    } else {
      status = io_check_output(path, force, error);
    }
    report_text_free(&bytes);
    base_free(path);
  }
  return status;
}

static berg_status write_figures(const report_page *page, const berg_report_options *options, io_whole_set *files,
                                 berg_error *error) {
  const char *folder = options->figures;
  berg_status status = folder && files ? io_make_folders(folder, error) : BERG_OK;
  for (size_t i = 0; i < page->figures->count && folder && !status; i++) {
    status = base_ask_cancel(options->run, error);
    if (!status) status = write_figure(page, &page->figures->items[i], options, files, error);
  }
  return status;
}

static berg_status check_free(const char *path, bool force, berg_error *error) {
  return path ? io_check_output(path, force, error) : BERG_OK;
}

static berg_status write_all(const report_page *page, const berg_report_options *options, const char *path,
                             berg_error *error) {
  report_text html = {0}, json = {0};
  io_whole_set files = {.files = NULL};
  bool force = options->force;
  berg_status status = check_free(path, force, error);
  if (!status) status = check_free(options->json, force, error);
  if (!status) status = write_figures(page, options, NULL, error);
  if (!status) status = write_figures(page, options, &files, error);
  if (!status && options->json) {
    report_page_json(&json, page);
    status = write_file(&files, options->json, &json, force, error);
  }
  if (!status && path) {
    report_page_html(&html, page);
    status = write_file(&files, path, &html, force, error);
  }
  status = io_whole_set_end(&files, status, error);
  report_text_free(&html);
  report_text_free(&json);
  return status;
}

static berg_status write_page(const report_data *data, const char *model_id, const berg_report_options *options,
                              const report_figures *figures, const char *path, berg_error *error) {
  report_provenance provenance;
  berg_status status = report_provenance_make(&provenance, data, model_id, options, error);
  if (status) return status;
  report_page page = {.data = data, .figures = figures, .provenance = &provenance};
  report_summarise(&page.summary, data);
  status = page.summary.failed ? base_fail_memory(error, 0) : write_all(&page, options, path, error);
  report_table_free(&page.summary);
  report_provenance_free(&provenance);
  return status;
}

static berg_status write_report(const report_data *data, const char *model_id, const berg_report_options *options,
                                const char *path, berg_error *error) {
  report_figures figures;
  berg_status status = report_figures_make(&figures, data, error);
  if (status) return status;
  status = report_asked_draw(&figures, data, error);
  if (!status) status = write_page(data, model_id, options, &figures, path, error);
  report_figures_free(&figures);
  return status;
}

static berg_status open_surface(io_geometry *surface, report_data *data, size_t side, berg_error *error) {
  berg_status status = io_geometry_open(surface, data->surface_paths[side], error);
  for (size_t i = 0; i < data->count && !status; i++) {
    const size_t vertices = data->subjects[i].vertices[side];
    char expected[32];
    base_print(expected, sizeof expected, "%zu", vertices);
    if (surface->vertices != vertices)
      status = base_fail_found(error, BERG_EINPUT, data->surface_paths[side], "number of vertices", expected, "%zu",
                               surface->vertices);
  }
  data->surfaces[side] = surface;
  return status;
}

/* Both or none. */
static berg_status open_surfaces(io_geometry surfaces[REPORT_HEMISPHERES], report_data *data,
                                 const berg_report_options *options, berg_error *error) {
  berg_status status = BERG_OK;
  if (!options->surfaces[0] && !options->surfaces[1]) return BERG_OK;
  if (!options->surfaces[0] || !options->surfaces[1])
    return base_fail(error, BERG_EARGUMENT,
                     "a surface is named for one hemisphere: expected the left one and the right one");
  if (!data->subjects[0].vertices[0])
    return base_fail(error, BERG_EPARAMETER, "%s: its responses lie on no surface, and %s is one", data->kind->model_id,
                     options->surfaces[0]);
  for (size_t side = 0; side < REPORT_HEMISPHERES && !status; side++) {
    data->surface_paths[side] = options->surfaces[side];
    status = open_surface(&surfaces[side], data, side, error);
  }
  return status;
}

berg_status berg_report(const char *model_id, const berg_report_options *given, const char *path, berg_error *error) {
  berg_report_options options;
  io_geometry surfaces[REPORT_HEMISPHERES] = {{.vertices = 0}};
  report_data data;
  berg_run run;
  berg_status status = BASE_TAKE(berg_report_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, options.run, error);
  if (status) return status;
  options.run = &run;
  if (!path && !options.json && !options.figures)
    return base_fail(error, BERG_EARGUMENT, "no file is named for the report, its figures or its numbers");
  if (options.figures) status = report_check_formats(options.formats, error);
  if (!status)
    status = report_data_open(&data, model_id, options.berg_dir, options.subjects, options.subject_count, error);
  if (status) return status;
  data.run = &run;
  data.added = options.added;
  data.added_count = options.added_count;
  data.pictures = options.pictures;
  status = open_surfaces(surfaces, &data, &options, error);
  if (!status) status = write_report(&data, model_id, &options, path, error);
  for (size_t side = 0; side < REPORT_HEMISPHERES; side++) io_geometry_free(&surfaces[side]);
  report_data_close(&data);
  return status;
}

berg_status berg_plot_accuracy(char **svg, const char *model_id, const char *berg_dir, const char *const *subjects,
                               size_t count, const berg_run *given, berg_error *error) {
  report_data data;
  berg_run run;
  report_figure figure;
  report_text text = {0};
  *svg = NULL;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (!status) status = report_data_open(&data, model_id, berg_dir, subjects, count, error);
  if (status) return status;
  data.run = &run;
  data.kind->draw[0](&figure, &data);
  status = report_figure_status(&figure, error);
  if (!status) status = base_ask_cancel(&run, error);
  if (!status && !figure.panel_count)
    status = base_fail(error, BERG_EMODEL, "%s: nothing to plot: no regions, or neither accuracy nor noise ceilings",
                       berg_metadata_path(data.subjects[0].metadata));
  if (!status) {
    const report_sheet sheet = sheet_of(&figure, &data, NULL);
    status = draw_svg(&text, &sheet, error);
  }
  if (status)
    report_text_free(&text);
  else
    *svg = text.bytes;
  report_figure_free(&figure);
  report_data_close(&data);
  return status;
}
