/* Numbers of tasks, as job arrays take them. */
#include "io/value/array_indices.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"

/* "1000000-1000001,": of a number no more digits than a size has. */
#define RANGE_MAX 48

/* Appends tasks first to last, from 1. */
static size_t print_range(char *text, size_t room, bool is_first, size_t first, size_t last) {
  const char *comma = is_first ? "" : ",";
  const int length = first == last
                         ? base_print(text, room, "%s%zu", comma, first)
                         : base_print(text, room, "%s%zu%s%zu", comma, first, last > first + 1 ? "-" : ",", last);
  return length > 0 ? (size_t)length : 0;
}

char *io_array_indices(const uint8_t *states, size_t count, uint8_t least, cJSON *list, berg_error *error) {
  char *text = base_copy_text("", error);
  size_t used = 0, room = 0;
  for (size_t i = 0, last; i < count && text; i = last + 1) {
    last = i;
    if (states[i] < least) continue;
    while (last + 1 < count && states[last + 1] >= least) last++;
    for (size_t k = i; k <= last && list; k++) io_json_add_number(list, NULL, (double)(k + 1));
    if (!base_grow((void **)&text, &room, used + RANGE_MAX, 1, error)) {
      base_free(text);
      return NULL;
    }
    used += print_range(text + used, room - used, !used, i + 1, last + 1);
  }
  return text;
}
