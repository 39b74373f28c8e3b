/* Writing datasets of text of fixed length, each filled up with zeros. */
#ifndef IO_HDF5_TEXTS_H
#define IO_HDF5_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The bytes that the longest of them takes, at least 1. */
size_t io_hdf5_longest(const char *const *texts, size_t count);
/* `count` texts of at most `bytes` each at `offset` of the open `file`, which messages call `path`. EWRITE, ELIMIT. */
berg_status io_hdf5_put_texts(int file, const char *const *texts, size_t count, size_t bytes, uint64_t offset,
                              const char *path, berg_error *error);
/* The same of texts that lie one after the other, `stride` bytes apart. */
berg_status io_hdf5_put_texts_apart(int file, const char *texts, size_t stride, size_t count, size_t bytes,
                                    uint64_t offset, const char *path, berg_error *error);

#endif
