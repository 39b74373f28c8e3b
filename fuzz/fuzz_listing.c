/* Listings of an object store: whatever the text, items whose names and sizes are within bounds, and the way to the
 * next page. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/fetch/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const model_listing *listing) {
  if (listing->count > 2 * MODEL_LISTING_ITEMS) abort();
  for (size_t i = 0; i < listing->count; i++) {
    const model_listed *item = &listing->items[i], *found = model_listing_find(listing, item->key);
    if (item->size > INT64_MAX || strlen(item->etag) > MODEL_LISTING_BYTES || !found || found > item) abort();
  }
}

/* Twice, as two pages of one listing. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  model_listing listing = {.items = NULL};
  char *text = base_copy_bytes((const char *)bytes, size, NULL);
  if (!text) abort();
  for (int page = 0; page < 2; page++) {
    bool is_one;
    char *next;
    if (model_listing_add(&listing, text, &is_one, &next, NULL) || (next && !is_one)) abort();
    base_free(next);
  }
  check(&listing);
  model_listing_free(&listing);
  base_free(text);
  return 0;
}
