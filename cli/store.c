/* What a store of scores holds. */
#include "store.h"

#include <sys/stat.h>

#include "outline.h"
#include "progress.h"

bool cli_store_is(const char *path) {
  struct stat about;
  return !stat(path, &about) && S_ISDIR(about.st_mode);
}

static int check_all(const berg_store *store, bool quiet) {
  cli_progress progress;
  berg_error error;
  cli_progress_start(&progress, quiet, false);
  berg_run run = cli_progress_run(&progress);
  const berg_status failed = berg_store_check(store, 0, &run, &error);
  cli_progress_end(&progress);
  return failed ? cli_fail(&error) : CLI_GO_ON;
}

static void print_first(const berg_store *store, const char *path) {
  berg_error error;
  char *name, number[32];
  cli_print_safe(stdout, path);
  printf(": store of scores, %s images", cli_grouped(berg_store_count(store), number));
  if (berg_store_count(store) && !berg_store_name(&name, store, 0, &error)) {
    fputs(", the first is ", stdout);
    cli_print_safe(stdout, name);
    berg_free(name);
  }
  putchar('\n');
}

static int print(const berg_store *store, const char *path, bool as_json) {
  berg_error error;
  char *text;
  cJSON *tree;
  if (berg_store_describe(&text, store, &error)) return cli_fail(&error);
  int status = cli_parse_json(text, &tree);
  if (status == CLI_GO_ON && as_json) status = cli_print_json(tree);
  if (status == CLI_GO_ON) {
    print_first(store, path);
    cli_print_outline(tree);
    status = 0;
  }
  cJSON_Delete(tree);
  berg_free(text);
  return status;
}

int cli_store_info(const char *path, bool json, bool check) {
  berg_error error;
  berg_store *store;
  if (berg_store_open(&store, path, &error)) return cli_fail(&error);
  int status = check ? check_all(store, json) : CLI_GO_ON;
  if (status == CLI_GO_ON) status = print(store, path, json);
  berg_store_free(store);
  return status;
}
