/* Any file of responses as rows of doubles, read block by block. */
#include "compare/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/team.h"
#include "io/container/container.h"

static bool is_file(const char *path) {
  struct stat about;
  return !stat(path, &about) && S_ISREG(about.st_mode);
}

/* "file.h5:group/data" as berg_stimuli_open has it: the first colon that an existing file's name ends at. */
static const char *find_colon(const char *input) {
  char path[PATH_MAX]; /* the longest path that the system accepts */
  for (const char *colon = is_file(input) ? NULL : strchr(input, ':'); colon; colon = strchr(colon + 1, ':')) {
    const size_t length = (size_t)(colon - input);
    if (length >= sizeof path) return NULL;
    memcpy(path, input, length);
    path[length] = '\0';
    if (is_file(path)) return colon;
  }
  return NULL;
}

berg_status compare_rows_is_streamed(const char *input, bool *is_streamed, berg_error *error) {
  *is_streamed = find_colon(input) || io_nifti_is_name(input);
  return *is_streamed || !is_file(input) ? BERG_OK : io_hdf5_is(input, is_streamed, error);
}

static void take_shape(compare_rows *rows) {
  const berg_array *about = &rows->about;
  size_t from = about->ndim > 1;
  rows->rows = from ? about->shape[0] : 1;
  rows->columns = 1;
  for (size_t d = from; d < about->ndim; d++) rows->columns *= about->shape[d];
}

static berg_status take_voxels(compare_rows *rows, io_hdf5 *extra, berg_error *error) {
  const berg_array *about = io_hdf5_about(extra);
  if (about->dtype != BERG_I64 || about->ndim != 1 || about->shape[0] != rows->columns) return BERG_OK;
  rows->voxels = base_alloc(rows->columns, sizeof *rows->voxels, error);
  if (!rows->voxels) return BERG_ELIMIT;
  berg_status status = io_hdf5_read(extra, 0, rows->columns, rows->voxels, error);
  if (!status) return BERG_OK;
  base_free(rows->voxels);
  rows->voxels = NULL;
  return status;
}

static berg_status take_names(compare_rows *rows, io_hdf5 *extra, berg_error *error) {
  const berg_array *about = io_hdf5_about(extra);
  if (about->ndim != 2 || about->shape[0] != rows->rows) return BERG_OK;
  rows->name_bytes = about->shape[1];
  rows->names = base_alloc(rows->rows, rows->name_bytes, error);
  if (!rows->names) return BERG_ELIMIT;
  berg_status status = io_hdf5_read(extra, 0, rows->rows, rows->names, error);
  if (!status) return BERG_OK;
  base_free(rows->names);
  rows->names = NULL;
  return status;
}

/* What berg_encode_to_file writes beside the responses. Files of other programs have neither, which is fine. */
static berg_status take_labels(compare_rows *rows, const char *path, berg_error *error) {
  io_hdf5 *extra;
  berg_status status = io_hdf5_open_optional(&extra, path, "voxel_index", false, error);
  if (!status && extra) status = take_voxels(rows, extra, error);
  io_hdf5_free(extra);
  if (status) return status;
  status = io_hdf5_open_optional(&extra, path, "image_names", true, error);
  if (!status && extra) status = take_names(rows, extra, error);
  io_hdf5_free(extra);
  return status;
}

static berg_status open_hdf5(compare_rows *rows, const char *path, const char *dataset, berg_error *error) {
  static const char *const usual[] = {"responses", "neural_data"};
  berg_status status = dataset ? io_hdf5_open(&rows->hdf5, path, dataset, error) : BERG_OK;
  rows->format = "hdf5";
  for (size_t i = 0; !dataset && !status && i < 2; i++) {
    status = io_hdf5_open_optional(&rows->hdf5, path, usual[i], false, error);
    if (rows->hdf5) dataset = usual[i];
  }
  if (!dataset && !status) status = io_hdf5_open(&rows->hdf5, path, "", error); /* names the entries that there are */
  if (status) return status;
  rows->dataset = base_copy_text(dataset, error);
  rows->about = *io_hdf5_about(rows->hdf5);
  take_shape(rows);
  if (!rows->dataset) return BERG_ELIMIT;
  if (!rows->about.ndim)
    return base_fail(error, BERG_EINPUT, "%s: %s: a single number: expected an array", path, dataset);
  return strcmp(dataset + (*dataset == '/'), "responses") ? BERG_OK : take_labels(rows, path, error);
}

static berg_status open_nifti(compare_rows *rows, const char *path, berg_error *error) {
  rows->format = "nifti";
  berg_status status = io_nifti_open(&rows->nifti, path, error);
  if (status) return status;
  const io_nifti_about *about = io_nifti_describe(rows->nifti);
  const size_t *dims = about->space.dims;
  rows->about = (berg_array){.dtype = about->dtype,
                             .itemsize = base_dtype_size(about->dtype),
                             .ndim = 4,
                             .shape = {about->volumes, dims[2], dims[1], dims[0]}};
  base_array_set_strides(&rows->about, false);
  take_shape(rows);
  return BERG_OK;
}

