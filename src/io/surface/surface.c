/* Rows laid out over a surface, and written in the format that a name asks for. */
#include "io/surface/surface.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/surface/formats.h"

static const struct {
  const char *ending;
  berg_status (*put)(io_whole_file *, const io_surface_rows *, berg_error *);
} formats[] = {{".func.gii", io_gifti_put}, {".mgh", io_mgh_put}, {".mgz", io_mgz_put}};

#define FORMATS (sizeof formats / sizeof *formats)

static size_t format_of(const char *path) {
  const size_t length = strlen(path);
  size_t i = 0;
  for (; i < FORMATS; i++) {
    const size_t ending = strlen(formats[i].ending);
    if (length > ending && path[length - ending - 1] != '/' &&
        base_same_word(path + length - ending, formats[i].ending))
      break;
  }
  return i;
}

bool io_surface_is_name(const char *path) { return format_of(path) < FORMATS; }

static berg_status check_count(const char *path, const char *what, size_t count, berg_error *error) {
  if (count && count <= INT32_MAX) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: a number of %s of %zu: a surface file holds 1 to %d", path, what, count,
                   INT32_MAX);
}

berg_status io_surface_check(const io_surface_rows *rows, const char *path, berg_error *error) {
  const size_t all = rows->surface.vertices;
  berg_status status = check_count(path, "images", rows->rows, error);
  if (!status) status = check_count(path, "vertices", all, error);
  if (status) return status;
  if (!rows->vertices && rows->columns != all)
    return base_fail(error, BERG_EMODEL, "%s: %zu columns on a surface of %zu vertices", path, rows->columns, all);
  for (size_t c = 0; rows->vertices && c < rows->columns; c++) {
    const size_t vertex = rows->vertices[c];
    if (vertex >= all)
      return base_fail(error, BERG_EMODEL, "%s: column %zu is vertex %zu of a surface that has 0 to %zu", path, c,
                       vertex, all - 1);
    if (c && vertex <= rows->vertices[c - 1])
      return base_fail(error, BERG_EARGUMENT, "%s: column %zu is vertex %zu, after vertex %zu: expected ascending ones",
                       path, c, vertex, rows->vertices[c - 1]);
  }
  return BERG_OK;
}

berg_status io_surface_each(const io_surface_rows *rows,
                            berg_status (*put)(void *user, size_t row, const float *values, berg_error *error),
                            void *user, berg_error *error) {
  const size_t all = rows->surface.vertices;
  float *row = base_alloc(rows->columns, sizeof *row, error);
  float *whole = row ? base_alloc(all, sizeof *whole, error) : NULL;
  berg_status status = whole ? BERG_OK : BERG_ELIMIT;
  for (size_t v = 0; whole && v < all; v++) whole[v] = rows->nan_outside ? NAN : 0;
  for (size_t r = 0; r < rows->rows && !status; r++) {
    status = rows->read(rows->user, r, row, error);
    for (size_t c = 0; c < rows->columns && !status; c++) whole[rows->vertices ? rows->vertices[c] : c] = row[c];
    if (!status) status = put(user, r, whole, error);
  }
  base_free(whole);
  base_free(row);
  return status;
}

berg_status io_surface_write(const io_surface_rows *rows, const char *path, bool force, berg_error *error) {
  io_whole_file *file;
  const size_t format = format_of(path);
  if (format == FORMATS)
    return base_fail(error, BERG_EARGUMENT, "%s: expected a name that ends in .func.gii, .mgh or .mgz", path);
  berg_status status = io_surface_check(rows, path, error);
  if (!status) status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = formats[format].put(file, rows, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
