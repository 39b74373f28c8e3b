/* Accuracy of each region beside its noise ceiling, as upstream's figures have it. Of voxels: the mean r of the
 * region's, not below 0, squared; the ceiling is the square of the mean over voxels of sqrt(ceiling / 100). Of
 * vertices: the means of r^2, with r not below 0, of the ceiling, and of the share of it where there is enough.
 * Unlike upstream's, those without a value are left out of the mean, and counted. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/kind.h"
#include "report/regions.h"

#define HEIGHT 236.0
#define LEFT 42.0
#define RIGHT (REPORT_PANEL_WIDTH - 6)
#define TOP 30.0
#define BOTTOM 206.0
#define MOST_REGIONS 6 /* of one panel */
#define MORE_REGIONS 8 /* of vertices, whose names are short, with few subjects */
#define FEWER_REGIONS 4
#define FEW_SUBJECTS 4
#define WIDEST_BAR 24.0

enum { VOXELS, MISSING, ACCURACY, CEILING, SHARE };

typedef struct bars {
  const char *id, *title, *key, *caption;
  const char *what;                /* the accuracy, for who lacks it */
  size_t accuracy, ceiling, share; /* where a subject has them */
  size_t columns;                  /* of the table, for each subject: with or without SHARE */
  double least_ceiling;            /* for a share to count, percent */
  double (*mean_accuracy)(const double *r, const size_t *voxels, size_t count, size_t *missing);
  double (*mean_ceiling)(const double *ceiling, const size_t *voxels, size_t count);
} bars;

static double squared(double mean) { return isnan(mean) ? NAN : fmax(mean, 0) * fmax(mean, 0); }

static double squared_mean(const double *r, const size_t *voxels, size_t count, size_t *missing) {
  return squared(report_mean(r, voxels, count, missing));
}

static double ceiling_of(const double *ceiling, const size_t *voxels, size_t count) {
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; i < count; i++) {
    double value = ceiling[voxels ? voxels[i] : i];
    if (isnan(value)) continue;
    sum += sqrt(fmax(value, 0) / 100);
    known++;
  }
  return known ? squared(sum / (double)known) : NAN;
}

static double mean_of_squares(const double *r, const size_t *voxels, size_t count, size_t *missing) {
  double sum = 0;
  *missing = 0;
  for (size_t i = 0; i < count; i++) {
    double square = squared(r[voxels ? voxels[i] : i]);
    *missing += isnan(square);
    sum += isnan(square) ? 0 : square;
  }
  return count > *missing ? sum / (double)(count - *missing) : NAN;
}

static double mean_fraction(const double *ceiling, const size_t *voxels, size_t count) {
  return report_mean(ceiling, voxels, count, NULL) / 100;
}

static double mean_share(const double *share, const double *ceiling, double least, const size_t *voxels, size_t count) {
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t voxel = voxels ? voxels[i] : i;
    if (isnan(share[voxel]) || !(ceiling[voxel] >= least)) continue;
    sum += share[voxel];
    known++;
  }
  return known ? sum / (double)known : NAN;
}

static void fill(double *numbers, const bars *kind, const report_subject *subject, const size_t *voxels, size_t count) {
  const double *accuracy = report_values(subject, kind->accuracy), *ceiling = report_values(subject, kind->ceiling),
               *share = report_values(subject, kind->share);
  size_t missing;
  numbers[VOXELS] = (double)count;
  if (accuracy) {
    numbers[ACCURACY] = kind->mean_accuracy(accuracy, voxels, count, &missing);
    numbers[MISSING] = (double)missing;
  }
  if (ceiling) numbers[CEILING] = kind->mean_ceiling(ceiling, voxels, count);
  if (kind->columns > SHARE && share && ceiling)
    numbers[SHARE] = mean_share(share, ceiling, kind->least_ceiling, voxels, count);
}

