/* The folder of what is kept between the stages of a training run. Its files have the names that the table of stages gives them
 * (stages.h), or are marks; others are left alone. docs/file-formats.md lists them. */
#ifndef TRAIN_WORK_H
#define TRAIN_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct train_work {
  char *folder;
  int lock; /* descriptor */
} train_work;

/* Makes the folder where it is missing and keeps other runs out of it. EEXISTS: one is in it; EWRITE. */
berg_status train_work_open(train_work *work, const char *folder, berg_error *error);
/* Lets other runs in; a folder in which nothing is left goes. */
void train_work_close(train_work *work);

/* Files of an earlier run in `folder`, which may be missing, and the bytes that they take on disk. */
berg_status train_work_leftovers(const char *folder, size_t *count, uint64_t *bytes, berg_error *error);
/* Removes them; the mark of a finished run goes last, so that a clearing that is interrupted is taken up again. EWRITE. */
berg_status train_work_clear(const train_work *work, berg_error *error);

/* The mark, an empty file, of a run that has nothing left to do. base_free; NULL: ELIMIT. */
char *train_work_finished(const char *folder, uint64_t hash, berg_error *error);
/* Makes an empty file. */
berg_status train_work_mark(const char *path, berg_error *error);

#endif
