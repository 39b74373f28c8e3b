/* JSON for people: as an indented outline, or unchanged. */
#include "outline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "options.h"

#define STEP 2
#define WIDTH 80
/* Items of a list that are longer, or hold commas themselves, have a line each. */
#define SHORT_ITEM 40

static void print_block(const cJSON *json, const char *key, int indent);

static bool is_plain(const cJSON *json) { return !cJSON_IsObject(json) && !cJSON_IsArray(json); }

static void scaled(double value, const char *unit, double step, char *text, size_t size) {
  static const char *const decimal[] = {"", "k", "M", "G", "T", "P"}, *const binary[] = {"",   "Ki", "Mi",
                                                                                         "Gi", "Ti", "Pi"};
  int prefix = 0;
  while (fabs(value) >= step && prefix < 5) {
    value /= step;
    prefix++;
  }
  snprintf(text, size, prefix ? "%.1f %s%s" : "%.0f %s%s", value, (step == 1024 ? binary : decimal)[prefix], unit);
}

static void number_text(double value, const char *key, const char *parent, char *text, size_t size) {
  if (cli_ends_in(key, "bytes") || !strcmp(key, "memory"))
    scaled(value, "B", 1024, text, size);
  else if (!strcmp(parent, "bandwidth"))
    scaled(value, "B/s", 1000, text, size);
  else if (cli_ends_in(key, "flops"))
    scaled(value, "FLOP/s", 1000, text, size);
  else if (cli_ends_in(key, "flop_per_image"))
    scaled(value, "FLOP", 1000, text, size);
  else if (cli_ends_in(key, "share") || cli_ends_in(key, "shares"))
    snprintf(text, size, "%.1f %%", 100 * value);
  else if (cli_ends_in(key, "per_second"))
    snprintf(text, size, "%.2f", value);
  else if (cli_ends_in(key, "seconds"))
    snprintf(text, size, "%.4f s", value);
  else
    snprintf(text, size, "%.10g", value);
}

/* A plain value as it is shown; `size` cuts long texts, which only the tables meet. */
static void plain_text(const cJSON *json, const char *key, const char *parent, char *text, size_t size) {
  if (cJSON_IsString(json))
    snprintf(text, size, "%s", json->valuestring);
  else if (cJSON_IsNumber(json))
    number_text(json->valuedouble, key, parent, text, size);
  else
    snprintf(text, size, "%s", cJSON_IsNull(json) ? "none" : cJSON_IsTrue(json) ? "true" : "false");
}

/* Text of several lines, below its key: short ones, such as code, as they are, paragraphs wrapped. */
static void print_lines(const char *text, int indent) {
  putchar('\n');
  while (*text) {
    size_t length = strcspn(text, "\n");
    char *line = cli_copy(text, length);
    if (!line) return;
    printf("%*s", length ? indent : 0, "");
    if ((int)length + indent > WIDTH) {
      cli_print_wrapped(stdout, line, indent, indent);
    } else {
      cli_print_safe(stdout, line);
      putchar('\n');
    }
    free(line);
    text += length + (text[length] != '\0');
  }
}

static void print_plain(const cJSON *json, const char *key, const char *parent, int column) {
  char text[64];
  if (cJSON_IsString(json)) {
    cli_print_wrapped(stdout, json->valuestring, column, column);
    return;
  }
  plain_text(json, key, parent, text, sizeof text);
  cli_print_wrapped(stdout, text, column, column);
}

static void print_key(const char *key) {
  for (; *key; key++) {
    unsigned char byte = (unsigned char)*key;
    putchar(byte == '_' ? ' ' : byte < 0x20 || byte == 0x7f ? '?' : byte);
  }
}

static bool is_long(const cJSON *item) {
  return cJSON_IsString(item) && (strlen(item->valuestring) > SHORT_ITEM || strchr(item->valuestring, ','));
}

/* "a, b, c", wrapped; or one item below the other. */
static void print_plain_list(const cJSON *list, const char *key, const char *parent, int column) {
  size_t size = 1;
  const cJSON *item;
  bool apart = false;
  cJSON_ArrayForEach(item, list) apart |= is_long(item);
  if (apart) {
    cJSON_ArrayForEach(item, list) {
      if (item != list->child) printf("%*s", column, "");
      print_plain(item, key, parent, column);
    }
    return;
  }
  cJSON_ArrayForEach(item, list) size += 48 + (cJSON_IsString(item) ? strlen(item->valuestring) : 0);
  char *text = cli_alloc(size, 1);
  if (!text) return;
  size_t at = 0;
  text[0] = '\0';
  cJSON_ArrayForEach(item, list) {
    plain_text(item, key, parent, text + at, size - at);
    at += strlen(text + at);
    if (item->next) at += (size_t)snprintf(text + at, size - at, ", ");
  }
  cli_print_wrapped(stdout, at ? text : "none", column, column);
  free(text);
}

