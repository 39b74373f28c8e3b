/* Reading the digests of a store. */
#include "model/store/held.h"

bool model_store_read_digest(const char *digest, model_known_item *item) {
  return model_store_read_sum(digest, &item->high) && model_store_read_sum(digest + MODEL_STORE_SUM_DIGITS, &item->low);
}

static berg_status add_all(model_known *pixels, const berg_store *store, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < store->about.images && !status; i++) {
    model_store_line line;
    model_known_item item = {.number = i};
    status = model_store_line_at(store, i, &line, error);
    if (!status && model_store_read_digest(line.digest, &item)) status = model_known_add(pixels, &item, error);
  }
  return status;
}

berg_status model_store_pixels(model_known *pixels, const char *path, const model_store_about *wanted,
                               berg_error *error) {
  berg_store *store;
  berg_status status = berg_store_open(&store, path, error);
  if (status) return status;
  status = model_store_check_same(path, &store->about, wanted, error);
  if (!status) status = add_all(pixels, store, error);
  berg_store_free(store);
  return status;
}
