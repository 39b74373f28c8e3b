/* Names of files that hold a range of a stage's units. */
#include "train/job/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/file/listing.h"

#define DIGITS 8
#define DIGITS_MOST 18 /* fit a size_t */

char *train_part_path(const char *folder, const char *stem, io_range range, const char *ending, berg_error *error) {
  return base_format(error, "%s/%s-%0*zu-%0*zu%s", folder, stem, DIGITS, range.first, DIGITS, range.end, ending);
}

/* "-" and a number, which `*text` is left behind. */
static bool take_number(const char **text, size_t *number) {
  if (**text != '-') return false;
  const size_t digits = strspn(++*text, "0123456789");
  if (digits < DIGITS || digits > DIGITS_MOST) return false;
  *number = strtoul(*text, NULL, 10);
  *text += digits;
  return true;
}

static bool is_part(const char *name, const char *stem, const char *ending, io_range *range) {
  const size_t length = strlen(stem);
  if (strncmp(name, stem, length)) return false;
  name += length;
  return take_number(&name, &range->first) && take_number(&name, &range->end) && range->first < range->end &&
         !strcmp(name, ending);
}

static int by_place(const void *a, const void *b) {
  const io_range *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

berg_status train_parts_list(io_range **ranges, size_t *count, const char *folder, const char *stem, const char *ending,
                             berg_error *error) {
  io_listing files;
  *ranges = NULL;
  *count = 0;
  size_t room = 0;
  berg_status status = io_listing_open(&files, folder, IO_LISTING_MAY_MISS, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));) {
    io_range range;
    if (!is_part(name, stem, ending, &range)) continue;
    if (base_grow((void **)ranges, &room, *count + 1, sizeof range, error))
      (*ranges)[(*count)++] = range;
    else
      status = BERG_ELIMIT;
  }
  io_listing_close(&files);
  if (*count) qsort(*ranges, *count, sizeof **ranges, by_place);
  return status;
}

size_t train_part_choose(const io_range *files, size_t count, io_range share, size_t unit) {
  size_t i = 0;
  while (i < count &&
         !(files[i].first >= share.first && files[i].end <= share.end && files[i].first <= unit && files[i].end > unit))
    i++;
  return i;
}
