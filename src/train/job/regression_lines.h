/* The lines of a regression's files, each with a checksum in its last two columns: of what stands before them, of the
 * number of its target, and of the run. */
#ifndef TRAIN_REGRESSION_LINES_H
#define TRAIN_REGRESSION_LINES_H

#include <stdint.h>

#include "base/error.h"
#include "io/file/ranges.h"

typedef struct train_lines {
  size_t columns;
  size_t first; /* target of the first line */
  uint64_t run;
} train_lines;

/* Writes the checksums of `count` lines. */
void train_lines_seal(float *lines, const train_lines *of, size_t count);
/* Whether they are as they were sealed. */
bool train_lines_check(const void *lines, const train_lines *of, size_t count);
/* Empties `targets` unless the .npy file `path`, which may be partial, has the lines of all of them, unchanged.
 * ELIMIT; EINPUT: it cannot be read. */
berg_status train_lines_keep(const char *path, const train_lines *of, io_ranges *targets, berg_error *error);

#endif
