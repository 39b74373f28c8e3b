/* The values of small datasets, as JSON. */
#ifndef IO_HDF5_VALUES_H
#define IO_HDF5_VALUES_H

#include <cjson/cJSON.h>

#include "io/hdf5/hdf5_handle.h"

/* What the elements take in memory. */
size_t io_hdf5_bytes(const io_hdf5 *dataset);
/* "value": up to 1,000 numbers or texts, in lists by dimension, NaN and infinities as null. Nothing of larger ones.
 * EINPUT: cannot be read. */
berg_status io_hdf5_add_values(cJSON *entry, io_hdf5 *dataset, berg_error *error);

#endif
