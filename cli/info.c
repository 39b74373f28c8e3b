/* berg info: what a file holds. */
#include "entries.h"
#include "hdf5.h"
#include "options.h"
#include "outline.h"
#include "store.h"
#include "value.h"

#include <string.h>

/* Arrays up to this many elements are shown in the table. */
#define SMALL 8
/* And in the JSON, as in the .json files that convert writes. */
#define SMALL_JSON 1000

static const char *entry_name(const berg_array *entry) {
  return entry->name && entry->name[0] ? entry->name : "(array)";
}

static int print_json(const berg_file *file, const char *path) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "path", path);
  cJSON_AddStringToObject(json, "format", berg_file_format(file));
  cJSON *entries = cJSON_AddArrayToObject(json, "entries");
  for (size_t i = 0; i < berg_file_count(file); i++) {
    const berg_array *entry = berg_file_entry(file, i);
    cJSON *item = cJSON_CreateObject(), *shape = cJSON_CreateArray();
    cJSON_AddStringToObject(item, "name", entry->name ? entry->name : "");
    cJSON_AddStringToObject(item, "dtype", berg_dtype_name(entry->dtype));
    for (size_t j = 0; j < entry->ndim; j++) cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)entry->shape[j]));
    cJSON_AddItemToObject(item, "shape", shape);
    if (cli_array_count(entry) <= SMALL_JSON) cJSON_AddItemToObject(item, "value", cli_array_json(entry, SMALL_JSON));
    cJSON_AddItemToArray(entries, item);
  }
  int status = cli_print_json(json);
  cJSON_Delete(json);
  return status;
}

static void print_value(const berg_array *entry) {
  size_t count = cli_array_count(entry);
  if (count > SMALL) return;
  fputs(entry->ndim ? "  [" : "  ", stdout);
  for (size_t i = 0; i < count; i++) {
    if (i) fputs(", ", stdout);
    cli_element_print(stdout, entry, i);
  }
  if (entry->ndim) putchar(']');
}

static const char *type_name(const cli_entry *entry, char text[32]) {
  snprintf(text, 32, "%s%s", entry->is_list ? "list of " : "", berg_dtype_name(entry->array.dtype));
  return text;
}

/* Columns of the table. */
typedef struct widths {
  int name, type, shape;
} widths;

static int larger(int a, size_t b) { return (size_t)a > b ? a : (int)b; }

static void measure(const cli_entry *entry, widths *width) {
  char shape[160], type[32];
  width->name = larger(width->name, strlen(entry_name(&entry->array)));
  width->type = larger(width->type, strlen(type_name(entry, type)));
  width->shape = larger(width->shape, strlen(cli_shape_text(&entry->array, shape)));
}

static void print_row(const cli_entry *entry, const widths *width) {
  char shape[160], type[32];
  const berg_array *array = &entry->array;
  const bool small = cli_array_count(array) <= SMALL;
  cli_print_safe(stdout, entry_name(array));
  printf("%*s  %-*s  %-*s", width->name - (int)strlen(entry_name(array)), "", width->type, type_name(entry, type),
         small ? width->shape : 0, cli_shape_text(array, shape));
  print_value(array);
  putchar('\n');
}

static void print_table(const berg_file *file, const char *path) {
  const cli_entries entries = cli_entries_of_file(file);
  widths width = {.type = 8};
  size_t count = 0;
  for (int pass = 0; pass < 2; pass++) { /* both the line of names and the rows need the widths */
    char number[32];
    if (pass) {
      cli_print_safe(stdout, path);
      printf(": %s, %s %s\n", berg_file_format(file), cli_grouped(count, number), count == 1 ? "entry" : "entries");
    }
    for (size_t i = 0, taken; i < entries.count; i += taken) {
      cli_entry entry;
      const bool good = cli_entry_at(&entries, i, &entry);
      taken = entry.taken;
      if (good && pass)
        print_row(&entry, &width);
      else if (good)
        measure(&entry, &width);
      count += !pass;
      cli_entry_free(&entry);
    }
  }
}

int cli_info(int argc, char **argv) {
  bool json = false, check = false;
  const cli_option options[] = {
      {"check", 0, CLI_FLAG, &check, NULL,
       "Of a store of scores: reads all of it, and holds it against its checksums."},
      {"json", 0, CLI_FLAG, &json, NULL, "A JSON object; values up to 1,000 elements in full."}};
  const cli_syntax syntax = {
      .command = "info",
      .operands = "FILE",
      .summary = "Prints what a file of weights, metadata or arrays holds: names, types, shapes and "
                 "small values. Reads .npy (with upstream's pickled dictionaries), .npz, .pth, "
                 ".safetensors and HDF5 (also MATLAB's .mat of version 7.3; with sizes, and which datasets cannot be "
                 "read), told apart by content; no pickle is executed. Of the folder that berg score "
                 "makes: how many images it holds, of which subjects.",
      .examples = "berg info weights_sub-01.npy\n"
                  "berg info --json vit_b_32-d86f8d99.pth\n"
                  "berg info stimuli.mat\n"
                  "berg info --check photos.scores/",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .least = 1,
      .most = 1};
  size_t count;
  int status = cli_parse(&syntax, argc, argv, &count);
  if (status != CLI_GO_ON) return status;
  if (cli_store_is(argv[0])) return cli_store_info(argv[0], json, check);
  if (berg_hdf5_is(argv[0]) && !check) return cli_hdf5_info(argv[0], json);
  if (check) return cli_usage_error("info", "--check: of a store of scores alone");
  berg_error error;
  berg_file *file;
  if (berg_file_open(&file, argv[0], &error)) /* perhaps HDF5 that could not be read when it was looked at first */
    return berg_hdf5_is(argv[0]) ? cli_hdf5_info(argv[0], json) : cli_fail(&error);
  status = 0;
  if (json)
    status = print_json(file, argv[0]);
  else
    print_table(file, argv[0]);
  berg_file_free(file);
  return status;
}
