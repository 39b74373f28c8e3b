/* Values on the surface of a hemisphere, a row an image, as the files that FreeSurfer and its like read: one value
 * for each vertex of the whole surface, so that a file fits the surface's own. */
#ifndef IO_SURFACE_H
#define IO_SURFACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum io_hemisphere { IO_LEFT, IO_RIGHT } io_hemisphere;

typedef struct io_surface {
  size_t vertices; /* fsaverage: 163,842 */
  io_hemisphere hemisphere;
} io_surface;

typedef struct io_surface_rows {
  io_surface surface;
  size_t rows, columns;
  const size_t *vertices;   /* [columns] ascending, from 0; NULL: column c is vertex c, and there is one for each */
  bool nan_outside;         /* NaN at vertices that have no column, else 0 */
  const char *const *names; /* [rows] or NULL: they are numbered from 0 */
  const char *what;         /* the values, in a few words */
  /* Row `row` as `columns` values. */
  berg_status (*read)(void *user, size_t row, float *values, berg_error *error);
  void *user;
} io_surface_rows;

/* Whether `path` ends in .func.gii, .mgh or .mgz. */
bool io_surface_is_name(const char *path);

/* What the writers ask of sizes and vertices, for messages before there are rows: EARGUMENT, EMODEL (a vertex that
 * the surface does not have). */
berg_status io_surface_check(const io_surface_rows *rows, const char *path, berg_error *error);

/* Writes the format that the ending of `path` names; holds one row at a time. The same rows give the same bytes.
 * EWRITE, EEXISTS, what the check and what `read` say. */
berg_status io_surface_write(const io_surface_rows *rows, const char *path, bool force, berg_error *error);

#endif
