/* Sealing and checking the lines of a regression. */
#include "train/job/regression_lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "io/container/npy.h"
#include "io/file/map.h"

/* Floats of a checksum. */
#define SUM 2

static uint64_t sum_of(const void *line, const train_lines *of, size_t index) {
  const uint64_t place[] = {of->first + index, of->run};
  return base_checksum_short(line, (of->columns - SUM) * sizeof(float)) ^ base_checksum_short(place, sizeof place);
}

void train_lines_seal(float *lines, const train_lines *of, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float *line = lines + i * of->columns;
    const uint64_t sum = sum_of(line, of, i);
    memcpy(line + of->columns - SUM, &sum, sizeof sum);
  }
}

bool train_lines_check(const void *lines, const train_lines *of, size_t count) {
  const char *line = lines;
  for (size_t i = 0; i < count; i++, line += of->columns * sizeof(float)) {
    uint64_t found;
    memcpy(&found, line + (of->columns - SUM) * sizeof(float), sizeof found);
    if (found != sum_of(line, of, i)) return false;
  }
  return true;
}

static bool has_lines(const io_map *map, const train_lines *of, const io_ranges *targets) {
  const size_t shape[] = {0, of->columns}, bytes = of->columns * sizeof(float);
  const size_t header = io_npy_write_header(NULL, 0, BERG_F32, sizeof(float), shape, 2);
  if (map->size < header || (map->size - header) / bytes < io_ranges_end(targets) - of->first) return false;
  bool is_kept = true;
  for (size_t i = 0; i < targets->count && is_kept; i++) {
    const io_range range = targets->list[i];
    const train_lines lines = {of->columns, range.first, of->run};
    is_kept =
        train_lines_check(map->bytes + header + (range.first - of->first) * bytes, &lines, range.end - range.first);
  }
  return is_kept;
}

berg_status train_lines_keep(const char *path, const train_lines *of, io_ranges *targets, berg_error *error) {
  io_map map;
  if (!targets->count) return BERG_OK;
  const bool is_missing = access(path, F_OK) && errno == ENOENT;
  berg_status status = is_missing ? BERG_OK : io_map_open(&map, path, error);
  if (status) return status;
  if (is_missing || !has_lines(&map, of, targets)) *targets = (io_ranges){.count = 0};
  if (!is_missing) io_map_close(&map);
  return BERG_OK;
}
