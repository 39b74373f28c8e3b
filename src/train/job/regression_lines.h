/* The lines of a regression's file, each with a checksum in its last two columns: of what stands before them, and of
 * the number of its target. */
#ifndef TRAIN_REGRESSION_LINES_H
#define TRAIN_REGRESSION_LINES_H

#include "base/error.h"
#include "io/file/ranges.h"

/* Writes the checksum. */
void train_line_seal(float *line, size_t columns, size_t target);
/* Whether `count` lines, the first of target `first`, are as they were sealed. */
bool train_lines_check(const void *lines, size_t columns, size_t first, size_t count);
/* Empties `targets` unless the .npy file `path`, which may be partial, has the lines of all of them, unchanged.
 * ELIMIT. */
berg_status train_lines_keep(const char *path, size_t columns, io_ranges *targets, berg_error *error);

#endif
