/* berg convert: weights from one container to another, or to a precision. */
#include "model.h"
#include "options.h"
#include "progress.h"

int cli_convert(int argc, char **argv) {
  bool force = false;
  const char *precision = NULL, *isa = NULL;
  const cli_option options[] = {
      {"precision", 0, CLI_TEXT, &precision, "bf16|int8",
       "Write what this precision multiplies: of a backbone (DST can then be named as one), or of the principal "
       "components of weights_sub-0N.npy. Beside SRC, as NAME.int8.safetensors, it is found by itself."},
      CLI_ISA_OPTION(&isa),
      {"force", 'f', CLI_FLAG, &force, NULL, "Replace DST if it is there."}};
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
                                         "berg convert weights_sub-01.npy weights_sub-01.safetensors --force\n"
                                         "berg convert --precision int8 vit_b_32.pth vit_b_32.int8.safetensors",
                             .options = options,
                             .option_count = sizeof options / sizeof *options,
                             .least = 2,
                             .most = 2};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON && isa && !precision) status = cli_usage_error("convert", "--isa belongs to --precision");
  if (status != CLI_GO_ON) return status;
  berg_error error;
  const berg_run run = cli_run_quietly();
  berg_status failed = precision ? berg_convert_precision(argv[0], argv[1], precision, isa, force, &run, &error)
                                 : berg_convert(argv[0], argv[1], force, &run, &error);
  return failed ? cli_fail(&error) : 0;
}
