/* SHA-256 of a file, or of samples of a large one. */
#include "io/file/file_hash.h"

#include "io/file/map.h"

berg_status io_hash_file(io_file_hash *hash, const char *path, bool whole, berg_error *error) {
  io_map map;
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  base_sha256 sum;
  base_sha256_start(&sum);
  *hash = (io_file_hash){.size = map.size, .sampled = !whole && map.size > IO_HASH_WHOLE_MAX};
  if (!hash->sampled)
    base_sha256_add(&sum, map.bytes, map.size);
  else
    for (uint64_t i = 0; i < IO_HASH_SAMPLES; i++)
      base_sha256_add(&sum, map.bytes + i * (map.size - IO_HASH_SAMPLE_BYTES) / (IO_HASH_SAMPLES - 1),
                      IO_HASH_SAMPLE_BYTES);
  base_sha256_end(&sum, hash->text);
  io_map_close(&map);
  return BERG_OK;
}
