/* What the library knows of a berg_file beyond berg.h. */
#ifndef IO_CONTAINER_H
#define IO_CONTAINER_H

#include "io/value/flatten.h"
#include "io/file/map.h"
#include "io/value/value.h"

/* berg_file_open; `*is_read`, also where it fails: the system has given the file's bytes, whatever they are. */
berg_status io_container_open(berg_file **file, const char *path, bool *is_read, berg_error *error);
/* As berg_file_open, from bytes that outlive the handle; `name` is for messages. */
berg_status io_container_from_memory(berg_file **file, const uint8_t *bytes, size_t size, const char *name,
                                     berg_error *error);

/* Shows lists and tuples of numbers as one entry each (io/value/gather.h), as metadata are read; the document's tree
 * stays as it is, and their items are found by name as before. ELIMIT; EINPUT as io_flatten. */
berg_status io_container_gather(berg_file *file, berg_error *error);

/* The mapped file that the entries' data lie in (not those that had to be converted or inflated), for advice
 * on ranges; an empty one for bytes in memory. */
const io_map *io_container_map(const berg_file *file);
/* io_stamp_unchanged of it. */
berg_status io_container_unchanged(const berg_file *file, berg_error *error);
/* Where an entry's data begin in the mapped file; false: they lie elsewhere. */
bool io_container_offset(const berg_file *file, const berg_array *entry, size_t *offset);
const io_document *io_container_document(const berg_file *file);
const io_entries *io_container_entries(const berg_file *file);

#endif
