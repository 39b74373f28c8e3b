/* Files that hold a range of a stage's units each: their names. */
#ifndef TRAIN_PARTS_H
#define TRAIN_PARTS_H

#include "base/error.h"
#include "io/file/ranges.h"

/* `<folder>/<stem>-<first>-<end><ending>`, numbers of eight digits or more. base_free; NULL: ELIMIT. */
char *train_part_path(const char *folder, const char *stem, io_range range, const char *ending, berg_error *error);
/* The ranges for which there are names in the folder, which may be missing, ascending. base_free. ELIMIT. */
berg_status train_parts_list(io_range **ranges, size_t *count, const char *folder, const char *stem, const char *ending,
                             berg_error *error);

/* Which of the files that can be gone on with, those of the ranges `files`, has a place for `unit`, and lies within
 * `share`, the units that this process alone is at work on: nobody else writes it then. `count`: none. */
size_t train_part_choose(const io_range *files, size_t count, io_range share, size_t unit);

#endif
