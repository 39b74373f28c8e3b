/* Maps of a contrast to files, and the region above a threshold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contrast.h"
#include "memory.h"
#include "outline.h"
#include "output.h"

const char *const cli_map_names[CLI_MAPS] = {"e", "t", "df", "p", "log", "q", "d", "g", "sd"};

int cli_map_of(const char *name) {
  for (int i = 0; i < CLI_MAPS; i++)
    if (!strcmp(cli_map_names[i], name)) return i;
  return -1;
}

typedef struct writing {
  const cli_maps *maps;
  const berg_metadata *metadata;
  const double *values;
  size_t columns;
  const char *label, *contrast;
  bool check;
} writing;

/* --- Names of files --- */

/* ".nii.gz" and ".func.gii" are endings of two parts. */
static const char *ending_of(const char *path) {
  static const char *const twofold[] = {".nii.gz", ".func.gii"};
  const size_t length = strlen(path);
  for (int i = 0; i < 2; i++) {
    const size_t tail = strlen(twofold[i]);
    if (length > tail && !strcmp(path + length - tail, twofold[i])) return path + length - tail;
  }
  const char *dot = strrchr(path, '.');
  return dot && !strchr(dot, '/') ? dot : path + length;
}

static bool is_plain(char c) {
  return c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.", c);
}

/* Letters and digits of a contrast's name, the rest as one -. */
static void put_plain(char **to, const char *text) {
  const char *start = *to;
  for (; *text; text++) {
    if (is_plain(*text))
      *(*to)++ = *text;
    else if (*to > start && (*to)[-1] != '-')
      *(*to)++ = '-';
  }
}

/* As long as put_plain would write the same. */
bool cli_maps_alike(const char *a, const char *b) {
  while (*a && !is_plain(*a)) a++;
  while (*b && !is_plain(*b)) b++;
  while (*a && *b) {
    const bool gap = !is_plain(*a);
    if (gap != !is_plain(*b) || (!gap && *a != *b)) return false;
    for (a++; gap && *a && !is_plain(*a);) a++;
    for (b++; gap && *b && !is_plain(*b);) b++;
  }
  return !*a && !*b;
}

/* OUT with "_sub-01", "_faces-objects" and "_t" before its ending, those that there are several of. free. */
static char *path_of(const writing *w, const char *map, const char *ending) {
  const char *output = w->maps->output, *end = ending_of(output);
  char *path =
      cli_alloc(strlen(output) + (w->label ? strlen(w->label) : 0) + (w->contrast ? strlen(w->contrast) : 0) + 64, 1);
  if (!path) return NULL;
  char *to =
      path + sprintf(path, "%.*s%s%s", (int)(end - output), output, w->label ? "_" : "", w->label ? w->label : "");
  if (w->contrast) {
    *to++ = '_';
    put_plain(&to, w->contrast);
  }
  sprintf(to, "%s%s%s", map ? "_" : "", map ? map : "", ending ? ending : end);
  return path;
}

/* Where there are two hemispheres the library puts their names before the ending. */
static int check_one(const writing *w, const char *path, const char *name, const char *ending) {
  const char *json = w->maps->json;
  char *file = cli_alloc(strlen(path) + strlen(name) + strlen(ending) + 2, 1);
  if (!file) return cli_fail_memory();
  sprintf(file, "%.*s%s%s%s", (int)(ending_of(path) - path), path, *name ? "_" : "", name, ending);
  int status =
      json && !strcmp(json, file)
          ? cli_usage_error("contrast", "--json %s: a sidecar would go there: give another name, or --no-sidecar", json)
          : cli_check_output(file, w->maps->force);
  free(file);
  return status;
}

static int check_free(const writing *w, const char *path) {
  int status = CLI_GO_ON;
  for (size_t o = 0; o < berg_metadata_outputs(w->metadata) && status == CLI_GO_ON; o++) {
    const char *name = berg_metadata_output(w->metadata, o)->name;
    status = check_one(w, path, name, ending_of(path));
    if (status == CLI_GO_ON && !w->maps->no_sidecar) status = check_one(w, path, name, ".json");
  }
  return status;
}

/* --- Writing --- */

static int write_array(const writing *w, const char *path, const char *const *names, const berg_array *values) {
  berg_output_options options;
  berg_error error;
  berg_output_options_init(&options);
  options.force = w->maps->force;
  options.sidecar = !w->maps->no_sidecar;
  options.command = w->maps->command;
  options.volume = &w->maps->space->options;
  options.sources = (const char *const *)w->maps->sources.items;
  options.source_count = w->maps->sources.count;
  if (berg_maps_to_file(w->metadata, names, values, path, &options, &error)) return cli_fail(&error);
  if (!w->maps->quiet) cli_say("%s: written", path);
  return CLI_GO_ON;
}

