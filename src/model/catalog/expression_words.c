/* Text of an expression to words. */
#include "model/catalog/expression_words.h"

#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define SHOWN 40 /* bytes of a word in a message */

/* --- Messages --- */

static bool is_within(char c) { return ((unsigned char)c & 0xc0) == 0x80; } /* a character, not its first byte */

static size_t character_of(const char *text, size_t at) {
  size_t count = 1;
  for (size_t i = 0; i < at; i++) count += !is_within(text[i]);
  return count;
}

berg_status model_point_at(berg_error *error, const char *text, const char *what, size_t at, const char *format, ...) {
  char message[512];
  va_list list;
  va_start(list, format);
  base_print_list(message, sizeof message, format, list);
  va_end(list);
  base_fail(error, BERG_EPARAMETER, "%s: character %zu: %s", what, character_of(text, at), message);
  if (error) base_print(error->item, sizeof error->item, "%s", text);
  return BERG_EPARAMETER;
}

berg_status model_reader_expected(const model_reader *reader, const char *expected, berg_error *error) {
  const model_word *word = &reader->word;
  size_t length = word->length < SHOWN ? word->length : SHOWN;
  while (length < word->length && length && is_within(reader->text[word->at + length])) length--;
  if (word->kind == MODEL_WORD_END)
    return model_point_at(error, reader->text, reader->what, word->at, "expected %s, found the end", expected);
  return model_point_at(error, reader->text, reader->what, word->at, "expected %s, found %.*s", expected, (int)length,
                        reader->text + word->at);
}

berg_status model_reader_deeper(model_reader *reader, berg_error *error) {
  if (reader->depth++ < MODEL_EXPRESSION_DEEPEST) return BERG_OK;
  return model_point_at(error, reader->text, reader->what, reader->word.at, "more than %d levels of ( and !",
                        MODEL_EXPRESSION_DEEPEST);
}

/* --- Words --- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}
static bool is_of_name(char c) { return is_letter(c) || is_digit(c) || (c && strchr("./~:@", c)); }

static size_t digits(const char *text) {
  size_t count = 0;
  while (is_digit(text[count])) count++;
  return count;
}

/* Bytes of the decimal number that begins here; 0: none does. */
static size_t number_length(const char *text) {
  const size_t whole = digits(text), part = text[whole] == '.' ? digits(text + whole + 1) : 0;
  size_t length = whole + (text[whole] == '.') + part;
  if (!whole && !part) return 0;
  if (text[length] == 'e' || text[length] == 'E') {
    const size_t sign = text[length + 1] == '+' || text[length + 1] == '-', power = digits(text + length + 1 + sign);
    if (power) length += 1 + sign + power;
  }
  return length;
}

/* "20", "0.2s", "200ms"; false: what begins here is a name. */
static bool take_number(model_word *word, const char *from) {
  static const char *const units[] = {"ms", "s", ""};
  const size_t length = number_length(from);
  if (!length) return false;
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    const size_t own = strlen(units[u]);
    if (strncmp(from + length, units[u], own)) continue;
    if (is_letter(from[length + own]) || is_digit(from[length + own]) || from[length + own] == '.') continue;
    word->kind = MODEL_WORD_NUMBER;
    word->number = base_read_real(from, NULL);
    word->unit = units[u];
    word->length = length + own;
    return true;
  }
  return false;
}

/* A - between characters of a name belongs to it: FFA-1. */
static void take_name(model_word *word, const char *from) {
  size_t length = 1;
  while (is_of_name(from[length]) || (from[length] == '-' && is_of_name(from[length + 1]))) length++;
  word->kind = MODEL_WORD_NAME;
  word->length = length;
}

/* In quotes, where "" is one quote. */
static bool take_quoted(model_word *word, const char *from) {
  size_t length = 1;
  while (from[length] && (from[length] != '"' || from[length + 1] == '"')) length += from[length] == '"' ? 2 : 1;
  if (!from[length] || length == 1) return false;
  word->kind = MODEL_WORD_NAME;
  word->length = length + 1;
  word->quoted = true;
  return true;
}