berg_status compare_rows_open(compare_rows *rows, const char *input, berg_error *error) {
  *rows = (compare_rows){.path = input};
  const char *colon = find_colon(input);
  char *path = colon ? base_copy_bytes(input, (size_t)(colon - input), error) : NULL;
  berg_status status = colon && !path            ? BERG_ELIMIT
                       : colon                   ? open_hdf5(rows, path, colon + 1, error)
                       : io_nifti_is_name(input) ? open_nifti(rows, input, error)
                                                 : open_hdf5(rows, input, NULL, error);
  base_free(path);
  if (status) compare_rows_close(rows);
  return status;
}

void compare_rows_from_array(compare_rows *rows, const berg_array *array) {
  *rows = (compare_rows){.about = *array};
  take_shape(rows);
}

void compare_rows_from_file(compare_rows *rows, const char *path, berg_file *file) {
  compare_rows_from_array(rows, berg_file_entry(file, 0));
  rows->format = "npy";
  rows->path = path;
  rows->file = file;
}

void compare_rows_close(compare_rows *rows) {
  base_free(rows->dataset);
  berg_file_free(rows->file);
  io_hdf5_free(rows->hdf5);
  io_nifti_free(rows->nifti);
  base_free(rows->voxels);
  base_free(rows->names);
  base_free(rows->raw);
  *rows = (compare_rows){0};
}

/* The rows as they lie in memory or in `raw`: a view with a first dimension of `count`. */
static berg_status view_of(compare_rows *rows, size_t first, size_t count, berg_array *view, berg_error *error) {
  *view = rows->about;
  const bool is_row = view->ndim < 2;
  if (!is_row) view->shape[0] = count;
  if (view->data) {
    if (!is_row) view->data = (const char *)view->data + (ptrdiff_t)first * view->strides[0];
    return BERG_OK;
  }
  size_t size;
  if (!base_multiply(count * rows->columns, view->itemsize, &size) ||
      !base_grow((void **)&rows->raw, &rows->raw_room, size, 1, error))
    return BERG_ELIMIT;
  view->data = rows->raw;
  if (rows->nifti) return io_nifti_read(rows->nifti, first, count, rows->raw, error);
  return io_hdf5_read(rows->hdf5, is_row ? 0 : first, is_row ? rows->columns : count, rows->raw, error);
}

static void convert_row(const berg_array *view, size_t row, size_t columns, double *values) {
  berg_array one = *view;
  if (one.ndim > 1) {
    one.data = (const char *)one.data + (ptrdiff_t)row * one.strides[0];
    one.shape[0] = 1;
  }
  if (!base_array_is_contiguous(&one) || (one.dtype != BERG_F32 && one.dtype != BERG_F64)) {
    base_convert_to_double(&one, values);
    return;
  }
  const char *from = one.data;
  if (one.dtype == BERG_F64) {
    memcpy(values, from, columns * sizeof *values);
    return;
  }
  for (size_t c = 0; c < columns; c++) {
    float value;
    memcpy(&value, from + c * sizeof value, sizeof value);
    values[c] = value;
  }
}

/* Mapped rows need not stay in memory once read. */
static void let_go(const compare_rows *rows, const berg_array *view) {
  size_t offset;
  if (rows->file && view->ndim > 1 && base_array_is_contiguous(view) && io_container_offset(rows->file, view, &offset))
    io_map_drop(io_container_map(rows->file), offset, view->shape[0] * (size_t)view->strides[0]);
}

typedef struct conversion {
  const berg_array *view;
  size_t columns;
  double *values; /* [rows][columns] */
} conversion;

static void convert_piece(void *user, size_t r, size_t rank) {
  const conversion *c = user;
  (void)rank;
  convert_row(c->view, r, c->columns, c->values + r * c->columns);
}

berg_status compare_rows_read(compare_rows *rows, size_t first, size_t count, int threads, double *values,
                              berg_error *error) {
  berg_array view;
  if (!count || !rows->columns) return BERG_OK;
  berg_status status = view_of(rows, first, count, &view, error);
  if (status) return status;
  conversion c = {&view, rows->columns, values};
  base_share(threads, count, convert_piece, &c);
  let_go(rows, &view);
  return BERG_OK;
}

bool compare_rows_name(const compare_rows *rows, size_t row, char *text, size_t size) {
  if (!rows->names || !size) return false;
  const char *name = (const char *)rows->names + row * rows->name_bytes;
  size_t length = 0;
  while (length < rows->name_bytes && name[length]) length++;
  if (length >= size) length = size - 1;
  memcpy(text, name, length);
  text[length] = '\0';
  return io_utf8_valid(text, length, false);
}
