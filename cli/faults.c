/* Parts that do not make a whole: what is wrong with each. */
#include "faults.h"

#include <stdio.h>

#include "cli.h"

static const cJSON *item(const cJSON *tree, const char *key) { return cJSON_GetObjectItemCaseSensitive(tree, key); }

static void say_numbers(const char *what, const cJSON *numbers) {
  const cJSON *number;
  if (!cJSON_GetArraySize(numbers)) return;
  fprintf(stderr, "  %s:", what);
  cJSON_ArrayForEach(number, numbers) fprintf(stderr, " %.0f", cJSON_GetNumberValue(number));
  fputc('\n', stderr);
}

static void say_parts(const char *what, const cJSON *parts) {
  const cJSON *part;
  cJSON_ArrayForEach(part, parts) {
    fprintf(stderr, "  %s: ", what);
    cli_print_safe(stderr, cJSON_GetStringValue(item(part, "part")));
    fputc(' ', stderr);
    cli_print_safe(stderr, cJSON_GetStringValue(item(part, "why")));
    fputc('\n', stderr);
  }
}

void cli_say_faults(const cJSON *report) {
  static const char *const kinds[] = {"damaged", "foreign", "doubled"};
  say_numbers("missing", item(report, "missing"));
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) say_parts(kinds[i], item(report, kinds[i]));
}
