/* Where the rows of a file of features lie, and their checksums: for those who write and who read it. */
#ifndef TRAIN_STORE_LAYOUT_H
#define TRAIN_STORE_LAYOUT_H

#include <sys/types.h>

#include "base/checksum.h"
#include "train/pca/store.h"
#include "vit/shape.h"

static inline size_t store_panels(size_t tokens) {
  return VIT_LAYERS * tokens * VIT_CHANNELS / train_store_width(tokens);
}

static inline off_t store_offset(const train_store_file *file, size_t panel, size_t row) {
  const size_t rows = file->end - file->first;
  return (off_t)((panel * rows + row - file->first) * train_store_width(file->tokens) * sizeof(float));
}

/* Checksums lie behind the last panel, in the panels' order. */
static inline off_t store_offset_of_sum(const train_store_file *file, size_t panel, size_t row) {
  const size_t rows = file->end - file->first;
  return store_offset(file, store_panels(file->tokens), file->first) +
         (off_t)((panel * rows + row - file->first) * sizeof(uint64_t));
}

/* Of one image in one panel, of its place among all images, and of the run. */
static inline uint64_t store_sum(const train_store_file *file, size_t panel, size_t row, const float *features) {
  const uint64_t place[] = {panel, row, file->run};
  return base_checksum_short(features, train_store_width(file->tokens) * sizeof *features) ^
         base_checksum_short(place, sizeof place);
}

#endif
