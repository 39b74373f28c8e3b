/* Reading a numeric dataset of an HDF5 file, slab by slab. */
#ifndef IO_HDF5_H
#define IO_HDF5_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct io_hdf5 io_hdf5;

/* EINPUT: no such file, not HDF5, no such dataset (at most ten that are there are named), not of a plain numeric type,
 * data never written or in another file, filters other than gzip, lzf, shuffle and fletcher32. */
berg_status io_hdf5_open(io_hdf5 **dataset, const char *path, const char *name, berg_error *error);
/* A dataset of text of fixed length, as bytes: U8 with one more dimension, the length; zeros or spaces fill it up.
 * EINPUT also where it is chunked. */
berg_status io_hdf5_open_text(io_hdf5 **dataset, const char *path, const char *name, berg_error *error);
/* Either of these where a file may have it or not: NULL where it is not there or not of a kind that is read so. EINPUT:
 * the system does not give all of the file's bytes. */
berg_status io_hdf5_open_optional(io_hdf5 **dataset, const char *path, const char *name, bool is_text,
                                  berg_error *error);
void io_hdf5_free(io_hdf5 *dataset);
/* io_stamp_unchanged of its file. */
berg_status io_hdf5_unchanged(const io_hdf5 *dataset, berg_error *error);

/* Whether a regular file is HDF5. EINPUT: it cannot be read. */
berg_status io_hdf5_is(const char *path, bool *is_hdf5, berg_error *error);
#define IO_HDF5_NAMES ((size_t)64)
/* What the root group holds, at most IO_HDF5_NAMES of it in the order of names: base_free_texts. EINPUT: no HDF5. */
berg_status io_hdf5_names(char ***names, size_t *count, const char *path, berg_error *error);
/* What a group in the root group holds, in the order of where it lies in the file, which is that in which its writer
 * made it: base_free_texts. EINPUT: no HDF5, no such group. */
berg_status io_hdf5_members(char ***names, size_t *count, const char *path, const char *group, berg_error *error);

/* What MATLAB's files of version 7.3 say of an array, its class there ("uint8"); NULL: it is none of theirs. MATLAB
 * counts the first dimension fastest: its users see the dimensions of such an array in reverse here. */
const char *io_hdf5_matlab_class(const io_hdf5 *dataset);
/* Type (converted to this machine's byte order), ndim and shape; `data` is NULL. */
const berg_array *io_hdf5_about(const io_hdf5 *dataset);
/* Rows [first, first + count) along the first dimension into `data`, C order. */
berg_status io_hdf5_read(io_hdf5 *dataset, size_t first, size_t count, void *data, berg_error *error);
/* A block of a dataset of two dimensions or more, as [rows][columns]: a column is an element of what the dimensions
 * behind the first hold, in C order. Of a chunked one it is best asked for in multiples of its
 * chunks: those that it covers in part are decoded once for each block. EARGUMENT: out of range. */
berg_status io_hdf5_read_columns(io_hdf5 *dataset, size_t first_row, size_t rows, size_t first_column, size_t columns,
                                 void *data, berg_error *error);
/* Shape of a chunk, [ndim]; NULL where the dataset is not chunked. */
const size_t *io_hdf5_chunk(const io_hdf5 *dataset);

#endif
