/* Files that are added to the page: recognised by what they hold, each drawn by its own kind. */
#include "report/asked.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/map.h"
#include "io/nifti/nifti.h"
#include "io/value/json_guard.h"

#define EXPECTED                                                                                                  \
  "the JSON of berg rank, contrast, rsa or control, a matrix of berg rsm (.npy, .h5), or a map of the subject's " \
  "columns (.npy, .nii)"

const cJSON *report_member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *report_member_text(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(report_member(object, key));
  return text ? text : "";
}

double report_member_number(const cJSON *object, const char *key) {
  const cJSON *number = report_member(object, key);
  return cJSON_IsNumber(number) ? number->valuedouble : (double)NAN;
}

double report_item_number(const cJSON *list, int index) {
  const cJSON *number = cJSON_GetArrayItem(list, index);
  return cJSON_IsNumber(number) ? number->valuedouble : (double)NAN;
}

const char *report_asked_name(const report_asked *asked) {
  const char *slash = strrchr(asked->path, '/');
  return slash ? slash + 1 : asked->path;
}

report_figure *report_asked_figure(const report_asked *asked, const char *kind, size_t sheet_columns, berg_error *error,
                                   const char *title, ...) {
  char words[160];
  va_list list;
  va_start(list, title);
  base_print_list(words, sizeof words, title, list);
  va_end(list);
  report_figure *figure = report_figures_add(asked->figures, error);
  if (!figure) return NULL;
  report_text clean = {0};
  report_put_clean(&clean, words);
  char *id = base_format(error, "asked_%zu_%s", asked->figures->count - asked->first, kind);
  report_figure_start(figure, id, clean.bytes, sheet_columns, false);
  figure->own_texts[0] = id;
  figure->own_texts[1] = clean.bytes;
  if (id && clean.bytes) return figure;
  base_fail_memory(error, sizeof words);
  return NULL;
}

/* --- Recognising --- */

static berg_status refuse(const char *path, const char *found, berg_error *error) {
  return base_fail_found(error, BERG_EINPUT, path, "cannot be shown", EXPECTED, "%s", found);
}

/* What the top of the JSON must have to be each. */
static berg_status draw_tree(const report_asked *asked, const cJSON *tree, berg_error *error) {
  const cJSON *first = cJSON_IsArray(tree) ? tree->child : tree;
  if (cJSON_IsString(report_member(first, "contrast")) && cJSON_IsArray(report_member(first, "groups")))
    return report_asked_contrasts(asked, tree, error);
  if (cJSON_IsString(report_member(tree, "expression")) && cJSON_IsArray(report_member(tree, "subjects")))
    return report_asked_ranking(asked, tree, error);
  if (cJSON_IsArray(report_member(tree, "comparisons")) && cJSON_IsArray(report_member(tree, "sides")))
    return report_asked_comparisons(asked, tree, error);
  if (cJSON_IsString(report_member(tree, "control")) && cJSON_IsArray(report_member(tree, "pairs")))
    return report_asked_control(asked, tree, error);
  return refuse(asked->path, "other JSON", error);
}

static berg_status draw_json(const report_asked *asked, berg_error *error) {
  io_map map;
  cJSON *tree = NULL;
  berg_status status = io_map_open(&map, asked->path, error);
  if (status) return status;
  status = io_json_parse(&tree, (const char *)map.bytes, map.size, error);
  io_map_close(&map);
  if (status == BERG_EINPUT) return refuse(asked->path, "no JSON", error);
  if (!status) status = draw_tree(asked, tree, error);
  cJSON_Delete(tree);
  return status;
}

static berg_status draw_array(const report_asked *asked, berg_error *error) {
  berg_file *file;
  char found[96] = "no single array of numbers";
  berg_status status = berg_file_open(&file, asked->path, error);
  if (status) return status;
  const berg_array *array = berg_file_count(file) == 1 ? berg_file_entry(file, 0) : NULL;
  const bool numbers = array && base_is_numeric(array->dtype);
  if (array) base_array_describe(array, found, sizeof found);
  if (numbers && array->ndim == 1)
    status = report_asked_map(asked, array, error);
  else if (numbers && array->ndim == 2 && array->shape[0] == array->shape[1] && array->shape[0] > 1)
    status = report_asked_matrix(asked, array, error);
  else
    status = refuse(asked->path, found, error);
  berg_file_free(file);
  return status;
}

static bool begins(const io_map *map, const char *with, size_t length) {
  return map->size >= length && !memcmp(map->bytes, with, length);
}

static berg_status draw_file(const report_asked *asked, berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, asked->path, error);
  if (status) return status;
  const bool hdf5 = begins(&map, "\x89HDF\r\n\x1a\n", 8), npy = begins(&map, "\x93NUMPY", 6), empty = !map.size;
  const char *white = " \t\r\n";
  size_t start = 0;
  while (start < map.size && strchr(white, map.bytes[start]) && map.bytes[start]) start++;
  const bool json = start < map.size && (map.bytes[start] == '{' || map.bytes[start] == '[');
  io_map_close(&map);
  if (hdf5) return report_asked_matrices(asked, error);
  if (npy) return draw_array(asked, error);
  if (json) return draw_json(asked, error);
  if (io_nifti_is_name(asked->path)) return report_asked_volume(asked, error);
  return refuse(asked->path, empty ? "an empty file" : "another kind of file", error);
}

berg_status report_asked_draw(report_figures *figures, const report_data *data, berg_error *error) {
  report_tiles tiles;
  const size_t first = figures->count;
  if (!data->added_count) return BERG_OK;
  berg_status status = report_tiles_open(&tiles, data->pictures, error);
  for (size_t i = 0; i < data->added_count && !status; i++) {
    const report_asked asked = {figures, first, data, data->added[i], &tiles};
    const size_t before = figures->count;
    status = draw_file(&asked, error);
    for (size_t f = before; f < figures->count && !status; f++)
      status = report_figure_status(&figures->items[f], error);
  }
  report_tiles_close(&tiles);
  return status;
}
