#include "options.h"

int cli_convert(int argc, char **argv) {
  bool force = false;
  const cli_option options[] = {{"force", 'f', CLI_FLAG, &force, NULL, "Replace DST if it is there."}};
  const cli_syntax syntax = {.command = "convert",
                             .operands = "SRC DST",
                             .summary = "Rewrites a weight, metadata or array file in the format that DST's "
                                        "ending names: .safetensors, .npy (the "
                                        "pickled dictionary that upstream reads), .npz, .pth or .json "
                                        "(arrays of more than 1,000 elements by type "
                                        "and shape only). Values are carried exactly; what the target cannot "
                                        "hold is an error. No pickle is "
                                        "executed.",
                             .examples = "berg convert vit_b_32-d86f8d99.pth vit_b_32.safetensors\n"
                                         "berg convert metadata_sub-01.npy metadata_sub-01.npz\n"
                                         "berg convert weights_sub-01.npy weights_sub-01.safetensors --force",
                             .options = options,
                             .option_count = 1,
                             .least = 2,
                             .most = 2};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status != CLI_GO_ON) return status;
  berg_error error;
  return berg_convert(argv[0], argv[1], force, &error) ? cli_fail(&error) : 0;
}
