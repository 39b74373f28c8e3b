/* Averages and variances of presentations. An image's presentations are read together; what is over all images is put
 * together from the images' means and sums of squares, as Chan, Golub and LeVeque (1983) have it. */
#include "train/evaluate/presentations.h"

#include "base/array.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/text.h"
#include "la/rows.h"

#define PANEL 256 /* columns that a thread takes at a time */

/* --- Reading --- */

static bool fits(const berg_array *about, size_t rows, const size_t *shape, size_t ndim) {
  bool good = (about->dtype == BERG_F32 || about->dtype == BERG_F64) && about->ndim == ndim + 1 && about->shape[0] &&
              (!rows || about->shape[0] == rows);
  for (size_t d = 0; d < ndim && good; d++) good = about->shape[d + 1] == shape[d] || (d == 0 && !shape[d]);
  return good && about->shape[1];
}

/* "float32 (20, 8, 10)" */
static void describe(char *text, size_t room, size_t rows, const size_t *shape, size_t ndim) {
  int used = rows ? base_print(text, room, "float32 (%zu", rows) : base_print(text, room, "float32 (trials");
  for (size_t d = 0; d < ndim; d++)
    used += shape[d] ? base_print(text + used, room - (size_t)used, ", %zu", shape[d])
                     : base_print(text + used, room - (size_t)used, ", repeats");
  base_print(text + used, room - (size_t)used, ")");
}

berg_status train_open_rows(io_hdf5 **dataset, const char *path, const char *name, size_t rows, size_t *shape,
                            size_t ndim, berg_error *error) {
  berg_status status = io_hdf5_open(dataset, path, name, error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(*dataset);
  if (!fits(about, rows, shape, ndim)) {
    char expected[160], found[128];
    describe(expected, sizeof expected, rows, shape, ndim);
    base_array_describe(about, found, sizeof found);
    return base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, name,
                                             "does not fit the prepared metadata", expected, found});
  }
  shape[0] = about->shape[1];
  return BERG_OK;
}

static void take(const void *data, berg_dtype dtype, size_t count, float *to) {
  for (size_t i = 0; i < count; i++)
    to[i] = dtype == BERG_F32 ? ((const float *)data)[i] : (float)((const double *)data)[i];
}

berg_status train_read_rows(float **values, io_hdf5 *dataset, berg_error *error) {
  const berg_array *about = io_hdf5_about(dataset);
  const size_t rows = about->shape[0], columns = (size_t)about->strides[0] / about->itemsize;
  float *all = *values = base_alloc(rows, columns * sizeof *all, error);
  void *row = all ? base_alloc(columns, about->itemsize, error) : NULL;
  berg_status status = row ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < rows && !status; i++) {
    status = io_hdf5_read(dataset, i, 1, row, error);
    if (!status) take(row, about->dtype, columns, all + i * columns);
  }
  base_free(row);
  return status;
}

/* --- Averaging --- */

typedef struct averaging {
  const train_presentations *from;
  const train_variances *variances;
  size_t image;
  la_rows rows;    /* the image's presentations */
  double *means;   /* [columns] over the images before */
  float *averages; /* [columns] of this image, or NULL */
} averaging;

static berg_status read_image(const averaging *a, char *data, berg_error *error) {
  const train_presentations *from = a->from;
  const size_t row = from->columns * io_hdf5_about(from->dataset)->itemsize;
  if (!from->rows) return io_hdf5_read(from->dataset, a->image, 1, data, error);
  berg_status status = BERG_OK;
  for (size_t r = 0; r < from->repeats && !status; r++)
    status = io_hdf5_read(from->dataset, from->rows[r * from->images + a->image], 1, data + r * row, error);
  return status;
}

/* Mean and sum of squared deviations over the rows. */
static void sum_columns(const la_rows *rows, size_t first, size_t number, double *mean, double *squares) {
  double values[PANEL];
  for (size_t c = 0; c < number; c++) mean[c] = squares[c] = 0;
  for (size_t i = 0; i < rows->count; i++) {
    la_rows_load(rows, i, first, number, values);
    for (size_t c = 0; c < number; c++) mean[c] += values[c];
  }
  for (size_t c = 0; c < number; c++) mean[c] /= (double)rows->count;
  for (size_t i = 0; i < rows->count; i++) {
    la_rows_load(rows, i, first, number, values);
    for (size_t c = 0; c < number; c++) squares[c] += (values[c] - mean[c]) * (values[c] - mean[c]);
  }
}

static void average_panel(void *user, size_t panel, size_t rank) {
  averaging *a = user;
  double mean[PANEL], squares[PANEL];
  const size_t first = panel * PANEL, left = a->from->columns - first, number = left < PANEL ? left : PANEL;
  const double now = (double)a->rows.count, before = now * (double)a->image;
  (void)rank;
  sum_columns(&a->rows, first, number, mean, squares);
  for (size_t c = 0; c < number && a->averages; c++) a->averages[first + c] = (float)mean[c];
  for (size_t c = 0; c < number && a->variances; c++) {
    const double apart = mean[c] - a->means[first + c];
    a->variances->noise[first + c] += squares[c] / (now - 1);
    a->variances->total[first + c] += squares[c] + apart * apart * (before * now / (before + now));
    a->means[first + c] += apart * (now / (before + now));
  }
}

static void divide(const train_presentations *from, const train_variances *variances) {
  const double images = (double)from->images, all = images * (double)from->repeats;
  for (size_t c = 0; c < from->columns; c++) {
    variances->noise[c] /= images;
    variances->total[c] /= all - 1;
  }
}

static berg_status average_images(averaging *a, float *averages, char *data, int threads, const berg_run *run,
                                  berg_error *error) {
  train_stage stage;
  const train_presentations *from = a->from;
  berg_status status = BERG_OK;
  train_stage_begin(&stage, run, "reliability", "images", from->images);
  for (a->image = 0; a->image < from->images && !status; a->image++) {
    status = read_image(a, data, error);
    if (status) return status;
    a->averages = averages ? averages + a->image * from->columns : NULL;
    base_share(threads, (from->columns + PANEL - 1) / PANEL, average_panel, a);
    status = train_stage_progress(&stage, a->image + 1, error);
  }
  if (!status && a->variances) divide(from, a->variances);
  return status;
}

berg_status train_average(const train_presentations *from, float *averages, const train_variances *variances,
                          int threads, const berg_run *run, berg_error *error) {
  const berg_array *about = io_hdf5_about(from->dataset);
  const size_t row = from->columns * about->itemsize;
  char *data = base_alloc(from->repeats, row, error);
  const char **at = data ? base_alloc(from->repeats, sizeof *at, error) : NULL;
  averaging a = {
      .from = from, .variances = variances, .means = at ? base_calloc(from->columns, sizeof(double), error) : NULL};
  berg_status status = a.means ? BERG_OK : BERG_ELIMIT;
  for (size_t r = 0; r < from->repeats && !status; r++) at[r] = data + r * row;
  for (size_t c = 0; c < from->columns && variances; c++) variances->noise[c] = variances->total[c] = 0;
  a.rows = (la_rows){at, from->repeats, from->columns, (ptrdiff_t)about->itemsize, about->dtype};
  if (!status) status = average_images(&a, averages, data, threads, run, error);
  base_free(a.means);
  base_free(at);
  base_free(data);
  return status;
}