static void start_table(report_table *table, const bars *kind, const report_data *data, const char *where) {
  const size_t columns = kind->columns;
  char caption[96];
  base_print(caption, sizeof caption, "Accuracy and noise ceiling of each region%s", where);
  report_table_start(table, caption, 2, (const char *const[]){"Group", "Region"}, columns * data->count);
  for (size_t i = 0; i < data->count; i++) {
    const char *name = data->subjects[i].shown;
    report_table_column(table, columns * i + VOXELS, REPORT_COUNT, "%s %s", name, data->kind->units);
    report_table_column(table, columns * i + MISSING, REPORT_COUNT, "%s without accuracy", name);
    report_table_column(table, columns * i + ACCURACY, 4, "%s accuracy, r\xC2\xB2", name);
    report_table_column(table, columns * i + CEILING, 4, "%s ceiling, r\xC2\xB2", name);
    if (columns > SHARE) report_table_column(table, columns * i + SHARE, 2, "%s explained, %% of the ceiling", name);
  }
}

/* The part of a region that lies in one hemisphere, or all of it. */
typedef enum side { BOTH, LEFT_SIDE, RIGHT_SIDE } side;

static void fill_region(double *numbers, const bars *kind, const report_subject *subject, const report_region *region,
                        side part) {
  const size_t first = part == RIGHT_SIDE ? region->left : 0, last = part == LEFT_SIDE ? region->left : region->count;
  fill(numbers, kind, subject, region->voxels + first, last - first);
}

static void fill_table(report_table *table, const bars *kind, const report_data *data, const report_region_name *names,
                       size_t count, side part) {
  static const char *const parts[] = {"", ", left hemisphere", ", right hemisphere"};
  const size_t columns = kind->columns;
  char all[48];
  start_table(table, kind, data, parts[part]);
  for (size_t row = 0; row < count; row++) {
    double *numbers =
        report_table_row(table, (const char *const[]){report_group_name(data, names[row].group), names[row].name});
    for (size_t i = 0; i < data->count && numbers; i++) {
      const report_region *region = report_find_region(&data->subjects[i], names[row].name);
      if (region) fill_region(numbers + columns * i, kind, &data->subjects[i], region, part);
    }
  }
  if (part != BOTH) return;
  base_print(all, sizeof all, "all %s", data->kind->units);
  double *numbers = report_table_row(table, (const char *const[]){data->kind->all, all});
  for (size_t i = 0; i < data->count && numbers; i++)
    fill(numbers + columns * i, kind, &data->subjects[i], NULL, data->subjects[i].voxels);
}

/* The same for all panels, so that they can be compared. */
static double highest(const report_table *table, size_t columns) {
  double high = 0;
  for (size_t row = 0; row < table->rows; row++)
    for (size_t i = 0; i < table->columns; i++)
      if (i % columns == ACCURACY || i % columns == CEILING) high = fmax(high, report_table_number(table, row, i));
  return high > 0 ? 1.05 * high : 1;
}

static void draw_bar(report_panel *panel, const report_axis *up, double x, double width, const report_subject *subject,
                     const char *region, double accuracy, double ceiling) {
  char says[160];
  int length = base_print(says, sizeof says, "%.80s, %.20s: ", region, subject->shown);
  if (isnan(accuracy))
    length += base_print(says + length, sizeof says - (size_t)length, "no accuracy");
  else
    length += base_print(says + length, sizeof says - (size_t)length, "r\xC2\xB2 %.4f", accuracy);
  if (!isnan(ceiling)) base_print(says + length, sizeof says - (size_t)length, ", ceiling %.4f", ceiling);
  if (!isnan(accuracy)) {
    double y = report_place(up, accuracy);
    report_box(panel, x, y, width - 1, up->from - y, report_subject_role(subject->number), says);
  }
  if (isnan(accuracy))
    report_words(panel, x + width / 2, up->from - 9, REPORT_MIDDLE, REPORT_INK, REPORT_FONT, "\xC3\x97");
  if (!isnan(ceiling)) report_box(panel, x - 1, report_place(up, ceiling) - 1, width + 1, 2, REPORT_INK, says);
}

