/* Texts of fixed length, written in blocks. */
#include "io/hdf5/hdf5_texts.h"

#include <string.h>

#include "base/memory.h"
#include "io/file/put_at.h"

#define BLOCK_BYTES ((size_t)1 << 20)

/* In a list, or one after the other. */
typedef struct texts {
  const char *const *list;
  const char *first;
  size_t stride;
} texts;

static const char *text_of(const texts *from, size_t i) {
  return from->list ? from->list[i] : from->first + i * from->stride;
}

static berg_status put(int file, const texts *from, size_t count, size_t bytes, uint64_t offset, const char *path,
                       berg_error *error) {
  const size_t step = bytes < BLOCK_BYTES ? BLOCK_BYTES / bytes : 1;
  char *block = base_alloc(step, bytes, error);
  berg_status status = block ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < count && !status; first += step) {
    const size_t here = count - first < step ? count - first : step;
    memset(block, 0, here * bytes);
    for (size_t i = 0; i < here; i++) {
      const char *text = text_of(from, first + i);
      /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a fixed length, filled up with zeros */
      memcpy(block + i * bytes, text, strlen(text));
    }
    status = io_put_at(file, block, here * bytes, offset + first * bytes, path, error);
  }
  base_free(block);
  return status;
}

size_t io_hdf5_longest(const char *const *list, size_t count) {
  size_t most = 1;
  for (size_t i = 0; i < count; i++) {
    const size_t length = strlen(list[i]);
    if (length > most) most = length;
  }
  return most;
}

berg_status io_hdf5_put_texts(int file, const char *const *list, size_t count, size_t bytes, uint64_t offset,
                              const char *path, berg_error *error) {
  return put(file, &(texts){.list = list}, count, bytes, offset, path, error);
}

berg_status io_hdf5_put_texts_apart(int file, const char *first, size_t stride, size_t count, size_t bytes,
                                    uint64_t offset, const char *path, berg_error *error) {
  return put(file, &(texts){.first = first, .stride = stride}, count, bytes, offset, path, error);
}
