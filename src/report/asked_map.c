/* A map of a subject's columns, such as berg contrast writes: on slices where the columns are voxels, its peaks, its
 * regions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/nifti/nifti.h"
#include "report/asked.h"
#include "report/axes.h"
#include "report/kind.h"
#include "report/slice_panel.h"

#define PEAKS 10

typedef struct found_map {
  const report_subject *subject;
  const double *values; /* [subject->voxels] */
} found_map;

/* --- Whose it is --- */

/* Of several subjects that it fits, the one that the file's name has in it. */
static berg_status choose(const report_asked *asked, const bool *fits, const char *what, const report_subject **subject,
                          berg_error *error) {
  size_t fitting = 0, named = 0;
  const report_subject *last = NULL, *by_name = NULL;
  for (size_t i = 0; i < asked->data->count; i++) {
    if (!fits[i]) continue;
    fitting++;
    last = &asked->data->subjects[i];
    if (!strstr(report_asked_name(asked), last->shown)) continue;
    named++;
    by_name = last;
  }
  *subject = fitting == 1 ? last : by_name;
  if (fitting == 1 || named == 1) return BERG_OK;
  if (!fitting)
    return base_fail_found(error, BERG_EINPUT, asked->path, "fits no subject of the report",
                           "a number for each of a subject's columns", "%s", what);
  return base_fail_found(error, BERG_EINPUT, asked->path, "fits several subjects of the report",
                         "one of them in the file's name, as sub-01", "%s", report_asked_name(asked));
}

/* --- Tables --- */

static void name_regions(const report_subject *subject, size_t voxel, report_text *text) {
  for (size_t r = 0; r < subject->region_count; r++)
    for (size_t i = 0; i < subject->regions[r].count; i++)
      if (subject->regions[r].voxels[i] == voxel)
        report_print(text, "%s%s", text->length ? ", " : "", subject->regions[r].name);
}

static void put_peak(report_table *table, const found_map *map, size_t voxel) {
  report_text regions = {0};
  if (!map->subject->times) name_regions(map->subject, voxel, &regions);
  double *row = report_table_row(table, (const char *const[]){regions.bytes ? regions.bytes : ""});
  table->failed |= regions.failed;
  report_text_free(&regions);
  if (!row) return;
  row[0] = (double)voxel;
  row[1] = map->values[voxel];
  for (size_t axis = 0; axis < 3 && map->subject->coordinates[0]; axis++)
    row[2 + axis] = map->subject->coordinates[axis][voxel];
}

/* Those of largest magnitude, largest first; of equal ones the first. */
static size_t find_peaks(const found_map *map, size_t peaks[PEAKS]) {
  size_t count = 0;
  for (size_t v = 0; v < map->subject->voxels; v++) {
    const double size = fabs(map->values[v]);
    if (isnan(size)) continue;
    size_t at = count < PEAKS ? count++ : PEAKS;
    if (at == PEAKS && !(size > fabs(map->values[peaks[PEAKS - 1]]))) continue;
    if (at == PEAKS) at = PEAKS - 1;
    for (; at && size > fabs(map->values[peaks[at - 1]]); at--) peaks[at] = peaks[at - 1];
    peaks[at] = v;
  }
  return count;
}

static void put_peaks(report_figure *figure, const report_data *data, const found_map *map) {
  static const char *const axes[] = {"x", "y", "z"};
  size_t peaks[PEAKS];
  const size_t count = find_peaks(map, peaks);
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Strongest", 1, (const char *const[]){data->kind->regions},
                     map->subject->coordinates[0] ? 5 : 2);
  report_table_column(table, 0, REPORT_COUNT, "column");
  report_table_column(table, 1, 4, "value");
  for (size_t axis = 0; axis < 3 && map->subject->coordinates[0]; axis++)
    report_table_column(table, 2 + axis, REPORT_COUNT, "%s", axes[axis]);
  for (size_t i = 0; i < count; i++) put_peak(table, map, peaks[i]);
}

static void put_region(report_table *table, const found_map *map, const report_region *region) {
  double *row = report_table_row(table, (const char *const[]){region->name});
  if (!row) return;
  size_t missing = 0;
  row[0] = (double)region->count;
  row[2] = report_mean(map->values, region->voxels, region->count, &missing);
  row[1] = (double)(region->count - missing);
  for (size_t i = 0; i < region->count; i++) {
    row[3] = fmin(row[3], map->values[region->voxels[i]]);
    row[4] = fmax(row[4], map->values[region->voxels[i]]);
  }
}

static void put_regions(report_figure *figure, const report_data *data, const found_map *map) {
  const char *const names[] = {data->kind->units, "with a value", "mean", "lowest", "highest"};
  if (map->subject->times || !map->subject->region_count) return;
  report_table *table = &figure->tables[figure->table_count++];
  report_table_start(table, "Regions", 1, (const char *const[]){"Region"}, 5);
  for (size_t i = 0; i < 5 && !table->failed; i++)
    report_table_column(table, i, i < 2 ? REPORT_COUNT : 4, "%s", names[i]);
  for (size_t r = 0; r < map->subject->region_count; r++) put_region(table, map, &map->subject->regions[r]);
}

/* --- Drawing --- */

/* One magnitude in a thousand lies beyond it, rounded up. */
static double top_of(double *magnitudes, size_t count) {
  const size_t known = report_sort(magnitudes, count, magnitudes);
  const double top = report_quantile(magnitudes, known, 0.999);
  if (!(top > 0) || !isfinite(top)) return 1;
  const double step = report_step(0, top, 10);
  return ceil(top / step - 1e-9) * step;
}

