/* The numbers of a figure. A figure is drawn from its tables, so the drawing, the page and the JSON have the same
 * numbers. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "report/text.h"

#define REPORT_COUNT (-1) /* decimals of a column of whole numbers */

typedef struct report_table {
  char *caption;
  size_t heads; /* columns of words, first */
  char **head_names;
  size_t columns; /* columns of numbers */
  char **names;
  int *decimals;
  size_t rows, capacity;
  char **words;    /* [rows][heads] */
  double *numbers; /* [rows][columns], NaN: no value */
  bool failed;     /* out of memory; never reset */
} report_table;

void report_table_start(report_table *table, const char *caption, size_t heads, const char *const *head_names,
                        size_t columns);
void report_table_free(report_table *table);
void report_table_column(report_table *table, size_t column, int decimals, const char *format, ...) BASE_PRINTF(4, 5);
/* A new row; its numbers, NaN to begin with, or NULL (no memory). Valid until the next row. */
double *report_table_row(report_table *table, const char *const *words);

const char *report_table_word(const report_table *table, size_t row, size_t head);
double report_table_number(const report_table *table, size_t row, size_t column);

void report_table_html(report_text *text, const report_table *table);
void report_table_json(report_text *text, const report_table *table);

#endif
