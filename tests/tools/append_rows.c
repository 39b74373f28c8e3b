/* Appends rows of known values to PATH, for the tests that kill it, fill its disk, and read its result with
 * NumPy, h5py and nibabel:
 *
 *   append_rows PATH COLUMNS ROWS [force] [resume] [means] [plain]
 *
 * means: columns have ROI names; plain: no labels at all. Row r, column c is
 * float32(uint32(2654435761 r + 40503 c)) / 65536 - 32768, image r is named  i,"r".png , column c is voxel
 * 3 c + 1 at (c % 5, c / 5 % 7, c / 35). Prints the number of rows that were there; exit status as the program berg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/rows/rows.h"

#define NAME_ROOM 48

typedef struct task {
  const char *path;
  size_t columns, rows;
  bool force, resume, means, plain;
} task;

static void append_all(const task *job, io_rows *rows, size_t done, berg_status *status, berg_error *error) {
  float *row = base_alloc(job->columns, sizeof *row, error);
  for (size_t r = done; row && r < job->rows && !*status; r++) {
    for (size_t c = 0; c < job->columns; c++) row[c] = (float)(uint32_t)(2654435761u * r + 40503u * c) / 65536 - 32768;
    *status = io_rows_append(rows, row, 1, error);
  }
  base_free(row);
}

static berg_status finish(const task *job, io_rows *rows, berg_error *error) {
  char(*texts)[NAME_ROOM] = base_calloc(job->rows + job->columns, NAME_ROOM, error);
  const char **names = base_calloc(job->rows + job->columns, sizeof *names, error);
  size_t *voxels = base_calloc(job->columns, sizeof *voxels, error);
  int64_t *coordinates = base_calloc(3 * job->columns, sizeof *coordinates, error);
  berg_status status = BERG_ELIMIT;
  if (texts && names && voxels && coordinates) {
    for (size_t i = 0; i < job->rows + job->columns; i++) {
      bool image = i < job->rows;
      snprintf(texts[i], NAME_ROOM, image ? "i,\"%zu\".png" : "ROI %zu", image ? i : i - job->rows);
      names[i] = texts[i];
    }
    for (size_t c = 0; c < job->columns; c++) {
      voxels[c] = 3 * c + 1;
      coordinates[3 * c] = (int64_t)(c % 5);
      coordinates[3 * c + 1] = (int64_t)(c / 5 % 7);
      coordinates[3 * c + 2] = (int64_t)(c / 35);
    }
    io_labels labels = {.row_names = names,
                        .voxels = voxels,
                        .coordinates = coordinates,
                        .volume = {5, 7, (job->columns + 34) / 35 + 1},
                        .model_id = "a-model",
                        .subject = 2};
    if (job->means) {
      labels.column_names = names + job->rows;
      labels.voxels = NULL;
      labels.coordinates = NULL;
    }
    const io_labels none = {.row_names = NULL};
    status = io_rows_finish(rows, job->plain ? &none : &labels, error);
  }
  base_free(coordinates);
  base_free(voxels);
  base_free(names);
  base_free(texts);
  return status;
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
  }
  berg_error error;
  io_rows *rows;
  size_t done;
  berg_status status = io_rows_open(&rows, job.path, job.columns, "a run", job.force, job.resume, &done, &error);
  if (!status) {
    printf("%zu\n", done);
    fflush(stdout);
    append_all(&job, rows, done, &status, &error);
    if (!status) status = finish(&job, rows, &error);
    io_rows_free(rows);
  }
  if (status) fprintf(stderr, "%s: %s\n", berg_status_name(status), error.message);
  return berg_status_exit(status);
}
