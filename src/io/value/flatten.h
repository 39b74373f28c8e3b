/* From the tree of values to the flat list of named arrays that berg.h shows. */
#ifndef IO_FLATTEN_H
#define IO_FLATTEN_H

#include "io/value/value.h"

typedef struct io_entries {
  berg_array *arrays;
  const io_value **values;   /* what each was in the tree */
  const berg_array **sorted; /* by name */
  size_t count;
} io_entries;

/* Entries in the tree's order, named by the keys on the way, joined with dots (lists: by index); a root that is not a
 * dict has the name "". Python's bool, int, float and str become arrays of no dimension; None and bytes have no entry.
 * Everything is the arena's. EINPUT: nested too deep (a tree may contain itself), names that occur twice, too many
 * entries. */
berg_status io_flatten(io_document *document, io_entries *entries, const char *file, berg_error *error);
/* The entry of that name, or NULL. */
const berg_array *io_entries_find(const io_entries *entries, const char *name);

#endif
