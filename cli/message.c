/* The program's messages: one line for a failure, on standard error, with the program's name in front. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void (*listener)(const char *message);

void cli_say_to(void (*hear)(const char *message)) { listener = hear; }

/* Nearly all messages fit into the room on the stack. One that has a long path in it ends with the reason, so it is
 * told whole. */
static void say(const char *format, va_list list, const char *tail) {
  char room[1024], *whole = NULL;
  va_list again;
  va_copy(again, list);
  const int length = vsnprintf(room, sizeof room, format, list);
  if (length >= (int)sizeof room) whole = cli_alloc((size_t)length + 1, 1);
  if (whole) vsnprintf(whole, (size_t)length + 1, format, again);
  va_end(again);
  if (listener) {
    listener(whole ? whole : room);
  } else {
    fputs("berg: ", stderr);
    cli_print_safe(stderr, whole ? whole : room);
    fputs(tail, stderr);
    fputc('\n', stderr);
  }
  free(whole);
}

void cli_say(const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(format, list, "");
  va_end(list);
}

int cli_fail(const berg_error *error) {
  cli_say("%s", error->message[0] ? error->message : berg_status_text(error->status));
  return berg_status_exit(error->status);
}

int cli_fail_with(berg_status status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(format, list, "");
  va_end(list);
  return berg_status_exit(status);
}

int cli_fail_errno(berg_status status, const char *path, const char *what) {
  const int number = errno;
  return cli_fail_with(number == ENOMEM ? BERG_ELIMIT : status, "%s: %s: %s", path, what, strerror(number));
}

int cli_usage_error(const char *command, const char *format, ...) {
  char tail[128];
  va_list list;
  if (cli_memory_ran_out()) return cli_fail_memory(); /* what could not be read for want of it may be right */
  snprintf(tail, sizeof tail, " (see berg %s%s-h)", command ? command : "", command ? " " : "");
  va_start(list, format);
  say(format, list, tail);
  va_end(list);
  return CLI_EXIT_USAGE;
}

/* Longer words are not taken for typing mistakes. */
#define LONGEST 63

/* Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`. */
static size_t distance(const char *a, const char *b) {
  size_t row[LONGEST + 1], length = strlen(b);
  for (size_t j = 0; j <= length; j++) row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= length; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[length];
}

const char *cli_nearest(const char *word, const char *const *candidates, size_t count) {
  const char *nearest = NULL;
  size_t length = strlen(word);
  if (length > LONGEST) return NULL;
  size_t best = 1 + length / 3; /* further away than a third of the word, it is another word */
  for (size_t i = 0; i < count; i++) {
    if (strlen(candidates[i]) > LONGEST) continue;
    size_t far = distance(word, candidates[i]);
    if (far <= best && (far < best || !nearest)) {
      best = far;
      nearest = candidates[i];
    }
  }
  return nearest;
}

void cli_print_safe(FILE *stream, const char *text) {
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
  }
}

char *cli_grouped(size_t number, char text[32]) {
  char digits[32];
  int length = snprintf(digits, sizeof digits, "%zu", number), at = 0;
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0) text[at++] = ',';
    text[at++] = digits[i];
  }
  text[at] = '\0';
  return text;
}

bool cli_ends_in(const char *name, const char *ending) {
  const size_t length = strlen(name), own = strlen(ending);
  return length >= own && !strcmp(name + length - own, ending);
}
