/* berg doctor: what this machine and build can do, and which weights are found. */
#include "model.h"
#include "options.h"
#include "outline.h"

/* What to type next is last and in one line, to be copied. */
static void print(cJSON *report) {
  cJSON *next = cJSON_DetachItemFromObjectCaseSensitive(report, "next");
  cli_print_outline(report);
  if (next) {
    fputs("\nNext: ", stdout);
    cli_print_safe(stdout, next->valuestring);
    putchar('\n');
  }
  cJSON_Delete(next);
}

int cli_doctor(int argc, char **argv) {
  bool json = false;
  const char *berg_dir = NULL, *backbone = NULL;
  const cli_option options[] = {
      {"berg-dir", 0, CLI_TEXT, &berg_dir, "DIR", "The folder of models; else $BERG_DIR."},
      {"backbone", 0, CLI_TEXT, &backbone, "FILE", "Weights of the ViT-B/32 to look at."},
      {"json", 0, CLI_FLAG, &json, NULL, "A JSON object."},
  };
  const cli_syntax syntax = {.command = "doctor",
                             .operands = "",
                             .summary =
                                 "Prints what this machine and build can do, which weights are found, and where they "
                                 "were looked for.",
                             .examples = "berg doctor\nberg doctor --berg-dir brain-encoding-response-generator --json",
                             .options = options,
                             .option_count = sizeof options / sizeof *options};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status != CLI_GO_ON) return status;
  berg_error error;
  char *text;
  if (berg_doctor(&text, cli_berg_dir(berg_dir), backbone, &error)) return cli_fail(&error);
  cJSON *report;
  status = cli_parse_json(text, &report);
  berg_free(text);
  if (status != CLI_GO_ON) return status;
  status = 0;
  if (json)
    status = cli_print_json(report);
  else
    print(report);
  cJSON_Delete(report);
  return status;
}
