/* A model's metadata out of the prepared ones. */
#ifndef TRAIN_METADATA_H
#define TRAIN_METADATA_H

#include "io/value/value.h"
#include "model/catalog/layout.h"

/* The tree that the model's metadata are, of the prepared ones' (which it shares values with): all of it, or what the
 * layout says, grouped. What is not there is left out. NULL: ELIMIT. */
io_value *train_metadata_tree(io_arena *arena, const model_layout *layout, const io_value *prepared, berg_error *error);

/* Writes them to `path`, unless there are some: an evaluation may have written into them. Byte by byte where all is
 * taken. EINPUT, EWRITE. */
berg_status train_metadata_copy(const model_layout *layout, const char *prepared, const char *path, berg_error *error);

#endif
