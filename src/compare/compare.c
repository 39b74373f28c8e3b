/* berg_compare: what the two inputs are, whether they can be compared, and the verdict. */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "compare/entries.h"
#include "compare/rois.h"

/* An input is a matrix or a container. */
typedef struct side {
  const char *path;
  compare_rows rows;
  berg_file *file; /* a container; NULL: a matrix */
} side;

void(berg_compare_options_init)(berg_compare_options *options, size_t size) {
  const berg_compare_options defaults = {
      .atol = NAN, .rtol = NAN, .min_correlation = NAN, .min_voxel_correlation = NAN};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static berg_status open_side(side *one, const char *path, berg_error *error) {
  *one = (side){.path = path};
  bool is_streamed;
  berg_status status = compare_rows_is_streamed(path, &is_streamed, error);
  if (!status && is_streamed) return compare_rows_open(&one->rows, path, error);
  berg_file *file;
  if (!status) status = berg_file_open(&file, path, error);
  if (status) return status;
  if (!strcmp(berg_file_format(file), "npy") && base_is_numeric(berg_file_entry(file, 0)->dtype))
    compare_rows_from_file(&one->rows, path, file);
  else
    one->file = file;
  return BERG_OK;
}

static void close_side(side *one) {
  berg_file_free(one->file);
  compare_rows_close(&one->rows);
}

static void add_side(cJSON *tree, const char *key, const side *one) {
  if (!one->file) {
    compare_json_side(tree, key, &one->rows);
    return;
  }
  cJSON *about = io_json_add_object(tree, key);
  io_json_add_text(about, "path", one->path);
  io_json_add_text(about, "format", berg_file_format(one->file));
  io_json_add_number(about, "entries", (double)berg_file_count(one->file));
}

/* Why two matrices cannot be compared; false: they can. */
static bool has_other_shape(const side *a, const side *b, compare_reasons *reasons) {
  char x[160], y[160], text[384];
  const compare_rows *one = &a->rows, *other = &b->rows;
  bool is_other = one->rows != other->rows || one->columns != other->columns;
  if (one->nifti && other->nifti)
    for (size_t d = 1; d < 4; d++) is_other = is_other || one->about.shape[d] != other->about.shape[d];
  if (!is_other) return false;
  base_array_describe(&one->about, x, sizeof x);
  base_array_describe(&other->about, y, sizeof y);
  base_print(text, sizeof text, "shapes differ: A is %s, B is %s", x, y);
  compare_reason(reasons, text);
  return true;
}

/* The same number of columns may still mean other voxels. */
static bool has_other_voxels(const compare_rows *a, const compare_rows *b, compare_reasons *reasons) {
  if (!a->voxels || !b->voxels || !memcmp(a->voxels, b->voxels, a->columns * sizeof *a->voxels)) return false;
  compare_reason(reasons, "the columns are other voxels: voxel_index differs");
  return true;
}

/* Names of images are paths, which may differ: reported, not judged. */
static void add_other_names(cJSON *tree, const compare_rows *a, const compare_rows *b) {
  char x[512], y[512];
  size_t others = 0;
  if (!a->names || !b->names) return;
  for (size_t r = 0; r < a->rows; r++)
    others += compare_rows_name(a, r, x, sizeof x) && compare_rows_name(b, r, y, sizeof y) && strcmp(x, y);
  io_json_add_number(tree, "other_image_names", (double)others);
}

static berg_status compare_matrices(cJSON *tree, side *a, side *b, const berg_compare_options *options,
                                    compare_limits *limits, const berg_run *run, compare_reasons *reasons,
                                    compare_verdict *verdict, berg_error *error) {
  compare_moments moments;
  compare_summary summary;
  *verdict = COMPARE_DIFFERENT;
  if (has_other_shape(a, b, reasons)) return BERG_OK;
  bool other_voxels = has_other_voxels(&a->rows, &b->rows, reasons);
  limits->are_volumes = a->rows.nifti && b->rows.nifti;
  berg_status status = compare_moments_take(&moments, &a->rows, &b->rows, limits, run, error);
  if (status) return status;
  status = compare_summary_make(&summary, &moments, NULL, error);
  if (!status) {
    compare_verdict judged = compare_judge(&summary, moments.rows, options, reasons);
    if (!other_voxels) *verdict = judged;
    add_other_names(tree, &a->rows, &b->rows);
    compare_json_figures(tree, &moments, &summary, &a->rows, &b->rows);
    if (options->metadata) status = compare_json_rois(tree, &moments, &a->rows, &b->rows, options->metadata, error);
  }
  compare_moments_free(&moments);
  return status;
}

static berg_status compare(cJSON *tree, side *a, side *b, const berg_compare_options *options, const berg_run *run,
                           compare_reasons *reasons, compare_verdict *verdict, berg_error *error) {
  compare_limits limits = {isnan(options->atol) ? 0 : options->atol, isnan(options->rtol) ? 0 : options->rtol, false,
                           base_threads_for(options->threads)};
  cJSON *asked = io_json_add_object(tree, "tolerances");
  compare_json_number(asked, "atol", options->atol);
  compare_json_number(asked, "rtol", options->rtol);
  compare_json_number(asked, "min_correlation", options->min_correlation);
  compare_json_number(asked, "min_voxel_correlation", options->min_voxel_correlation);
  add_side(tree, "a", a);
  add_side(tree, "b", b);
  reasons->list = io_json_add_list(tree, "reasons");
  berg_status status = BERG_OK;
  if (!a->file != !b->file) {
    compare_reason(reasons, "one is an array, the other a set of named arrays");
    *verdict = COMPARE_DIFFERENT;
  } else if (a->file) {
    status = compare_json_entries(tree, a->file, b->file, options, &limits, run, reasons, verdict, error);
  } else {
    status = compare_matrices(tree, a, b, options, &limits, run, reasons, verdict, error);
  }
  io_json_add_text(tree, "verdict", compare_verdict_text(*verdict));
  return status;
}

static berg_status check_options(const berg_compare_options *options, berg_error *error) {
  const double least[2] = {options->atol, options->rtol};
  const double r[2] = {options->min_correlation, options->min_voxel_correlation};
  for (int i = 0; i < 2; i++) {
    if (least[i] < 0 || isinf(least[i]))
      return base_fail(error, BERG_EARGUMENT, "%s: expected 0 or more, found %g", i ? "rtol" : "atol", least[i]);
    if (r[i] < -1 || r[i] > 1)
      return base_fail(error, BERG_EARGUMENT, "%s: expected a correlation from -1 to 1, found %g",
                       i ? "min_voxel_correlation" : "min_correlation", r[i]);
  }
  return BERG_OK;
}

/* The tree as the caller's text, and as a status. */
static berg_status finish(const cJSON *tree, const compare_reasons *reasons, compare_verdict verdict, const char *a,
                          const char *b, char **json, berg_error *error) {
  berg_status status = io_json_print(tree, json, error);
  if (status || verdict != COMPARE_DIFFERENT) return status;
  return base_fail(error, BERG_EDIFFERENT, "%s and %s differ: %s", a, b, reasons->first);
}

berg_status berg_compare(const char *a, const char *b, const berg_compare_options *given, const berg_run *given_run,
                         char **json, berg_error *error) {
  berg_compare_options options;
  berg_run run;
  side one = {0}, other = {0};
  if (!json) return base_fail(error, BERG_EARGUMENT, "berg_compare: no pointer for the JSON");
  *json = NULL;
  if (!a || !b) return base_fail(error, BERG_EARGUMENT, "berg_compare: two files are needed");
  berg_status status = BASE_TAKE(berg_compare_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (!status) status = check_options(&options, error);
  if (!status) status = open_side(&one, a, error);
  if (!status) status = open_side(&other, b, error);
  if (!status) {
    compare_verdict verdict = COMPARE_DIFFERENT;
    compare_reasons reasons = {.count = 0};
    cJSON *tree = io_json_object();
    status = compare(tree, &one, &other, &options, &run, &reasons, &verdict, error);
    if (!status) status = finish(tree, &reasons, verdict, a, b, json, error);
    cJSON_Delete(tree);
  }
  close_side(&one);
  close_side(&other);
  return status;
}
