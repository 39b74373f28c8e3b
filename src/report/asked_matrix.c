/* Similarity matrices of berg rsm as heat maps, of blocks of images where they are many. */
#include <math.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5.h"
#include "report/asked.h"
#include "report/axes.h"

#define CELLS ((size_t)64) /* at most, in a row */
#define TOP 28.0
#define BAR 50.0
#define MARGIN 8.0

typedef struct matrix {
  const berg_array *array;
  io_hdf5 *dataset; /* whose rows are read; NULL: they lie in the array */
  void *raw;        /* a row of the dataset */
} matrix;

typedef struct blocks {
  size_t images, cells;
  double sum[CELLS][CELLS], count[CELLS][CELLS];
  double total, known, missing, least, most; /* off the diagonal */
} blocks;

static berg_status read_row(const matrix *from, size_t row, double *values, berg_error *error) {
  berg_array one = *from->array;
  berg_status status = BERG_OK;
  one.ndim = 1;
  one.shape[0] = from->array->shape[1];
  one.strides[0] = from->dataset ? (ptrdiff_t)one.itemsize : from->array->strides[1];
  if (from->dataset) {
    status = io_hdf5_read(from->dataset, row, 1, from->raw, error);
    one.data = from->raw;
  } else {
    one.data = (const char *)from->array->data + (ptrdiff_t)row * from->array->strides[0];
  }
  if (!status) base_convert_to_double(&one, values);
  return status;
}

static void add_row(blocks *to, size_t row, const double *values) {
  const size_t r = row * to->cells / to->images;
  for (size_t j = 0; j < to->images; j++) {
    const size_t c = j * to->cells / to->images;
    const double value = values[j];
    if (isfinite(value)) {
      to->sum[r][c] += value;
      to->count[r][c]++;
    }
    if (j == row) continue;
    to->missing += !isfinite(value);
    if (!isfinite(value)) continue;
    to->total += value;
    to->known++;
    to->least = fmin(to->least, value);
    to->most = fmax(to->most, value);
  }
}

static berg_status add_rows(blocks *to, const matrix *from, berg_error *error) {
  double *values = base_alloc(to->images, sizeof *values, error);
  berg_status status = values ? BERG_OK : BERG_ELIMIT;
  for (size_t row = 0; row < to->images && !status; row++) {
    status = read_row(from, row, values, error);
    if (!status) add_row(to, row, values);
  }
  base_free(values);
  return status;
}

/* --- Numbers --- */

static void put_summary(report_figure *figure, const blocks *b) {
  static const char *const names[] = {"images", "pairs with a value", "without", "lowest", "mean", "highest"};
  const double mean = b->total / b->known;
  const double numbers[] = {(double)b->images, b->known / 2, b->missing / 2, b->least, mean, b->most};
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Values off the diagonal", 1, (const char *const[]){"Matrix"}, 6);
  for (size_t i = 0; i < 6 && !table->failed; i++)
    report_table_column(table, i, i < 3 ? REPORT_COUNT : 6, "%s", names[i]);
  double *row = report_table_row(table, (const char *const[]){"all images"});
  for (size_t i = 0; i < 6 && row; i++) row[i] = numbers[i];
}

static void cell_images(const blocks *b, size_t cell, char text[48]) {
  const size_t from = (cell * b->images + b->cells - 1) / b->cells,
               to = ((cell + 1) * b->images + b->cells - 1) / b->cells - 1;
  if (from == to)
    base_print(text, 48, "%zu", from);
  else
    base_print(text, 48, "%zu-%zu", from, to);
}

static void put_cells(report_figure *figure, const blocks *b) {
  char head[48];
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, b->cells < b->images ? "Means over blocks of images" : "Values of all pairs", 1,
                     (const char *const[]){"Images"}, b->cells);
  for (size_t c = 0; c < b->cells && !table->failed; c++) {
    cell_images(b, c, head);
    report_table_column(table, c, 4, "%s", head);
  }
  for (size_t r = 0; r < b->cells; r++) {
    cell_images(b, r, head);
    double *row = report_table_row(table, (const char *const[]){head});
    for (size_t c = 0; c < b->cells && row; c++) row[c] = b->sum[r][c] / b->count[r][c];
  }
}

/* --- Drawing --- */

/* Where the scale begins and ends: what is drawn, but for the diagonal of single images. */
static void range_of(const blocks *b, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (size_t r = 0; r < b->cells; r++)
    for (size_t c = 0; c < b->cells; c++) {
      const double value = b->sum[r][c] / b->count[r][c];
      if (isnan(value) || (r == c && b->cells == b->images)) continue;
      *low = fmin(*low, value);
      *high = fmax(*high, value);
    }
  if (*low > *high) *low = *high = 0;
  if (!(*high > *low)) *high = *low + 1;
}

