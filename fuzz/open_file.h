/* Opens bytes as a file and touches every element of every entry, so that a view past the end is found. */
#ifndef FUZZ_OPEN_FILE_H
#define FUZZ_OPEN_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/container/container.h"
#include "io/container/sink.h"
#include "io/container/writers.h"

static berg_status fuzz_discard(void *context, const void *bytes, size_t size, berg_error *error) {
  volatile uint8_t *sum = context;
  (void)error;
  for (size_t i = 0; i < size; i++) *sum ^= ((const uint8_t *)bytes)[i];
  return BERG_OK;
}

static inline void fuzz_open_file(const uint8_t *bytes, size_t size) {
  berg_file *file;
  berg_error error;
  uint8_t sum = 0;
  io_sink sink = {.put = fuzz_discard, .context = &sum};
  if (io_container_from_memory(&file, bytes, size, "fuzz", &error)) return;
  for (size_t i = 0; i < berg_file_count(file); i++) {
    const berg_array *entry = berg_file_entry(file, i);
    if (berg_file_find(file, entry->name) != entry) abort();
    if (entry->dtype != BERG_STRING) io_put_array(&sink, entry, &error);
  }
  io_content content = {io_container_document(file)->root, io_container_entries(file), NULL, 0};
  io_write_npy(&sink, &content, &error);
  io_write_npz(&sink, &content, &error);
  io_write_torch(&sink, &content, &error);
  io_write_safetensors(&sink, &content, &error);
  io_write_json(&sink, &content, &error);
  berg_file_free(file);
}

#endif