static bool is_plain_list(const cJSON *json) {
  const cJSON *item;
  if (!cJSON_IsArray(json)) return false;
  cJSON_ArrayForEach(item, json) if (!is_plain(item)) return false;
  return true;
}

/* Objects of plain values only, all with the keys of the first: rows of a table. */
static bool is_table(const cJSON *json) {
  const cJSON *row, *cell;
  if (!cJSON_IsArray(json) || !cJSON_IsObject(json->child)) return false;
  int columns = cJSON_GetArraySize(json->child);
  cJSON_ArrayForEach(row, json) {
    if (!cJSON_IsObject(row) || cJSON_GetArraySize(row) != columns || !columns) return false;
    cJSON_ArrayForEach(cell, row) if (!is_plain(cell) ||
                                      !cJSON_GetObjectItemCaseSensitive(json->child, cell->string)) return false;
  }
  return true;
}

static void print_cell(const cJSON *cell, const char *text, int width) {
  if (cJSON_IsNumber(cell)) printf("%*s", width - (int)strlen(text), "");
  cli_print_safe(stdout, text);
  if (!cJSON_IsNumber(cell) && cell->next) printf("%*s", width - (int)strlen(text), "");
}

static void print_table(const cJSON *table, const char *key, int indent) {
  const cJSON *row, *column;
  char text[512];
  printf("%*s", indent, "");
  for (int pass = 0; pass < 2; pass++) { /* the header, then the rows; both need the widths */
    cJSON_ArrayForEach(row, table) {
      if (pass) printf("%*s", indent, "");
      cJSON_ArrayForEach(column, table->child) {
        size_t width = strlen(column->string);
        const cJSON *other;
        cJSON_ArrayForEach(other, table) {
          plain_text(cJSON_GetObjectItemCaseSensitive(other, column->string), column->string, key, text, sizeof text);
          if (strlen(text) > width) width = strlen(text);
        }
        if (column != table->child->child) fputs("  ", stdout);
        if (pass) {
          const cJSON *cell = cJSON_GetObjectItemCaseSensitive(row, column->string);
          plain_text(cell, column->string, key, text, sizeof text);
          print_cell(cell, text, (int)width);
        } else {
          print_cell(column, column->string, (int)width);
        }
      }
      putchar('\n');
      if (!pass) break;
    }
  }
}

static void print_member(const cJSON *json, const char *parent, int indent, int width) {
  printf("%*s", indent, "");
  print_key(json->string);
  if (cJSON_IsString(json) && strchr(json->valuestring, '\n')) {
    print_lines(json->valuestring, indent + STEP);
    return;
  }
  if (is_plain(json) || is_plain_list(json)) {
    printf("%*s", width - (int)strlen(json->string), "");
    if (is_plain(json))
      print_plain(json, json->string, parent, indent + width);
    else
      print_plain_list(json, json->string, parent, indent + width);
    return;
  }
  putchar('\n');
  print_block(json, json->string, indent + STEP);
}

static void print_block(const cJSON *json, const char *key, int indent) {
  const cJSON *item;
  if (is_table(json)) {
    print_table(json, key, indent);
  } else if (cJSON_IsArray(json)) {
    cJSON_ArrayForEach(item, json) {
      if (is_plain(item)) {
        printf("%*s", indent, "");
        print_plain(item, key, key, indent);
      } else {
        print_block(item, key, indent);
        if (item->next) putchar('\n');
      }
    }
  } else if (cJSON_IsObject(json)) {
    int width = 0;
    cJSON_ArrayForEach(item, json) {
      int length = (int)strlen(item->string) + 2;
      if ((is_plain(item) || is_plain_list(item)) && length > width) width = length;
    }
    cJSON_ArrayForEach(item, json) print_member(item, key, indent, width);
  }
}

void cli_print_outline(const cJSON *json) { print_block(json, "", 0); }

char *cli_json_text(const cJSON *json) { return cli_memory_ran_out() ? NULL : cJSON_Print(json); }

int cli_print_json(const cJSON *json) {
  char *text = cli_json_text(json);
  if (!text) return cli_fail_memory();
  puts(text);
  cJSON_free(text);
  return 0;
}

int cli_parse_json(const char *text, cJSON **json) {
  *json = cJSON_Parse(text);
  if (*json) return CLI_GO_ON;
  return cli_memory_ran_out() ? cli_fail_memory() : cli_fail_with(BERG_EINTERNAL, "the library's answer is not JSON");
}
