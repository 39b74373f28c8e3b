/* The table of images: a line each, with name, bytes, hash of the pixels and a checksum of each subject's scores. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/store/store.h"

#define DIGEST_DIGITS ((size_t)(BASE_SHA256_TEXT - 1))

char *model_store_file(const char *path, const char *name, berg_error *error) {
  const size_t length = strlen(path);
  return base_format(error, "%s%s%s", path, length && path[length - 1] == '/' ? "" : "/", name);
}

/* The letter behind the backslash, or 0: the character stands for itself. */
static char escape_of(char c) { return c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0; }

char *model_store_escape(const char *name, berg_error *error) {
  char *text = base_alloc(2 * strlen(name) + 1, 1, error), *to = text;
  for (; text && *name; name++) {
    const char letter = escape_of(*name);
    if (letter) *to++ = '\\';
    *to++ = letter ? letter : *name;
  }
  if (text) *to = '\0';
  return text;
}

char *model_store_unescape(const char *name, size_t length, berg_error *error) {
  char *text = base_alloc(length + 1, 1, error), *to = text;
  for (size_t i = 0; text && i < length; i++) {
    char c = name[i];
    if (c == '\\' && i + 1 < length) {
      c = name[++i];
      c = (char)(c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
    }
    *to++ = c;
  }
  if (text) *to = '\0';
  return text;
}

/* "scores_sub-01.npy" gives the column its name without the ending. */
char *model_store_table_head(const model_store_about *about, berg_error *error) {
  char *head = base_copy_text("name\tbytes\tsha256", error);
  for (size_t p = 0; p < about->part_count && head; p++) {
    const char *file = about->parts[p].file, *dot = strrchr(file, '.');
    char *longer = base_format(error, "%s\t%.*s", head, dot ? (int)(dot - file) : (int)strlen(file), file);
    base_free(head);
    head = longer;
  }
  return head;
}

bool model_store_read_sum(const char *text, uint64_t *sum) {
  *sum = 0;
  for (size_t i = 0; i < MODEL_STORE_SUM_DIGITS; i++) {
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
    if (!digit && !letter) return false;
    *sum = *sum << 4 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
  }
  return true;
}

static berg_status not_whole(const berg_store *store, size_t image, berg_error *error) {
  return base_fail(error, BERG_EINPUT, "%s/%s: line %zu is damaged: expected a name, bytes, a hash and %zu checksums",
                   store->path, MODEL_STORE_TABLE, image + 2, store->about.part_count);
}

berg_status model_store_line_at(const berg_store *store, size_t image, model_store_line *line, berg_error *error) {
  const char *text = (const char *)store->table.bytes + store->lines[image];
  const size_t length = store->lines[image + 1] - store->lines[image] - 1; /* without the line break */
  const char *bytes = memchr(text, '\t', length);
  const char *digest = bytes ? memchr(bytes + 1, '\t', length - (size_t)(bytes + 1 - text)) : NULL;
  const size_t parts = store->about.part_count;
  if (!digest || (size_t)(digest - text) + 1 + DIGEST_DIGITS + parts * (MODEL_STORE_SUM_DIGITS + 1) != length)
    return not_whole(store, image, error);
  *line = (model_store_line){text, (size_t)(bytes - text), digest + 1, digest + 1 + DIGEST_DIGITS + 1};
  for (size_t p = 0; p < parts; p++)
    if (line->sums[(ptrdiff_t)(p * (MODEL_STORE_SUM_DIGITS + 1)) - 1] != '\t') return not_whole(store, image, error);
  return BERG_OK;
}
