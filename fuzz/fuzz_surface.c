/* The reader of FreeSurfer's surfaces: whatever the bytes, a failure has one line of message and leaves nothing,
 * and what was read has finite places and triangles between vertices that are there. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/surface/geometry.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void touch(const io_geometry *geometry) {
  for (size_t v = 0; v < geometry->vertices; v++)
    for (size_t axis = 0; axis < 3; axis++)
      if (!isfinite(geometry->places[v][axis])) abort();
  for (size_t t = 0; t < geometry->triangles; t++)
    for (size_t corner = 0; corner < 3; corner++)
      if (geometry->corners[t][corner] >= geometry->vertices) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  io_geometry geometry;
  berg_error error;
  berg_status status = io_geometry_read(&geometry, bytes, size, "fuzz", &error);
  if (status && (geometry.places || geometry.corners || !*error.message || strchr(error.message, '\n'))) abort();
  if (!status) touch(&geometry);
  io_geometry_free(&geometry);
  return 0;
}
