/* Taking options structs of other sizes than this library's own. */
#include "base/options.h"

#include <stdbool.h>
#include <string.h>

/* No options struct will ever be this large: a larger size is uninitialised memory. */
#define MOST 4096

static size_t size_of(const void *options) {
  size_t size;
  memcpy(&size, options, sizeof size);
  return size;
}

void base_options_init(void *options, size_t size, const void *defaults, size_t known) {
  if (!options || size < sizeof size) return;
  memset(options, 0, size);
  memcpy(options, defaults, size < known ? size : known);
  memcpy(options, &size, sizeof size);
}

/* Every struct ends at a word boundary, so that a new field makes it longer (tests/cli/test_header.py). */
static bool is_sane(size_t size) { return size > sizeof size && size <= MOST && size % sizeof size == 0; }

berg_status base_options_take(void *own, const void *given, const char *type, berg_error *error) {
  const size_t known = size_of(own);
  if (!given) return BERG_OK;
  const size_t size = size_of(given);
  if (!is_sane(size))
    return base_fail(error, BERG_EARGUMENT, "%s: made without %s_init: its size would be %zu", type, type, size);
  for (size_t i = known; i < size; i++)
    if (((const unsigned char *)given)[i])
      return base_fail(
          error, BERG_EARGUMENT,
          "%s: an option is set that this library, version %s, does not know: it is older than the program", type,
          berg_version());
  memcpy(own, given, size < known ? size : known);
  memcpy(own, &known, sizeof known);
  return BERG_OK;
}
