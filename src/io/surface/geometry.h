/* The geometry of a hemisphere's surface, as FreeSurfer keeps it (lh.inflated, lh.pial, lh.white): where its
 * vertices are, and the triangles between them. */
#ifndef IO_SURFACE_GEOMETRY_H
#define IO_SURFACE_GEOMETRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct io_geometry {
  size_t vertices, triangles;
  float (*places)[3];     /* [vertices] right, anterior, superior; each a finite number */
  uint32_t (*corners)[3]; /* [triangles] each below `vertices` */
} io_geometry;

/* Binary triangle files. EINPUT with the reason for anything else; `geometry` is empty then. */
berg_status io_geometry_open(io_geometry *geometry, const char *path, berg_error *error);
/* The same of bytes in memory; `path` is for messages. */
berg_status io_geometry_read(io_geometry *geometry, const uint8_t *bytes, size_t size, const char *path,
                             berg_error *error);
void io_geometry_free(io_geometry *geometry);

#endif
