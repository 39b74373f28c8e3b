/* The command as it was given, for the sidecar of what it wrote. */
#include "command_text.h"
#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  char letter;
  bool takes_value;
} dropped[] = {{"output", 'o', true}, {"force", 'f', false}, {"resume", 0, false}, {"quiet", 'q', false},
               {"threads", 0, true},  {"batch", 0, true},    {"memory", 0, true},  {"no-sidecar", 0, false},
               {"json", 0, true},     {"shard", 0, true},    {"merge", 0, true}};

/* How many arguments to leave out, beginning with this one. */
static int left_out(const char *argument) {
  for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
    const char *name = dropped[i].name;
    const size_t length = strlen(name);
    if (argument[0] != '-') return 0;
    if (dropped[i].letter && argument[1] == dropped[i].letter) return dropped[i].takes_value && !argument[2] ? 2 : 1;
    if (argument[1] != '-' || strncmp(argument + 2, name, length)) continue;
    if (argument[2 + length] == '=') return 1;
    if (!argument[2 + length]) return dropped[i].takes_value ? 2 : 1;
  }
  return 0;
}

static char *put_quoted(char *to, const char *text) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  const size_t length = strlen(text);
  if (length && strspn(text, plain) == length) {
    memcpy(to, text, length); /* NOLINT(bugprone-not-null-terminated-result): the caller goes on behind it */
    return to + length;
  }
  *to++ = '\'';
  for (; *text; text++) {
    if (*text == '\'') {
      memcpy(to, "'\\''", 4); /* NOLINT(bugprone-not-null-terminated-result): the caller goes on behind it */
      to += 4;
    } else {
      *to++ = *text;
    }
  }
  *to++ = '\'';
  return to;
}

char *cli_quoted(const char *text) {
  char *quoted = cli_alloc(4 * strlen(text) + 3, 1);
  if (quoted) *put_quoted(quoted, text) = '\0';
  return quoted;
}

char *cli_command_text(int argc, char **argv) {
  size_t size = 8;
  for (int i = 0; i < argc; i++) size += 4 * strlen(argv[i]) + 3;
  char *text = cli_alloc(size, 1), *to = text;
  if (!text) return NULL;
  memcpy(to, "berg", 4);
  to += 4;
  bool options_end = false;
  for (int i = 0; i < argc; i++) {
    int skip = i && !options_end ? left_out(argv[i]) : 0;
    if (skip) {
      i += skip - 1;
      continue;
    }
    options_end |= !strcmp(argv[i], "--");
    *to++ = ' ';
    to = put_quoted(to, argv[i]);
  }
  *to = '\0';
  return text;
}
