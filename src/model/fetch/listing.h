/* What an object store says it has below a prefix: the XML of S3's ListObjectsV2. */
#ifndef MODEL_FETCH_LISTING_H
#define MODEL_FETCH_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MODEL_LISTING_ITEMS 1000 /* of a page: what S3 itself gives */
#define MODEL_LISTING_BYTES ((size_t)4 << 20)
#define MODEL_LISTING_PAGES 20

typedef struct model_listed {
  char *key;
  char *etag; /* with its quotes; may be empty */
  uint64_t size;
} model_listed;

typedef struct model_listing {
  model_listed *items;
  size_t count, capacity;
} model_listing;

/* Adds a page of text; `*next` is how the request for the next one goes on (base_free), NULL behind the last. `*is_one`
 * false: the text is no listing. Items that make no sense are left out. ELIMIT. */
berg_status model_listing_add(model_listing *listing, const char *page, bool *is_one, char **next, berg_error *error);
const model_listed *model_listing_find(const model_listing *listing, const char *key);
void model_listing_free(model_listing *listing);

#endif
