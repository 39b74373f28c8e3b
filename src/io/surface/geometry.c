/* A triangle file, all big-endian:
 *
 *   ff ff fe | who made it, a line of text | a second line, mostly empty | vertices, triangles (int32)
 *   | float32 [vertices][3] | int32 [triangles][3] | what else FreeSurfer knows, which is not read */
#include "io/surface/geometry.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/map.h"

#define MAGIC_BYTES 3
#define COUNTS_BYTES 8
#define POINT_BYTES 12 /* of a vertex, and of a triangle */

typedef struct reader {
  const uint8_t *bytes;
  size_t size, at;
  const char *path;
} reader;

static berg_status refuse(const reader *from, const char *what, const char *expected, const char *found,
                          berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EINPUT, from->path, from->at, NULL, what, expected, found});
}

static uint32_t number_at(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static berg_status check_magic(reader *from, berg_error *error) {
  static const uint8_t triangles[MAGIC_BYTES] = {0xff, 0xff, 0xfe}, squares[MAGIC_BYTES] = {0xff, 0xff, 0xff},
                       patch[MAGIC_BYTES + 1] = {0xff, 0xff, 0xff, 0xff};
  static const char expected[] = "a FreeSurfer surface of triangles, such as lh.inflated";
  if (from->size > MAGIC_BYTES && !memcmp(from->bytes, patch, sizeof patch))
    return refuse(from, "is a patch, which is not read", expected, NULL, error);
  if (from->size >= MAGIC_BYTES && !memcmp(from->bytes, squares, MAGIC_BYTES))
    return refuse(from, "is a surface of squares, which is not read", expected, NULL, error);
  if (from->size >= MAGIC_BYTES && !memcmp(from->bytes, triangles, MAGIC_BYTES)) {
    from->at = MAGIC_BYTES;
    return BERG_OK;
  }
  return refuse(from, "is no surface that is read", expected, NULL, error);
}

static berg_status skip_line(reader *from, berg_error *error) {
  const uint8_t *end = from->at < from->size ? memchr(from->bytes + from->at, '\n', from->size - from->at) : NULL;
  if (!end) return refuse(from, "ends before its vertices", "two lines of text", NULL, error);
  from->at = (size_t)(end - from->bytes) + 1;
  return BERG_OK;
}

/* Held against the file's size, so that no header makes us allocate what is not there. */
static berg_status read_counts(reader *from, io_geometry *geometry, berg_error *error) {
  char expected[64], found[64];
  if (from->size - from->at < COUNTS_BYTES)
    return refuse(from, "ends before its vertices", "their number and that of triangles", NULL, error);
  const int32_t vertices = (int32_t)number_at(from->bytes + from->at),
                triangles = (int32_t)number_at(from->bytes + from->at + 4);
  if (vertices < 3 || triangles < 1) {
    base_print(found, sizeof found, "%d and %d", vertices, triangles);
    return refuse(from, "numbers of vertices and triangles", "3 and 1, or more", found, error);
  }
  from->at += COUNTS_BYTES;
  const uint64_t needed = POINT_BYTES * ((uint64_t)vertices + (uint64_t)triangles);
  if (from->size - from->at < needed) {
    base_print(expected, sizeof expected, "%llu bytes of vertices and triangles", (unsigned long long)needed);
    base_print(found, sizeof found, "%zu", from->size - from->at);
    return refuse(from, "is shorter than its header says", expected, found, error);
  }
  geometry->vertices = (size_t)vertices;
  geometry->triangles = (size_t)triangles;
  return BERG_OK;
}

static berg_status read_places(reader *from, io_geometry *geometry, berg_error *error) {
  geometry->places = base_alloc(geometry->vertices, sizeof *geometry->places, error);
  if (!geometry->places) return BERG_ELIMIT;
  for (size_t v = 0; v < geometry->vertices; v++)
    for (size_t axis = 0; axis < 3; axis++, from->at += 4) {
      const uint32_t bits = number_at(from->bytes + from->at);
      memcpy(&geometry->places[v][axis], &bits, sizeof bits);
      if (!isfinite(geometry->places[v][axis]))
        return refuse(from, "place of a vertex", "finite numbers", "infinity or NaN", error);
    }
  return BERG_OK;
}

static berg_status read_corners(reader *from, io_geometry *geometry, berg_error *error) {
  char expected[64], found[32];
  geometry->corners = base_alloc(geometry->triangles, sizeof *geometry->corners, error);
  if (!geometry->corners) return BERG_ELIMIT;
  for (size_t t = 0; t < geometry->triangles; t++)
    for (size_t corner = 0; corner < 3; corner++, from->at += 4) {
      const uint32_t vertex = number_at(from->bytes + from->at);
      geometry->corners[t][corner] = vertex;
      if (vertex < geometry->vertices) continue;
      base_print(expected, sizeof expected, "vertices 0 to %zu", geometry->vertices - 1);
      base_print(found, sizeof found, "%d", (int32_t)vertex);
      return refuse(from, "corner of a triangle", expected, found, error);
    }
  return BERG_OK;
}

berg_status io_geometry_read(io_geometry *geometry, const uint8_t *bytes, size_t size, const char *path,
                             berg_error *error) {
  reader from = {bytes, size, 0, path};
  *geometry = (io_geometry){.vertices = 0};
  berg_status status = check_magic(&from, error);
  if (!status) status = skip_line(&from, error);
  if (!status) status = skip_line(&from, error);
  if (!status) status = read_counts(&from, geometry, error);
  if (!status) status = read_places(&from, geometry, error);
  if (!status) status = read_corners(&from, geometry, error);
  if (status) io_geometry_free(geometry);
  return status;
}

berg_status io_geometry_open(io_geometry *geometry, const char *path, berg_error *error) {
  io_map map;
  *geometry = (io_geometry){.vertices = 0};
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  status = io_geometry_read(geometry, map.bytes, map.size, path, error);
  io_map_close(&map);
  return status;
}

void io_geometry_free(io_geometry *geometry) {
  base_free(geometry->places);
  base_free(geometry->corners);
  *geometry = (io_geometry){.vertices = 0};
}