static berg_status draw_slices(const report_asked *asked, report_figure *figure, const found_map *map,
                               berg_error *error) {
  const size_t count = map->subject->voxels;
  double *magnitudes = base_alloc(count, sizeof *magnitudes, error);
  report_slice_values what = {
      .values = map->values, .title = map->subject->shown, .label = report_asked_name(asked), .decimals = 3};
  if (!magnitudes) return BERG_ELIMIT;
  for (size_t v = 0; v < count; v++) {
    magnitudes[v] = fabs(map->values[v]);
    what.is_signed |= map->values[v] < 0;
  }
  what.top = top_of(magnitudes, count);
  base_free(magnitudes);
  report_draw_slices(figure, map->subject, &what);
  return BERG_OK;
}

static berg_status draw(const report_asked *asked, const found_map *map, berg_error *error) {
  report_figure *figure =
      report_asked_figure(asked, "map", 1, error, "Map %.80s of %.20s", report_asked_name(asked), map->subject->shown);
  if (!figure) return BERG_ELIMIT;
  report_print(&figure->caption, "Values of %s for each of the %s of %s. ", report_asked_name(asked),
               asked->data->kind->values, map->subject->shown);
  put_peaks(figure, asked->data, map);
  put_regions(figure, asked->data, map);
  if (!map->subject->coordinates[0]) {
    report_print(&figure->missing,
                 "A map is drawn on slices of voxels; these responses are of %s: its strongest values "
                 "are in the table.",
                 asked->data->kind->units);
    return BERG_OK;
  }
  report_put(&figure->caption,
             "On the slices of the maps above, where the model explains most. The scale ends where one "
             "magnitude in a thousand lies beyond; what has no value is chequered.");
  return draw_slices(asked, figure, map, error);
}

static void clean(double *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i])) values[i] = NAN;
}

berg_status report_asked_map(const report_asked *asked, const berg_array *array, berg_error *error) {
  bool fits[REPORT_MOST_SUBJECTS] = {false};
  char what[48];
  found_map map;
  for (size_t i = 0; i < asked->data->count; i++) fits[i] = asked->data->subjects[i].voxels == array->shape[0];
  base_print(what, sizeof what, "%zu numbers", array->shape[0]);
  berg_status status = choose(asked, fits, what, &map.subject, error);
  if (status) return status;
  double *values = base_alloc(array->shape[0], sizeof *values, error);
  if (!values) return BERG_ELIMIT;
  base_convert_to_double(array, values);
  clean(values, array->shape[0]);
  map.values = values;
  status = draw(asked, &map, error);
  base_free(values);
  return status;
}

/* --- Volumes --- */

static bool fits_grid(const report_subject *subject, const size_t dims[3]) {
  if (!subject->coordinates[0]) return false;
  for (size_t axis = 0; axis < 3; axis++)
    for (size_t v = 0; v < subject->voxels; v++)
      if (!(subject->coordinates[axis][v] >= 0 && subject->coordinates[axis][v] < (double)dims[axis])) return false;
  return true;
}

static berg_status read_volume(io_nifti *nifti, const io_nifti_about *about, const report_subject *subject,
                               double *values, berg_error *error) {
  const size_t nx = about->space.dims[0], ny = about->space.dims[1], all = nx * ny * about->space.dims[2];
  const size_t size = base_dtype_size(about->dtype);
  char *volume = base_alloc(all, size, error);
  berg_status status = volume ? io_nifti_read(nifti, 0, 1, volume, error) : BERG_ELIMIT;
  for (size_t v = 0; v < subject->voxels && !status; v++) {
    const size_t x = (size_t)subject->coordinates[0][v], y = (size_t)subject->coordinates[1][v],
                 z = (size_t)subject->coordinates[2][v];
    values[v] = base_read_number(about->dtype, volume + size * (x + nx * (y + ny * z)));
  }
  base_free(volume);
  return status;
}

static berg_status draw_volume(const report_asked *asked, io_nifti *nifti, berg_error *error) {
  const io_nifti_about *about = io_nifti_describe(nifti);
  const size_t *dims = about->space.dims;
  bool fits[REPORT_MOST_SUBJECTS] = {false};
  char what[96];
  found_map map;
  if (about->volumes != 1)
    return base_fail_found(error, BERG_EINPUT, asked->path, "number of volumes", "one", "%zu", about->volumes);
  for (size_t i = 0; i < asked->data->count; i++) fits[i] = fits_grid(&asked->data->subjects[i], dims);
  base_print(what, sizeof what, "a grid of %zu x %zu x %zu", dims[0], dims[1], dims[2]);
  berg_status status = choose(asked, fits, what, &map.subject, error);
  if (status) return status;
  double *values = base_alloc(map.subject->voxels, sizeof *values, error);
  status = values ? read_volume(nifti, about, map.subject, values, error) : BERG_ELIMIT;
  if (!status) {
    clean(values, map.subject->voxels);
    map.values = values;
    status = draw(asked, &map, error);
  }
  base_free(values);
  return status;
}

berg_status report_asked_volume(const report_asked *asked, berg_error *error) {
  io_nifti *nifti;
  berg_status status = io_nifti_open(&nifti, asked->path, error);
  if (!status) status = draw_volume(asked, nifti, error);
  io_nifti_free(nifti);
  return status;
}
