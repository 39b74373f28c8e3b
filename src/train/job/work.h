/* The folder of what is kept between the stages of a training run. Its files have the names that the table of stages
 * gives them (stages.h), or are marks; others are left alone. docs/file-formats.md lists them. */
#ifndef TRAIN_WORK_H
#define TRAIN_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/file/ranges.h"

typedef struct train_work {
  char *folder;
  int lock; /* descriptor */
  bool is_shared;
} train_work;

/* Creates the folder if needed and locks it. EEXISTS: another run has it locked; EWRITE. */
berg_status train_work_open(train_work *work, const char *folder, berg_error *error);
/* The same beside others that join. EEXISTS: a run has it alone. */
berg_status train_work_join(train_work *work, const char *folder, berg_error *error);
/* Until the folder is closed nobody else has any of those units of the stage with that fingerprint. EEXISTS: another
 * process has. */
berg_status train_work_claim(const train_work *work, uint64_t hash, io_range units, const char *what,
                             berg_error *error);
/* Releases the lock, and removes the folder if it is empty. */
void train_work_close(train_work *work);

/* Files of an earlier run in `folder`, which may be missing, and the bytes that they take on disk; without the marks of
 * finished ones. */
berg_status train_work_leftovers(const char *folder, size_t *count, uint64_t *bytes, berg_error *error);
/* Removes them. The mark of a finished run is removed last, so that the next run completes an interrupted removal.
 * EWRITE. */
berg_status train_work_clear(const train_work *work, berg_error *error);
/* Removes all but the marks of finished runs. EWRITE. */
berg_status train_work_clear_stages(const train_work *work, berg_error *error);

/* The mark of a run that has nothing left to do (finished.h). base_free; NULL: ELIMIT. */
char *train_work_finished(const char *folder, uint64_t hash, berg_error *error);
/* Makes an empty file. */
berg_status train_work_mark(const char *path, berg_error *error);

#endif
