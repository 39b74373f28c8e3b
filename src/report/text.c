/* Text that grows, escaped for HTML and JSON. */
#include "report/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "base/text.h"

#define REPLACEMENT "\xEF\xBF\xBD"

void report_text_free(report_text *text) {
  base_free(text->bytes);
  *text = (report_text){0};
}

berg_status report_text_status(const report_text *text, berg_error *error) {
  return text->failed ? base_fail_memory(error, text->length) : BERG_OK;
}

static bool make_room(report_text *text, size_t more) {
  size_t needed;
  void *block = text->bytes;
  if (text->failed) return false;
  text->failed = !base_add(text->length, more, &needed) || !base_add(needed, 1, &needed) ||
                 !base_grow(&block, &text->capacity, needed, 1, NULL);
  text->bytes = block;
  return !text->failed;
}

void report_put_bytes(report_text *text, const void *bytes, size_t size) {
  if (!make_room(text, size)) return;
  if (size) memcpy(text->bytes + text->length, bytes, size);
  text->length += size;
  text->bytes[text->length] = '\0';
}

void report_put(report_text *text, const char *plain) { report_put_bytes(text, plain, strlen(plain)); }

void report_print(report_text *text, const char *format, ...) {
  char small[256];
  va_list list, again;
  va_start(list, format);
  va_copy(again, list);
  int length = base_print_list(small, sizeof small, format, list);
  if (length >= 0 && (size_t)length < sizeof small) {
    report_put_bytes(text, small, (size_t)length);
  } else if (length >= 0 && make_room(text, (size_t)length)) {
    base_print_list(text->bytes + text->length, (size_t)length + 1, format, again);
    text->length += (size_t)length;
  }
  va_end(again);
  va_end(list);
}

/* Bytes of the character that begins at `c`, 0 where it is not valid UTF-8 or not an XML character. */
static size_t character(const unsigned char *c) {
  if (c[0] < 0x80) return c[0] >= 0x20 ? (c[0] != 0x7f) : c[0] == '\t' || c[0] == '\n';
  size_t length = c[0] >= 0xC2 && c[0] < 0xE0 ? 2 : (c[0] & 0xF0) == 0xE0 ? 3 : c[0] >= 0xF0 && c[0] < 0xF5 ? 4 : 0;
  uint32_t code = length ? c[0] & (0xFFu >> (length + 1)) : 0;
  for (size_t i = 1; i < length; i++) {
    if ((c[i] & 0xC0) != 0x80) return 0;
    code = code << 6 | (c[i] & 0x3F);
  }
  if (length == 2 && code < 0xA0) return 0; /* control characters, which HTML forbids */
  if (length == 3 && (code < 0x800 || (code >= 0xD800 && code < 0xE000) || code >= 0xFFFE)) return 0;
  if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return 0;
  return length;
}

static const char *entity(char c) {
  switch (c) {
  case '&': return "&amp;";
  case '<': return "&lt;";
  case '>': return "&gt;";
  case '"': return "&quot;";
  case '\'': return "&#39;";
  default: return NULL;
  }
}

static void put_characters(report_text *text, const char *plain, bool escaped) {
  for (const char *c = plain; *c;) {
    size_t length = character((const unsigned char *)c);
    const char *instead = !length ? REPLACEMENT : escaped ? entity(*c) : NULL;
    if (instead)
      report_put(text, instead);
    else
      report_put_bytes(text, c, length);
    c += length ? length : 1;
  }
}

void report_put_escaped(report_text *text, const char *plain) { put_characters(text, plain, true); }
void report_put_clean(report_text *text, const char *plain) { put_characters(text, plain, false); }

void report_put_quoted(report_text *text, const char *plain) {
  report_text clean = {0};
  report_put_clean(&clean, plain);
  text->failed |= clean.failed;
  report_put(text, "\"");
  for (const char *c = clean.bytes; c && *c; c++) {
    const char *instead = *c == '"' ? "\\\"" : *c == '\\' ? "\\\\" : *c == '\n' ? "\\n" : *c == '\t' ? "\\t" : NULL;
    if (instead)
      report_put(text, instead);
    else
      report_put_bytes(text, c, 1);
  }
  report_put(text, "\"");
  report_text_free(&clean);
}

void report_put_real(report_text *text, double number) {
  char digits[BASE_DECIMAL_ROOM];
  report_put(text, isfinite(number) ? base_decimal(number, false, digits) : "null");
}

void report_put_member(report_text *text, const char *name, const char *plain) {
  report_print(text, "\"%s\":", name);
  report_put_quoted(text, plain);
  report_put(text, ",");
}

void report_put_number(report_text *text, double number) {
  char digits[40];
  if (!isfinite(number)) number = 0;
  int length = base_print(digits, sizeof digits, "%.2f", number);
  while (length > 1 && digits[length - 1] == '0') length--;
  if (digits[length - 1] == '.') length--;
  if (length == 2 && digits[0] == '-' && digits[1] == '0') {
    digits[0] = '0';
    length = 1;
  }
  report_put_bytes(text, digits, (size_t)length);
}

void report_put_base64(report_text *text, const void *bytes, size_t size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint8_t *from = bytes;
  for (size_t i = 0; i < size; i += 3) {
    size_t rest = size - i;
    uint32_t word =
        (uint32_t)from[i] << 16 | (rest > 1 ? (uint32_t)from[i + 1] << 8 : 0) | (rest > 2 ? from[i + 2] : 0);
    char four[4] = {digits[word >> 18], digits[word >> 12 & 63], rest > 1 ? digits[word >> 6 & 63] : '=',
                    rest > 2 ? digits[word & 63] : '='};
    report_put_bytes(text, four, 4);
  }
}

void report_put_grouped(report_text *text, size_t number) {
  char digits[24];
  size_t length = (size_t)base_print(digits, sizeof digits, "%zu", number);
  for (size_t i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0) report_put(text, ",");
    report_put_bytes(text, digits + i, 1);
  }
}
