/* The page, and the same numbers as JSON. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/figure.h"
#include "report/provenance.h"

typedef struct report_page {
  const report_data *data;
  const report_figures *figures;
  const report_provenance *provenance;
  report_table summary;
} report_page;

/* Numbers of each subject: voxels, accuracy, ceilings. */
void report_summarise(report_table *table, const report_data *data);
/* One self-contained HTML file: no scripts, nothing loaded. */
void report_page_html(report_text *text, const report_page *page);
void report_page_json(report_text *text, const report_page *page);
/* The style sheet, with the colours of so many subjects. */
void report_put_style(report_text *text, int subjects);

#endif
