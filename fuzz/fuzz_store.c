/* Stores of scores: whatever its three files hold, a store is refused with one line or read within its maps.
 *
 * The input is the length of store.json and of images.tsv (two bytes each), then these, and what is left is
 * scores_sub-01.npy. */
#include "model/store/store.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_all(const berg_store *store) {
  berg_error error;
  char *text;
  size_t image;
  for (size_t i = 0; i < berg_store_count(store); i++) {
    if (berg_store_name(&text, store, i, &error)) continue;
    if (!berg_store_find(store, text, &image, &error) && image >= berg_store_count(store)) abort();
    berg_free(text);
  }
  if (!berg_store_describe(&text, store, &error)) berg_free(text);
  if (berg_store_check(store, 1, NULL, &error)) fuzz_check_message(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const char *const names[] = {MODEL_STORE_ABOUT, MODEL_STORE_TABLE, "scores_sub-01.npy"};
  fuzz_piece pieces[3];
  berg_store *store;
  berg_error error;
  if (!fuzz_cut(pieces, 3, bytes, size)) return 0;
  fuzz_begin();
  for (size_t i = 0; i < 3; i++) fuzz_put(names[i], pieces[i]);
  if (berg_store_open(&store, fuzz_folder, &error)) {
    fuzz_check_message(&error);
    return 0;
  }
  read_all(store);
  berg_store_free(store);
  return 0;
}
