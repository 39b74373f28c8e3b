/* The table of responses as pandas' DataFrame.to_hdf(key="ResponseData") writes it: a column voxel_id and a column of
 * floating point numbers for each trial, a row for each voxel. Rows come in any order; the file appears whole. */
#ifndef IO_WRITE_PANDAS_H
#define IO_WRITE_PANDAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct io_pandas io_pandas;

/* `dtype` F32 or F64. EEXISTS where `path` is there and not `force`; EWRITE, a full disk included. */
berg_status io_pandas_open(io_pandas **table, const char *path, size_t voxels, size_t trials, berg_dtype dtype,
                           bool force, berg_error *error);
/* `values` [count][trials] of voxels [first, first + count). */
berg_status io_pandas_write(io_pandas *table, size_t first, size_t count, const void *values, berg_error *error);
/* Frees the handle either way. EWRITE, and then nothing is left. */
berg_status io_pandas_commit(io_pandas *table, berg_error *error);
/* NULL is fine. */
void io_pandas_abandon(io_pandas *table, berg_error *error);

#endif