static void draw_panel(report_figure *figure, const report_data *data, size_t columns, size_t first, size_t count,
                       const char *title, const char *description) {
  const report_table *table = &figure->tables[0];
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, HEIGHT, title, description);
  if (!panel) return;
  const report_axis up = {0, highest(table, columns), BOTTOM, TOP, false, "explained variance, r\xC2\xB2"};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, title);
  report_left_axis(panel, &up, LEFT, RIGHT);
  double cell = (RIGHT - LEFT) / (double)count;
  double width = fmin(WIDEST_BAR, 0.86 * cell / (double)data->count);
  for (size_t row = first; row < first + count; row++) {
    const char *region = report_table_word(table, row, 1);
    double middle = LEFT + cell * ((double)(row - first) + 0.5), x = middle - width * (double)data->count / 2;
    char label[64];
    for (size_t i = 0; i < data->count; i++, x += width)
      draw_bar(panel, &up, x, width, &data->subjects[i], region,
               report_table_number(table, row, columns * i + ACCURACY),
               report_table_number(table, row, columns * i + CEILING));
    report_words(panel, middle, BOTTOM + 16, REPORT_MIDDLE, REPORT_INK, REPORT_FONT,
                 report_fit_words(region, cell - 2, REPORT_FONT, label, sizeof label));
  }
  for (size_t i = 0; i < data->count; i++) {
    double mean = report_table_number(table, table->rows - 1, columns * i + ACCURACY);
    if (isnan(mean)) continue;
    double y = report_place(&up, mean);
    report_line(panel, LEFT, y, RIGHT, y, report_subject_role(data->subjects[i].number), 1.5, true);
  }
  report_line(panel, LEFT, BOTTOM, RIGHT, BOTTOM, REPORT_SOFT, 1, false);
}

static void describe(report_text *text, const report_table *table, const report_data *data, size_t columns,
                     size_t first, size_t count) {
  for (size_t row = first; row < first + count; row++) {
    report_print(text, "%s%s: ", row > first ? "; " : "", report_table_word(table, row, 1));
    for (size_t i = 0; i < data->count; i++) {
      double accuracy = report_table_number(table, row, columns * i + ACCURACY),
             ceiling = report_table_number(table, row, columns * i + CEILING);
      report_print(text, "%s%s ", i ? ", " : "", data->subjects[i].shown);
      if (isnan(accuracy))
        report_put(text, "no value");
      else
        report_print(text, "%.3f", accuracy);
      if (!isnan(ceiling)) report_print(text, " of at most %.3f", ceiling);
    }
  }
  report_put(text, ".");
}

/* Regions of one panel: of vertices as many as have room for their names, in parts of about the same size. */
static size_t most_regions(const report_figure *figure, const report_data *data, size_t columns, size_t first,
                           size_t count) {
  size_t longest = 1;
  if (columns <= SHARE) return MOST_REGIONS;
  for (size_t row = first; row < first + count; row++) {
    const size_t length = strlen(report_table_word(&figure->tables[0], row, 1));
    if (length > longest) longest = length;
  }
  const double fit = (RIGHT - LEFT) / (report_words_width(longest, REPORT_FONT) + 2);
  size_t most = (size_t)fmin(fmax(fit, 1), data->count > FEW_SUBJECTS ? FEWER_REGIONS : MORE_REGIONS);
  const size_t parts = (count + most - 1) / most;
  return (count + parts - 1) / parts;
}

static void draw_group(report_figure *figure, const report_data *data, size_t columns, size_t first, size_t count) {
  const char *name = report_table_word(&figure->tables[0], first, 0);
  const size_t most = most_regions(figure, data, columns, first, count);
  for (size_t done = 0; done < count; done += most) {
    size_t part = count - done < most ? count - done : most;
    char title[80];
    report_text description = {0};
    if (done)
      base_print(title, sizeof title, "%s (%zu)", name, done / most + 1);
    else
      base_print(title, sizeof title, "%s", name);
    describe(&description, &figure->tables[0], data, columns, first + done, part);
    draw_panel(figure, data, columns, first + done, part, title, description.bytes);
    figure->failed |= description.failed;
    report_text_free(&description);
  }
}

static bool anyone_knows(const report_data *data, const bars *kind) {
  return report_knows(data, kind->accuracy) || report_knows(data, kind->ceiling);
}

