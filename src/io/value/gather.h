/* Lists and tuples of numbers as arrays: what Python's programs write for one another, and NumPy takes for the same. */
#ifndef IO_GATHER_H
#define IO_GATHER_H

#include "io/value/value.h"

/* The tree with an array in the place of every list or tuple of a dict whose items are numbers, or lists of so many
 * numbers each: int64 where all are whole, else float64; of an empty one int64 (0,). What is not changed is shared with
 * `root`, and `*gathered` is `root` itself where nothing is. `root` is one that io_flatten has taken. ELIMIT. */
berg_status io_gather(io_value **gathered, io_arena *arena, io_value *root, berg_error *error);

#endif
