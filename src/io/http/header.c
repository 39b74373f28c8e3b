/* Reads the headers that are looked for out of the lines of an answer. */
#include "io/http/header.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Values are shown, kept in journals and sent back. */
static bool is_plain(const char *text) {
  while (*text >= ' ' && *text <= '~') text++;
  return !*text;
}

/* The value of the header `name` in a line, without spaces around it; empty where it does not fit or cannot be right.
 * False: it is another header. */
static bool value_of(const char *line, const char *name, char *value, size_t size) {
  char word[32];
  const char *colon = strchr(line, ':');
  if (!colon || (size_t)(colon - line) >= sizeof word) return false;
  base_print(word, sizeof word, "%.*s", (int)(colon - line), line);
  if (!base_same_word(word, name)) return false;
  colon += 1 + strspn(colon + 1, " \t");
  size_t length = strlen(colon);
  while (length && strchr(" \t\r\n", colon[length - 1])) length--;
  base_print(value, size, "%.*s", (int)length, length < size ? colon : "");
  if (!is_plain(value)) *value = '\0';
  return true;
}

static bool number_in(const char *text, uint64_t *number) {
  char *end;
  if (*text < '0' || *text > '9') return false;
  *number = strtoull(text, &end, 10);
  return *end == '\0' || *end == '/' || *end == '-';
}

static void take_range(io_http_answer *answer, const char *value) {
  const char *slash = strchr(value, '/');
  if (strncmp(value, "bytes ", 6) || !slash) return;
  answer->has_range = number_in(value + 6, &answer->first) && number_in(slash + 1, &answer->total);
}

static void take_line(io_http_answer *answer, const char *line) {
  char value[256];
  if (!strncmp(line, "HTTP/", 5)) { /* of each answer on the way */
    const char *space = strchr(line, ' ');
    *answer = (io_http_answer){.status = space ? (int)strtol(space, NULL, 10) : 0};
  } else if (value_of(line, "content-length", value, sizeof value)) {
    answer->has_length = number_in(value, &answer->length);
  } else if (value_of(line, "content-range", value, sizeof value)) {
    take_range(answer, value);
  } else if (value_of(line, "server", value, sizeof value)) {
    answer->is_s3 |= !strcmp(value, "AmazonS3");
  } else if (!value_of(line, "etag", answer->etag, sizeof answer->etag) &&
             !value_of(line, "last-modified", answer->modified, sizeof answer->modified) &&
             !value_of(line, "content-type", answer->type, sizeof answer->type)) {
    value_of(line, "content-encoding", answer->encoding, sizeof answer->encoding);
  }
}

void io_http_take_header(io_http_answer *answer, const char *bytes, size_t size) {
  char line[512];
  if (size >= sizeof line) return;
  memcpy(line, bytes, size);
  line[size] = '\0';
  take_line(answer, line);
}