static void draw(report_figure *figure, const report_data *data, const bars *kind) {
  size_t count;
  report_figure_start(figure, kind->id, kind->title, 4, true);
  figure->key = kind->key;
  report_put(&figure->caption, kind->caption);
  report_region_name *names = report_list_regions(data, &count);
  figure->failed |= !names;
  if (!names) return;
  report_figure_lacking(figure, data, kind->accuracy, kind->what);
  report_figure_lacking(figure, data, kind->ceiling, "noise ceilings");
  if (!count) report_put(&figure->missing, " The metadata name no regions.");
  const bool drawn = anyone_knows(data, kind), sides = kind->columns > SHARE;
  for (side part = BOTH; part <= (sides ? RIGHT_SIDE : BOTH) && (drawn || !sides); part++)
    fill_table(&figure->tables[figure->table_count++], kind, data, names, count, part);
  for (size_t first = 0, next; first < count && drawn && !figure->tables[0].failed; first = next) {
    for (next = first; next < count && names[next].group == names[first].group; next++) continue;
    draw_group(figure, data, kind->columns, first, next - first);
  }
  base_free(names);
}

void report_draw_regions(report_figure *figure, const report_data *data) {
  static const bars kind = {
      .id = "encoding_accuracy",
      .title = "Accuracy of each region",
      .key = "short lines: noise ceiling; dashed: all voxels of the brain; \xC3\x97: no value",
      .caption =
          "Bars: the mean over a region\xE2\x80\x99s voxels of Pearson\xE2\x80\x99s r between predicted and measured "
          "test responses, not below 0, squared. Short lines across: the noise ceiling, the square of the mean over "
          "voxels "
          "of \xE2\x88\x9A(ceiling / 100), for the mean of the test repeats. Dashed lines: the same as the bars over "
          "all voxels of the brain. A cross: no value. Regions overlap.",
      .what = "accuracy yet (berg evaluate computes it)",
      .accuracy = offsetof(report_subject, accuracy),
      .ceiling = offsetof(report_subject, ceiling),
      .share = offsetof(report_subject, share),
      .columns = SHARE,
      .mean_accuracy = squared_mean,
      .mean_ceiling = ceiling_of};
  draw(figure, data, &kind);
}

#define VERTEX_CAPTION                                                                                               \
  "Bars: the mean over a region\xE2\x80\x99s vertices, of both hemispheres, of r\xC2\xB2, where r is "               \
  "Pearson\xE2\x80\x99s "                                                                                            \
  "correlation of predicted and measured test responses, not below 0. Short lines across: the mean of the noise "    \
  "ceiling, as a "                                                                                                   \
  "fraction of variance. Dashed lines: the same as the bars over all vertices. A cross: no value. Regions overlap. " \
  "The table has "                                                                                                   \
  "the mean of the explained share of the ceiling too, over vertices whose ceiling is at least "

#define VERTEX_KEY "short lines: noise ceiling; dashed: all vertices; \xC3\x97: no value"

void report_draw_vertex_regions(report_figure *figure, const report_data *data) {
  static const bars kind = {.id = "encoding_accuracy",
                            .title = "Accuracy of each region",
                            .key = VERTEX_KEY,
                            .caption = VERTEX_CAPTION "0.1, as upstream\xE2\x80\x99s figure.",
                            .what = "accuracy",
                            .accuracy = offsetof(report_subject, accuracy),
                            .ceiling = offsetof(report_subject, ceiling),
                            .share = offsetof(report_subject, share),
                            .columns = SHARE + 1,
                            .least_ceiling = 10,
                            .mean_accuracy = mean_of_squares,
                            .mean_ceiling = mean_fraction};
  draw(figure, data, &kind);
}

void report_draw_synthetic_regions(report_figure *figure, const report_data *data) {
  static const bars kind = {.id = "synthetic_accuracy",
                            .title = "Accuracy of each region, NSD-synthetic",
                            .key = VERTEX_KEY,
                            .caption = VERTEX_CAPTION
                            "0.3. The test images are those of NSD-synthetic: noise, gratings, words, "
                            "manipulated pictures.",
                            .what = "accuracy for NSD-synthetic",
                            .accuracy = offsetof(report_subject, synthetic.accuracy),
                            .ceiling = offsetof(report_subject, synthetic.ceiling),
                            .share = offsetof(report_subject, synthetic.share),
                            .columns = SHARE + 1,
                            .least_ceiling = 30,
                            .mean_accuracy = mean_of_squares,
                            .mean_ceiling = mean_fraction};
  draw(figure, data, &kind);
}
