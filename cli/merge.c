/* berg merge: stores of scores that were made apart become one. */
#include <limits.h>

#include "options.h"
#include "progress.h"

static int add(const char *from, const char *to, size_t threads, bool quiet, size_t *images) {
  berg_error error;
  berg_store *store;
  if (berg_store_open(&store, from, &error)) return cli_fail(&error);
  cli_progress progress;
  cli_progress_start(&progress, quiet, false);
  berg_run run = cli_progress_run(&progress);
  const berg_status failed = berg_store_add(to, store, (int)threads, &run, &error);
  cli_progress_end(&progress);
  *images += berg_store_count(store);
  berg_store_free(store);
  return failed ? cli_fail(&error) : CLI_GO_ON;
}

static int say(const char *to, size_t images, size_t parts) {
  berg_error error;
  berg_store *store;
  char given[32], held[32];
  if (berg_store_open(&store, to, &error)) return cli_fail(&error);
  cli_say("%s images of %zu part%s: %s holds %s", cli_grouped(images, given), parts, parts == 1 ? "" : "s", to,
          cli_grouped(berg_store_count(store), held));
  berg_store_free(store);
  return 0;
}

int cli_merge(int argc, char **argv) {
  const char *output = NULL;
  size_t threads = 0, count, images = 0;
  bool quiet = false;
  const cli_option options[] = {
      {"output", 'o', CLI_TEXT, &output, "STORE", "The store that is made, or grows."},
      {"threads", 0, CLI_COUNT, &threads, "N", "Default: chosen, as berg encode does."},
      {"quiet", 'q', CLI_FLAG, &quiet, NULL, "Say nothing but errors."},
  };
  const cli_syntax syntax = {.command = "merge",
                             .operands = "STORE...",
                             .summary = "Adds the images of stores that berg score made, with --shard on several "
                                        "machines for instance, to one: what a single run over all images, in this "
                                        "order, would have made. Images whose pixels are there are passed over.",
                             .examples = "berg merge part-01.scores part-02.scores -o photos.scores",
                             .options = options,
                             .option_count = sizeof options / sizeof *options,
                             .least = 1,
                             .most = CLI_ANY};
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status == CLI_GO_ON && !output) status = cli_usage_error("merge", "where does it go? Give -o STORE");
  if (status == CLI_GO_ON && threads > INT_MAX) status = cli_usage_error("merge", "--threads: too many");
  for (size_t i = 0; i < count && status == CLI_GO_ON; i++) status = add(argv[i], output, threads, quiet, &images);
  if (status != CLI_GO_ON) return status;
  return quiet ? 0 : say(output, images, count);
}
