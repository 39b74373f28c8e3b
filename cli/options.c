/* Parsing a command's options by its table. */
#include "options.h"
#include "memory.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void cli_texts_free(cli_texts *texts) {
  for (size_t i = 0; i < texts->count; i++) free(texts->items[i]);
  free(texts->items);
  texts->items = NULL;
  texts->count = 0;
}

static bool append(cli_texts *texts, const char *text, size_t length) {
  char **items = cli_grow(texts->items, (texts->count + 1) * sizeof *items);
  if (!items) return false;
  texts->items = items;
  char *copy = cli_copy(text, length);
  if (!copy) return false;
  items[texts->count++] = copy;
  return true;
}

static bool parse_list(cli_texts *texts, const char *text) {
  for (;;) {
    size_t length = strcspn(text, ",");
    if (!length || !append(texts, text, length)) return false;
    if (!text[length]) return true;
    text += length + 1;
  }
}

static bool parse_count(size_t *value, const char *text) {
  char *end;
  if (*text < '0' || *text > '9') return false; /* strtoull takes signs and spaces */
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (errno || *end || number > SIZE_MAX) return false;
  *value = (size_t)number;
  return true;
}

static bool parse_number(double *value, const char *text) {
  char *end;
  *value = strtod(text, &end);
  return end != text && !*end && isfinite(*value);
}

static bool parse_bytes(size_t *value, const char *text) {
  static const char letters[] = "KMGT";
  char *end;
  double number = strtod(text, &end);
  if (end == text || !(number >= 0)) return false;
  const char *letter = *end ? strchr(letters, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end) : NULL;
  if (letter) {
    number = ldexp(number, 10 * (int)(letter - letters + 1));
    end++;
    if (*end == 'i') end++;
  }
  if (*end == 'B' || *end == 'b') end++;
  if (*end || number >= (double)SIZE_MAX) return false;
  *value = (size_t)number;
  return true;
}

static const char *wanted(cli_kind kind) {
  switch (kind) {
  case CLI_LIST: return "a list without gaps, such as A,B";
  case CLI_COUNT: return "a whole number";
  case CLI_NUMBER: return "a number";
  case CLI_BYTES: return "a size such as 500M or 4G";
  default: return "a text";
  }
}

static int set(const cli_syntax *syntax, const cli_option *option, const char *text) {
  bool good = true;
  switch (option->kind) {
  case CLI_FLAG: *(bool *)option->value = true; break;
  case CLI_TEXT:
    good = *text != '\0';
    *(const char **)option->value = text;
    break;
  case CLI_LIST: good = parse_list(option->value, text); break;
  case CLI_COUNT: good = parse_count(option->value, text); break;
  case CLI_NUMBER: good = parse_number(option->value, text); break;
  case CLI_BYTES: good = parse_bytes(option->value, text); break;
  }
  if (good) return CLI_GO_ON;
  return cli_usage_error(syntax->command, "--%s: expected %s, found \"%s\"", option->name, wanted(option->kind), text);
}

static const cli_option *find_long(const cli_syntax *syntax, const char *name, size_t length) {
  for (size_t i = 0; i < syntax->option_count; i++)
    if (strlen(syntax->options[i].name) == length && !memcmp(syntax->options[i].name, name, length))
      return &syntax->options[i];
  return NULL;
}

static const cli_option *find_letter(const cli_syntax *syntax, char letter) {
  for (size_t i = 0; i < syntax->option_count; i++)
    if (syntax->options[i].letter && syntax->options[i].letter == letter) return &syntax->options[i];
  return NULL;
}

static int unknown(const cli_syntax *syntax, const char *given, size_t length) {
  const char *names[64];
  char name[64];
  size_t count = 0;
  for (size_t i = 0; i < syntax->option_count && count < 63; i++) names[count++] = syntax->options[i].name;
  names[count++] = "help";
  snprintf(name, sizeof name, "%.*s", length > 63 ? 63 : (int)length, given);
  const char *nearest = cli_nearest(name, names, count);
  if (nearest) return cli_usage_error(syntax->command, "unknown option --%s, did you mean --%s?", name, nearest);
  return cli_usage_error(syntax->command, "unknown option --%s", name);
}

static int parse_long(const cli_syntax *syntax, int argc, char **argv, int *at) {
  const char *name = argv[*at] + 2, *equals = strchr(name, '=');
  size_t length = equals ? (size_t)(equals - name) : strlen(name);
  if (!strcmp(name, "help")) {
    cli_print_help(syntax);
    return 0;
  }
  const cli_option *option = find_long(syntax, name, length);
  if (!option) return unknown(syntax, name, length);
  if (option->kind == CLI_FLAG) {
    if (equals) return cli_usage_error(syntax->command, "--%s takes no value", option->name);
    return set(syntax, option, "");
  }
  if (equals) return set(syntax, option, equals + 1);
  if (*at + 1 == argc) return cli_usage_error(syntax->command, "--%s needs %s", option->name, option->argument);
  return set(syntax, option, argv[++*at]);
}

/* A run of letters, "-qo out.npy": flags, until one takes the rest or the next argument as its value. */
static int parse_letters(const cli_syntax *syntax, int argc, char **argv, int *at) {
  for (const char *letter = argv[*at] + 1; *letter; letter++) {
    if (*letter == 'h') {
      cli_print_help(syntax);
      return 0;
    }
    const cli_option *option = find_letter(syntax, *letter);
    if (!option) return cli_usage_error(syntax->command, "unknown option -%c", *letter);
    if (option->kind == CLI_FLAG) {
      set(syntax, option, "");
      continue;
    }
    if (letter[1]) return set(syntax, option, letter + 1);
    if (*at + 1 == argc) return cli_usage_error(syntax->command, "-%c needs %s", *letter, option->argument);
    return set(syntax, option, argv[++*at]);
  }
  return CLI_GO_ON;
}

int cli_parse(const cli_syntax *syntax, int argc, char **argv, size_t *count) {
  bool options_ended = false;
  *count = 0;
  for (int i = 1; i < argc; i++) {
    int status = CLI_GO_ON;
    if (options_ended || argv[i][0] != '-' || !argv[i][1])
      argv[(*count)++] = argv[i];
    else if (!strcmp(argv[i], "--"))
      options_ended = true;
    else if (argv[i][1] == '-')
      status = parse_long(syntax, argc, argv, &i);
    else
      status = parse_letters(syntax, argc, argv, &i);
    if (status != CLI_GO_ON) return status;
  }
  if (*count < syntax->least) return cli_usage_error(syntax->command, "%s needs %s", syntax->command, syntax->operands);
  if (*count > syntax->most)
    return cli_usage_error(syntax->command, "%s takes %s, and \"%s\" is one too many", syntax->command,
                           syntax->operands[0] ? syntax->operands : "options only", argv[syntax->most]);
  /* before anything is done: the failed allocation may be that of the command text, which outputs carry */
  return cli_memory_ran_out() ? cli_fail_memory() : CLI_GO_ON;
}
