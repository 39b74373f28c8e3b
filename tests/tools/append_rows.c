/* Appends rows of known values to PATH, for the tests that kill it, fill its disk, and read its result with
 * NumPy, h5py and nibabel:
 *
 *     append_rows PATH COLUMNS ROWS [force] [resume] [means | plain | shaped | left | right] [long] [nan] [eeg | meg]
 *                 [odd]
 *
 * Row r, column c is float32(uint32(2654435761 r + 40503 c)) / 65536 - 32768, image r is named  i,"r".png . Columns
 * are voxels: column c is voxel 3 c + 1 at (c % 5, c / 5 % 7, c / 35). means: columns have ROI names; plain: no
 * labels at all; shaped: a row is 2 repetitions, 3 channels, COLUMNS / 6 times; left, right: columns are vertices 3 c
 * + 1 of that hemisphere's 3 COLUMNS + 5. long: a line a value in a .csv. nan: NaN where no column lies. eeg, meg:
 * what the channels are. odd: uneven times. Prints the number of rows that were there; exit status as the program
 * berg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/rows/rows.h"
#include "io/surface/surface.h"

#define NAME_ROOM 48

typedef struct task {
  const char *path;
  size_t columns, rows;
  bool force, resume, means, plain, shaped, left, right, is_long, nan_outside, eeg, meg, odd;
} task;

/* Everything that labels point to. */
typedef struct names {
  char (*texts)[NAME_ROOM]; /* [rows + columns] */
  const char **list;        /* [rows + columns] */
  size_t *voxels;           /* [columns] */
  int64_t *coordinates;     /* [columns][3] */
  double *times;            /* [columns] */
} names;

static const char *const repetitions[] = {"rep-1", "rep-2"}, *const channels[] = {"Oz", "a,\"b\"", "\xc3\xa9"};
static const int64_t group_of_two[] = {0, 2};
static const io_axis_group regions[] = {{"O", group_of_two, 2}};

static bool make_names(names *made, const task *job) {
  const size_t count = job->rows + job->columns;
  *made = (names){.texts = base_calloc(count, NAME_ROOM, NULL),
                  .list = base_calloc(count, sizeof *made->list, NULL),
                  .voxels = base_calloc(job->columns, sizeof *made->voxels, NULL),
                  .coordinates = base_calloc(job->columns, 3 * sizeof *made->coordinates, NULL),
                  .times = base_calloc(job->columns, sizeof *made->times, NULL)};
  if (!made->texts || !made->list || !made->voxels || !made->coordinates || !made->times) return false;
  for (size_t i = 0; i < count; i++) {
    bool image = i < job->rows;
    snprintf(made->texts[i], NAME_ROOM, image ? "i,\"%zu\".png" : "ROI %zu", image ? i : i - job->rows);
    made->list[i] = made->texts[i];
  }
  for (size_t c = 0; c < job->columns; c++) {
    made->voxels[c] = 3 * c + 1;
    made->coordinates[3 * c] = (int64_t)(c % 5);
    made->coordinates[3 * c + 1] = (int64_t)(c / 5 % 7);
    made->coordinates[3 * c + 2] = (int64_t)(c / 35);
    made->times[c] = ((double)c - 20 + (job->odd && c > 2)) / 200;
  }
  return true;
}

static void release_names(names *made) {
  base_free(made->texts);
  base_free(made->list);
  base_free(made->voxels);
  base_free(made->coordinates);
  base_free(made->times);
}

/* The axes of a row; their number. */
static size_t make_axes(io_axis axes[3], const task *job, const names *made) {
  const size_t columns = job->columns;
  if (job->plain) return 0;
  if (job->shaped) {
    axes[0] = (io_axis){.name = "repetition", .length = 2, .texts = repetitions};
    axes[1] = (io_axis){.name = "channel",
                        .length = 3,
                        .texts = channels,
                        .groups_name = "regions",
                        .groups = regions,
                        .group_count = 1};
    axes[2] = (io_axis){.name = "time", .length = columns / 6, .numbers = made->times, .unit = "s"};
    return 3;
  }
  if (job->left || job->right)
    *axes = (io_axis){.name = "vertex", .length = columns, .indices = made->voxels};
  else if (job->means)
    *axes = (io_axis){.name = "roi", .length = columns, .texts = made->list + job->rows};
  else
    *axes = (io_axis){.name = "voxel", .length = columns, .indices = made->voxels, .coordinates = made->coordinates};
  return 1;
}