static bool take_sign(model_word *word, const char *from) {
  static const char pairs[][3] = {"<=", ">=", "==", "!="};
  static const char signs[] = {MODEL_AT_MOST, MODEL_AT_LEAST, MODEL_EQUAL, MODEL_UNEQUAL};
  word->kind = MODEL_WORD_SIGN;
  word->length = 2;
  for (size_t i = 0; i < sizeof signs; i++) {
    word->sign = signs[i];
    if (!strncmp(from, pairs[i], 2)) return true;
  }
  word->length = 1;
  word->sign = *from;
  return *from && strchr("+-&!()*/<>", *from);
}

/* Behind a name, number or ) a / divides; before one it begins a path. */
static bool is_operand(const model_word *word) {
  return word->kind == MODEL_WORD_NAME || word->kind == MODEL_WORD_NUMBER ||
         (word->kind == MODEL_WORD_SIGN && word->sign == ')');
}

static bool take_word(model_word *word, const char *from, bool behind_operand) {
  if (!*from) return true;
  if (*from == '"') return take_quoted(word, from);
  if (take_number(word, from)) return true;
  if (!is_of_name(*from) || (*from == '/' && behind_operand)) return take_sign(word, from);
  take_name(word, from);
  return true;
}

static const char *why_not(char c) {
  if (c == '"') return "a \" that no other one closes, or with nothing between";
  if (c == '|') return "expected + for a union, found |";
  if (c == '=') return "expected ==, found =";
  return NULL;
}

static berg_status read_at(model_reader *reader, size_t at, bool behind_operand, berg_error *error) {
  const char *text = reader->text;
  while (text[at] && strchr(" \t\r\n", text[at])) at++;
  reader->word = (model_word){.kind = MODEL_WORD_END, .at = at, .length = text[at] ? 1 : 0};
  if (take_word(&reader->word, text + at, behind_operand)) return BERG_OK;
  if (why_not(text[at])) return model_point_at(error, text, reader->what, at, "%s", why_not(text[at]));
  return model_point_at(error, text, reader->what, at, "%c belongs to no name without quotes (\"...\")", text[at]);
}

berg_status model_reader_begin(model_reader *reader, const char *text, const char *what, berg_error *error) {
  const size_t length = strlen(text);
  *reader = (model_reader){.text = text, .what = what};
  if (length > MODEL_EXPRESSION_LONGEST)
    return model_point_at(error, text, what, MODEL_EXPRESSION_LONGEST, "longer than %d bytes",
                          MODEL_EXPRESSION_LONGEST);
  return read_at(reader, 0, false, error);
}

berg_status model_reader_go_on(model_reader *reader, berg_error *error) {
  return read_at(reader, reader->word.at + reader->word.length, is_operand(&reader->word), error);
}

bool model_reader_is(const model_reader *reader, char sign) {
  return reader->word.kind == MODEL_WORD_SIGN && reader->word.sign == sign;
}

bool model_reader_compares(const model_reader *reader) {
  return reader->word.kind == MODEL_WORD_SIGN &&
         memchr("<>lg=n", reader->word.sign, sizeof "<>lg=n" - 1); /* the signs of two characters among them */
}

bool model_reader_is_name(const model_reader *reader, const char *name) {
  const model_word *word = &reader->word;
  return word->kind == MODEL_WORD_NAME && !word->quoted && word->length == strlen(name) &&
         !memcmp(reader->text + word->at, name, word->length);
}

char *model_reader_name(const model_reader *reader, berg_error *error) {
  const size_t quote = reader->word.quoted;
  char *name = base_copy_bytes(reader->text + reader->word.at + quote, reader->word.length - 2 * quote, error),
       *to = name;
  for (const char *from = name; quote && from && *from; from++) {
    *to++ = *from;
    from += *from == '"'; /* the second of two */
  }
  if (quote && to) *to = '\0';
  return name;
}
