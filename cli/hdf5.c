/* What an HDF5 file holds: a line for each dataset. */
#include "hdf5.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "outline.h"

/* Arrays up to this many elements are shown, and texts up to this many bytes. */
#define SMALL 8
#define LONGEST 60

static const char *text_of(const cJSON *entry, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(entry, key));
  return text ? text : "";
}

/* "(4, 3, 80, 60)", or from the last to the first; "" where there is none. */
static const char *shape_of(const cJSON *entry, bool is_reverse, char text[160]) {
  const cJSON *shape = cJSON_GetObjectItem(entry, "shape");
  const int count = cJSON_GetArraySize(shape);
  size_t used = (size_t)snprintf(text, 160, shape ? "(" : "");
  for (int d = 0; d < count && used < 130; d++) {
    const cJSON *size = cJSON_GetArrayItem(shape, is_reverse ? count - 1 - d : d);
    used += (size_t)snprintf(text + used, 160 - used, "%s%.0f", d ? ", " : "", size->valuedouble);
  }
  if (shape) snprintf(text + used, 160 - used, count == 1 ? ",)" : ")");
  return text;
}

static const char *size_of(const cJSON *entry, char text[32]) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
  const cJSON *bytes = cJSON_GetObjectItem(entry, "bytes");
  double value = bytes ? bytes->valuedouble : 0;
  int unit = 0;
  for (; value >= 1000 && unit < 5; unit++) value /= 1000;
  snprintf(text, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return bytes ? text : "";
}

static void print_text(const char *text) {
  char start[LONGEST + 1];
  size_t length = strlen(text);
  if (length <= LONGEST) {
    cli_print_safe(stdout, text);
    return;
  }
  for (length = LONGEST; length && (text[length] & 0xc0) == 0x80;) length--; /* no half of a character */
  memcpy(start, text, length);
  start[length] = '\0';
  cli_print_safe(stdout, start);
  fputs("...", stdout);
}

static void print_number(double number) {
  char text[40];
  const bool is_whole = fabs(number) < 1e18 && number == trunc(number);
  snprintf(text, sizeof text, is_whole ? "%.0f" : "%.15g", number);
  if (strtod(text, NULL) != number) snprintf(text, sizeof text, "%.17g", number);
  fputs(text, stdout);
}

/* The elements of lists in lists, one after the other. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as an array has dimensions */
static void print_elements(const cJSON *value, bool *is_first) {
  if (cJSON_IsArray(value)) {
    const cJSON *item;
    cJSON_ArrayForEach(item, value) print_elements(item, is_first);
    return;
  }
  if (!*is_first) fputs(", ", stdout);
  *is_first = false;
  if (cJSON_IsString(value))
    print_text(value->valuestring);
  else if (cJSON_IsNumber(value))
    print_number(value->valuedouble);
  else
    fputs("not finite", stdout);
}

static void print_value(const cJSON *entry) {
  const cJSON *value = cJSON_GetObjectItem(entry, "value"), *size;
  double count = 1;
  bool is_first = true;
  cJSON_ArrayForEach(size, cJSON_GetObjectItem(entry, "shape")) count *= size->valuedouble;
  if (!value || count > SMALL) return;
  fputs(cJSON_IsArray(value) ? "  [" : "  ", stdout);
  print_elements(value, &is_first);
  if (cJSON_IsArray(value)) putchar(']');
}

/* MATLAB's own say what the shape says too. */
static void print_attributes(const cJSON *of) {
  const cJSON *attribute;
  cJSON_ArrayForEach(attribute, cJSON_GetObjectItem(of, "attributes")) {
    if (!strncmp(attribute->string, "MATLAB_", 7)) continue;
    fputs("  ", stdout);
    cli_print_safe(stdout, attribute->string);
    fputs(" = ", stdout);
    print_text(cJSON_GetStringValue(attribute));
  }
}

static void print_notes(const cJSON *entry) {
  char shape[160];
  const char *target = text_of(entry, "target"), *refused = text_of(entry, "refused");
  print_value(entry);
  if (cJSON_IsTrue(cJSON_GetObjectItem(entry, "matlab"))) printf("  in MATLAB %s", shape_of(entry, true, shape));
  print_attributes(entry);
  if (*target) fputs("  to ", stdout), print_text(target);
  if (*refused) fputs("  cannot be read: ", stdout), cli_print_safe(stdout, refused);
  putchar('\n');
}

typedef struct widths {
  int name, type, shape, size;
} widths;

static int larger(int a, size_t b) { return (size_t)a > b ? a : (int)b; }

static widths measure(const cJSON *entries) {
  widths width = {0, 0, 0, 0};
  const cJSON *entry;
  char shape[160], size[32];
  cJSON_ArrayForEach(entry, entries) {
    width.name = larger(width.name, strlen(text_of(entry, "name")));
    width.type = larger(width.type, strlen(text_of(entry, "dtype")));
    width.shape = larger(width.shape, strlen(shape_of(entry, false, shape)));
    width.size = larger(width.size, strlen(size_of(entry, size)));
  }
  return width;
}

static void print_table(const cJSON *tree, const char *path) {
  const cJSON *entries = cJSON_GetObjectItem(tree, "entries"), *entry;
  const int count = cJSON_GetArraySize(entries);
  const widths width = measure(entries);
  char shape[160], size[32];
  cli_print_safe(stdout, path);
  printf(": hdf5, %s%s %s", cJSON_HasObjectItem(tree, "more") ? "the first " : "", cli_grouped((size_t)count, size),
         count == 1 ? "entry" : "entries");
  print_attributes(tree);
  putchar('\n');
  cJSON_ArrayForEach(entry, entries) {
    const char *name = text_of(entry, "name");
    cli_print_safe(stdout, name);
    printf("%*s  %-*s  %-*s  %*s", width.name - (int)strlen(name), "", width.type, text_of(entry, "dtype"), width.shape,
           shape_of(entry, false, shape), width.size, size_of(entry, size));
    print_notes(entry);
  }
}

int cli_hdf5_info(const char *path, bool json) {
  berg_error error;
  char *text;
  cJSON *tree;
  if (berg_hdf5_describe(&text, path, &error)) return cli_fail(&error);
  if (json) {
    puts(text);
    berg_free(text);
    return 0;
  }
  int status = cli_parse_json(text, &tree);
  if (status == CLI_GO_ON) {
    print_table(tree, path);
    status = 0;
  }
  cJSON_Delete(tree);
  berg_free(text);
  return status;
}