static berg_status finish(const task *job, io_rows *rows, berg_error *error) {
  const io_attribute attributes[] = {{.name = "model", .text = "a-model"}, {.name = "subject", .number = 2}};
  names made;
  io_axis axes[3];
  const io_surface surface = {3 * job->columns + 5, job->left ? IO_LEFT : IO_RIGHT};
  berg_status status = BERG_ELIMIT;
  if (make_names(&made, job)) {
    io_labels labels = {.axes = axes,
                        .axis_count = make_axes(axes, job, &made),
                        .long_table = job->is_long,
                        .surface = job->left || job->right ? &surface : NULL,
                        .evoked = job->eeg   ? IO_EVOKED_EEG
                                  : job->meg ? IO_EVOKED_MEG
                                             : IO_EVOKED_NONE,
                        .nan_outside = job->nan_outside,
                        .volume = {5, 7, (job->columns + 34) / 35 + 1}};
    if (!job->plain) {
      labels.row_names = made.list;
      labels.what = "session z-scores";
      labels.attributes = attributes;
      labels.attribute_count = 2;
    }
    status = io_rows_finish(rows, &labels, error);
  }
  release_names(&made);
  return status;
}

static void append_all(const task *job, io_rows *rows, size_t done, berg_status *status, berg_error *error) {
  float *row = base_alloc(job->columns, sizeof *row, error);
  if (!row) *status = BERG_ELIMIT;
  for (size_t r = done; row && r < job->rows && !*status; r++) {
    for (size_t c = 0; c < job->columns; c++) row[c] = (float)(uint32_t)(2654435761u * r + 40503u * c) / 65536 - 32768;
    *status = io_rows_append(rows, row, 1, error);
  }
  base_free(row);
}

static berg_status open_rows(io_rows **rows, const task *job, size_t *done, berg_error *error) {
  const size_t shape[] = {2, 3, job->columns / 6};
  return job->shaped ? io_rows_open_shaped(rows, job->path, shape, 3, "a run", job->force, job->resume, done, error)
                     : io_rows_open(rows, job->path, job->columns, "a run", job->force, job->resume, done, error);
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  task job = {
      .path = arguments[1], .columns = strtoul(arguments[2], NULL, 10), .rows = strtoul(arguments[3], NULL, 10)};
  for (int i = 4; i < count; i++) {
    job.force |= !strcmp(arguments[i], "force");
    job.resume |= !strcmp(arguments[i], "resume");
    job.means |= !strcmp(arguments[i], "means");
    job.plain |= !strcmp(arguments[i], "plain");
    job.shaped |= !strcmp(arguments[i], "shaped");
    job.left |= !strcmp(arguments[i], "left");
    job.right |= !strcmp(arguments[i], "right");
    job.nan_outside |= !strcmp(arguments[i], "nan");
    job.eeg |= !strcmp(arguments[i], "eeg");
    job.meg |= !strcmp(arguments[i], "meg");
    job.odd |= !strcmp(arguments[i], "odd");
    job.is_long |= !strcmp(arguments[i], "long");
  }
  berg_error error;
  io_rows *rows;
  size_t done;
  berg_status status = open_rows(&rows, &job, &done, &error);
  if (!status) {
    printf("%zu\n", done);
    fflush(stdout);
    append_all(&job, rows, done, &status, &error);
    if (!status) status = finish(&job, rows, &error);
    io_rows_free(rows, NULL);
  }
  if (status) fprintf(stderr, "%s: %s\n", berg_status_name(status), error.message);
  return berg_status_exit(status);
}
