/* The formats of surfaces, and what they share. */
#ifndef IO_SURFACE_FORMATS_H
#define IO_SURFACE_FORMATS_H

#include "io/file/whole_file.h"
#include "io/surface/surface.h"

/* Each writes all of a file. Rows were checked. */
berg_status io_gifti_put(io_whole_file *file, const io_surface_rows *rows, berg_error *error);
berg_status io_mgh_put(io_whole_file *file, const io_surface_rows *rows, berg_error *error);
berg_status io_mgz_put(io_whole_file *file, const io_surface_rows *rows, berg_error *error);

/* Calls `put` with each row laid out over all vertices of the surface. */
berg_status io_surface_each(const io_surface_rows *rows,
                            berg_status (*put)(void *user, size_t row, const float *values, berg_error *error),
                            void *user, berg_error *error);

#endif