static int write_map(const writing *w, size_t wanted, bool named) {
  const char *name = w->maps->wanted.items[wanted];
  const berg_array values = {.dtype = BERG_F64,
                             .itemsize = sizeof(double),
                             .ndim = 1,
                             .shape = {w->columns},
                             .strides = {sizeof(double)},
                             .data = w->check ? NULL : w->values + (size_t)cli_map_of(name) * w->columns};
  char *path = path_of(w, named ? name : NULL, NULL);
  if (!path) return cli_fail_memory();
  int status = w->check ? check_free(w, path) : write_array(w, path, &name, &values);
  free(path);
  return status;
}

/* Tables and HDF5 hold all maps. */
static int write_together(const writing *w) {
  const size_t count = w->maps->wanted.count;
  char *path = path_of(w, NULL, NULL);
  double *all = path && !w->check ? cli_alloc(count * w->columns, sizeof *all) : NULL;
  int status = CLI_GO_ON;
  if (!path || (!w->check && !all)) status = cli_fail_memory();
  if (status == CLI_GO_ON && w->check) status = check_free(w, path);
  for (size_t i = 0; all && i < count; i++)
    memcpy(all + i * w->columns, w->values + (size_t)cli_map_of(w->maps->wanted.items[i]) * w->columns,
           w->columns * sizeof *all);
  const berg_array values = {.dtype = BERG_F64,
                             .itemsize = sizeof(double),
                             .ndim = 2,
                             .shape = {count, w->columns},
                             .strides = {(ptrdiff_t)(w->columns * sizeof(double)), sizeof(double)},
                             .data = all};
  if (status == CLI_GO_ON && !w->check)
    status = write_array(w, path, (const char *const *)w->maps->wanted.items, &values);
  free(all);
  free(path);
  return status;
}

static bool holds_all(const char *output) {
  static const char *const endings[] = {".csv", ".tsv", ".h5", ".hdf5"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (!strcmp(ending_of(output), endings[i])) return true;
  return false;
}

/* --- The region --- */

static int print_overlap(const writing *w, const uint8_t *marks) {
  char *text, number[32];
  berg_error error;
  cJSON *tree;
  if (berg_region_overlap(&text, w->metadata, marks, w->columns, &error)) return cli_fail(&error);
  int status = cli_parse_json(text, &tree);
  berg_free(text);
  if (status != CLI_GO_ON) return status;
  const cJSON *region;
  printf("%s%s%s%s%s above %g: %s columns\n", w->label ? w->label : "", w->label ? ", " : "",
         w->contrast ? w->contrast : "", w->contrast ? ", " : "", w->maps->above_map, w->maps->above,
         cli_grouped((size_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(tree, "marked")), number));
  cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(tree, "regions")) {
    const double shared = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(region, "shared"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(region, "name"));
    if (shared == 0) continue;
    printf("  %-12s dice %.3f, %s of its ", name ? name : "",
           cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(region, "dice")), cli_grouped((size_t)shared, number));
    puts(cli_grouped((size_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(region, "columns")), number));
  }
  cJSON_Delete(tree);
  return CLI_GO_ON;
}

/* A number of a column a line. */
static int write_indices(const writing *w, const uint8_t *marks, const char *path) {
  char *text = cli_alloc(w->columns * 21 + 1, 1), *to = text;
  if (!text) return cli_fail_memory();
  *to = '\0';
  for (size_t c = 0; c < w->columns; c++)
    if (marks[c]) to += sprintf(to, "%s%zu", to > text ? "\n" : "", c);
  int status = cli_write_text(text, path, w->maps->force);
  free(text);
  return status;
}

static int write_region(const writing *w) {
  const char *name = "region";
  const double *by = w->check ? NULL : w->values + (size_t)cli_map_of(w->maps->above_map) * w->columns;
  uint8_t *marks = cli_alloc(w->columns, 1);
  char *path = path_of(w, name, NULL), *list = path_of(w, name, ".txt");
  int status = marks && path && list ? CLI_GO_ON : cli_fail_memory();
  const berg_array values = {
      .dtype = BERG_U8, .itemsize = 1, .ndim = 1, .shape = {w->columns}, .strides = {1}, .data = marks};
  if (status == CLI_GO_ON && w->check) {
    status = check_free(w, path);
    if (status == CLI_GO_ON) status = cli_check_output(list, w->maps->force);
  } else if (status == CLI_GO_ON) {
    for (size_t c = 0; c < w->columns; c++) marks[c] = by[c] > w->maps->above; /* false of NaN */
    status = write_array(w, path, &name, &values);
    if (status == CLI_GO_ON) status = write_indices(w, marks, list);
    if (status == CLI_GO_ON) status = print_overlap(w, marks);
  }
  free(marks);
  free(path);
  free(list);
  return status;
}

int cli_maps_write(const cli_maps *maps, const berg_metadata *metadata, const double *values, size_t columns,
                   const char *label, const char *contrast, bool check) {
  const writing w = {maps, metadata, values, columns, label, contrast, check};
  int status = CLI_GO_ON;
  if (holds_all(maps->output))
    status = write_together(&w);
  else
    for (size_t i = 0; i < maps->wanted.count && status == CLI_GO_ON; i++)
      status = write_map(&w, i, maps->wanted.count > 1);
  return status == CLI_GO_ON && !isnan(maps->above) ? write_region(&w) : status;
}
