/* Expressions of selections and functionals: whatever the text, a set of columns, ascending and within the subject,
 * whose complement is all the rest; or one line that says why not. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "model/catalog/functional.h"
#include "model/catalog/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Four voxels with two regions, and three electrodes at two times, as a .safetensors: metadata are told by content. */
static const char voxels_header[] =
    "{\"fmri.voxel_coords\":{\"dtype\":\"I64\",\"shape\":[4,3],\"data_offsets\":[0,96]},"
    "\"roi.V1\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[96,112]},"
    "\"roi.FFA-1\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[112,120]},"
    "\"encoding_model.noise_ceiling_testset\":{\"dtype\":\"F64\",\"shape\":[4],\"data_offsets\":[120,152]}}     ";
static const struct {
  int64_t coordinates[12], v1[2], ffa[1];
  double ceiling[4];
} voxels_data = {{0, 0, 0, 1, 0, 0, 1, 2, 0, 3, 3, 3}, {0, 2}, {3}, {10, 20, 30, 1e308}};

static const char electrodes_header[] =
    "{\"utah_array.n_electrodes\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
    "\"utah_array.times\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[8,24]},"
    "\"encoding_model.ncsnr\":{\"dtype\":\"F64\",\"shape\":[3,2],\"data_offsets\":[24,72]}}   ";
static const struct {
  int64_t electrodes;
  double times[2], ncsnr[6];
} electrodes_data = {3, {-100, 200}, {0, 0.5, 1, 2, 4, 8}};

static berg_metadata *open_made(const char *model_id, const char *header, size_t length, const void *data,
                                size_t size) {
  char path[] = "/tmp/berg-fuzz-XXXXXX";
  const uint64_t header_size = length;
  berg_metadata *metadata;
  FILE *file = fdopen(mkstemp(path), "wb");
  if (!file || fwrite(&header_size, sizeof header_size, 1, file) != 1 || fwrite(header, 1, length, file) != length ||
      fwrite(data, 1, size, file) != size || fclose(file))
    abort();
  berg_error error;
  if (model_metadata_open_prepared(&metadata, model_id, path, &error)) {
    fprintf(stderr, "%s\n", error.message);
    abort();
  }
  unlink(path);
  return metadata;
}

static void check_message(berg_status status, const berg_error *error) {
  const bool expected = status == BERG_EPARAMETER || status == BERG_EINPUT || status == BERG_EMODEL;
  if (!expected || !*error->message || strchr(error->message, '\n')) abort();
}

static size_t columns_of(const berg_metadata *metadata) {
  const berg_output *last = berg_metadata_output(metadata, berg_metadata_outputs(metadata) - 1);
  return last->first + last->columns;
}

static berg_status evaluate(const model_expression *expression, const berg_metadata *metadata, model_list *columns) {
  berg_error error;
  berg_status status = model_expression_evaluate(expression, metadata, columns, &error);
  if (status) check_message(status, &error);
  if (!status != (columns->count > 0)) abort();
  for (size_t i = 0; i < columns->count; i++)
    if (columns->items[i] >= columns_of(metadata) || (i && columns->items[i] <= columns->items[i - 1])) abort();
  return status;
}

/* !(text) has what text has not. */
static void check_complement(const char *text, const berg_metadata *metadata, const model_list *columns) {
  char *other = malloc(strlen(text) + 5);
  model_expression *expression;
  model_list rest;
  if (!other) abort();
  sprintf(other, "!(%s\n)", text);
  if (!model_expression_parse(&expression, other, NULL)) { /* too deep, too long */
    size_t count = evaluate(expression, metadata, &rest) ? 0 : rest.count;
    for (size_t i = 0, j = 0; i < columns->count; i++) {
      while (j < count && rest.items[j] < columns->items[i]) j++;
      if (j < count && rest.items[j] == columns->items[i]) abort();
    }
    if (count + columns->count != columns_of(metadata)) abort();
    base_free(rest.items);
    model_expression_free(expression);
  }
  free(other);
}

static void check_units(const model_expression *expression, const berg_metadata *metadata, size_t count) {
  berg_error error;
  model_selection selection = {.means = NULL};
  const berg_status status = model_expression_select(expression, metadata, &selection, &error);
  if (status) check_message(status, &error);
  if (!status && selection.units[0].count * selection.times.count != count) abort();
  model_selection_release(&selection);
}

static void check(const char *text, const berg_metadata *metadata) {
  model_expression *expression;
  model_list columns;
  berg_error error;
  berg_status status = model_expression_parse(&expression, text, &error);
  if (status) {
    check_message(status, &error);
    return;
  }
  if (!evaluate(expression, metadata, &columns)) {
    check_complement(text, metadata, &columns);
    check_units(expression, metadata, columns.count);
  }
  base_free(columns.items);
  model_expression_free(expression);
}

static void check_functional(const char *text) {
  model_functional functional;
  berg_error error;
  berg_status status = model_functional_parse(&functional, text, &error);
  if (status) check_message(status, &error);
  if (!status && !functional.count) abort();
  for (size_t i = 0; i < functional.count; i++)
    if (!functional.terms[i].set || functional.terms[i].weight - functional.terms[i].weight != 0) abort();
  model_functional_free(&functional);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static berg_metadata *voxels, *electrodes;
  if (!voxels) {
    voxels = open_made("fmri-things_fmri_1-vit_b_32", voxels_header, sizeof voxels_header - 1, &voxels_data,
                       sizeof voxels_data);
    electrodes = open_made("utah_array-tvsd-vit_b_32", electrodes_header, sizeof electrodes_header - 1,
                           &electrodes_data, sizeof electrodes_data);
  }
  char *text = malloc(size + 1);
  if (!text) abort();
  memcpy(text, bytes, size);
  text[size] = '\0';
  check(text, voxels);
  check(text, electrodes);
  check_functional(text);
  free(text);
  return 0;
}
