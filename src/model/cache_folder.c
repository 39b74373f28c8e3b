/* Where converted weights are kept. */
#include <stdlib.h>

#include "base/memory.h"

char *berg_cache_folder(void) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (cache && *cache) return base_format(NULL, "%s/berg", cache);
  return home && *home ? base_format(NULL, "%s/.cache/berg", home) : NULL;
}
