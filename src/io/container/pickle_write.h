/* Pickles of values, as NumPy and torch write them. */
#ifndef IO_PICKLE_WRITE_H
#define IO_PICKLE_WRITE_H

#include "io/container/sink.h"

/* The pickle (protocol 4, without frames) that follows a .npy header of '|O': the root in an object array of
 * no dimension, or the object array that the root is. EINPUT for what NumPy cannot hold (bfloat16). */
berg_status io_pickle_write_numpy(const io_sink *sink, const io_value *root, berg_error *error);

/* torch's data.pkl (protocol 2): the k-th tensor met refers to storage "k" of its own, C order. EINPUT for
 * what torch's weights_only reader does not take (text arrays, uint16 to uint64, bytes). */
berg_status io_pickle_write_torch(const io_sink *sink, const io_value *root, berg_error *error);

#endif
