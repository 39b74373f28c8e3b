/* Writes MGH, all big-endian: header (284 bytes) | float32 [frame][vertex] | TR, flip angle, TE, TI, field of view
 * (float32, 0: not known). The header:
 *
 *      0 version 1    4 vertices   8 1   12 1   16 frames   20 type 3: float32   24 degrees of freedom 0
 *     28 1: valid (int16)   30 voxel sizes [3]   42 directions [3][3]   78 centre [3]   90 zeros
 *
 * Sizes and directions are what FreeSurfer gives overlays, which have none: 1 mm, coronal. An .mgz is that through
 * gzip. */
#include <stdint.h>
#include <string.h>

#include "io/file/deflate.h"
#include "io/surface/formats.h"
#include "io/value/big_endian.h"

#define HEADER_BYTES 284
#define FOOTER_BYTES 20
#define BLOCK 4096 /* values that are turned at a time */

typedef struct mgh {
  size_t vertices;
  io_deflate_put_fn put;
  void *user;
} mgh;

static void fill_header(uint8_t header[HEADER_BYTES], const io_surface_rows *rows) {
  static const float space[15] = {1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0};
  const uint32_t numbers[] = {1, (uint32_t)rows->surface.vertices, 1, 1, (uint32_t)rows->rows, 3, 0};
  memset(header, 0, HEADER_BYTES);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) io_big_endian(header + 4 * i, numbers[i], 4);
  io_big_endian(header + 28, 1, 2);
  io_big_endian_floats(header + 30, space, 15);
}

static berg_status put_frame(void *user, size_t row, const float *values, berg_error *error) {
  const mgh *out = user;
  uint8_t block[4 * BLOCK];
  berg_status status = BERG_OK;
  (void)row;
  for (size_t first = 0; first < out->vertices && !status; first += BLOCK) {
    const size_t count = out->vertices - first < BLOCK ? out->vertices - first : BLOCK;
    io_big_endian_floats(block, values + first, count);
    status = out->put(out->user, block, 4 * count, error);
  }
  return status;
}

static berg_status put_all(const io_surface_rows *rows, io_deflate_put_fn put, void *user, berg_error *error) {
  mgh out = {rows->surface.vertices, put, user};
  uint8_t header[HEADER_BYTES];
  const uint8_t footer[FOOTER_BYTES] = {0};
  fill_header(header, rows);
  berg_status status = put(user, header, sizeof header, error);
  if (!status) status = io_surface_each(rows, put_frame, &out, error);
  return status ? status : put(user, footer, sizeof footer, error);
}

static berg_status put_plain(void *user, const void *bytes, size_t size, berg_error *error) {
  return io_whole_file_write(user, bytes, size, error);
}

static berg_status put_deflated(void *user, const void *bytes, size_t size, berg_error *error) {
  return io_deflate_write(user, bytes, size, error);
}

berg_status io_mgh_put(io_whole_file *file, const io_surface_rows *rows, berg_error *error) {
  return put_all(rows, put_plain, file, error);
}

berg_status io_mgz_put(io_whole_file *file, const io_surface_rows *rows, berg_error *error) {
  io_deflate *deflate;
  berg_status status = io_deflate_open(&deflate, IO_GZIP, put_plain, file, error);
  if (status) return status;
  status = put_all(rows, put_deflated, deflate, error);
  if (!status) status = io_deflate_end(deflate, error);
  io_deflate_free(deflate);
  return status;
}
