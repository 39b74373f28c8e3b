/* The table behind a figure. */
#include "report/table.h"

#include <math.h>
#include <stdarg.h>

#include "base/memory.h"
#include "base/text.h"

static char *copy(report_table *table, const char *words) {
  char *text = base_copy_text(words, NULL);
  table->failed |= !text;
  return text;
}

void report_table_start(report_table *table, const char *caption, size_t heads, const char *const *head_names,
                        size_t columns) {
  *table = (report_table){.heads = heads, .columns = columns};
  table->caption = copy(table, caption);
  table->head_names = base_calloc(heads, sizeof *table->head_names, NULL);
  table->names = base_calloc(columns, sizeof *table->names, NULL);
  table->decimals = base_calloc(columns, sizeof *table->decimals, NULL);
  table->failed |= !table->head_names || !table->names || !table->decimals;
  for (size_t i = 0; i < heads && table->head_names; i++) table->head_names[i] = copy(table, head_names[i]);
}

void report_table_free(report_table *table) {
  for (size_t i = 0; i < table->heads && table->head_names; i++) base_free(table->head_names[i]);
  for (size_t i = 0; i < table->columns && table->names; i++) base_free(table->names[i]);
  for (size_t i = 0; i < table->rows * table->heads; i++) base_free(table->words[i]);
  base_free(table->caption);
  base_free(table->head_names);
  base_free(table->names);
  base_free(table->decimals);
  base_free(table->words);
  base_free(table->numbers);
  *table = (report_table){0};
}

void report_table_column(report_table *table, size_t column, int decimals, const char *format, ...) {
  char name[128];
  va_list list;
  if (table->failed) return;
  va_start(list, format);
  base_print_list(name, sizeof name, format, list);
  va_end(list);
  base_free(table->names[column]);
  table->names[column] = copy(table, name);
  table->decimals[column] = decimals;
}

/* Words and numbers grow together. */
static bool grow(report_table *table) {
  if (table->rows < table->capacity) return true;
  size_t rows = table->capacity ? 2 * table->capacity : 16, held = table->rows * table->heads, space = held;
  void *words = table->words;
  if (!base_grow(&words, &space, rows * table->heads, sizeof *table->words, NULL)) return false;
  table->words = words;
  space = table->rows * table->columns;
  void *numbers = table->numbers;
  if (!base_grow(&numbers, &space, rows * table->columns, sizeof *table->numbers, NULL)) return false;
  table->numbers = numbers;
  table->capacity = rows;
  return true;
}

double *report_table_row(report_table *table, const char *const *words) {
  if (table->failed || !grow(table)) {
    table->failed = true;
    return NULL;
  }
  size_t row = table->rows++;
  for (size_t i = 0; i < table->heads; i++) table->words[row * table->heads + i] = copy(table, words[i]);
  double *numbers = table->numbers + row * table->columns;
  for (size_t i = 0; i < table->columns; i++) numbers[i] = NAN;
  return numbers;
}

const char *report_table_word(const report_table *table, size_t row, size_t head) {
  const char *word = table->words[row * table->heads + head];
  return word ? word : "";
}

double report_table_number(const report_table *table, size_t row, size_t column) {
  return table->numbers[row * table->columns + column];
}

static void put_cell(report_text *text, double number, int decimals) {
  if (isnan(number)) {
    report_put(text, "<td>\xE2\x80\x93</td>");
    return;
  }
  report_put(text, "<td>");
  if (decimals == REPORT_COUNT && number >= 0 && number < 9e15)
    report_put_grouped(text, (size_t)number);
  else
    report_print(text, "%.*f", decimals > 0 ? decimals : 0, number);
  report_put(text, "</td>");
}

/* Columns of words stand to the left, columns of numbers to the right. */
static void put_head(report_text *text, const char *scope, bool left, const char *words) {
  report_print(text, left ? "<th scope=\"%s\" class=\"left\">" : "<th scope=\"%s\">", scope);
  report_put_escaped(text, words ? words : "");
  report_put(text, "</th>");
}

void report_table_html(report_text *text, const report_table *table) {
  text->failed |= table->failed;
  if (text->failed) return;
  report_put(text, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
  report_put_escaped(text, table->caption);
  report_put(text, "\"><table><caption>");
  report_put_escaped(text, table->caption);
  report_put(text, "</caption>\n<thead><tr>");
  for (size_t i = 0; i < table->heads; i++) put_head(text, "col", true, table->head_names[i]);
  for (size_t i = 0; i < table->columns; i++) put_head(text, "col", false, table->names[i]);
  report_put(text, "</tr></thead>\n<tbody>\n");
  for (size_t row = 0; row < table->rows; row++) {
    report_put(text, "<tr>");
    for (size_t i = 0; i < table->heads; i++) put_head(text, "row", true, report_table_word(table, row, i));
    for (size_t i = 0; i < table->columns; i++) put_cell(text, report_table_number(table, row, i), table->decimals[i]);
    report_put(text, "</tr>\n");
  }
  report_put(text, "</tbody></table></div>\n");
}

static void put_list(report_text *text, const char *name, char *const *words, size_t count) {
  report_print(text, "\"%s\":[", name);
  for (size_t i = 0; i < count; i++) {
    if (i) report_put(text, ",");
    report_put_quoted(text, words[i] ? words[i] : "");
  }
  report_put(text, "],");
}

void report_table_json(report_text *text, const report_table *table) {
  text->failed |= table->failed;
  if (text->failed) return;
  report_put(text, "{");
  report_put_member(text, "caption", table->caption);
  put_list(text, "heads", table->head_names, table->heads);
  put_list(text, "columns", table->names, table->columns);
  report_put(text, "\"rows\":[");
  for (size_t row = 0; row < table->rows; row++) {
    report_put(text, row ? ",\n{" : "\n{");
    put_list(text, "heads", table->words + row * table->heads, table->heads);
    report_put(text, "\"values\":[");
    for (size_t i = 0; i < table->columns; i++) {
      if (i) report_put(text, ",");
      report_put_real(text, report_table_number(table, row, i));
    }
    report_put(text, "]}");
  }
  report_put(text, "]}");
}
