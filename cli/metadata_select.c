/* How many columns an expression selects, and which. */
#include "metadata_select.h"

#include <stdlib.h>
#include <string.h>

#include "metadata_keys.h"
#include "npy.h"
#include "outline.h"

/* Columns of one output: its part of the list, whose numbers are the subject's. */
typedef struct cut {
  const berg_output *output;
  const size_t *columns;
  size_t count;
} cut;

static cut part_of(const berg_output *output, const size_t *columns, size_t count) {
  cut part = {.output = output};
  size_t from = 0;
  while (from < count && columns[from] < output->first) from++;
  part.columns = columns + from;
  while (from + part.count < count && part.columns[part.count] < output->first + output->columns) part.count++;
  return part;
}

static size_t times_of(const berg_output *output) { return output->axis_count > 1 ? output->axes[1].length : 1; }

static size_t unit_of(const cut *part, size_t i) {
  return (part->columns[i] - part->output->first) / times_of(part->output);
}

static size_t count_units(const cut *part) {
  size_t units = 0;
  for (size_t i = 0; i < part->count; i++) units += !i || unit_of(part, i) != unit_of(part, i - 1);
  return units;
}

/* --- In words --- */

static void print_run(size_t first, size_t last) { printf(first == last ? " %zu" : " %zu-%zu", first, last); }

/* Numbers that follow one another as first-last; names where units have them. */
static void print_units(const cut *part) {
  const char *const *labels = part->output->axes[0].labels;
  size_t first = 0;
  for (size_t i = 0; i < part->count; i++) {
    const size_t unit = unit_of(part, i);
    if (i && unit == unit_of(part, i - 1)) continue;
    if (labels) {
      putchar(' ');
      cli_print_safe(stdout, labels[unit]);
      continue;
    }
    if (!i || unit != unit_of(part, i - 1) + 1) first = unit;
    size_t next = i;
    while (next < part->count && unit_of(part, next) == unit) next++;
    if (next == part->count || unit_of(part, next) != unit + 1) print_run(first, unit);
  }
  putchar('\n');
}

static void print_part(const berg_metadata *metadata, const cut *part) {
  char number[32], all[32];
  const berg_axis *axes = part->output->axes;
  if (*part->output->name) printf("%s: ", part->output->name);
  printf("%s of %s %s", cli_grouped(count_units(part), number), cli_grouped(axes[0].length, all),
         cli_units_name(metadata));
  if (part->output->axis_count > 1) {
    printf(", %s of ", cli_grouped(part->count, number));
    printf("%s columns", cli_grouped(part->output->columns, all));
  }
  fputs(part->count ? ":" : "", stdout);
  print_units(part);
}

/* --- As JSON --- */

static int print_json(const berg_metadata *metadata, const cli_selected *selected, const size_t *columns,
                      size_t count) {
  cJSON *root = cJSON_CreateObject();
  size_t all = 0;
  for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) all += berg_metadata_output(metadata, o)->columns;
  cJSON_AddStringToObject(root, "select", selected->expression);
  cJSON_AddNumberToObject(root, "count", (double)count);
  cJSON_AddNumberToObject(root, "of", (double)all);
  cJSON *list = cJSON_AddArrayToObject(root, "columns");
  for (size_t c = 0; c < count; c++) cJSON_AddItemToArray(list, cJSON_CreateNumber((double)columns[c]));
  int status = cli_print_json(root);
  cJSON_Delete(root);
  return status;
}

int cli_metadata_select(const berg_metadata *metadata, const cli_selected *selected) {
  berg_error error;
  size_t *columns, count;
  int status = 0;
  if (berg_metadata_select(metadata, selected->expression, &columns, &count, &error)) return cli_fail(&error);
  if (selected->output) {
    const berg_array array = {.dtype = BERG_I64,
                              .itemsize = sizeof *columns,
                              .ndim = 1,
                              .shape = {count},
                              .strides = {sizeof *columns},
                              .data = columns};
    status = cli_write_npy(&array, selected->output, selected->force);
    if (status == CLI_GO_ON) status = 0;
  } else if (selected->json) {
    status = print_json(metadata, selected, columns, count);
  } else {
    for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) {
      const cut part = part_of(berg_metadata_output(metadata, o), columns, count);
      print_part(metadata, &part);
    }
  }
  berg_free(columns);
  return status;
}
