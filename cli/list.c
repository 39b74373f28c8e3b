/* berg list: the models known. */
#include "options.h"
#include "outline.h"

int cli_list(int argc, char **argv) {
  bool json = false;
  const cli_option options[] = {{"json", 0, CLI_FLAG, &json, NULL, "The cards of all models, a JSON list."}};
  const cli_syntax syntax = {.command = "list",
                             .operands = "",
                             .summary = "Prints the names of the models known, one a line.",
                             .examples = "berg list\nberg list --json",
                             .options = options,
                             .option_count = 1};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status != CLI_GO_ON) return status;
  if (!json) {
    for (size_t i = 0; i < berg_catalog_count(); i++) puts(berg_catalog_id(i));
    return 0;
  }
  cJSON *cards = cJSON_CreateArray();
  for (size_t i = 0; i < berg_catalog_count() && status == CLI_GO_ON; i++) {
    cJSON *card;
    status = cli_parse_json(berg_catalog_card(berg_catalog_id(i)), &card);
    cJSON_AddItemToArray(cards, card);
  }
  if (status == CLI_GO_ON) status = cli_print_json(cards);
  cJSON_Delete(cards);
  return status;
}
