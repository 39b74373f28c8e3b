/* The page: header, figures with their tables, provenance. */
#include "report/page.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "io/value/json_guard.h"
#include "report/kind.h"

enum { VOXELS, KNOWN, MEAN, MEDIAN, HIGHEST, CEILING, CEILINGS_KNOWN, REGIONS, COLUMNS };

static void summarise_accuracy(double *row, const report_subject *subject) {
  const report_sorted *sorted = &subject->sorted_accuracy;
  row[KNOWN] = (double)sorted->count;
  row[MEAN] = report_mean(subject->accuracy, NULL, subject->voxels, NULL);
  row[MEDIAN] = report_quantile(sorted->values, sorted->count, 0.5);
  row[HIGHEST] = sorted->count ? sorted->values[sorted->count - 1] : NAN;
}

void report_summarise(report_table *table, const report_data *data) {
  const char *const names[COLUMNS] = {data->kind->values, "with accuracy",   "mean r",         "median r",
                                      "highest r",        "mean ceiling, %", "with a ceiling", data->kind->regions};
  report_table_start(table, "The subjects", 1, (const char *const[]){"Subject"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++)
    report_table_column(table, i, i >= MEAN && i <= HIGHEST ? 4 : i == CEILING ? 2 : REPORT_COUNT, "%s", names[i]);
  for (size_t i = 0; i < data->count; i++) {
    const report_subject *subject = &data->subjects[i];
    double *row = report_table_row(table, (const char *const[]){subject->shown});
    if (!row) return;
    row[VOXELS] = (double)subject->voxels;
    row[REGIONS] = (double)subject->region_count;
    row[KNOWN] = row[CEILINGS_KNOWN] = 0;
    if (subject->accuracy) summarise_accuracy(row, subject);
    if (!subject->ceiling) continue;
    size_t missing;
    row[CEILING] = report_mean(subject->ceiling, NULL, subject->voxels, &missing);
    row[CEILINGS_KNOWN] = (double)(subject->voxels - missing);
  }
}

static void put_legend(report_text *text, const report_data *data) {
  report_put(text, "<ul class=\"legend\">");
  for (size_t i = 0; i < data->count; i++) {
    char letter = report_role_letter(report_subject_role(data->subjects[i].number));
    report_print(text,
                 "<li><svg viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"f%c\" "
                 "width=\"12\" height=\"12\"/></svg>%s</li>",
                 letter, data->subjects[i].shown);
  }
  report_put(text, "</ul>\n");
}

static void put_tables(report_text *text, const report_figure *figure) {
  for (size_t i = 0; i < figure->table_count; i++) {
    report_put(text, "<details><summary>Table: ");
    report_put_escaped(text, figure->tables[i].caption ? figure->tables[i].caption : "");
    report_put(text, "</summary>\n");
    report_table_html(text, &figure->tables[i]);
    report_put(text, "</details>\n");
  }
}

/* Sentences, each begun with a space. */
static const char *missing_of(const report_figure *figure) {
  return figure->missing.length ? figure->missing.bytes + strspn(figure->missing.bytes, " ") : "";
}

static void put_figure(report_text *text, const report_page *page, const report_figure *figure) {
  report_print(text, "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">", figure->id, figure->id,
               figure->id);
  report_put_escaped(text, figure->title);
  report_put(text, "</h2>\n");
  if (figure->missing.length) {
    report_put(text, "<p class=\"missing\">");
    report_put_escaped(text, missing_of(figure));
    report_put(text, "</p>\n");
  }
  if (figure->panel_count) {
    report_put(text, "<figure>\n<figcaption>");
    report_put_escaped(text, figure->caption.bytes);
    report_put(text, "</figcaption>\n");
    if (figure->legend && page->data->count > 1) put_legend(text, page->data);
    report_put(text, "<div class=\"panels\">\n");
    for (size_t i = 0; i < figure->panel_count; i++) report_panel_svg(text, &figure->panels[i]);
    report_put(text, "</div>\n</figure>\n");
  } else if (figure->table_count && figure->caption.length) {
    report_put(text, "<p>");
    report_put_escaped(text, figure->caption.bytes);
    report_put(text, "</p>\n");
  }
  put_tables(text, figure);
  report_put(text, "</section>\n");
}

/* A reference of the card is "what: https://...". */
static void put_reference(report_text *text, const char *reference) {
  const char *address = strstr(reference, "https://");
  report_put(text, "<li>");
  if (!address) {
    report_put_escaped(text, reference);
  } else {
    report_text before = {0};
    report_put_bytes(&before, reference, (size_t)(address - reference));
    text->failed |= before.failed;
    report_put_escaped(text, before.bytes ? before.bytes : "");
    report_text_free(&before);
    report_put(text, "<a href=\"");
    report_put_escaped(text, address);
    report_put(text, "\">");
    report_put_escaped(text, address);
    report_put(text, "</a>");
  }
  report_put(text, "</li>\n");
}

static void put_references(report_text *text, const char *model_id) {
  const char *json = berg_catalog_card(model_id);
  cJSON *card;
  if (io_json_parse(&card, json, strlen(json), NULL)) text->failed = true;
  const cJSON *reference;
  report_put(text, "<section id=\"cite\" aria-labelledby=\"h-cite\"><h2 id=\"h-cite\">How to cite</h2>\n"
                   "<p>Name the data, the network and the model that these numbers stand on, and the program that made "
                   "this page.</p>\n<ol>\n");
  cJSON_ArrayForEach(reference, cJSON_GetObjectItemCaseSensitive(card, "references")) {
    if (cJSON_IsString(reference)) put_reference(text, reference->valuestring);
  }
  put_reference(text, "BERG, the Brain Encoding Response Generator: https://github.com/gifale95/BERG");
  report_print(text, "<li>libberg %s, which drew this report</li>\n</ol></section>\n", berg_version());
  cJSON_Delete(card);
}

static void put_head(report_text *text, const report_page *page) {
  const report_kind *kind = page->data->kind;
  report_put(text,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
             "img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
  report_put_escaped(text, page->provenance->model_id);
  report_put(text, ": report</title>\n<style>");
  report_put_style(text, report_figures_colours(page->figures, page->data));
  report_put(text, "</style>\n</head>\n<body>\n<header>\n<h1>");
  report_put_escaped(text, page->provenance->model_id);
  report_print(text, "</h1>\n<p>How well the model predicts the %s of ", kind->responses);
  for (size_t i = 0; i < page->data->count; i++)
    report_print(text, "%s%s", !i ? "" : i + 1 < page->data->count ? ", " : " and ", page->data->subjects[i].shown);
  report_print(text, ", %s, to images it was not fitted to.</p>\n", kind->step);
  if (kind->note) report_print(text, "<p>%s</p>\n", kind->note);
  report_put(text, "</header>\n");
}

static void put_link(report_text *text, const report_figure *figure) {
  report_print(text, "<li><a href=\"#%s\">", figure->id);
  report_put_escaped(text, figure->title);
  report_put(text, "</a></li>");
}

static void put_contents(report_text *text, const report_page *page) {
  report_put(text, "<nav aria-label=\"Contents\"><ul>");
  for (size_t i = 0; i < page->figures->count; i++) put_link(text, &page->figures->items[i]);
  report_put(text,
             "<li><a href=\"#provenance\">Provenance</a></li><li><a href=\"#cite\">How to cite</a></li></ul></nav>\n");
}

void report_page_html(report_text *text, const report_page *page) {
  put_head(text, page);
  put_contents(text, page);
  report_put(text, "<main>\n");
  report_table_html(text, &page->summary);
  for (size_t i = 0; i < page->figures->count; i++) put_figure(text, page, &page->figures->items[i]);
  report_put(text,
             "<section id=\"provenance\" aria-labelledby=\"h-provenance\"><h2 id=\"h-provenance\">Provenance</h2>\n");
  report_provenance_html(text, page->provenance);
  report_put(text, "</section>\n");
  put_references(text, page->provenance->model_id);
  report_put(text, "</main>\n</body>\n</html>\n");
}

static void put_figure_json(report_text *text, const report_figure *figure) {
  report_put(text, "{");
  report_put_member(text, "id", figure->id);
  report_put_member(text, "title", figure->title);
  report_put_member(text, "caption", figure->caption.bytes);
  report_put_member(text, "missing", missing_of(figure));
  report_put(text, "\"tables\":[");
  for (size_t i = 0; i < figure->table_count; i++) {
    if (i) report_put(text, ",\n");
    report_table_json(text, &figure->tables[i]);
  }
  report_put(text, "]}");
}

void report_page_json(report_text *text, const report_page *page) {
  report_put(text, "{");
  report_put_member(text, "model", page->provenance->model_id);
  report_put(text, "\"summary\":");
  report_table_json(text, &page->summary);
  report_put(text, ",\n\"figures\":[");
  for (size_t i = 0; i < page->figures->count; i++) {
    if (i) report_put(text, ",\n");
    put_figure_json(text, &page->figures->items[i]);
  }
  report_put(text, "],\n\"provenance\":");
  report_provenance_json(text, page->provenance);
  report_put(text, "}\n");
}