static void draw_cells(report_panel *panel, const blocks *b, double low, double high) {
  const double side = REPORT_PANEL_WIDTH - 2 * MARGIN;
  uint32_t *pixels = base_alloc(b->cells * b->cells, sizeof *pixels, NULL);
  panel->failed |= !pixels;
  if (!pixels) return;
  for (size_t r = 0; r < b->cells; r++)
    for (size_t c = 0; c < b->cells; c++) {
      const double value = b->sum[r][c] / b->count[r][c];
      pixels[r * b->cells + c] =
          isnan(value) ? REPORT_NO_VALUE(r + c) : 0xFF000000 | report_scale_colour((value - low) / (high - low));
    }
  report_image(panel, MARGIN, TOP, side, side, pixels, b->cells, b->cells);
  base_free(pixels);
}

static void draw_panel(report_figure *figure, const blocks *b, const char *name, const char *label) {
  const double side = REPORT_PANEL_WIDTH - 2 * MARGIN;
  double low, high;
  char description[256], room[160];
  range_of(b, &low, &high);
  base_print(description, sizeof description,
             "%zu images against each other, colours from %.4g to %.4g; mean off the diagonal %.4g", b->images, low,
             high, b->total / b->known);
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, ceil(TOP + side + 8 + BAR), name, description);
  if (!panel) return;
  report_bold_words(panel, MARGIN, 16, REPORT_LEFT, REPORT_INK, 12.5,
                    report_fit_words(name, side, 12.5, room, sizeof room));
  draw_cells(panel, b, low, high);
  const report_axis along = {low, high, MARGIN + 12, REPORT_PANEL_WIDTH - 78, false, label};
  report_colour_bar(panel, &along, TOP + side + 8, true);
}

static berg_status draw(const report_asked *asked, const matrix *from, const char *name, berg_error *error) {
  blocks *b = base_calloc(1, sizeof *b, error);
  if (!b) return BERG_ELIMIT;
  b->images = from->array->shape[0];
  b->cells = b->images < CELLS ? b->images : CELLS;
  b->least = b->most = NAN;
  berg_status status = add_rows(b, from, error);
  report_figure *figure =
      status ? NULL : report_asked_figure(asked, "similarity", 1, error, "Similarity of images: %.120s", name);
  if (!status && !figure) status = BERG_ELIMIT;
  if (!status) {
    report_print(&figure->caption, "The matrix %s in %s: %zu images against each other, in the order of the file", name,
                 report_asked_name(asked), b->images);
    if (b->cells < b->images) report_print(&figure->caption, ", as means over %zu blocks of them", b->cells);
    report_print(&figure->caption, ". Off the diagonal values go from %.6g to %.6g, with a mean of %.6g.", b->least,
                 b->most, b->total / b->known);
    put_summary(figure, b);
    put_cells(figure, b);
    draw_panel(figure, b, name, b->cells < b->images ? "mean value of a block" : "value");
  }
  base_free(b);
  return status;
}

berg_status report_asked_matrix(const report_asked *asked, const berg_array *array, berg_error *error) {
  const matrix from = {.array = array};
  return draw(asked, &from, report_asked_name(asked), error);
}

/* --- HDF5 --- */

static bool is_square(const berg_array *about) {
  return about->ndim == 2 && about->shape[0] == about->shape[1] && about->shape[0] > 1 && base_is_numeric(about->dtype);
}

/* What is no matrix of images is passed over. */
static berg_status draw_dataset(const report_asked *asked, const char *name, size_t *drawn, berg_error *error) {
  io_hdf5 *dataset;
  berg_status status = io_hdf5_open_optional(&dataset, asked->path, name, false, error);
  if (status || !dataset) return status;
  matrix from = {.array = io_hdf5_about(dataset), .dataset = dataset};
  if (is_square(from.array)) {
    from.raw = base_alloc(from.array->shape[1], from.array->itemsize, error);
    status = from.raw ? draw(asked, &from, name, error) : BERG_ELIMIT;
    (*drawn)++;
  }
  base_free(from.raw);
  io_hdf5_free(dataset);
  return status;
}

berg_status report_asked_matrices(const report_asked *asked, berg_error *error) {
  char **names;
  size_t count, drawn = 0;
  berg_status status = io_hdf5_names(&names, &count, asked->path, error);
  if (status) return status;
  for (size_t i = 0; i < count && !status; i++) status = draw_dataset(asked, names[i], &drawn, error);
  if (!status && !drawn)
    status = base_fail_found(error, BERG_EINPUT, asked->path, "cannot be shown",
                             "a matrix of all pairs of images, as berg rsm writes it", "%zu other things", count);
  base_free_texts(names, count);
  return status;
}
