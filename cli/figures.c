/* A table of what an evaluation measured, a line a quantity. */
#include "figures.h"

#include <string.h>

#include "cli.h"

static void print_number(FILE *stream, const cJSON *figure, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(figure, key);
  if (cJSON_IsNumber(item))
    fprintf(stream, "  %9.3f", item->valuedouble);
  else
    fprintf(stream, "  %9s", "-");
}

static void print_row(FILE *stream, const cJSON *figure, int width) {
  const cJSON *missing = cJSON_GetObjectItemCaseSensitive(figure, "without_number");
  char count[32];
  fprintf(stream, "%-*s", width, figure->string);
  print_number(stream, figure, "mean");
  print_number(stream, figure, "median");
  fprintf(stream, "  %14s\n", cli_grouped((size_t)cJSON_GetNumberValue(missing), count));
}

/* "1" or "N", and which model of the subject's. */
static void print_head(FILE *stream, const cJSON *report) {
  const cJSON *subject = cJSON_GetObjectItemCaseSensitive(report, "subject");
  const char *name = cJSON_GetStringValue(subject);
  const char *part = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report, "trained_on"));
  if (name)
    fprintf(stream, "subject %s", name);
  else
    fprintf(stream, "subject %.0f", cJSON_GetNumberValue(subject));
  fprintf(stream, "%s%s: %.0f test images, %.0f repeats\n\n", part ? ", " : "", part ? part : "",
          cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(report, "images")),
          cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(report, "repeats")));
}

static void say_paths(const char *what, const cJSON *paths) {
  const cJSON *path;
  if (cJSON_IsString(paths)) cli_say("%s in %s", what, paths->valuestring);
  cJSON_ArrayForEach(path, paths) cli_say("%s in %s", what, cJSON_GetStringValue(path));
}

void cli_print_figures(FILE *stream, const cJSON *report) {
  const cJSON *figure, *figures = cJSON_GetObjectItemCaseSensitive(report, "figures");
  int width = 0;
  cJSON_ArrayForEach(figure, figures) {
    if ((int)strlen(figure->string) > width) width = (int)strlen(figure->string);
  }
  print_head(stream, report);
  fprintf(stream, "%-*s  %9s  %9s  %14s\n", width, "", "mean", "median", "without number");
  cJSON_ArrayForEach(figure, figures) print_row(stream, figure, width);
  fputc('\n', stream);
  say_paths("predictions", cJSON_GetObjectItemCaseSensitive(report, "predictions"));
  say_paths("metadata", cJSON_GetObjectItemCaseSensitive(report, "metadata"));
}
