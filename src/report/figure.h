/* A figure: tables of numbers and the panels drawn from them. */
#ifndef REPORT_FIGURE_H
#define REPORT_FIGURE_H

#include "report/axes.h"
#include "report/subject.h"
#include "report/table.h"

typedef struct report_figure {
  const char *id; /* of the section of the page, and the name of its files */
  const char *title;
  report_text caption; /* what is drawn and how it is defined; plain text */
  report_text missing; /* what could not be drawn and why, or empty; plain text */
  report_table tables[REPORT_MOST_SUBJECTS];
  size_t table_count;
  report_panel *panels;
  size_t panel_count, capacity;
  size_t sheet_columns; /* panels beside each other in its files */
  bool legend;          /* subjects are told apart by colour */
  const char *key;      /* what the marks mean, for the files, which have no caption; or NULL */
  int colours;          /* of subjects, that its marks use for something else */
  char *own_texts[2];   /* id and title, where they are made for this figure; or NULL */
  bool failed;
} report_figure;

void report_figure_start(report_figure *figure, const char *id, const char *title, size_t sheet_columns, bool legend);
void report_figure_free(report_figure *figure);
/* The next panel, started; NULL when memory is short. */
report_panel *report_figure_panel(report_figure *figure, double width, double height, const char *title,
                                  const char *description);
berg_status report_figure_status(const report_figure *figure, berg_error *error);
/* Adds to `missing`: "sub-01 and sub-03 have no <what>." for the subjects that lack what `offset` says. */
void report_figure_lacking(report_figure *figure, const report_data *data, size_t offset, const char *what);

/* All figures, in the order of the page. */
typedef struct report_figures {
  report_figure *items;
  size_t count, capacity;
} report_figures;

/* Those of the kind. */
berg_status report_figures_make(report_figures *figures, const report_data *data, berg_error *error);
void report_figures_free(report_figures *figures);
/* One more, empty; valid until the next is added. NULL with ELIMIT. */
report_figure *report_figures_add(report_figures *figures, berg_error *error);
/* How many colours of subjects the page needs. */
int report_figures_colours(const report_figures *figures, const report_data *data);

/* Each starts and fills one figure; what cannot be drawn is said in `missing`. Lack of memory is remembered until the
 * end. */
void report_draw_regions(report_figure *figure, const report_data *data);
void report_draw_density(report_figure *figure, const report_data *data);
void report_draw_distributions(report_figure *figure, const report_data *data);
void report_draw_accuracy_map(report_figure *figure, const report_data *data);
void report_draw_ceiling_map(report_figure *figure, const report_data *data);
void report_draw_share_map(report_figure *figure, const report_data *data);
void report_draw_receptive_fields(report_figure *figure, const report_data *data);
/* Of vertices. */
void report_draw_vertex_regions(report_figure *figure, const report_data *data);
void report_draw_synthetic_regions(report_figure *figure, const report_data *data);
void report_draw_hemispheres(report_figure *figure, const report_data *data);
void report_draw_accuracy_surface(report_figure *figure, const report_data *data);
void report_draw_ceiling_surface(report_figure *figure, const report_data *data);
void report_draw_share_surface(report_figure *figure, const report_data *data);
void report_draw_synthetic_surface(report_figure *figure, const report_data *data);
/* Of responses that have times. */
void report_draw_correlation_courses(report_figure *figure, const report_data *data);
void report_draw_explained_courses(report_figure *figure, const report_data *data);
void report_draw_accuracy_times(report_figure *figure, const report_data *data);
void report_draw_ceiling_times(report_figure *figure, const report_data *data);

#endif
