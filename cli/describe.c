/* berg describe: a model's card. */
#include "model.h"
#include "options.h"
#include "outline.h"

int cli_describe(int argc, char **argv) {
  bool json = false;
  const cli_option options[] = {{"json", 0, CLI_FLAG, &json, NULL, "The card as a JSON object."}};
  const cli_syntax syntax = {.command = "describe",
                             .operands = "MODEL",
                             .summary =
                                 "Prints the card of a model: what it was trained on, what it takes and gives, its "
                                 "parameters and who made it.",
                             .examples = "berg describe fmri-things_fmri_1-vit_b_32\n"
                                         "berg describe fmri-things_fmri_1-vit_b_32 --json",
                             .options = options,
                             .option_count = 1,
                             .least = 1,
                             .most = 1};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON) status = cli_check_model(argv[0]);
  if (status != CLI_GO_ON) return status;
  cJSON *card;
  status = cli_parse_json(berg_catalog_card(argv[0]), &card);
  if (status != CLI_GO_ON) return status;
  status = 0;
  if (json)
    status = cli_print_json(card);
  else
    cli_print_outline(card);
  cJSON_Delete(card);
  return status;
}
