/* Reads ListObjectsV2: the few elements that are looked for, as text; what they are nested in does not matter. */
#include "model/fetch/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void model_listing_free(model_listing *listing) {
  for (size_t i = 0; i < listing->count; i++) {
    base_free(listing->items[i].key);
    base_free(listing->items[i].etag);
  }
  base_free(listing->items);
  *listing = (model_listing){.items = NULL};
}

const model_listed *model_listing_find(const model_listing *listing, const char *key) {
  for (size_t i = 0; i < listing->count; i++)
    if (!strcmp(listing->items[i].key, key)) return &listing->items[i];
  return NULL;
}

/* --- Text between tags --- */

/* What the first element of that name in [text, end) holds; NULL: there is none. */
static const char *element(const char *text, const char *end, const char *name, size_t *length) {
  char tag[48];
  base_print(tag, sizeof tag, "<%s>", name);
  const char *begin = strstr(text, tag);
  if (!begin || begin >= end) return NULL;
  begin += strlen(tag);
  base_print(tag, sizeof tag, "</%s>", name);
  const char *behind = strstr(begin, tag);
  if (!behind || behind > end) return NULL;
  *length = (size_t)(behind - begin);
  return begin;
}

/* XML's five named characters, and those by a number below 128. Others stay as they stand. */
static size_t entity(const char *text, char *character) {
  static const struct {
    const char *text;
    char character;
  } known[] = {{"&quot;", '"'}, {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}, {"&#34;", '"'}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strncmp(text, known[i].text, strlen(known[i].text))) continue;
    *character = known[i].character;
    return strlen(known[i].text);
  }
  return 0;
}

static int hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit = (char)(digit | 0x20);
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The text of an element as it is meant; `is_url`: percent-encoded too, as the request asked for. One that is not there
 * is empty. */
static char *text_of(const char *text, const char *end, const char *name, bool is_url, berg_error *error) {
  size_t length = 0, used = 0;
  const char *from = element(text, end, name, &length);
  char *copy = base_copy_bytes(from ? from : "", length, error);
  for (size_t i = 0; copy && i < length; i++) {
    const size_t skip = entity(copy + i, &copy[used]);
    if (skip) {
      i += skip - 1;
    } else if (is_url && copy[i] == '%' && hex(copy[i + 1]) >= 0 && hex(copy[i + 2]) >= 0) {
      copy[used] = (char)(hex(copy[i + 1]) << 4 | hex(copy[i + 2]));
      i += 2;
    } else {
      copy[used] = copy[i];
    }
    used++;
  }
  if (copy) copy[used] = '\0';
  return copy;
}

static bool is(const char *text, const char *end, const char *name, const char *value) {
  size_t length;
  const char *found = element(text, end, name, &length);
  return found && length == strlen(value) && !strncmp(found, value, length);
}

/* --- The page --- */

static berg_status add_item(model_listing *listing, const char *text, const char *end, bool is_url, berg_error *error) {
  size_t length;
  char *rest = NULL;
  const char *size = element(text, end, "Size", &length);
  const uint64_t bytes = size && *size >= '0' && *size <= '9' ? strtoull(size, &rest, 10) : 0;
  if (!rest || *rest != '<' || bytes > INT64_MAX) return BERG_OK;
  if (!base_grow((void **)&listing->items, &listing->capacity, listing->count + 1, sizeof *listing->items, error))
    return BERG_ELIMIT;
  model_listed item = {.size = bytes, .key = text_of(text, end, "Key", is_url, error)};
  if (item.key) item.etag = text_of(text, end, "ETag", false, error);
  if (!item.etag) {
    base_free(item.key);
    return BERG_ELIMIT;
  }
  listing->items[listing->count++] = item;
  return BERG_OK;
}

berg_status model_listing_add(model_listing *listing, const char *page, bool *is_one, char **next, berg_error *error) {
  static const char open[] = "<Contents>", close[] = "</Contents>";
  const char *end = page + strlen(page), *at = page;
  *next = NULL;
  *is_one = strstr(page, "<ListBucketResult") && strstr(page, "</ListBucketResult>");
  if (!*is_one) return BERG_OK;
  const bool is_url = is(page, end, "EncodingType", "url");
  for (size_t i = 0; i < MODEL_LISTING_ITEMS && (at = strstr(at, open)); i++) {
    const char *behind = strstr(at, close);
    if (!behind) break;
    berg_status status = add_item(listing, at, behind, is_url, error);
    if (status) return status;
    at = behind;
  }
  if (!is(page, end, "IsTruncated", "true")) return BERG_OK;
  *next = text_of(page, end, "NextContinuationToken", false, error);
  return *next ? BERG_OK : BERG_ELIMIT;
}
