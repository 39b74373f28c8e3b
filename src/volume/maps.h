/* What the files that write maps share: numbers of the columns of one output of a subject, and what these are. */
#ifndef VOLUME_MAPS_H
#define VOLUME_MAPS_H

#include "io/rows/rows.h"

typedef struct volume_maps {
  const berg_metadata *metadata;
  const char *const *names; /* [count]; NULL: one map without a name */
  size_t count;
  berg_array values; /* [count][columns] of this output, any strides */
  bool single;       /* they were given as [columns] */
  io_labels labels;  /* of the columns; `axes` is below */
  io_axis axes[3];
  int64_t *coordinates; /* [voxels][3]; NULL */
} volume_maps;

/* Whether `path` ends in .csv or .tsv. */
bool volume_is_table(const char *path);
/* A line a column of responses: its place on each axis, then its value in each map. */
berg_status volume_write_table(const volume_maps *maps, const char *path, bool force, berg_error *error);

#endif
