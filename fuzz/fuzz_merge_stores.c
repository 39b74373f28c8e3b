/* Stores that are merged: whatever two hold, they are told what is wrong with them, with nothing under the name of the
 * whole, or become a store that is read to its end.
 *
 * The input is the lengths of store.json, images.tsv, aliases.tsv and scores_sub-01.npy of one, and of the first three
 * of the other (two bytes each), then these, and what is left are its scores. */
#include "model/store/store.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define FILES 4

static void put_store(const char *folder, const fuzz_piece *pieces) {
  static const char *const names[FILES] = {MODEL_STORE_ABOUT, MODEL_STORE_TABLE, MODEL_STORE_ALIASES,
                                           "scores_sub-01.npy"};
  char path[FUZZ_PATH], name[64];
  if (mkdir(fuzz_path(path, folder), 0777)) abort();
  for (size_t i = 0; i < FILES; i++) {
    if (i == 2 && !pieces[i].size) continue;
    snprintf(name, sizeof name, "%s/%s", folder, names[i]);
    fuzz_put(name, pieces[i]);
  }
}

static void check_whole(const char *path) {
  berg_store *store;
  if (berg_store_open(&store, path, NULL) || berg_store_check(store, 1, NULL, NULL)) abort();
  berg_store_free(store);
}

static void merge(void) {
  char a[FUZZ_PATH], b[FUZZ_PATH], out[FUZZ_PATH];
  const char *const parts[] = {fuzz_path(a, "a"), fuzz_path(b, "b")};
  berg_merge_options options;
  berg_error error;
  char *report;
  berg_merge_options_init(&options);
  options.threads = 1;
  berg_status status = berg_merge(parts, 2, fuzz_path(out, "whole"), &options, NULL, &report, &error);
  berg_free(report);
  if (status)
    fuzz_check_message(&error);
  else
    check_whole(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_piece pieces[2 * FILES];
  if (!fuzz_cut(pieces, 2 * FILES, bytes, size)) return 0;
  fuzz_begin();
  fuzz_empty();
  put_store("a", pieces);
  put_store("b", pieces + FILES);
  merge();
  return 0;
}
