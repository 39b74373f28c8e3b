/* Sealing and checking the lines of a regression. */
#include "train/job/regression_lines.h"

#include <stdint.h>
#include <string.h>

#include "base/checksum.h"
#include "io/container/npy.h"
#include "io/file/map.h"

/* Floats of a checksum. */
#define SUM 2

static uint64_t sum_of(const void *line, size_t columns, size_t target) {
  return base_checksum_short(line, (columns - SUM) * sizeof(float)) ^ base_checksum_short(&target, sizeof target);
}

void train_line_seal(float *line, size_t columns, size_t target) {
  const uint64_t sum = sum_of(line, columns, target);
  memcpy(line + columns - SUM, &sum, sizeof sum);
}

bool train_lines_check(const void *lines, size_t columns, size_t first, size_t count) {
  const char *line = lines;
  for (size_t i = 0; i < count; i++, line += columns * sizeof(float)) {
    uint64_t found;
    memcpy(&found, line + (columns - SUM) * sizeof(float), sizeof found);
    if (found != sum_of(line, columns, first + i)) return false;
  }
  return true;
}

static bool has_lines(const io_map *map, size_t columns, const io_ranges *targets) {
  const size_t shape[] = {0, columns}, bytes = columns * sizeof(float);
  const size_t header = io_npy_write_header(NULL, 0, BERG_F32, sizeof(float), shape, 2);
  if (map->size < header || (map->size - header) / bytes < io_ranges_end(targets)) return false;
  bool is_kept = true;
  for (size_t i = 0; i < targets->count && is_kept; i++) {
    const io_range range = targets->list[i];
    is_kept =
        train_lines_check(map->bytes + header + range.first * bytes, columns, range.first, range.end - range.first);
  }
  return is_kept;
}

berg_status train_lines_keep(const char *path, size_t columns, io_ranges *targets, berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, path, error);
  if (status == BERG_ELIMIT) return status;
  if (status || !has_lines(&map, columns, targets)) *targets = (io_ranges){.count = 0};
  if (!status) io_map_close(&map);
  return BERG_OK;
}
