/* Checks JSON before cJSON parses it. cJSON returns NULL both for bad syntax and for lack of memory. Whatever passes
 * here is valid to cJSON too, so the two can be told apart: the grammar is RFC 8259's, a subset of what cJSON accepts,
 * within cJSON's own limits. */
#include "io/value/json_guard.h"

#include <string.h>

#include "base/text.h"
#include "io/value/value.h"

/* One level of a structure (structure.h) is two of JSON. */
#define MAX_NESTING (3 * IO_MAX_DEPTH)
/* As many characters as cJSON passes to strtod. */
#define MAX_NUMBER 63

_Static_assert(MAX_NESTING < CJSON_NESTING_LIMIT, "cJSON takes what is nested as deep");

typedef struct scanner {
  const char *at, *end;
  size_t parts, nesting;
} scanner;

static bool scan_value(scanner *scan);

static bool is_next(const scanner *scan, char character) { return scan->at < scan->end && *scan->at == character; }

static bool take(scanner *scan, char character) {
  if (!is_next(scan, character)) return false;
  scan->at++;
  return true;
}

static void skip_space(scanner *scan) {
  while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) && *scan->at) scan->at++;
}

static bool take_word(scanner *scan, const char *word) {
  const size_t length = strlen(word);
  if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length)) return false;
  scan->at += length;
  return true;
}

static size_t take_digits(scanner *scan) {
  const char *start = scan->at;
  while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') scan->at++;
  return (size_t)(scan->at - start);
}

static bool scan_number(scanner *scan) {
  const char *start = scan->at;
  take(scan, '-');
  if (!take(scan, '0') && !take_digits(scan)) return false;
  if (take(scan, '.') && !take_digits(scan)) return false;
  if (take(scan, 'e') || take(scan, 'E')) {
    if (!take(scan, '+')) take(scan, '-');
    if (!take_digits(scan)) return false;
  }
  return scan->at - start <= MAX_NUMBER;
}

static int hex_of(char digit) {
  return digit >= '0' && digit <= '9'   ? digit - '0'
         : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
         : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                        : -1;
}

/* Four hexadecimal digits; -1: not such. */
static int take_code(scanner *scan) {
  int code = 0;
  if (scan->end - scan->at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    const int digit = hex_of(*scan->at++);
    if (digit < 0) return -1;
    code = 16 * code + digit;
  }
  return code;
}

/* Behind "\u": no zero, and halves of a character only as a pair. */
static bool scan_code(scanner *scan) {
  const int code = take_code(scan);
  if (code <= 0 || (code >= 0xdc00 && code < 0xe000)) return false;
  if (code < 0xd800 || code >= 0xe000) return true;
  if (!take_word(scan, "\\u")) return false;
  const int low = take_code(scan);
  return low >= 0xdc00 && low < 0xe000;
}

static bool scan_text(scanner *scan) {
  if (!take(scan, '"')) return false;
  while (scan->at < scan->end) {
    const unsigned char byte = (unsigned char)*scan->at++;
    if (byte == '"') return true;
    if (byte < 0x20) return false;
    if (byte != '\\') continue;
    if (take(scan, 'u')) {
      if (!scan_code(scan)) return false;
    } else if (scan->at == scan->end || !*scan->at || !strchr("\"\\/bfnrt", *scan->at++)) {
      return false;
    }
  }
  return false;
}

static bool scan_member(scanner *scan) {
  skip_space(scan);
  if (!scan_text(scan)) return false;
  skip_space(scan);
  return take(scan, ':') && scan_value(scan);
}

static bool scan_group(scanner *scan, char close, bool (*scan_item)(scanner *)) {
  scan->at++;
  if (++scan->nesting > MAX_NESTING || ++scan->parts > IO_MAX_VALUES) return false;
  skip_space(scan);
  if (!is_next(scan, close)) {
    do
      if (!scan_item(scan)) return false;
    while (take(scan, ',') && ++scan->parts <= IO_MAX_VALUES);
  }
  scan->nesting--;
  return take(scan, close);
}

static bool scan_value(scanner *scan) {
  bool good;
  skip_space(scan);
  if (is_next(scan, '{'))
    good = scan_group(scan, '}', scan_member);
  else if (is_next(scan, '['))
    good = scan_group(scan, ']', scan_value);
  else if (is_next(scan, '"'))
    good = scan_text(scan);
  else
    good = take_word(scan, "true") || take_word(scan, "false") || take_word(scan, "null") || scan_number(scan);
  skip_space(scan);
  return good;
}

berg_status io_json_parse(cJSON **tree, const char *text, size_t length, berg_error *error) {
  scanner scan = {text, text + length, 0, 0};
  *tree = NULL;
  if (!io_utf8_valid(text, length, false) || !scan_value(&scan) || scan.at < scan.end) return BERG_EINPUT;
  const locale_t before = base_locale_plain();
  *tree = cJSON_ParseWithLength(text, length);
  base_locale_back(before);
  return *tree ? BERG_OK : base_fail(error, BERG_ELIMIT, "out of memory for a tree of JSON");
}

bool io_json_size(const cJSON *number, uint64_t *size) {
  if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= 9007199254740992.0)) return false;
  *size = (uint64_t)number->valuedouble;
  return (double)*size == number->valuedouble;
}
